// What was said in a group, as its people see it.

import { bubble } from './bubbles.js';
import { el, picture, when } from './sandbox.js';

/** The lines of a group, each with its speaker; `self` is whose client it is. */
export function linesOf(whole, lines, self) {
  const drawnLines = [];
  let at = -Infinity;
  for (const one of lines) {
    if (one.at - at > 300) drawnLines.push(el('li', { className: 'when' }, when(one.at)));
    at = one.at;
    const speaker = whole.member_list.find((person) => person.id.toLowerCase() === one.userid.toLowerCase()) || { name: one.userid };
    const mine = one.userid.toLowerCase() === self.toLowerCase();
    const name = el('small', { className: 'speaker' }, speaker.name);
    drawnLines.push(el('li', { className: mine ? 'line mine' : 'line', 'data-source': one.source },
      picture({ ...speaker, userid: one.userid }, 40), el('div', { className: 'from-app' }, mine ? null : name, bubble(one))));
  }
  return drawnLines;
}
