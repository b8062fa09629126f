// The editor of a push: counts what WeCom counts, shows what the customer will see, and keeps the attachments in order.
// All of it ends in the form's own fields; the server checks every limit again.
const form = document.querySelector("#editor");
const text = form.elements.text;
const list = form.querySelector("#atts");
const kept = form.elements.attachments;
const says = form.querySelector("#upload-says");
const preview = document.querySelector("#preview .bubbles");

const filled = (words, staff) => words.replaceAll("{同事}", staff).replaceAll("{店名}", form.dataset.shop);

const count = () => {
  const out = form.querySelector(".count");
  const bytes = new TextEncoder().encode(filled(text.value, form.dataset.staff)).length;
  out.textContent = `${bytes.toLocaleString()} / ${Number(out.dataset.most).toLocaleString()} ${out.dataset.words}`;
  out.classList.toggle("over", bytes > Number(out.dataset.most));
};

// Attachments

const valuesOf = (item) => {
  const values = { kind: item.dataset.kind };
  for (const input of item.querySelectorAll("[data-of]")) values[input.dataset.of] = input.value.trim();
  if (item.dataset.media) values.media = Number(item.dataset.media);
  return values;
};
const pieceOf = (item) => {
  const piece = document.createElement("p");
  const { kind, title, desc } = valuesOf(item);
  const picture = item.querySelector(".thumb img");
  piece.className = `piece ${kind}`;
  if (kind === "image" && picture) piece.append(picture.cloneNode());
  else {
    const words = document.createElement("span");
    const first = document.createElement("strong");
    first.textContent = title || item.querySelector(".named").textContent;
    words.append(first);
    if (desc) words.append(document.createElement("br"), desc);
    piece.append(words, item.querySelector(".thumb").firstElementChild.cloneNode(true));
  }
  return piece;
};
const show = () => {
  const bubble = preview.querySelector(".bubble");
  const sender = document.querySelector("#reach [data-sender]")?.dataset.sender || form.dataset.shown;
  preview.previousElementSibling.textContent = [...sender][0];
  bubble.textContent = filled(text.value, sender) || bubble.dataset.empty;
  bubble.classList.toggle("unsaid", !text.value);
  preview.replaceChildren(bubble, ...[...list.children].map(pieceOf));
};
const changed = () => {
  if (form.querySelector("[data-insert]")) kept.value = JSON.stringify([...list.children].map(valuesOf));
  show();
};
const place = (kind) => {
  const item = document.querySelector(`#t-${kind}`).content.firstElementChild.cloneNode(true);
  list.append(item);
  return item;
};
const upload = async (input) => {
  const kind = input.dataset.upload;
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  body.append("kind", kind === "miniprogram" ? "image" : kind);
  body.append("file", input.files[0]);
  const label = input.closest("label");
  label.classList.add("busy");
  says.textContent = "";
  try {
    if (input.files[0].size > Number(input.dataset.most) * 1048576) throw new Error(form.dataset.large);
    const answer = await fetch(form.dataset.upload, { method: "POST", body, headers: { Accept: "application/json" } });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.message);
    const item = place(kind);
    item.dataset.media = said.id;
    if (kind !== "miniprogram") item.querySelector(".named").textContent = said.name;
    item.querySelector(".size").textContent = [said.said, said.warning].filter(Boolean).join(" · ");
    if (said.kind === "image") {
      const picture = new Image(48, 48);
      picture.src = said.url;
      picture.alt = "";
      item.querySelector(".thumb").replaceChildren(picture);
    }
    changed();
  } catch (problem) {
    says.textContent = problem instanceof SyntaxError || problem instanceof TypeError ? form.dataset.failed : problem.message;
  }
  label.classList.remove("busy");
  input.value = "";
};

form.addEventListener("input", (event) => {
  if (event.target === text) count();
  if (event.target === text || event.target.matches("[data-of]")) changed();
});
form.addEventListener("change", (event) => {
  if (event.target.dataset.upload && event.target.files.length) upload(event.target);
  if (event.target.closest(".indent")) event.target.closest(".indent").previousElementSibling.querySelector("input").checked = true;
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) event.preventDefault(); // not sent by accident
});
form.addEventListener("click", (event) => {
  const insert = event.target.closest("[data-insert]");
  if (insert) {
    text.setRangeText(insert.dataset.insert, text.selectionStart, text.selectionEnd, "end");
    text.focus();
    count();
    changed();
  }
  if (event.target.closest("[data-add=link]")) {
    place("link").querySelector("input").focus();
    changed();
  }
  const move = event.target.closest("[data-move]");
  if (!move) return;
  const item = move.closest(".att");
  if (move.dataset.move === "off") item.remove();
  if (move.dataset.move === "up" && item.previousElementSibling) item.previousElementSibling.before(item);
  if (move.dataset.move === "down" && item.nextElementSibling) item.nextElementSibling.after(item);
  if (move.dataset.move !== "off") move.focus();
  changed();
});
document.addEventListener("htmx:afterSwap", show); // another audience begins with another sender
count();
show();
