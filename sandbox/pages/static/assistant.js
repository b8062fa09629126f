// The group-send assistant: what this member is asked to send, and what came of what they sent.

import { attachment, inShort } from './bubbles.js';
import { fill, show } from './pane.js';
import { openRules } from './rules.js';
import { Refused, clock, el, get, icon, post, when } from './sandbox.js';

const DONE_SHOWN = 30;

let member = null;
let messages = []; // mass messages with a task of this member, newest first
let wholes = {}; // those whose recipients were asked for, by msgid
let isOpen = false;
let drawn = '';
let wrong = ''; // what could not be done, in words
let done = ''; // what was
let busy = '';

/** Asks what there is for this member; answers how many wait for a tap. */
export async function hear(me) {
  if (member !== me) { member = me; messages = []; drawn = wrong = done = ''; }
  const { mass_messages } = await get('/sandbox/mass-messages', { userid: me.userid });
  if (member !== me) return 0;
  messages = mass_messages.filter((one) => !(one.dispatched_at > clock.now())).reverse();
  if (isOpen) await draw();
  return messages.filter((one) => isWaiting(one) && !isPutOff(one)).length;
}

export async function open(me) {
  isOpen = true;
  drawn = wrong = done = '';
  show({
    name: 'assistant',
    title: '群发助手',
    acts: [el('button', { className: 'button text', type: 'button', onclick: openRules }, icon('rules'), el('span', {}, '群发规则'))],
  });
  await hear(me);
}

export function close() { isOpen = false; }

const taskOf = (message) => message.tasks.find((task) => task.userid.toLowerCase() === member.userid.toLowerCase());
const isSent = (message) => taskOf(message).status === 2;
const isWaiting = (message) => !isSent(message) && !message.cancelled;

// Putting off is between the member and this browser: the task stays.
const putOffMark = (message) => `sandbox.later/${member.userid}/${message.msgid}`;
const isPutOff = (message) => localStorage.getItem(putOffMark(message)) === '1';

async function draw() {
  await Promise.all(messages.filter((one) => one.chat_type === 'group' && !wholes[one.msgid]).map(async (one) => {
    wholes[one.msgid] = await get(`/sandbox/mass-messages/${encodeURIComponent(one.msgid)}`);
  }));
  const waiting = messages.filter(isWaiting);
  const [now, later] = [waiting.filter((one) => !isPutOff(one)), waiting.filter(isPutOff)];
  const past = messages.filter((one) => !isWaiting(one)).slice(0, DONE_SHOWN);
  const looks = JSON.stringify([member.userid, now, later, past, wrong, done, busy]);
  if (!isOpen || looks === drawn) return;
  drawn = looks;
  if (!messages.length) {
    return fill([el('div', { className: 'empty' }, icon('send'), el('b', {}, '没有要发的'),
      el('p', {}, '公司排好的群发会到这里，写好了等你点「发送」'))]);
  }
  fill([
    ...(wrong ? [el('p', { className: 'banner red', role: 'alert' }, icon('warn'), el('span', {}, wrong))] : []),
    ...(done ? [el('p', { className: 'banner green', role: 'status' }, icon('check'), el('span', {}, done))] : []),
    ...now.map((one, n) => card(one, n === 0 ? 'solid' : 'tint')),
    ...later.map((one) => card(one, now.length ? 'outline' : 'tint')),
    ...(past.length ? [el('h3', { className: 'part' }, '发过的')] : []),
    ...past.map(doneCard),
  ]);
}

function card(message, look) {
  const task = taskOf(message);
  const send = el('button', { className: `button ${look}`, type: 'button', disabled: Boolean(busy), onclick: () => confirm(message) },
    busy === message.msgid ? '正在发送' : '发送');
  const later = el('button', {
    className: 'button outline', type: 'button',
    onclick: () => { localStorage.setItem(putOffMark(message), '1'); drawn = ''; draw(); },
  }, '先不发');
  return el('article', { className: isPutOff(message) ? 'send-card later' : 'send-card', 'data-msgid': message.msgid },
    el('header', {}, el('span', { className: 'tile' }, icon('send')), el('b', {}, '公司让你发一条消息，已写好'),
      task.reminded ? el('span', { className: 'pill warm' }, `催了 ${task.reminded} 次`) : null,
      el('time', {}, when(message.created_at))),
    whatIsSent(message),
    el('footer', {}, el('p', {}, ...whom(message, task), isPutOff(message) ? el('small', {}, '你先不发。想发时再点') : null),
      el('span', { className: 'send-acts' }, isPutOff(message) ? null : later, send)));
}

function doneCard(message) {
  const task = taskOf(message);
  const title = message.cancelled && !isSent(message) ? '公司撤回了，不用发' : message.create_type === 1 ? '自己发的' : '公司让你发的';
  return el('article', { className: 'send-card done', 'data-msgid': message.msgid },
    el('header', {}, el('span', { className: 'tile' }, icon(isSent(message) ? 'check' : 'close')), el('b', {}, title),
      el('time', {}, when(task.send_time || message.created_at))),
    el('div', { className: 'as-sent' }, el('p', {}, [message.text,
      ...message.attachments.map((one) => inShort({ kind: one.msgtype, content: one[one.msgtype] }))].filter(Boolean).join('\n'))),
    el('footer', {}, el('p', {}, ...whom(message, task), isSent(message) ? el('span', { className: 'outcome' }, ...outcome(task)) : null)));
}

function whatIsSent(message) {
  return el('div', { className: 'as-sent' }, message.text ? el('p', {}, message.text) : null,
    message.attachments.length ? el('div', { className: 'attached' },
      ...message.attachments.map((one) => attachment(one.msgtype, one[one.msgtype]))) : null);
}

function whom(message, task) {
  if (message.chat_type === 'single') return ['发给你的 ', el('b', {}, task.recipients), ' 位客户，每人只收一次'];
  const whole = wholes[message.msgid].tasks.find((one) => one.userid === task.userid);
  return ['发到 ', el('b', {}, task.recipients), ` 个群：${whole.recipients.map((one) => one.name || one.target).join('、')}`];
}

function outcome(task) {
  const pill = (look, words, count) => (count ? el('span', { className: `pill ${look}` }, `${words} ${count}`) : null);
  return [pill('green', '已发送', task.sent), pill('grey', '已不是好友', task.not_friend), pill('warm', '已达上限', task.quota)].filter(Boolean);
}

async function confirm(message) {
  if (busy) return;
  busy = message.msgid;
  wrong = done = '';
  await draw();
  try {
    done = inWords(message, await post('/sandbox/mass-messages/confirm', { msgid: message.msgid, userid: member.userid }));
    localStorage.removeItem(putOffMark(message));
  } catch (error) {
    wrong = error instanceof Refused ? reason(error) : '没发出去。检查沙盒还开着没有，再点一次';
  } finally {
    busy = '';
    drawn = '';
    await hear(member).catch(draw);
  }
}

function inWords({ chat_type }, { sent, not_friend, quota }) {
  const unit = chat_type === 'group' ? '个群' : '位客户';
  const missed = [not_friend ? `${not_friend} ${unit}已不是好友` : '', quota ? `${quota} ${unit}已达上限` : ''].filter(Boolean).join('，');
  return `发出去了，${sent} ${unit}收到${missed ? `。没收到的：${missed}` : ''}`;
}

const reason = ({ code, message }) => ({
  cancelled: '没发出去。公司刚撤回了这条',
  sent_already: '这条已经发过了，没有再发',
  dispatching: '还在路上，过几秒再点',
  not_serving: '没发出去。你现在不能联系客户',
}[code] || `没发出去。${message}`);
