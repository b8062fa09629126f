// The form of a drop: its picture is uploaded as soon as it is chosen, and groups can be ticked all at once.
const form = document.querySelector("#drop");
const boxes = () => [...form.querySelectorAll(".boxes input")];
const count = form.querySelector("[data-ticked]");

const tell = () => {
  const ticked = boxes().filter((box) => box.checked).length;
  count.textContent = `${count.dataset.ticked} ${ticked}`;
};
tell();
form.addEventListener("change", tell);

form.querySelector("[data-all]")?.addEventListener("click", () => {
  const every = boxes().every((box) => box.checked);
  for (const box of boxes()) box.checked = !every;
  form.dispatchEvent(new Event("change", { bubbles: true }));
});

const picker = form.querySelector("[data-upload]");
const kept = form.querySelector("[name=media_id]");
const shown = form.querySelector(".picture .shown");
const said = form.querySelector("[data-said]");

const show = (id, url) => {
  kept.value = id;
  shown.hidden = !id;
  if (url) shown.querySelector("img").src = url;
  form.dispatchEvent(new Event("change", { bubbles: true }));
};

picker.addEventListener("change", async () => {
  if (!picker.files.length) return;
  const body = new FormData();
  body.append("csrf_token", form.querySelector("[name=csrf_token]").value);
  body.append("kind", "image");
  body.append("file", picker.files[0]);
  picker.disabled = true;
  try {
    const answer = await fetch(picker.dataset.upload, { method: "POST", body });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.message || picker.dataset.failed);
    said.className = "hint";
    said.textContent = found.warning;
    show(found.id, found.url);
  } catch (problem) {
    said.className = "why";
    said.textContent = problem instanceof SyntaxError || problem instanceof TypeError ? picker.dataset.failed : problem.message;
  }
  picker.disabled = false;
  picker.value = "";
});
form.querySelector("[data-take-away]").addEventListener("click", () => show("", ""));
