// The second half of the walk-through: audience, push, drop. What is done is read from what really happened.

import { outward } from './bubbles.js';
import { $, clock, el, get, put } from './sandbox.js';
import { nowInWords } from './time.js';

const SINCE = 'sandbox.second.since'; // the sandbox's time at which this round began
const LAUNCHED = 'sandbox.second.launched'; // the evening the time was moved to from here
const VISITED = 'sandbox.second.visited'; // console pages opened from here in this round
export const STEPS = 8;

let client = {};
let staff = [];
let moved = async () => {};

/** What the links need, and what runs once the time was moved. */
export function prepare(given) { ({ client, staff, moved } = given); }

export function startOver() {
  localStorage.setItem(SINCE, String(clock.now()));
  for (const mark of [VISITED, LAUNCHED]) localStorage.removeItem(mark);
}

const read = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
const nameOf = (userid) => (staff.find((member) => member.userid === userid) || { name: userid }).name;

/** `{steps: [{done, outcome}], ...}`, one for each step, in their order. */
export async function progress() {
  const since = Number(localStorage.getItem(SINCE)) || 0;
  const begun = since > clock.now() ? 0 : since; // a mark of another, emptied sandbox is void
  const { mass_messages } = await get('/sandbox/mass-messages');
  const ours = mass_messages.filter((one) => one.creator === null && one.created_at >= begun && !one.cancelled);
  const [toCustomers, toGroups] = ['single', 'group'].map((kind) => sumUp(ours.filter((one) => one.chat_type === kind)));
  const launchedAt = toGroups.firstSentAt && Math.max(toGroups.firstSentAt, read(LAUNCHED) || 0); // a teaser may be sent before
  const recap = toGroups.messages.find((one) => launchedAt && one.created_at > launchedAt + 3600);
  const [customer, group] = await Promise.all([receiverOf(toCustomers), receiverOf(toGroups)]);
  const visited = read(VISITED) || [];
  const seen = (mark, sum) => Boolean(sum.firstSentAt) && (read(mark) || { at: 0 }).at >= sum.firstSentAt;
  return {
    toCustomers, toGroups, customer, group,
    steps: [
      { done: visited.includes('audiences') || toCustomers.messages.length > 0, outcome: '看过了' },
      { done: toCustomers.messages.length > 0, outcome: `${toCustomers.recipients} 位客户，分给 ${people(toCustomers)} 位同事` },
      { done: toCustomers.sent > 0, outcome: sentWords(toCustomers, (count) => `${count} 位客户收到`) },
      { done: seen('sandbox.customer.seen', toCustomers), outcome: '看过了' },
      { done: toGroups.messages.length > 0, outcome: `${people(toGroups)} 位群主收到任务` },
      { done: toGroups.sent > 0, outcome: sentWords(toGroups, (count) => `群里收到 ${count} 条`) },
      { done: seen('sandbox.group.seen', toGroups), outcome: '看过了' },
      { done: Boolean(recap), outcome: '战报到了群主手里' },
    ],
  };
}

function sumUp(messages) {
  const tasks = messages.flatMap((message) => message.tasks.map((task) => ({ ...task, msgid: message.msgid })));
  const sent = tasks.filter((task) => task.status === 2);
  const total = (list, name) => list.reduce((sum, task) => sum + task[name], 0);
  return {
    messages, tasks,
    recipients: total(tasks, 'recipients'),
    sent: total(sent, 'sent'),
    sentTask: sent.find((task) => task.sent),
    waiting: tasks.filter((task) => task.status !== 2),
    firstSentAt: sent.length ? Math.min(...sent.map((task) => task.send_time)) : 0,
    senders: [...new Set(sent.map((task) => nameOf(task.userid)))],
  };
}

const people = ({ tasks }) => new Set(tasks.map((task) => task.userid)).size;

function sentWords({ senders, sent, waiting }, arrived) {
  const who = senders.length > 2 ? `${senders.slice(0, 2).join('、')}等 ${senders.length} 位` : senders.join('、');
  return `${who}发了，${arrived(sent)}${waiting.length ? `，还有 ${waiting.length} 条没点` : ''}`;
}

/** Somebody who got it, and from whom: `{target, userid}`, null as long as nobody did. */
async function receiverOf({ sentTask }) {
  if (!sentTask) return null;
  const whole = await get(`/sandbox/mass-messages/${encodeURIComponent(sentTask.msgid)}`);
  const { recipients } = whole.tasks.find((task) => task.userid === sentTask.userid);
  return { target: recipients.find((one) => one.status === 1).target, userid: sentTask.userid };
}

// ---- what one can do at each step

