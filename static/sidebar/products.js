/* Recommended products: one that does not suit this customer is not shown again. */
side.acts.hideProduct = async (button) => {
  const done = side.wait(button);
  try {
    await side.ask("POST", button.dataset.url, {});
    const list = button.closest("#recommended");
    await htmx.ajax("GET", list.dataset.url, { target: list, swap: "outerHTML" });
  } catch (problem) {
    done();
    if (!side.lost(problem)) side.trouble(problem.message);
  }
};
