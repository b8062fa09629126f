/* Whoever went away to add somebody comes back to a page that knows it: it asks again when it is seen again. Copying. A coupon says that it shows. */
(() => {
  "use strict";

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      getSelection().selectAllChildren(text); // an old WebView: chosen, for the reader's own finger
      if (!document.execCommand("copy")) return;
    }
    button.textContent = button.dataset.done;
  });

  const claim = document.querySelector("form[data-opened]");
  if (claim) fetch(claim.dataset.opened, { method: "POST", body: new URLSearchParams(new FormData(claim)), keepalive: true }).catch(() => {});

  const again = document.getElementById("again");
  if (!again) return;
  let wasAway = false;
  const ask = () => location.reload();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") wasAway = true;
    else if (wasAway) ask();
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
  again.addEventListener("click", (event) => { event.preventDefault(); ask(); });
})();
