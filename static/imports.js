// Uploads a file in pieces, so that a large one survives a small server, and says how far it is.
const form = document.querySelector("#upload");
if (form) {
  const bar = form.querySelector("progress");
  const says = form.querySelector(".says");
  const input = form.querySelector("input[type=file]");
  const size = Number(form.dataset.piece);
  const post = async (url, body, type) => {
    const headers = { Accept: "application/json", "X-CSRF-Token": form.elements.csrf_token.value, "Content-Type": type };
    const answer = await fetch(url, { method: "POST", body, headers });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.message);
    return said;
  };
  const send = async (files) => {
    const all = files.reduce((sum, file) => sum + file.size, 0);
    const told = files.map(({ name, size }) => ({ name, size }));
    const { url } = await post(form.dataset.begin, JSON.stringify({ kind: form.elements.kind.value, files: told }), "application/json");
    let done = 0;
    for (const [place, file] of files.entries()) {
      for (let at = 0; at < file.size; at += size) {
        const piece = file.slice(at, at + size);
        await post(`${url}/files/${place}?at=${at}`, piece, "application/octet-stream");
        done += piece.size;
        bar.value = done / all;
        says.textContent = `${form.dataset.sending} ${Math.round((100 * done) / all)} %`;
      }
    }
    location.assign((await post(`${url}/arrived`, "{}", "application/json")).url);
  };
  input.addEventListener("change", async () => {
    const files = [...input.files];
    if (!files.length) return;
    says.classList.remove("bad");
    says.textContent = form.dataset.sending;
    bar.hidden = false;
    input.disabled = true;
    try {
      await send(files);
    } catch (problem) {
      says.classList.add("bad");
      says.textContent = problem instanceof TypeError || problem instanceof SyntaxError ? form.dataset.failed : problem.message;
      bar.hidden = true;
      input.disabled = false;
      input.value = "";
    }
  });
}
// Another platform chosen: its columns are known, and the list of columns folds away.
document.querySelector("#f-preset")?.addEventListener("change", ({ target }) => {
  document.querySelector("#columns details").open = !target.value;
});
