/* Beside a group: its totals, its drop, and the members one follows. */
(() => {
  "use strict";

  const { SECONDS, Answered, timed, byId } = side;

  const current = async () => (await timed(ww.getCurExternalChat(), SECONDS.contact)).chatId;

  async function load() {
    try {
      const url = side.url("groups/" + encodeURIComponent(side.chat));
      const reply = await timed(fetch(url, { headers: { "HX-Request": "true" } }), SECONDS.load);
      if (!reply.ok) throw new Answered(reply.status, await reply.json().catch(() => ({})));
      const card = byId("card");
      card.innerHTML = await reply.text();
      card.removeAttribute("aria-busy");
      side.wire(card);
      side.loadedAt = byId("group").dataset.at;
      if (byId("banner").dataset.id === "offline") side.banner(null);
    } catch (problem) {
      if (problem.status === 403) return side.show("not-in-group");
      if (side.lost(problem)) return;
      if (side.loadedAt) return problem.status ? side.trouble(problem.message) : side.banner("offline", { time: side.loadedAt });
      side.show("broken", problem.message);
    }
  }

  /** What is different beside a group: who is asked for, what is loaded, and that nobody in particular is sent to. */
  side.startGroup = async () => {
    Object.assign(side, { current, load, talk: () => ({}) });
    side.acts.refresh = () => load();
    side.chat = await current();
    await load();
  };

  side.acts.profile = (button) => ww.openUserProfile({ type: 2, userid: button.dataset.userid }).catch(() => {});
})();
