// What the client asks the member on behalf of a framed page, and the switch for how its next sending is answered.

import { sheet } from './pane.js';
import { $, el, get, put } from './sandbox.js';

const answers = sheet('answers-sheet');
const share = sheet('share-sheet');
let chosen = null; // hands over what was picked

export async function openAnswers() {
  const now = await get('/sandbox/client/next-send');
  $('answers-form').elements.answer.value = now.answer;
  if (now.seconds !== null) $('answers-form').elements.seconds.value = now.seconds;
  answers.showModal();
}

$('answers-form').onsubmit = async (event) => {
  event.preventDefault();
  const { answer, seconds } = $('answers-form').elements;
  await put('/sandbox/client/next-send', { answer: answer.value, seconds: Number(seconds.value) });
  answers.close();
};

/** The groups the member picks of these; none when they close the sheet. */
export function pickGroups(groups) {
  $('share-groups').replaceChildren(...groups.map((one) => el('label', {},
    el('input', { type: 'checkbox', name: 'chat', value: one.chat_id }), el('span', {}, el('b', {}, one.name || '没起名的群')))));
  $('share-none').hidden = groups.length > 0;
  $('share-send').hidden = !groups.length;
  share.showModal();
  return new Promise((done) => { chosen = done; });
}

$('share-form').onsubmit = (event) => {
  event.preventDefault();
  hand([...$('share-form').querySelectorAll('input:checked')].map((box) => box.value));
  share.close();
};
share.addEventListener('close', () => hand([]));

function hand(picked) {
  if (chosen) chosen(picked);
  chosen = null;
}
