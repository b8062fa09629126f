// Customer groups in the client: which ones this member is in, and one of them with what arrived.

import { inShort } from './bubbles.js';
import { linesOf } from './group-lines.js';
import { manage, refresh } from './group-sheet.js';
import { fill, show } from './pane.js';
import { Refused, clock, day, el, get, icon, minute } from './sandbox.js';

const READ_FOR_SECONDS = 2 * 86400; // older lines count as read

let said = {}; // the lines of every group, by chat_id
let heard = 0;
let member = null;
let groups = [];
let open_ = null; // {chat_id, whole: with its members}
let drawn = '';
let toSide = () => {}; // opens or closes the sidebar

/** Asks for what was said since the last time; says whether anything was. */
export async function hear() {
  const { messages } = await get('/sandbox/group-messages', { after: heard });
  for (const one of messages) {
    if (one.id <= heard) continue;
    (said[one.chat_id] = said[one.chat_id] || []).push(one);
  }
  heard = messages.reduce((newest, one) => Math.max(newest, one.id), heard);
  return messages.length > 0;
}

/** The groups this member is in, as rows of the list want them: newest first by `at`. */
export async function load(me) {
  member = me;
  ({ groups } = await get('/sandbox/groups', { userid: me.userid }));
  groups = groups.filter((one) => !one.dismissed).map((one) => ({ ...one, at: one.last ? one.last.at : one.create_time }));
  if (open_) await draw();
  return groups;
}

export const known = () => groups;

export function listen(openSide) { toSide = openSide; }

export async function open(chat_id) {
  if (!open_ || open_.chat_id !== chat_id) { open_ = { chat_id }; drawn = ''; }
  await draw();
}

export function close() { open_ = null; drawn = ''; }

/** Draws the open group afresh when something about it is new. */
export async function draw() {
  const mine = open_;
  if (!mine || mine.isNowhere) return;
  const whole = await get(`/sandbox/groups/${encodeURIComponent(mine.chat_id)}`).catch(nobody);
  if (mine !== open_) return;
  if (!whole) { mine.isNowhere = true; showNowhere(); return; }
  mine.whole = whole;
  refresh(whole);
  const lines = said[mine.chat_id] || [];
  const looks = JSON.stringify([whole, lines.length, day(clock.now())]);
  if (looks === drawn) return;
  drawn = looks;
  show({
    name: `group/${mine.chat_id}`,
    title: `${whole.name || '没起名的群'}（${whole.members}）`,
    note: whole.dismissed ? '已解散' : `群主 ${whole.owner_name}`,
    acts: whole.dismissed ? [] : [el('button', {
      className: 'button text', type: 'button', id: 'group-side', 'aria-controls': 'side', onclick: () => toSide(),
    }, icon('card'), el('span', {}, '群工具')), el('button', {
      className: 'button text', type: 'button', 'aria-haspopup': 'dialog', onclick: () => manage(open_.whole, draw),
    }, icon('people'), el('span', {}, '群资料'))],
  });
  fill([
    ...(whole.notice ? [el('p', { className: 'notice' }, el('b', {}, '群公告'), el('span', {}, whole.notice))] : []),
    lines.length ? el('ol', { className: 'lines in-pane' }, ...linesOf(whole, lines, member.userid))
      : el('div', { className: 'empty' }, icon('people'), el('b', {}, '群里还没有人说话'), el('p', {}, '群主确认的群发会出现在这里')),
  ], true);
  markRead(mine.chat_id, lines);
}

function nobody(error) {
  if (!(error instanceof Refused)) throw error;
  return null;
}

function showNowhere() {
  show({ name: 'group', title: '没有这个群' });
  fill([el('div', { className: 'empty' }, icon('people'), el('b', {}, '没有这个群'), el('p', {}, '从会话里选一个'))]);
}

/** A row of the list of conversations. */
export function row(group, href, current) {
  const unread = unreadOf(group);
  return el('li', {}, el('a', { href, 'data-chat': group.chat_id, 'aria-current': current ? 'true' : null },
    el('span', { className: 'face' }, el('span', { className: 'tile big' }, icon('people')),
      unread ? el('span', { className: 'badge' }, String(Math.min(unread, 99)), el('span', { className: 'unseen' }, ' 条未读')) : null),
    el('span', { className: 'words' },
      el('span', { className: 'row' }, el('span', { className: 'name counted', title: group.name }, el('span', {}, group.name || '没起名的群'), `（${group.members}）`),
        el('time', {}, day(group.at) === '今天' ? minute(group.at) : day(group.at).replace(/^\d+ 年 /, ''))),
      el('span', { className: 'last' }, group.last ? inShort(group.last) : `群主 ${group.owner_name}`))));
}

const readMark = (chat_id) => `sandbox.group-read/${member.userid}/${chat_id}`;

function markRead(chat_id, lines) {
  localStorage.setItem('sandbox.group.seen', JSON.stringify({ chat_id, at: clock.now() })); // the start page asks
  if (lines.length) localStorage.setItem(readMark(chat_id), String(lines[lines.length - 1].id));
}

export function unreadOf({ chat_id }) {
  const seen = Number(localStorage.getItem(readMark(chat_id))) || 0;
  const others = (one) => one.userid.toLowerCase() !== member.userid.toLowerCase();
  return (said[chat_id] || []).filter((one) => one.id > seen && others(one) && clock.now() - one.at < READ_FOR_SECONDS).length;
}
