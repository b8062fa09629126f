/* Notes and details: what was typed stays until it is saved. */
(() => {
  "use strict";

  const { ask } = side;
  const theirs = (form, path) => side.url("customers/" + form.dataset.customer + "/" + path);

  side.forms.note = async (form) => {
    const { text, is_private: only } = form.elements;
    await ask("POST", theirs(form, "notes"), { text: text.value, is_private: only.checked, external_userid: side.chat });
    side.forget(text);
    side.toast("done");
    side.section("notes");
  };

  side.forms.profile = async (form) => {
    const { remark, description, birthday } = form.elements;
    const fields = {};
    form.querySelectorAll("[data-field]").forEach((input) => { fields[input.dataset.field] = input.value; });
    form.dataset.occasion = form.dataset.occasion || side.occasion();
    const body = { remark: remark.value, description: description.value, birthday: birthday.value.trim(), fields, occasion: form.dataset.occasion, external_userid: side.chat };
    await ask("POST", theirs(form, "profile"), body);
    side.forget(remark, description);
    side.closeAll();
    side.toast("done");
    setTimeout(side.load, 1200); // WeCom has it by then, as a rule
  };

  side.acts.unnote = async (button) => {
    const done = side.wait(button);
    try { await ask("POST", side.url("notes/" + button.dataset.note + "/delete"), {}); side.section("notes"); }
    catch (problem) { done(); if (!side.lost(problem)) side.trouble(problem.message); }
  };
})();
