/* What the page says: a state in place of the card, a banner above it, a toast below. */
(() => {
  "use strict";

  const { byId, fill } = side;
  const words = (id) => byId("words-" + id).content.firstElementChild.cloneNode(true);

  function show(id, message) {
    side.closeAll();
    const card = byId("card");
    fill(card, byId("state-" + id).content.cloneNode(true));
    card.removeAttribute("aria-busy");
    card.querySelector(".number").textContent = message || "";
    card.dataset.state = id;
  }

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
  const unreached = () => byId("words-unreached").content.textContent;

  let toastTimer;
  function toast(id, seconds = 4) {
    fill(byId("toast"), id ? words(id) : "");
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => fill(byId("toast")), seconds * 1000);
  }

  /** A screen of its own for a session that is over or a stranger's customer; else false. */
  function lost(problem) {
    if (problem.status !== 401 && problem.status !== 403) return false;
    show(problem.status === 401 ? "session" : "refused");
    return true;
  }

  /** Busy until the function that comes back is called: a second tap does nothing. */
  function wait(button) {
    if (!button) return () => {};
    const spinner = document.createElement("span");
    spinner.className = "spin";
    button.disabled = true;
    button.classList.add("busy");
    if (button.classList.contains("btn")) button.prepend(spinner);
    return () => { spinner.remove(); button.disabled = false; button.classList.remove("busy"); };
  }

  Object.assign(side, { words, show, banner, toast, wait, lost, unreached, trouble: (message) => banner("trouble", { message: message || unreached() }) });
})();
