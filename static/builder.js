// The audience builder: conditions come and go, tags and staff are picked by a part of their name, and each change
// asks for the figures anew. Everything ends in the form's own fields; the server decides what they mean.
const form = document.querySelector("#builder");

let waiting = 0;
const refresh = (delay) => {
  clearTimeout(waiting);
  waiting = setTimeout(() => form.dispatchEvent(new CustomEvent("refresh")), delay);
};

const adder = (rule) => form.querySelector(`[data-add="${rule.dataset.rule}"]`);

form.addEventListener("click", (event) => {
  const add = event.target.closest("[data-add]");
  if (add) {
    const rule = form.querySelector(`[data-rule="${add.dataset.add}"]`);
    rule.hidden = false;
    add.hidden = true;
    rule.querySelector("input:not([type=hidden])").focus();
  }
  const drop = event.target.closest(".drop");
  if (drop) {
    const rule = drop.closest(".rule");
    for (const input of rule.querySelectorAll("input")) input.value = "";
    for (const chip of rule.querySelectorAll(".chosen li")) chip.remove();
    rule.hidden = true;
    rule.classList.remove("wrong");
    adder(rule).hidden = false;
    adder(rule).focus();
    refresh(0);
  }
});
form.addEventListener("input", (event) => {
  if (!event.target.closest(".picker") && event.target.name !== "name") refresh(120);
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches(".rule input")) event.preventDefault(); // not a save by accident
});

const pick = (picker) => {
  const hidden = picker.querySelector("input[type=hidden]");
  const search = picker.querySelector(".search");
  const chosen = picker.querySelector(".chosen");
  const options = picker.querySelector(".options");
  let asked = 0;
  let at = -1;

  const keep = () => {
    hidden.value = [...chosen.children].map((chip) => chip.dataset.id).join(",");
    refresh(0);
  };
  const close = () => {
    options.hidden = true;
    at = -1;
    search.setAttribute("aria-expanded", "false");
    search.removeAttribute("aria-activedescendant");
  };
  const look = async () => {
    const turn = ++asked;
    const answer = await fetch(`${picker.dataset.url}?q=${encodeURIComponent(search.value)}`);
    if (answer.redirected) location.reload(); // signed out meanwhile: the whole page asks to sign in, not its picker
    if (!answer.ok || answer.redirected || turn !== asked || document.activeElement !== search) return;
    options.innerHTML = await answer.text(); // our own page, escaped by the server
    const taken = new Set(hidden.value.split(","));
    for (const option of options.querySelectorAll("[data-id]")) if (taken.has(option.dataset.id)) option.remove();
    [...options.children].forEach((option, n) => { option.id = `${options.id}-${n}`; });
    options.hidden = !options.children.length;
    search.setAttribute("aria-expanded", String(!options.hidden));
    at = -1;
  };
  const take = (option) => {
    const chip = document.createElement("li");
    chip.dataset.id = option.dataset.id;
    chip.append(option.dataset.name);
    const off = document.createElement("button");
    off.type = "button";
    off.setAttribute("aria-label", `${picker.dataset.remove} ${option.dataset.name}`);
    off.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-bad"></use></svg>';
    chip.append(off);
    chosen.append(chip);
    search.value = "";
    close();
    keep();
    search.focus();
  };
  const step = (by) => {
    const all = [...options.querySelectorAll("[data-id]")];
    if (!all.length) return;
    at = (at + by + all.length) % all.length;
    all.forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    all[at].scrollIntoView({ block: "nearest" });
    search.setAttribute("aria-activedescendant", all[at].id);
  };

  search.addEventListener("focus", look);
  search.addEventListener("input", look);
  search.addEventListener("blur", () => setTimeout(close, 150));
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const all = options.querySelectorAll("[data-id]");
      if (!options.hidden && all.length) take(all[Math.max(at, 0)]);
    } else if (event.key === "Escape") close();
    else if (event.key === "Backspace" && !search.value && chosen.lastElementChild) {
      chosen.lastElementChild.remove();
      keep();
    }
  });
  options.addEventListener("mousedown", (event) => event.preventDefault()); // the search keeps the focus
  options.addEventListener("click", (event) => {
    const option = event.target.closest("[data-id]");
    if (option) take(option);
  });
  chosen.addEventListener("click", (event) => {
    if (!event.target.closest("button")) return;
    event.target.closest("li").remove();
    keep();
  });
};
document.querySelectorAll(".picker").forEach(pick);
