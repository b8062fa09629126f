/* Huitou tracker: tells the shop's Huitou what a customer looks at. One file, no dependencies; docs/mall.md explains.
   Page:          <script src="…/mall/tracker/huitou.js"></script>  then huitou.start({...})
   Mini-program:  const huitou = require("./huitou.js")             then huitou.start({...})
   What cannot be sent is kept on the device and sent later. Nothing here ever throws into its host. */
(function (root, make) {
  var tracker = make(root);
  if (typeof module === "object" && module.exports) module.exports = tracker;
  else root.huitou = tracker;
})(typeof globalThis === "object" ? globalThis : this, function (root) {
  "use strict";

  var KINDS = ["enter", "search", "view", "favourite", "cart", "share"];
  var FIRST_PAUSE = 2000, LONGEST_PAUSE = 300000, TIMEOUT = 10000;
  var settings = null, token = null, queue = [], sending = false, failures = 0, timer = null, turn = 0;

  function quietly(work) {
    return function () {
      try { return work.apply(null, arguments); } catch (problem) { return undefined; }
    };
  }

  /* Nothing when somebody else has signed in meanwhile: their events must not go out with this one's token. */
  function ours(work) {
    var mine = turn;
    return function () { return mine === turn ? work.apply(null, arguments) : undefined; };
  }

  function miniProgram() {
    var it = typeof wx === "object" ? wx : null;  // WeChat's script for pages has a wx, too, but no request
    return it && typeof it.request === "function" && typeof it.getStorageSync === "function" ? it : null;
  }

  var load = quietly(function () {
    var app = miniProgram(), kept = app ? app.getStorageSync(place()) : root.localStorage.getItem(place());
    var events = kept ? JSON.parse(kept) : [];
    return Array.isArray(events) ? events : [];
  });

  var save = quietly(function () {
    var app = miniProgram(), text = JSON.stringify(queue);
    if (app) app.setStorageSync(place(), text); else root.localStorage.setItem(place(), text);
  });

  function place() { return "huitou.queue." + settings.user; }

  function newId() {
    var text = Date.now().toString(36) + "-";
    for (var n = 0; n < 4; n++) text += Math.floor((1 + Math.random()) * 0x1000000).toString(36).slice(1);
    return text;
  }

  /* done(status): 0 when there was no answer. Called once. */
  function post(body, done) {
    var once = function (status) { var last = done; done = function () {}; last(status); };
    var headers = { "Content-Type": "application/json", Authorization: "Bearer " + token };
    var app = miniProgram();
    if (app) {
      app.request({
        url: settings.url, method: "POST", header: headers, data: body, timeout: TIMEOUT,
        success: function (answer) { once(answer.statusCode); }, fail: function () { once(0); },
      });
      return;
    }
    setTimeout(function () { once(0); }, TIMEOUT + 1000);
    root.fetch(settings.url, { method: "POST", headers: headers, body: body, keepalive: body.length < 60000 }).then(
      function (answer) { once(answer.status); }, function () { once(0); }
    );
  }

  /* The shop's own server mints it: settings.token is a text, or a function that answers one, a promise, or calls back. */
  function withToken(done) {
    var once = quietly(ours(function (got) { var last = done; done = function () {}; token = got || null; last(); }));
    if (token) return once(token);
    if (typeof settings.token !== "function") return once(settings.token);
    var got = settings.token(once);
    if (got && typeof got.then === "function") got.then(once, function () { once(null); });
    else if (typeof got === "string") once(got);
  }

  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(quietly(send), pause);
  }

  function again() {
    sending = false;
    failures += 1;
    var pause = Math.min(settings.pause * Math.pow(2, failures - 1), LONGEST_PAUSE);
    later(pause * (0.5 + Math.random() / 2));
  }

  function send() {
    if (!settings || sending || !queue.length) return;
    sending = true;
    try {
      withToken(function () {
        if (!token) return again();
        var batch = queue.slice(0, settings.batch);
        post(JSON.stringify({ events: batch }), quietly(ours(function (status) { answered(status, batch); })));
      });
    } catch (problem) { again(); }
  }

  function answered(status, batch) {
    if (status === 401) token = typeof settings.token === "function" ? null : token;
    if (status === 0 || status === 401 || status === 403 || status === 408 || status === 429 || status >= 500) {
      return again();
    }
    var sent = {};  // taken, or wrong for good: either way it need not be sent again
    batch.forEach(function (event) { sent[event.id] = true; });
    queue = queue.filter(function (event) { return !sent[event.id]; });
    save();
    sending = false;
    failures = 0;
    if (queue.length) later(0);
    else if (settings.onEmpty) settings.onEmpty();
  }

  return {
    /* url: …/mall/track; token: see withToken; user: any text that changes with who is signed in. */
    start: quietly(function (wanted) {
      clearTimeout(timer);
      settings = {
        url: wanted.url, token: wanted.token, user: String(wanted.user || ""), batch: wanted.batch || 20,
        every: wanted.every || 3000, most: wanted.most || 500, pause: wanted.pause || FIRST_PAUSE,
        onEmpty: wanted.onEmpty ? quietly(wanted.onEmpty) : null,
      };
      token = null; sending = false; failures = 0; turn += 1;
      queue = load() || [];
      if (queue.length) later(0);
    }),

    /* kind: enter, search, view, favourite, cart or share; what: {sku, dwell_seconds, props}. */
    track: quietly(function (kind, what) {
      if (!settings || KINDS.indexOf(kind) < 0) return;
      var event = { id: newId(), kind: kind, at: new Date().toISOString() };
      ["sku", "dwell_seconds", "props"].forEach(function (name) {
        if (what && what[name] !== undefined && what[name] !== null) event[name] = what[name];
      });
      queue.push(event);
      if (queue.length > settings.most) queue = queue.slice(-settings.most);
      save();
      if (!failures && !sending) later(queue.length >= settings.batch ? 0 : settings.every);
    }),

    /* Now: when a page is left, or the network is back. */
    flush: quietly(function () { failures = 0; later(0); }),
  };
});
