// The rules of mass messages that an admin sets: how many a customer may get, whose client a task goes to.

import { sheet } from './pane.js';
import { $, el, get, put } from './sandbox.js';

const dialog = sheet('rules-sheet');
const fields = () => $('rules-form').elements;

export async function openRules() {
  $('rules-wrong').hidden = true;
  $('rules-save').disabled = true;
  dialog.showModal();
  try {
    const rules = await get('/sandbox/mass-rules');
    for (const [name, value] of Object.entries(rules)) if (fields()[name]) fields()[name].value = value;
    $('rules-save').disabled = false;
  } catch (error) { complain(error); }
}

$('rules-form').onsubmit = async (event) => {
  event.preventDefault();
  const { quota, routing, dispatch_seconds, group_lag_seconds } = fields();
  $('rules-save').disabled = true;
  try {
    await put('/sandbox/mass-rules', {
      quota: quota.value,
      routing: routing.value,
      dispatch_seconds: Number(dispatch_seconds.value),
      group_lag_seconds: Number(group_lag_seconds.value),
    });
    dialog.close();
  } catch (error) { complain(error); } finally { $('rules-save').disabled = false; }
};

function complain(error) {
  $('rules-wrong').replaceChildren(el('span', {}, `没保存。${error.message}`));
  $('rules-wrong').hidden = false;
}
