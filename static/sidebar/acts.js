/* What buttons and forms of the page do, and the parts that htmx loads. */
(() => {
  "use strict";

  const { ask, byId } = side;

  Object.assign(side.acts, {
    dismiss: () => side.banner(null),
    async unbind(button) {
      const done = side.wait(button);
      try {
        await ask("POST", side.url("customers/" + button.dataset.customer + "/bindings/" + button.dataset.link + "/undo"), {});
        side.closeAll();
        side.toast("unbound");
        await side.load();
      } catch (problem) { done(); side.closeAll(); side.trouble(problem.message); }
    },
    async copy(button) {
      try { await navigator.clipboard.writeText(button.dataset.copy); side.toast("copied"); }
      catch { getSelection().selectAllChildren(button.parentElement.firstElementChild); }
    },
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button && !button.disabled && side.acts[button.dataset.act]) side.acts[button.dataset.act](button);
  });

  side.forms.bind = async (form) => {
    const body = { order_no: form.elements.order_no.value, external_userid: side.chat };
    if (form.elements.shop_id) body.shop_id = Number(form.elements.shop_id.value);
    await ask("POST", side.url("customers/" + form.dataset.customer + "/bindings"), body);
    side.closeAll();
    side.toast("bound");
    await side.load();
  };

  /** What was typed stays when it could not be saved: the reason stands in the form. */
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-form]");
    if (!form) return;
    event.preventDefault();
    const said = form.querySelector("[role=alert]");
    const done = side.wait(event.submitter || form.querySelector("button"));
    said.hidden = true;
    try {
      await side.forms[form.dataset.form](form, event.submitter);
    } catch (problem) {
      if (problem.status === 401) return side.show("session");
      said.textContent = problem.message || side.unreached();
      said.hidden = false;
    } finally { done(); }
  });

  document.addEventListener("input", (event) => {
    const said = event.target.form && event.target.form.querySelector("[role=alert]");
    if (said) said.hidden = true; // it was about what stood there before
  });

  /** Sections remember whether they were open, and load when they are opened. */
  side.fold = (card) => card.querySelectorAll("details[data-fold]").forEach((fold) => {
    const key = "fold:" + fold.dataset.fold;
    fold.open = side.recall(key) === "open";
    if (fold.open) side.section(fold.dataset.fold);
    fold.querySelector("summary").addEventListener("click", () => { if (!fold.open) side.section(fold.dataset.fold); });
    fold.addEventListener("toggle", () => side.remember(key, fold.open ? "open" : "shut"));
  });
  side.section = async (name) => {
    await side.bring();
    const fold = byId("fold-" + name);
    if (fold) htmx.trigger(fold.querySelector(".inside"), "shown");
  };

  document.addEventListener("htmx:load", (event) => side.restore(event.detail.elt));
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.matches("button")) event.target.unwait = side.wait(event.target);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const from = event.detail.requestConfig.elt; // the card may have been drawn anew meanwhile, and its button with it
    if (from.unwait) from.unwait();
    if (event.detail.successful) { if (from.dataset.opens) side.open(from.dataset.opens, from); return; }
    const { status } = event.detail.xhr;
    if (side.lost({ status })) return;
    if (status) { let said = {}; try { said = JSON.parse(event.detail.xhr.responseText); } catch { /* a page */ } return side.trouble(said.message); }
    side.closeAll();
    side.banner("offline", { time: side.loadedAt });
  });
})();
