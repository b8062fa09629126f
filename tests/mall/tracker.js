// The tracker as a page and a mini-program run it: offline, closed, opened again online. Takes and gives JSON.
"use strict";
const told = JSON.parse(require("fs").readFileSync(0, "utf8"));

function storage() {
  const kept = new Map();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text) };
}

function opened() {  // as after a restart: nothing is left but what the device keeps
  delete require.cache[require.resolve(told.script)];
  return require(told.script);
}

function until(start) {
  return new Promise((resolve) => start(resolve));
}

async function page() {
  globalThis.localStorage = storage();
  const real = globalThis.fetch;
  await until((failed) => {
    globalThis.fetch = (...call) => real(...call).catch((problem) => { failed(); throw problem; });
    const tracker = opened();
    tracker.start({ url: told.offline, token: told.token, every: 1, pause: 100000 });
    tracker.track("view", { sku: "S1", dwell_seconds: 4 });
    tracker.track("cart", { sku: "S1" });
    tracker.track("pay", { sku: "S1" });
    tracker.track();
  });
  globalThis.fetch = real;
  await until((empty) => opened().start({ url: told.online, token: () => Promise.resolve(told.token), onEmpty: empty }));
}

async function miniProgram() {
  const kept = {};
  globalThis.wx = {
    getStorageSync: (name) => kept[name] ?? "",
    setStorageSync: (name, text) => { kept[name] = text; },
    request: (asked) => fetch(asked.url, { method: asked.method, headers: asked.header, body: asked.data }).then(
      (answer) => asked.success({ statusCode: answer.status }), asked.fail
    ),
  };
  const tokens = ["over" + told.token, told.token];  // the first is refused: another is asked for
  await until((empty) => {
    const tracker = opened();
    tracker.start({ url: told.online, token: (done) => done(tokens.shift()), every: 1, pause: 1, onEmpty: empty });
    tracker.track("share", { sku: "S2", props: { to: "group" } });
  });
  wx.getStorageSync = wx.setStorageSync = wx.request = () => { throw new Error("broken"); };
  const broken = opened();
  broken.start({ url: told.online, token: told.token });
  broken.track("view", { sku: "S3" });
  broken.flush();
  return kept["huitou.queue."];
}

/* Somebody signs out and another in while the first one's token is on its way. */
async function changedHands() {
  const sent = [];
  delete globalThis.wx;
  globalThis.localStorage = storage();
  globalThis.fetch = (url, asked) => {
    if (url === "here") sent.push([asked.headers.Authorization, ...JSON.parse(asked.body).events.map((event) => event.sku)]);
    return Promise.resolve({ status: 200 });
  };
  const tracker = opened();
  await until((empty) => {
    const late = (given) => {
      tracker.start({
        url: "here", user: "b", every: 1, onEmpty: empty,
        token: () => new Promise((got) => setTimeout(() => got("b"), 1)),
      });
      tracker.track("view", { sku: "B" });
      setTimeout(() => given("a"), 0);
    };
    tracker.start({ url: "here", user: "a", token: () => new Promise(late), every: 1 });
    tracker.track("view", { sku: "A" });
  });
  return sent;
}

page().then(miniProgram).then(async (left) => {
  console.log(JSON.stringify({ left: JSON.parse(left), sent: await changedHands() }));
  process.exit(0);
});
