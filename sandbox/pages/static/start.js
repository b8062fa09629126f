// The start page: how far the loop has got, what happened just now, and the clock.

import { $, clock, el, get, second, watch } from './sandbox.js';
import * as more from './second-half.js';
import { controls } from './time.js';
import * as tour from './tour.js';

let staff = [];
let busy = false;

function action(step, { customer, userid }) {
  const chat = customer ? `/#${encodeURIComponent(userid)}/${encodeURIComponent(customer.external_userid)}` : '/';
  if (step === 1) return el('button', { className: 'button solid', onclick: scanNow, disabled: busy }, '来一位扫码新客户');
  if (step === 2) return el('span', {}, '等应用发欢迎语');
  return el('a', { className: 'button solid', href: step === 3 ? chat : `${chat}/side` }, step === 3 ? '去聊天窗口' : '去发券');
}

function outcome(step, { customer, userid, welcomeSeconds }) {
  const adder = staff.find((member) => member.userid === userid);
  return [`${customer.name} 加了${adder ? adder.name : ` ${userid}`}`, welcomeSeconds === null ? '' : tour.took(welcomeSeconds).trim(), '看过了', '发到聊天里了'][step - 1];
}

let drawn = '';
function drawSteps(progress) {
  const late = progress.done === 1 && clock.now() - progress.scannedAt > 20;
  const now = JSON.stringify([progress, busy, late]);
  if (now === drawn) return;
  drawn = now;
  [...$('steps').children].forEach((item, n) => {
    const step = n + 1;
    const done = step <= progress.done;
    const current = step === progress.done + 1;
    item.className = done ? 'done' : current ? 'now' : '';
    if (current) item.setAttribute('aria-current', 'step'); else item.removeAttribute('aria-current');
    const end = item.querySelector('.end');
    if (done) end.replaceChildren(outcome(step, progress));
    else if (current && step === 2 && late) end.replaceChildren('20 秒过了还没到。看看应用开着没有，是不是停发了');
    else end.replaceChildren(...(current ? [action(step, progress)] : []));
  });
  
}

async function scanNow() {
  busy = true;
  try {
    await tour.scan(staff[0].userid);
    await look();
  } finally { busy = false; await look(); }
}

// ---- what happened

const DELIVERY = {
  pending: '正在通知应用',
  delivered: '已经通知应用',
  failed: '应用没接住通知',
  dropped: '通知路上丢了（故障开关）',
  off: '没有应用在听',
};

function drawNews(events) {
  if (!events.length) return $('news').replaceChildren(el('li', { className: 'none' }, '还没有事发生。从第 1 步开始'));
  return $('news').replaceChildren(...events.slice(0, 60).map((event) => {
    const { state = '', tries = 0 } = event.delivery || {};
    const note = DELIVERY[state] ? DELIVERY[state] + (tries > 1 ? `，试了 ${tries} 次` : '') : '';
    return el('li', { className: state === 'failed' || state === 'dropped' ? 'bad' : state === 'off' ? 'quiet' : '' },
      el('time', {}, second(event.at)), el('i', {}), el('b', {}, event.text), note ? el('small', {}, note) : null);
  }));
}

let newest = '';
let progress = null;
let further = null;
async function look() {
  const [{ events }, happened] = await Promise.all([get('/sandbox/events', { limit: 60 }), tour.hear(), clock.ask()]);
  if (happened || !progress || !further) [progress, further] = await Promise.all([tour.progress(), more.progress()]);
  const fresh = JSON.stringify(events);
  if (fresh !== newest) { newest = fresh; drawNews(events); }
  drawSteps(progress);
  more.draw(further, progress.done === tour.STEPS);
  $('time').show();
  if (!staff.length) await describe();
}

async function describe() {
  const [found, client] = await Promise.all([get('/sandbox/staff'), get('/sandbox/client')]);
  ({ staff } = found);
  more.prepare({ client, staff, moved });
  if (client.console_url) {
    $('console').href = client.console_url;
    $('console').hidden = false;
  }
  if (!staff.length) {
    $('about').textContent = '公司里还没有人。用 make demo 启动，或者调 POST /sandbox/load 装进一家店。';
    return;
  }
  const [customers, { groups }] = await Promise.all([countCustomers(), get('/sandbox/groups')]);
  $('about').textContent = `小满生活馆：${staff.length} 位同事，${groups.length} 个群，${customers} 位客户。全在这台电脑上，随便点。`;
}

async function countCustomers() {
  let [count, cursor] = [0, '0'];
  while (cursor) {
    const page = await get('/sandbox/customers', { limit: 1000, cursor });
    count += page.customers.filter((customer) => customer.follows.length).length;
    cursor = page.next_cursor;
  }
  return count;
}

function toast(text) {
  $('toast').textContent = text;
  $('toast').hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { $('toast').hidden = true; }, 4000);
}

$('again').onclick = async () => {
  await tour.startOver();
  more.startOver();
  progress = null;
  await look();
  scrollTo(0, 0);
  toast('好了，从第 1 步再走。前面发生的事都还在');
};

async function moved(words) {
  await look();
  toast(words);
}

controls($('time'), moved);
// Another page may have been looked at meanwhile, which is a step of its own.
for (const event of ['focus', 'pageshow']) window.addEventListener(event, () => { further = null; });

await clock.ask().then(describe).then(look).catch((error) => { $('offline').hidden = false; console.error(error); });
watch(look, $('offline'));
