/* 话术: one's own are written, changed and deleted here; sending is everybody's. */
(() => {
  "use strict";

  const form = () => document.querySelector("form[data-form=quickReply]");
  const reload = () => htmx.ajax("GET", form().dataset.list, { target: "#quick-reply-rows", swap: "innerHTML" });

  side.forms.quickReply = async (form) => {
    const body = {};
    for (const name of ["group_name", "title", "text"]) body[name] = form.elements[name].value;
    await side.ask("POST", form.dataset.url || form.dataset.new, body);
    delete form.dataset.url;
    form.reset();
    form.closest("details").open = false;
    await reload();
    side.toast("kept");
  };

  Object.assign(side.acts, {
    editReply(button) {
      const reply = JSON.parse(button.dataset.reply);
      for (const name of Object.keys(reply)) form().elements[name].value = reply[name];
      form().dataset.url = button.dataset.url;
      form().closest("details").open = true;
      form().elements.text.focus();
    },
    async deleteReply(button) {
      const done = side.wait(button);
      try {
        await side.ask("POST", button.dataset.url, {});
        await reload();
      } catch (problem) {
        done();
        if (!side.lost(problem)) side.trouble(problem.message);
      }
    },
  });
})();
