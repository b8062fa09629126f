// The hand that moves the sandbox's clock: an hour, a day, a week, to Friday evening, stop and go on.

import { WEEKDAYS, $, clock, dateOf, el, icon, minute, put, weekday } from './sandbox.js';

const HOUR = 3600;

export const nowInWords = () => `现在是${weekday(clock.now())} ${minute(clock.now())}，${dateOf(clock.now())}`;

/** Draws the controls into `place`; `moved(text)` runs once the time is another. */
export function controls(place, moved) {
  const day = el('select', { 'aria-label': '星期几' },
    ...WEEKDAYS.map((name, n) => el('option', { value: String(n + 1), selected: n === 4 }, name)));
  const time = el('input', {
    value: '19:55', pattern: '([01]\\d|2[0-3]):[0-5]\\d', maxLength: 5, required: true, autocomplete: 'off',
    inputMode: 'numeric', 'aria-label': '几点几分，例如 19:55',
  });
  const go = el('button', { className: 'button outline', type: 'submit' });
  const stop = el('button', { className: 'button outline wide', type: 'button' });
  const wrong = el('p', { className: 'banner red', role: 'alert', hidden: true });
  const sayWhere = () => { go.textContent = `到${WEEKDAYS[day.value - 1]} ${time.value}`; };
  const move = (change) => async () => {
    const buttons = place.querySelectorAll('button');
    for (const button of buttons) button.disabled = true;
    wrong.hidden = true;
    try {
      clock.take(await put('/sandbox/clock', typeof change === 'function' ? change() : change));
      place.show();
      await moved(nowInWords());
    } catch (error) {
      wrong.textContent = '时间没动。检查沙盒还开着没有，再点一次';
      wrong.hidden = false;
      console.error(error);
    } finally { for (const button of buttons) button.disabled = false; }
  };
  const step = (label, seconds) => el('button', { className: 'button outline', type: 'button', onclick: move({ advance: seconds }) }, label);
  const form = el('form', { className: 'time-to' }, el('div', { className: 'time-choice' }, day, time), go);
  const now = el('p', { className: 'time-now' });
  day.onchange = time.oninput = sayWhere;
  form.onsubmit = (event) => {
    event.preventDefault();
    move({ to: { weekday: Number(day.value), time: time.value } })();
  };
  stop.onclick = move(() => ({ frozen: !clock.frozen }));
  sayWhere();
  place.classList.add('time');
  place.replaceChildren(now,
    el('div', { className: 'time-steps' }, step('+1 小时', HOUR), step('+1 天', 24 * HOUR), step('+1 周', 7 * 24 * HOUR)),
    form, stop, wrong);
  place.show = () => {
    const at = clock.now();
    const words = [weekday(at), minute(at), dateOf(at), clock.frozen].join();
    if (place.shown === words) return;
    place.shown = words;
    now.replaceChildren(el('b', {}, `${weekday(at)} ${minute(at)}`), el('time', {}, dateOf(at)),
      ...(clock.frozen ? [el('span', { className: 'pill warm' }, '停着')] : []));
    stop.replaceChildren(icon(clock.frozen ? 'play' : 'pause'), clock.frozen ? '继续走' : '冻结');
  };
  place.show();
}

/** The same controls in a sheet of their own, behind a button that tells the time. */
export function inSheet(button, moved) {
  const place = $('time');
  controls(place, moved);
  button.onclick = () => { place.show(); $('time-sheet').showModal(); };
  $('time-close').onclick = () => $('time-sheet').close();
  $('time-sheet').onclick = (event) => { if (event.target === $('time-sheet')) $('time-sheet').close(); };
}
