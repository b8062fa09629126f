// The place in the client where something other than a customer's chat is open: its head and its body.

import { $ } from './sandbox.js';

/** Shows the place with this head; its body is the caller's to fill. */
export function show({ title, note = '', acts = [], name }) {
  if ($('pane').dataset.name !== name) $('pane-body').replaceChildren();
  $('pane').dataset.name = name;
  $('pane-title').textContent = title;
  $('pane-note').textContent = note;
  $('pane-acts').replaceChildren(...acts);
  return $('pane-body');
}

/** Puts children into the body; who has scrolled to its end stays at the end, and the focus does not fall out. */
export function fill(children, toEnd = false) {
  const body = $('pane-body');
  const atEnd = body.scrollHeight - body.scrollTop - body.clientHeight < 80;
  const focused = body.contains(document.activeElement);
  body.replaceChildren(...children);
  if (focused) body.focus();
  if (toEnd && atEnd) body.scrollTop = body.scrollHeight;
}

/** A dialog that closes by its cross, by Escape and by a tap beside it. */
export function sheet(id) {
  const dialog = $(id);
  dialog.querySelector('.sheet-close').onclick = () => dialog.close();
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
  return dialog;
}
