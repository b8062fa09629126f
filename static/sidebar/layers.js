/* Layers: the sheet and the panels; they close on mask, Esc and back, keep the focus in and give it back. */
(() => {
  "use strict";

  const { byId } = side;
  const layers = [];
  let passing = 0; // layers already closed whose history entries are being left behind
  const below = () => [byId("shell"), ...layers.slice(0, -1).map((layer) => layer.element)];

  function open(name, from) {
    const element = byId("layer-" + name);
    if (layers.some((layer) => layer.element === element)) return;
    element.hidden = false;
    layers.push({ element, from });
    history.pushState({ layer: layers.length }, "");
    settle();
    (element.querySelector("[tabindex='-1']") || element).focus({ preventScroll: true });
  }

  function settle() {
    [byId("shell"), ...layers.map((layer) => layer.element)].forEach((part) => { part.inert = false; });
    if (layers.length) below().forEach((part) => { part.inert = true; });
    document.body.classList.toggle("covered", layers.length > 0);
    document.body.classList.toggle("sheeted", layers.some((layer) => layer.element.id === "layer-sheet"));
  }

  function closeTop() {
    const layer = layers.pop();
    if (!layer) return;
    layer.element.hidden = true;
    settle();
    if (layer.from && layer.from.isConnected) layer.from.focus({ preventScroll: true });
  }

  function closeAll() {
    const open = layers.length;
    while (layers.length) closeTop();
    if (open) { passing = open; history.go(-open); }
  }

  window.addEventListener("popstate", () => { if (passing) passing = 0; else closeTop(); });

  document.addEventListener("keydown", (event) => {
    if (!layers.length) return;
    if (event.key === "Escape") return history.back();
    if (event.key !== "Tab") return;
    const inside = [...layers[layers.length - 1].element.querySelectorAll("button:not([disabled]),input,select,textarea,a[href],summary")].filter((one) => one.offsetParent);
    const [first, last] = [inside[0], inside[inside.length - 1]];
    if (!first) return event.preventDefault();
    const at = document.activeElement;
    if (event.shiftKey ? at === first || !inside.includes(at) : at === last) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  });

  Object.assign(side, { open, closeAll });
  side.acts.close = () => history.back();
})();
