/* Who is in the open chat: asked of the SDK; then their card, loaded and kept fresh. */
(() => {
  "use strict";

  const { SECONDS, Answered, timed, home, byId } = side;
  const APIS = ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage", "openUserProfile", "openEnterpriseChat"];
  const CHATS = /chat|contact/; // single_chat_tools, group_chat_tools, contact_profile; else it was opened by itself
  let looks = 0; // at a contact WeCom has not told about yet
  let unsigned = null; // the server's reason for not signing

  const signed = home.signed ? JSON.parse(home.signed) : {};

  /** The page came with the signatures of its own address, unless a ticket was missing. */
  async function sign(url, kind) {
    if (signed.url === url) return signed[kind];
    for (let tries = 0; ; tries++) {
      try {
        return await side.ask("GET", side.url("signature?kind=" + kind + "&url=" + encodeURIComponent(url)));
      } catch (problem) {
        unsigned = problem.status || 0;
        if (problem.status !== 503 || tries === 3) throw problem;
        await side.pause(1000 * (tries + 1)); // the ticket is on its way
      }
    }
  }

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
    if (/domain|trusted|url/i.test(said)) return "forbidden-domain";
    if (/signature|config|invalid/i.test(said)) return "forbidden-app";
    if (/permission|denied/i.test(said)) return "serves" in home ? "forbidden-list" : "forbidden-member";
    return "silent";
  }

  /** Who the chat is with now: asked again before anything is sent. */
  const current = async () => (await timed(ww.getCurExternalContact(), SECONDS.contact)).userId;

  async function start() {
    if (!window.ww || !ww.env.isWeCom) return side.show("outside");
    try {
      register();
      const where = await timed(ww.getContext(), SECONDS.config);
      if (where.entry === "group_chat_tools") return await side.startGroup();
      if (!CHATS.test(where.entry || "chat")) return apart();
      side.isProfile = where.entry === "contact_profile"; // the customer is known there, and nothing can be sent
      side.chat = await current();
    } catch (problem) {
      return side.show(whatWentWrong(problem));
    }
    await load();
  }

  /** Outside a chat: the customer a card of the app is about, or one's own to-dos and customers. */
  async function apart() {
    side.isApart = true;
    if (home.to) { side.chat = home.to; return load(); }
    try {
      const reply = await timed(fetch(side.url("mine"), { headers: { "HX-Request": "true" } }), SECONDS.load);
      if (!reply.ok) throw new Answered(reply.status, await reply.json().catch(() => ({})));
      const card = byId("card");
      await side.bring(); // what is typed into the search must not be lost
      card.innerHTML = await reply.text();
      card.removeAttribute("aria-busy");
      side.wire(card);
    } catch (problem) { if (!side.lost(problem)) side.show("broken", problem.message); }
  }

  async function load() {
    try {
      const url = side.url("contacts/" + encodeURIComponent(side.chat));
      const reply = await timed(fetch(url, { headers: { "HX-Request": "true" } }), SECONDS.load);
      if (!reply.ok) throw new Answered(reply.status, await reply.json().catch(() => ({})));
      draw(await reply.text());
    } catch (problem) {
      if (side.lost(problem)) return;
      if (side.loadedAt && byId("customer") && byId("customer").dataset.contact === side.chat) {
        return problem.status ? side.trouble(problem.message) : side.banner("offline", { time: side.loadedAt });
      }
      side.show("broken", problem.message);
    }
  }

  function draw(html) {
    const card = byId("card");
    card.innerHTML = html;
    card.removeAttribute("aria-busy");
    side.wire(card);
    side.fold(card);
    side.restore(card);
    side.loadedAt = byId("customer").dataset.at;
    if (byId("banner").dataset.id === "offline") side.banner(null);
    if ("pending" in byId("customer").dataset && looks++ < 8) setTimeout(load, 2500);
  }

  side.acts.visit = (button) => { history.pushState({ visit: true }, ""); side.chat = button.dataset.contact; return load(); };
  side.acts.chat = () => timed(ww.openEnterpriseChat({ externalUserIds: [side.chat] }), SECONDS.contact).then(
    () => side.banner(null),
    () => side.banner("unopened"),
  );
  window.addEventListener("popstate", ({ state }) => { if (side.isApart && !home.to && !state) apart(); }); // a closed sheet leaves the visit
  Object.assign(side, { start, load, current, APIS });
  Object.assign(side.acts, { restart: () => location.reload(), reload: () => location.reload(), refresh: () => load() });
})();
