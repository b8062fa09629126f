// Staff's internal groups, seen through their robots (消息推送): what each of them said.

import { said } from './app-messages.js';
import { fill, sheet, show } from './pane.js';
import { $, el, get, icon, post, remove, when } from './sandbox.js';

let robots = [];
let chosen = '';
let messages = [];
let isOpen = false;
let drawn = '';
let go = () => {};

const dialog = sheet('robot-sheet');

/** `to(key)` leads to that robot's group. */
export function listen(to) { go = to; }

export async function open(key) {
  isOpen = true;
  drawn = '';
  if (chosen !== key) messages = [];
  chosen = key;
  await look();
}

export function close() { isOpen = false; }

export async function look() {
  if (!isOpen) return;
  ({ robots } = await get('/sandbox/robots'));
  const robot = robots.find((one) => one.key === chosen) || robots.find((one) => !one.removed) || robots[0];
  const key = robot ? robot.key : '';
  const found = key ? (await get(`/sandbox/robots/${encodeURIComponent(key)}/messages`)).messages : [];
  const looks = JSON.stringify([robots, key, found.length]);
  if (!isOpen || looks === drawn) return;
  drawn = looks;
  chosen = key;
  messages = found;
  show({
    name: 'robots',
    title: '消息推送',
    note: '店员内部群',
    acts: [el('button', { className: 'button text', type: 'button', onclick: () => ask() }, icon('plus'), el('span', {}, '加一个'))],
  });
  draw(robot);
}

function draw(robot) {
  if (!robot) {
    return fill([el('div', { className: 'empty' }, icon('robot'), el('b', {}, '内部群里还没有消息推送'),
      el('p', {}, '加一个，把它的网址填到爆款日里，到点就会在店员群里喊一声'))]);
  }
  const tabs = el('nav', { className: 'choices', 'aria-label': '选一个群' }, ...robots.map((one) => el('button', {
    type: 'button', className: one.removed ? 'gone' : '', 'aria-pressed': String(one === robot), onclick: () => go(one.key),
  }, one.removed ? `${one.name}（已移除）` : one.name)));
  const lines = [];
  let at = -Infinity;
  for (const one of messages) {
    if (one.at - at > 300) lines.push(el('li', { className: 'when' }, when(one.at)));
    at = one.at;
    lines.push(el('li', { className: 'line' }, el('span', { className: 'tile' }, icon('robot')),
      el('div', { className: 'from-app' }, el('small', { className: 'speaker' }, robot.name), said(one.msgtype, one.content))));
  }
  const quiet = messages.length ? null : el('div', { className: 'empty' }, icon('robot'), el('b', {}, '还没说过话'),
    el('p', {}, '到了爆款日的钟点，战况会发到这里'));
  return fill([
    ...(robots.length > 1 ? [tabs] : []),
    ...(lines.length ? [el('ol', { className: 'lines in-pane' }, ...lines)] : [quiet]),
    robot.removed ? '' : el('p', { className: 'pane-foot' },
      el('button', { className: 'button text', type: 'button', onclick: () => showAddress(robot.key) }, '看网址'),
      el('button', { className: 'button text warn', type: 'button', onclick: () => withdraw(robot) }, '移除，之后发不进来')),
  ], true);
}

function ask() {
  $('robot-new').hidden = false;
  $('robot-made').hidden = true;
  $('robot-name').value = '';
  dialog.showModal();
}

function showAddress(key) {
  $('robot-new').hidden = true;
  $('robot-made').hidden = false;
  $('robot-url').value = `${location.origin}/cgi-bin/webhook/send?key=${encodeURIComponent(key)}`;
  if (!dialog.open) dialog.showModal();
  $('robot-url').select();
}

async function withdraw(robot) {
  await remove(`/sandbox/robots/${encodeURIComponent(robot.key)}`);
  await look();
}

$('robot-new').onsubmit = async (event) => {
  event.preventDefault();
  const name = $('robot-name').value.trim();
  if (!name) return;
  const { key } = await post('/sandbox/robots', { name });
  showAddress(key);
  go(key);
  await look();
};
$('robot-made').onsubmit = (event) => { event.preventDefault(); dialog.close(); };
