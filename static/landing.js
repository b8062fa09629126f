/* Whoever went away to add somebody comes back to a page that knows it: it asks again as soon as it is seen again. */
(() => {
  "use strict";
  let wasAway = false;
  const ask = () => location.reload();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") wasAway = true;
    else if (wasAway) ask();
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
  const again = document.getElementById("again");
  if (again) again.addEventListener("click", (event) => { event.preventDefault(); ask(); });
})();
