/* What every part of the page beside a chat leans on: the place where they meet, waiting with a timer, asking the server.

   The parts are joined into one file in the order of `pages.JOINED`; what a part offers to the others it puts on `side`. */
const side = {
  chat: null, // the external_userid of the open chat, or the chat_id of the group
  loadedAt: null, // when the card on screen was fresh, as the screen says it
  talk: () => ({ external_userid: side.chat }), // which chat it is, in the body of what is sent
  isSending: false,
  acts: {}, // what a button with data-act does: (button) => …
  forms: {}, // what a form with data-form does: (form, said) => …
};

(() => {
  "use strict";

  const SECONDS = { config: 8, contact: 5, send: 10, load: 10 };
  const token = document.querySelector("meta[name=csrf-token]").content;
  const home = document.body.dataset;

  class Silence extends Error {}

  class Answered extends Error {
    constructor(status, body) { super(body.message || ""); this.status = status; this.code = body.error; this.field = body.field; }
  }

  /** The SDK never answers outside WeCom, and sometimes inside: every call races a timer. */
  function timed(promise, seconds) {
    let timer;
    const silence = new Promise((_, reject) => { timer = setTimeout(() => reject(new Silence()), seconds * 1000); });
    return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
  }

  /** The JSON the server answers; what it refuses is thrown with its status, a lost network without one. */
  async function ask(method, url, body, more) {
    const headers = { Accept: "application/json", "X-CSRF-Token": token };
    if (body) headers["Content-Type"] = "application/json";
    const asked = fetch(url, { method, headers, body: body && JSON.stringify(body), ...more }).catch(() => { throw new Answered(0, {}); });
    const reply = await timed(asked, SECONDS.load);
    const answer = await reply.json().catch(() => ({}));
    if (!reply.ok) throw new Answered(reply.status, answer);
    return answer;
  }

  /** htmx comes last, once what was asked for is painted; what is tapped before it is here waits for it. */
  let htmxHere = null;
  const bring = () => htmxHere || (htmxHere = new Promise((done) => requestAnimationFrame(() => setTimeout(() => {
    const script = document.createElement("script");
    Object.assign(script, { src: home.htmx, onload: done, onerror: () => side.trouble() });
    if (document.readyState === "complete") document.head.append(script); // only then it begins by itself
    else window.addEventListener("load", () => document.head.append(script));
  }))));
  document.addEventListener("click", (event) => {
    const tapped = window.htmx ? null : event.target.closest("[hx-get], [hx-post]");
    if (!tapped) return;
    event.preventDefault();
    event.stopPropagation();
    bring().then(() => tapped.click());
  }, true);

  const byId = (id) => document.getElementById(id);

  Object.assign(side, {
    SECONDS, Silence, Answered, timed, ask, home, byId,
    url: (path) => home.home + path,
    bring, wire: (place) => bring().then(() => htmx.process(place)),
    fill: (place, ...parts) => { place.textContent = ""; place.append(...parts); },
    pause: (ms) => new Promise((done) => setTimeout(done, ms)),
    recall(key) { try { return localStorage.getItem(key); } catch { return null; } },
    remember(key, value) { try { localStorage.setItem(key, value); } catch { /* private mode: forgotten */ } },
    occasion: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join(""),
  });
})();
