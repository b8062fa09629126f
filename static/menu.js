// On a phone the menu is a row that scrolls: the page one is on stands in its middle.
const menu = document.querySelector(".side");
const here = menu.querySelector("[aria-current]");
if (here) menu.scrollLeft = here.offsetLeft - (menu.clientWidth - here.clientWidth) / 2;
