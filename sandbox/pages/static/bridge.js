// The bridge of a WeCom client, for a page that the sandbox's chat frames. Load it before the SDK.
(function () {
  'use strict';
  if (window === window.parent) return; // opened outside the chat: an ordinary browser, as it should be

  var script = document.currentScript;
  var chat = parentOrigin();
  var listeners = {};
  var waiting = {};
  var last = 0;

  function parentOrigin() {
    if (script && script.dataset.parent) return script.dataset.parent;
    if (script && script.src) return new URL(script.src).origin;
    if (location.ancestorOrigins && location.ancestorOrigins.length) return location.ancestorOrigins[0];
    return document.referrer ? new URL(document.referrer).origin : '';
  }

  function sayWeCom() {
    var agent = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
      'Mobile/15E148 wxwork/4.1.36 MicroMessenger/7.0.1 Language/zh';
    Object.defineProperty(Navigator.prototype, 'userAgent', { configurable: true, get: function () { return agent; } });
  }

  function invoke(name, params, callback) {
    last += 1;
    waiting[last] = callback;
    window.parent.postMessage(
      { __wecom: 1, type: 'invoke', id: last, name: name, params: params || {}, href: location.href.split('#')[0] },
      chat
    );
  }

  function on(name, callback) {
    (listeners[name] = listeners[name] || []).push(callback);
  }

  function hear(message) {
    var said = message.data;
    if (message.source !== window.parent || message.origin !== chat || !said || said.__wecom !== 1) return;
    if (said.type === 'result') {
      var callback = waiting[said.id];
      delete waiting[said.id];
      if (callback) callback(said.result);
    } else if (said.type === 'event') {
      (listeners[said.name] || []).forEach(function (callback) { callback(said.payload); });
    }
  }

  if (!chat) return;
  if (!/wxwork/i.test(navigator.userAgent)) sayWeCom();
  window.addEventListener('message', hear);
  window.WeixinJSBridge = { invoke: invoke, on: on };
  document.dispatchEvent(new Event('WeixinJSBridgeReady'));
})();
