// The inbox: the row whose story is open stays marked, and on a narrow screen the story takes the list's place.
const mark = () => {
  for (const row of document.querySelectorAll(".inbox tr")) {
    const link = row.querySelector("th a");
    if (link && link.pathname === location.pathname) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
};
document.addEventListener("htmx:afterSettle", mark);
document.addEventListener("htmx:pushedIntoHistory", () => {
  mark();
  document.querySelector(".split").classList.add("open");
  if (window.innerWidth < 1200) window.scrollTo(0, 0);
});
