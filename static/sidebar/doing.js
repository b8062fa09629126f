/* What staff do about the customer: say a to-do's words, put it off, finish it; tags, notes, fields. */
(() => {
  "use strict";

  const { ask, byId } = side;
  const card = (button) => button.closest("[data-todo],[data-suggestion]");
  const theirs = (path) => side.url("customers/" + byId("customer").dataset.customer + "/" + path);

  function about(element) {
    return element.dataset.todo ? { todo_id: Number(element.dataset.todo) } : { suggestion: element.dataset.suggestion };
  }

  /** A deed that answers at once: what failed stands in a banner, and the card is as it was. */
  async function deed(button, url, body, toast) {
    const done = side.wait(button);
    try {
      await ask("POST", url, body);
      side.closeAll();
      side.toast(toast);
      await side.load();
    } catch (problem) {
      side.closeAll();
      if (!side.lost(problem)) side.trouble(problem.message);
    } finally { done(); }
  }

  Object.assign(side.acts, {
    async say(button) {
      const block = card(button);
      const words = block.querySelector("textarea");
      button.dataset.occasion = button.dataset.occasion || side.occasion();
      const body = { text: words.value, occasion: button.dataset.occasion, ...about(block) };
      if (await side.send(button, theirs("say"), body)) side.forget(words);
    },
    edit(button) {
      const block = card(button);
      const words = block.querySelector("textarea");
      block.querySelector("p.say").hidden = true;
      words.hidden = false;
      button.hidden = true;
      words.focus();
    },
    later: (button) => deed(button, theirs("todos/later"), about(card(button)), "later"),
    done: (button) => deed(button, side.url("todos/" + card(button).dataset.todo + "/done"), { state: "done" }, "done"),
    async tag(button) {
      const on = button.getAttribute("aria-pressed") !== "true";
      const done = side.wait(button);
      try {
        const body = { tag_id: Number(button.dataset.tag), on, occasion: side.occasion(), external_userid: side.chat };
        await ask("POST", theirs("tags"), body);
        button.setAttribute("aria-pressed", String(on));
        side.section("tags");
      } catch (problem) { side.closeAll(); if (!side.lost(problem)) side.trouble(problem.message); } finally { done(); }
    },
    async retry(button) {
      const done = side.wait(button);
      try { await ask("POST", side.url("edits/" + button.dataset.edit + "/retry"), {}); side.section(button.dataset.section || "tags"); }
      catch (problem) { done(); if (!side.lost(problem)) side.trouble(problem.message); }
    },
  });

  side.forms.plan = async (form) => {
    const { kind, title, at, text } = form.elements;
    form.dataset.occasion = form.dataset.occasion || side.occasion();
    const body = { kind: kind.value, title: title.value, text: text.value, at: at.value, occasion: form.dataset.occasion, external_userid: side.chat };
    await ask("POST", theirs("todos"), body);
    side.forget(title, text);
    side.closeAll();
    side.toast("done");
    await side.load();
  };
  side.forms.result = async (form) => {
    await ask("POST", side.url("todos/" + form.dataset.todo + "/done"), { state: "done", result: form.elements.result.value });
    side.forget(form.elements.result);
    side.closeAll();
    side.toast("done");
    await side.load();
  };

  document.addEventListener("change", (event) => {
    const choice = event.target.closest("[data-hand]");
    if (!choice || !choice.value) return;
    deed(null, side.url("todos/" + card(choice).dataset.todo + "/hand-over"), { userid: choice.value }, "handed-over");
  });

  /* What was typed stays: through a lost network, a reload, a session that ended. */

  document.addEventListener("input", (event) => {
    const key = event.target.dataset.draft;
    if (key) { try { sessionStorage.setItem("draft:" + key, event.target.value); } catch { /* private mode */ } }
  });
  side.restore = (root) => root.querySelectorAll("[data-draft]").forEach((field) => {
    let kept = null;
    try { kept = sessionStorage.getItem("draft:" + field.dataset.draft); } catch { /* private mode */ }
    if (kept === null || kept === field.value) return;
    field.value = kept;
    const shown = field.hidden && field.parentElement.querySelector("[data-act=edit]");
    if (shown) side.acts.edit(shown);
  });
  side.forget = (...fields) => fields.forEach((field) => { try { sessionStorage.removeItem("draft:" + field.dataset.draft); } catch { /* private mode */ } });
})();
