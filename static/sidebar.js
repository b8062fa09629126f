/* The page beside a chat: asks the SDK who is in the chat, loads their card, sends what the server put on record. */
(() => {
  "use strict";

  const SECONDS = { config: 8, contact: 5, send: 10, load: 10 };
  const APIS = ["getContext", "getCurExternalContact", "sendChatMessage"];
  const home = document.body.dataset;
  const token = document.querySelector("meta[name=csrf-token]").content;
  const byId = (id) => document.getElementById(id);
  const fill = (place, ...parts) => { place.textContent = ""; place.append(...parts); };
  const words = (id) => byId("words-" + id).content.firstElementChild.cloneNode(true);

  let chat = null; // the external_userid of the open chat
  let loadedAt = null; // when the card on screen was fresh, as the screen says it
  let looks = 0; // at a contact WeCom has not told about yet
  let isSending = false;
  let lastFailed = null; // the coupon whose sending failed, for "send again"
  let lastSent = null; // the coupon the toast can take back
  let unsigned = null; // the server's reason for not signing

  class Silence extends Error {}

  /** The SDK never answers outside WeCom, and sometimes inside: every call races a timer. */
  function timed(promise, seconds) {
    let timer;
    const silence = new Promise((_, reject) => { timer = setTimeout(() => reject(new Silence()), seconds * 1000); });
    return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
  }
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  /* The server */

  class Answered extends Error {
    constructor(status, body) { super(body.message || ""); this.status = status; this.code = body.error; }
  }

  async function ask(method, url, body, more) {
    const headers = { Accept: "application/json", "X-CSRF-Token": token };
    if (body) headers["Content-Type"] = "application/json";
    const reply = await timed(fetch(url, { method, headers, body: body && JSON.stringify(body), ...more }), SECONDS.load);
    const answer = await reply.json().catch(() => ({}));
    if (!reply.ok) throw new Answered(reply.status, answer);
    return answer;
  }

  async function sign(url, kind) {
    for (let tries = 0; ; tries++) {
      try {
        return await ask("GET", home.home + "signature?kind=" + kind + "&url=" + encodeURIComponent(url));
      } catch (problem) {
        unsigned = problem.status || 0;
        if (problem.status !== 503 || tries === 3) throw problem;
        await pause(1000 * (tries + 1)); // the ticket is on its way
      }
    }
  }

  /* Who is in the chat */

  function register() {
    unsigned = null;
    ww.register({
      corpId: home.corpId,
      agentId: Number(home.agentId),
      jsApiList: APIS,
      getConfigSignature: (url) => sign(url, "config"),
      getAgentConfigSignature: (url) => sign(url, "agent"),
    });
  }

  function whatWentWrong(problem) {
    const said = String((problem && (problem.errMsg || problem.err_msg || problem.message)) || "");
    if (unsigned === 401) return "session";
    if (unsigned !== null) return "unsigned";
    if (/without context/.test(said)) return "nobody";
    if (/permission|invalid|trusted|denied|config/i.test(said)) return "forbidden";
    return "silent";
  }

  async function start() {
    if (!window.ww || !ww.env.isWeCom) return show("outside");
    try {
      register();
      const where = await timed(ww.getContext(), SECONDS.config);
      if (/group/.test(where.entry || "")) return show("nobody");
      chat = (await timed(ww.getCurExternalContact(), SECONDS.contact)).userId;
    } catch (problem) {
      return show(whatWentWrong(problem));
    }
    await load();
  }

  /* The card */

  async function load() {
    const url = home.home + "contacts/" + encodeURIComponent(chat);
    try {
      const headers = { "HX-Request": "true" };
      const reply = await timed(fetch(url, { headers }), SECONDS.load);
      if (!reply.ok) throw new Answered(reply.status, await reply.json().catch(() => ({})));
      draw(await reply.text());
    } catch (problem) {
      if (problem.status === 401) return show("session");
      if (problem.status === 403) return show("refused");
      if (loadedAt && byId("customer") && byId("customer").dataset.contact === chat) {
        return problem.status ? trouble(problem.message) : banner("offline", { time: loadedAt });
      }
      show("broken", problem.message);
    }
  }

  function draw(html) {
    const card = byId("card");
    card.innerHTML = html;
    card.removeAttribute("aria-busy");
    htmx.process(card);
    card.querySelectorAll("details[data-fold]").forEach((fold) => {
      const key = "fold:" + fold.dataset.fold;
      fold.open = recall(key) === "open";
      fold.addEventListener("toggle", () => remember(key, fold.open ? "open" : "shut"));
    });
    loadedAt = byId("customer").dataset.at;
    if (byId("banner").dataset.id === "offline") banner(null);
    if ("pending" in byId("customer").dataset && looks++ < 8) setTimeout(load, 2500);
  }

  function recall(key) { try { return localStorage.getItem(key); } catch { return null; } }
  function remember(key, value) { try { localStorage.setItem(key, value); } catch { /* private mode: forgotten */ } }

  function show(id, message) {
    closeAll();
    const card = byId("card");
    fill(card, byId("state-" + id).content.cloneNode(true));
    card.removeAttribute("aria-busy");
    card.querySelector(".number").textContent = message || "";
    card.dataset.state = id;
  }

  /* Banners and toasts */

  function banner(id, values) {
    const place = byId("banner");
    place.dataset.id = id || "";
    fill(place);
    if (!id) return;
    const shown = words(id);
    const text = shown.querySelector(".grow");
    for (const [name, value] of Object.entries(values || {})) text.textContent = text.textContent.replace("{" + name + "}", value);
    place.append(shown);
    window.scrollTo(0, 0);
  }
  const trouble = (message) => banner("trouble", { message: message || byId("words-unreached").content.textContent });

  let toastTimer;
  function toast(id, seconds) {
    fill(byId("toast"), words(id));
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => fill(byId("toast")), seconds * 1000);
  }

  /* Sending: on record before, confirmed after, never twice */

  const occasion = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");

  async function send(button, url, body) {
    if (isSending) return;
    isSending = true;
    const label = wait(button);
    banner(null);
    try {
      const now = (await timed(ww.getCurExternalContact(), SECONDS.contact)).userId;
      if (now !== chat) { chat = now; closeAll(); await load(); return banner("moved"); }
      const answer = await onRecord(url, { ...body, external_userid: chat });
      closeAll();
      if (answer.send) await hand(answer);
      else if (answer.message) banner("note", { message: answer.message });
      await load();
    } catch (problem) {
      closeAll();
      if (problem.status === 401) return show("session");
      if (problem.status === 403) return show("refused");
      trouble(problem.status ? problem.message : "");
    } finally {
      isSending = false;
      label();
    }
  }

  /** One occasion a tap. When the answer is lost we ask again; what was recorded meanwhile we know we did not send. */
  async function onRecord(url, body) {
    try {
      return await ask("POST", url, body);
    } catch (problem) {
      if (problem.status) throw problem;
    }
    const answer = await ask("POST", url, body);
    if (!answer.send && answer.touch.state === "trying") {
      await tell(answer.touch.id, "failed", "answer lost");
      lastFailed = answer.coupon && answer.coupon.id;
      banner("failed");
      return { send: false };
    }
    return answer;
  }

  async function hand(answer) {
    const { id } = answer.touch;
    const sending = ww.sendChatMessage({ msgtype: "text", text: { content: answer.text } });
    let outcome = "sent";
    let said = "";
    try {
      await timed(sending, SECONDS.send);
    } catch (problem) {
      said = String((problem && problem.errMsg) || "");
      outcome = problem instanceof Silence ? "unknown" : /cancel/i.test(said) ? "cancelled" : "failed";
    }
    if (outcome === "unknown") sending.then(() => late(id, "sent"), () => late(id, "failed"));
    const told = await tell(id, outcome, said.slice(0, 200));
    if (outcome === "sent") { lastSent = answer.coupon.id; toast("sent", 8); }
    else { lastFailed = answer.coupon.id; banner(outcome); }
    return told;
  }

  async function late(id, outcome) {
    await tell(id, outcome, "late");
    if (byId("banner").dataset.id === "unknown") banner(null);
    if (!isSending) await load();
  }

  async function tell(id, outcome, reason) {
    for (let tries = 0; tries < 3; tries++) {
      try {
        return await ask("POST", home.home + "touches/" + id + "/outcome", { outcome, reason: reason || "" }, { keepalive: true });
      } catch (problem) {
        if (problem.status) return null;
        await pause(500 * (tries + 1));
      }
    }
    return null; // the server calls it unknown after a minute
  }

  function wait(button) {
    if (!button) return () => {};
    const spinner = document.createElement("span");
    spinner.className = "spin";
    button.disabled = true;
    button.classList.add("busy");
    if (button.classList.contains("btn")) button.prepend(spinner);
    return () => { spinner.remove(); button.disabled = false; button.classList.remove("busy"); };
  }

  const again = (button, coupon) => send(button, home.home + "coupons/" + coupon + "/send", { occasion: occasion() });

  const acts = {
    restart: () => location.reload(),
    reload: () => location.reload(),
    refresh: () => load(),
    dismiss: () => banner(null),
    close: () => history.back(),
    give(button) {
      button.dataset.occasion = button.dataset.occasion || occasion();
      const body = { batch_id: Number(button.dataset.batch), occasion: button.dataset.occasion };
      return send(button, home.home + "customers/" + button.dataset.customer + "/coupons", body);
    },
    again: (button) => again(button, button.closest("[data-coupon]").dataset.coupon),
    resend: (button) => lastFailed && again(button, lastFailed),
    async saw(button) {
      await tell(Number(button.dataset.touch), button.dataset.outcome, "staff looked");
      await load();
    },
    async revoke(button) {
      wait(button);
      try {
        await ask("POST", home.home + "coupons/" + lastSent + "/revoke", {});
        toast("revoked", 4);
        await load();
      } catch (problem) { fill(byId("toast")); trouble(problem.message); }
    },
    async unbind(button) {
      const done = wait(button);
      try {
        await ask("POST", home.home + "customers/" + button.dataset.customer + "/bindings/" + button.dataset.link + "/undo", {});
        closeAll();
        toast("unbound", 4);
        await load();
      } catch (problem) { done(); closeAll(); trouble(problem.message); }
    },
    async copy(button) {
      try { await navigator.clipboard.writeText(button.dataset.copy); toast("copied", 4); }
      catch { getSelection().selectAllChildren(button.parentElement.firstElementChild); }
    },
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button && !button.disabled) acts[button.dataset.act](button);
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form.bind");
    if (!form) return;
    event.preventDefault();
    const said = form.querySelector("[role=alert]");
    const done = wait(form.querySelector("button"));
    const body = { order_no: form.elements.order_no.value, external_userid: chat };
    if (form.elements.shop_id) body.shop_id = Number(form.elements.shop_id.value);
    said.hidden = true;
    try {
      await ask("POST", home.home + "customers/" + form.dataset.customer + "/bindings", body);
      closeAll();
      toast("bound", 4);
      await load();
    } catch (problem) {
      if (problem.status === 401) return show("session");
      said.textContent = problem.message || byId("words-unreached").content.textContent;
      said.hidden = false;
    } finally { done(); }
  });

  /* Layers: the sheet and the two panels; they close on mask, Esc and back, keep the focus in and give it back */

  const layers = [];
  const below = () => [byId("shell"), ...layers.slice(0, -1).map((layer) => layer.element)];

  function open(name, from) {
    const element = byId("layer-" + name);
    if (layers.some((layer) => layer.element === element)) return;
    element.hidden = false;
    layers.push({ element, from });
    history.pushState({ layer: layers.length }, "");
    settleLayers();
    (element.querySelector("[tabindex='-1']") || element).focus({ preventScroll: true });
  }

  function settleLayers() {
    [byId("shell"), ...layers.map((layer) => layer.element)].forEach((part) => { part.inert = false; });
    if (layers.length) below().forEach((part) => { part.inert = true; });
    document.body.classList.toggle("covered", layers.length > 0);
  }

  function closeTop() {
    const layer = layers.pop();
    if (!layer) return;
    layer.element.hidden = true;
    settleLayers();
    if (layer.from && layer.from.isConnected) layer.from.focus({ preventScroll: true });
  }
  function closeAll() {
    const open = layers.length;
    while (layers.length) closeTop();
    if (open) { passing = open; history.go(-open); }
  }
  let passing = 0; // layers already closed whose history entries are being left behind
  window.addEventListener("popstate", () => { if (passing) passing = 0; else closeTop(); });

  document.addEventListener("keydown", (event) => {
    if (!layers.length) return;
    if (event.key === "Escape") return history.back();
    if (event.key !== "Tab") return;
    const inside = [...layers[layers.length - 1].element.querySelectorAll("button:not([disabled]),input,select,a[href],summary")].filter((one) => one.offsetParent);
    const [first, last] = [inside[0], inside[inside.length - 1]];
    if (!first) return event.preventDefault();
    const at = document.activeElement;
    if (event.shiftKey ? at === first || !inside.includes(at) : at === last) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  });

  /* Parts of the page that htmx loads */

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches("button")) event.target.unwait = wait(event.target);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const from = event.detail.elt;
    if (from.unwait) from.unwait();
    if (event.detail.successful) { if (from.dataset.opens) open(from.dataset.opens, from); return; }
    const { status } = event.detail.xhr;
    if (status === 401) return show("session");
    if (status === 403) return show("refused");
    if (status) { let said = {}; try { said = JSON.parse(event.detail.xhr.responseText); } catch { /* a page */ } return trouble(said.message); }
    closeAll();
    banner("offline", { time: loadedAt });
  });

  start();
})();