const chat = (...parts) => `/#${parts.map(encodeURIComponent).join('/')}`;
const phoneOf = ({ target, userid }) => `/customer#${[target, userid].map(encodeURIComponent).join('/')}`;
const roomOf = ({ target, userid }) => chat(userid, '~group', target);
const assistant = ({ waiting }) => (waiting.length ? chat(waiting[0].userid, '~assistant') : '');

function consoleLink(page, words, look) {
  if (!client.console_url) return el('span', {}, '要先接上应用，用 make demo 启动');
  const link = outward(new URL(`/console/${page}`, client.console_url).href, { className: `button ${look}` }, words);
  link.rel = 'noopener';
  link.addEventListener('click', () => localStorage.setItem(VISITED, JSON.stringify([...(read(VISITED) || []), page])));
  return link;
}

const link = (href, words, look, otherwise) => (href ? el('a', { className: `button ${look}`, href }, words) : el('span', {}, otherwise));

function toMoment(weekday, time, words, mark) {
  return el('button', {
    className: 'button outline', type: 'button',
    onclick: async ({ target }) => {
      target.disabled = true;
      try {
        clock.take(await put('/sandbox/clock', { to: { weekday, time } }));
        if (mark) localStorage.setItem(mark, String(clock.now()));
        await moved(nowInWords());
      } finally { target.disabled = false; }
    },
  }, words);
}

/** What stands at the end of a step that is not done; `look` is the look of its main button. */
function actions(step, { toCustomers, toGroups, customer, group }, look) {
  return [
    () => [consoleLink('audiences', '去圈人群', look)],
    () => [consoleLink('pushes', '去排群发', look)],
    () => [link(assistant(toCustomers), '去群发助手', look, '先排一次群发')],
    () => [link(customer && phoneOf(customer), '看客户的手机', look, '等同事发出去')],
    () => [consoleLink('drops', '去排爆款日', look), toMoment(5, '19:55', '到周五 19:55', LAUNCHED)],
    () => [link(assistant(toGroups), '去群发助手', look, '等任务到群主手里')],
    () => [link(group && roomOf(group), '去群里看', look, '等群主确认')],
    () => [consoleLink('drops', '看战报', look), toMoment(6, '10:05', '到周六 10:05')],
  ][step]();
}

/** `{step, text, href, label}` of the step one is at, for the strip over the chat. */
export function strip({ steps, toCustomers, toGroups, customer, group }) {
  const at = steps.findIndex((step) => !step.done);
  const start = { href: '/start#more', label: '看这几步' };
  const sender = ({ waiting }) => (waiting.length ? nameOf(waiting[0].userid) : '同事');
  const open = (sum) => ({ href: assistant(sum) || start.href, label: '去群发助手' });
  const said = [
    { text: '接着看怎么把老客户带回来。先到后台圈出该提醒的人', ...start },
    { text: '人圈好了，到后台排一次群发', ...start },
    { text: `运营排好的群发到了。替${sender(toCustomers)}点「发送」，看客户每人只收一条`, ...open(toCustomers) },
    { text: '发出去了。从客户的手机上看看', href: customer ? phoneOf(customer) : start.href, label: '看客户的手机' },
    { text: '排一个爆款日，再把时间拨到周五 19:55', ...start },
    { text: `群里的消息写好了。替群主${sender(toGroups)}点「发送」`, ...open(toGroups) },
    { text: '群主确认了，去群里看看', href: group ? roomOf(group) : start.href, label: '去群里看' },
    { text: '抢完看战报。把时间拨到周六早上，还有一条战报等群主点', ...start },
    { text: '十二步都走完了。认出老客户，再把他们带回来', ...start, label: '从头看看' },
  ];
  const n = at < 0 ? STEPS : at;
  return { step: n, ...said[n] };
}

/** Where to read more about a step that is done. */
function reports(step) {
  const page = { 1: ['pushes', '看报告'], 7: ['drops', '看战报'] }[step];
  return page && client.console_url ? [consoleLink(...page, 'text')] : [];
}

let drawn = '';

/** Draws the steps; `leading` says whether this half has the page's one solid button. */
export function draw(found, leading) {
  const now = JSON.stringify([found, leading, client.console_url, staff.length]);
  if (now === drawn) return;
  drawn = now;
  const current = found.steps.findIndex((step) => !step.done);
  [...$('more').children].forEach((item, n) => {
    const { done, outcome } = found.steps[n];
    item.className = done ? 'done' : n === current && leading ? 'now' : '';
    if (n === current && leading) item.setAttribute('aria-current', 'step'); else item.removeAttribute('aria-current');
    const look = n === current ? (leading ? 'solid' : 'tint') : 'text';
    item.querySelector('.end').replaceChildren(...(done ? [el('span', {}, outcome), ...reports(n)] : actions(n, found, look)));
  });
}
