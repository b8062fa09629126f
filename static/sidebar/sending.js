/* Sending into the chat: on record before, confirmed after, never twice.

   `side.send(button, url, body)` is for everything that goes out by the page's hand. The endpoint records the touch and
   answers `{send, touch, text | chat_message, coupon?, message}`; only with `send` true the page hands it to the chat. */
(() => {
  "use strict";

  const { SECONDS, Silence, timed, ask, byId } = side;
  let resend = null; // what the banner's "send again" does: (button) => …
  let unsent = ""; // the words of what the chat did not take, to copy
  let lastSent = null; // the coupon the toast can take back

  /** Resolves true when it went out; everything else is on the screen by then. */
  async function send(button, url, body) {
    if (side.isSending) return false;
    if (side.isApart || side.isProfile) { side.closeAll(); side.banner("apart"); return false; }
    side.isSending = true;
    const done = side.wait(button);
    side.banner(null);
    side.toast(null); // what was said of the last one is not said of this
    try {
      const now = await side.current();
      if (now !== side.chat) { side.chat = now; side.closeAll(); await side.load(); side.banner("moved"); return false; }
      const again = (answer, from) => (answer.coupon ? sendAgain(from, answer.coupon.id) : send(from, url, { ...body, occasion: side.occasion() }));
      const answer = await onRecord(url, { ...body, ...side.talk() }, again);
      side.closeAll();
      if (answer.coupon) side.remember("fold:coupons", "open"); // how it goes on is shown there
      const went = answer.send && (await hand(answer, again));
      if (!answer.send && answer.message) side.banner("note", { message: answer.message });
      await side.load();
      return went;
    } catch (problem) {
      side.closeAll();
      if (!side.lost(problem)) side.trouble(problem.status ? problem.message : "");
      return false;
    } finally {
      side.isSending = false;
      done();
    }
  }

  /** One occasion a tap. When the answer is lost we ask again; what was recorded meanwhile we know we did not send. */
  async function onRecord(url, body, again) {
    try {
      return await ask("POST", url, body);
    } catch (problem) {
      if (problem.status) throw problem;
    }
    const answer = await ask("POST", url, body);
    if (!answer.send && answer.touch.state === "trying") {
      await tell(answer.touch.id, "failed", "answer lost");
      resend = (button) => again(answer, button);
      side.banner("failed");
      return { send: false };
    }
    return answer;
  }

  async function hand(answer, again) {
    const { id } = answer.touch;
    const sending = ww.sendChatMessage(answer.chat_message || { msgtype: "text", text: { content: answer.text } });
    let outcome = "sent";
    let said = "";
    try {
      await timed(sending, SECONDS.send);
    } catch (problem) {
      said = String((problem && problem.errMsg) || "");
      outcome = problem instanceof Silence ? "unknown" : /cancel/i.test(said) ? "cancelled" : "failed";
    }
    if (outcome === "unknown") sending.then(() => late(id, "sent"), () => late(id, "failed"));
    await tell(id, outcome, said.slice(0, 200));
    if (outcome === "sent") {
      lastSent = answer.coupon && answer.coupon.id;
      side.toast(lastSent ? "sent" : "handed", lastSent ? 8 : 4);
    } else {
      resend = (button) => again(answer, button);
      unsent = answer.text;
      const asCard = outcome === "failed" && answer.chat_message && !answer.coupon;
      side.banner(asCard ? "failed-card" : outcome === "cancelled" && !answer.coupon ? "cancelled-words" : outcome);
    }
    return outcome === "sent";
  }

  async function late(id, outcome) {
    await tell(id, outcome, "late");
    if (byId("banner").dataset.id === "unknown") side.banner(null);
    if (!side.isSending) await side.load();
  }

  async function tell(id, outcome, reason) {
    for (let tries = 0; tries < 3; tries++) {
      try {
        return await ask("POST", side.url("touches/" + id + "/outcome"), { outcome, reason: reason || "" }, { keepalive: true });
      } catch (problem) {
        if (problem.status) return null;
        await side.pause(500 * (tries + 1));
      }
    }
    return null; // the server calls it unknown after a minute
  }

  const sendAgain = (button, coupon) => send(button, side.url("coupons/" + coupon + "/send"), { occasion: side.occasion() });

  side.send = send;
  Object.assign(side.acts, {
    /** A button with data-send (where it is put on record): one occasion however often it is tapped. */
    send(button) {
      button.dataset.occasion = button.dataset.occasion || side.occasion();
      return send(button, button.dataset.send, { ...JSON.parse(button.dataset.body || "{}"), occasion: button.dataset.occasion });
    },
    give(button) {
      button.dataset.occasion = button.dataset.occasion || side.occasion();
      const body = { batch_id: Number(button.dataset.batch), occasion: button.dataset.occasion };
      return send(button, side.url("customers/" + button.dataset.customer + "/coupons"), body);
    },
    again: (button) => sendAgain(button, button.closest("[data-coupon]").dataset.coupon),
    resend: (button) => resend && resend(button),
    async copyUnsent() {
      try { await navigator.clipboard.writeText(unsent); side.banner(null); side.toast("copied"); } catch { side.trouble(unsent); }
    },
    async saw(button) {
      await tell(Number(button.dataset.touch), button.dataset.outcome, "staff looked");
      await side.load();
    },
    async revoke(button) {
      side.wait(button);
      try {
        await ask("POST", side.url("coupons/" + lastSent + "/revoke"), {});
        side.toast("revoked");
        await side.load();
      } catch (problem) { side.toast(null); side.trouble(problem.message); }
    },
  });
})();
