// A customer's own WeChat: who of the shop they talk with, the groups they are in, and what arrived in each.

import { bubble, inShort } from './bubbles.js';
import { linesOf } from './group-lines.js';
import { $, clock, day, el, get, hashOf, icon, oneByOne, partsOf, minute, picture, post, watch, when } from './sandbox.js';
import { linked, scanOrOpen } from './wechat.js';

const body = document.body;
const phone = matchMedia('(max-width: 719px)');
const SHOWN = 60;
const SEEN = 'sandbox.customer.seen'; // whose phone was looked at, and when: the start page asks

let staff = [];
let customer = null;
let messages = []; // everything between this customer and the shop
let groups = [];
let open = null; // {id, ...} the chat on screen
let drawn = {};

// ---- where we are: #external_userid/the member or group whose chat is open

function here() {
  const [external_userid = '', chat = ''] = partsOf(location.hash);
  return { external_userid, chat };
}

const follow = oneByOne(() => toPlace(here()));

async function toPlace(wanted) {
  if (!customer || customer.external_userid !== wanted.external_userid) await choose(wanted.external_userid);
  open = customer && wanted.chat ? { id: wanted.chat } : null;
  body.dataset.screen = open ? 'chat' : customer ? 'chats' : 'list';
  drawn = {};
  await draw();
  if (customer && !open && !phone.matches) {
    const [first] = chats();
    if (first) { history.replaceState(null, '', hashOf(customer.external_userid, first.id)); follow(); }
  }
}

async function choose(external_userid) {
  customer = null;
  [messages, groups] = [[], []];
  if (!external_userid) return;
  const { customers } = await get('/sandbox/customers', { q: external_userid });
  customer = customers.find((one) => one.external_userid === external_userid) || null;
  if (!customer) return;
  showChosen();
  await hear();
}

// ---- the customers

async function loadCustomers() {
  const wanted = $('search').value.trim();
  const found = (await get('/sandbox/customers', { q: wanted, limit: SHOWN })).customers;
  if (wanted !== $('search').value.trim()) return;
  const rows = found.sort((one, other) => Boolean(other.follows.length) - Boolean(one.follows.length)).map(customerRow);
  if (found.length === SHOWN) rows.push(el('li', { className: 'none' }, '还有更多，搜名字找'));
  if (!rows.length) rows.push(el('li', { className: 'none' }, '没有叫这个名字的客户'));
  $('customers').replaceChildren(...rows);
  mark();
}

const customerRow = (one) => el('li', {}, el('a', { href: hashOf(one.external_userid), 'data-customer': one.external_userid },
  el('span', { className: 'face' }, picture(one)),
  el('span', { className: 'words' },
    el('span', { className: 'row' }, el('span', { className: 'name', title: one.name }, one.name)),
    el('span', { className: 'last' }, one.follows.map(nameOf).join('、') || '还没加同事'))));

/** Who was chosen by an address may stand beyond those listed: then on top of them. */
function showChosen() {
  const listed = [...$('customers').querySelectorAll('[data-customer]')].some((link) => link.dataset.customer === customer.external_userid);
  if (!listed && !$('search').value.trim()) $('customers').prepend(customerRow(customer));
}

function mark() {
  for (const link of document.querySelectorAll('[data-customer]')) {
    if (customer && link.dataset.customer === customer.external_userid) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
}

const memberOf = (userid) => staff.find((one) => one.userid.toLowerCase() === userid.toLowerCase()) || { userid, name: userid };
const nameOf = (userid) => memberOf(userid).name;

// ---- this customer's chats

async function hear() {
  const mine = customer;
  const last = messages.length ? messages[messages.length - 1].id : 0;
  const [found, inside, quota] = await Promise.all([
    get('/sandbox/messages', { external_userid: mine.external_userid, after: last }),
    get('/sandbox/groups', { external_userid: mine.external_userid }),
    get('/sandbox/quota', { target: mine.external_userid }),
  ]);
  if (mine !== customer) return;
  if (!last || found.messages.length) localStorage.setItem(SEEN, JSON.stringify({ external_userid: mine.external_userid, at: clock.now() }));
  messages = messages.concat(found.messages.filter((one) => one.id > last));
  ({ groups } = inside);
  mine.quota = quota;
}

function chats() {
  const userids = new Set([...customer.follows, ...messages.map((one) => one.userid)]);
  const members = [...userids].map((userid) => {
    const said = messages.filter((one) => one.userid === userid);
    return { id: userid, title: nameOf(userid), face: picture(memberOf(userid)), last: said[said.length - 1] };
  });
  const inGroups = groups.map((group) => ({
    id: group.chat_id, title: `${group.name || '没起名的群'}（${group.members}）`, group, last: group.last,
    face: el('span', { className: 'tile big' }, icon('people')),
  }));
  return [...members, ...inGroups].sort((one, other) => (other.last ? other.last.at : 0) - (one.last ? one.last.at : 0));
}

async function draw() {
  mark();
  if (!customer) {
    $('customer-name').textContent = '客户的手机';
    $('to-wechat').hidden = true;
    $('quota').textContent = '';
    $('chats').replaceChildren();
    return showEmpty('选一位客户', '看这位客户收到了什么：群发、欢迎语、券、聊天');
  }
  $('customer-name').textContent = customer.name;
  $('to-wechat').hidden = customer.type !== 1;
  $('quota').textContent = `本月收了 ${customer.quota.this_month} 条群发，还可收 ${Math.max(0, customer.quota.limit - customer.quota.this_month)} 条`;
  const found = chats();
  const looks = JSON.stringify([found.map(({ id, title, last }) => [id, title, last && last.id]), open && open.id, day(clock.now())]);
  if (looks !== drawn.chats) {
    drawn.chats = looks;
    $('chats').replaceChildren(...found.map(row));
    if (!found.length) $('chats').replaceChildren(el('li', { className: 'none' }, '还没加过店里的人，也不在群里'));
  }
  if (!open) return showEmpty('选一个会话', '同事发来的、群里的，都在左边');
  return drawLines(found.find((one) => one.id === open.id));
}

function row({ id, title, face, last }) {
  return el('li', {}, el('a', { href: hashOf(customer.external_userid, id), 'aria-current': open && open.id === id ? 'true' : null },
    el('span', { className: 'face' }, face),
    el('span', { className: 'words' },
      el('span', { className: 'row' }, el('span', { className: 'name', title }, title),
        last ? el('time', {}, day(last.at) === '今天' ? minute(last.at) : day(last.at).replace(/^\d+ 年 /, '')) : null),
      el('span', { className: 'last' }, last ? inShort(last) : '还没说过话'))));
}

async function drawLines(chat) {
  if (!chat) return showEmpty('没有这个会话', '换一位客户，或者从会话里选');
  const lines = linked(chat.group ? await inGroup(chat.group) : withMember(chat.id), customer);
  const looks = `${chat.id}/${chat.title}/${lines.length}`;
  if (!open || open.id !== chat.id || looks === drawn.lines) return;
  drawn.lines = looks;
  $('empty').hidden = true;
  $('chat-head').hidden = $('lines').hidden = false;
  $('chat-name').textContent = chat.title;
  $('chat-source').textContent = chat.group ? `群主 ${chat.group.owner_name}` : memberOf(chat.id).position || '同事';
  $('lines').replaceChildren(...(lines.length ? lines : [el('li', { className: 'when' }, '还没说过话')]));
  $('lines').scrollTop = $('lines').scrollHeight;
}

const VIA = { mass: '群发收到的', welcome: '加上时收到的', sidebar: '' };

function withMember(userid) {
  const lines = [];
  let at = -Infinity;
  for (const one of messages.filter((message) => message.userid === userid)) {
    if (one.at - at > 300) lines.push(el('li', { className: 'when' }, when(one.at)));
    at = one.at;
    const mine = one.from === 'customer';
    lines.push(el('li', { className: mine ? 'line mine' : 'line', 'data-source': one.source },
      picture(mine ? customer : memberOf(userid), 40), bubble(one, VIA[one.source]),
      el('span', { className: 'unseen' }, mine ? customer.name : nameOf(userid))));
  }
  return lines;
}

async function inGroup(group) {
  const [whole, said] = await Promise.all([
    get(`/sandbox/groups/${encodeURIComponent(group.chat_id)}`), get('/sandbox/group-messages', { chat_id: group.chat_id }),
  ]);
  return linesOf(whole, said.messages, customer.external_userid);
}

function showEmpty(title, text) {
  $('chat-head').hidden = $('lines').hidden = true;
  $('empty').hidden = false;
  $('empty-title').textContent = title;
  $('empty-text').textContent = text;
}

// ---- going round

async function look() {
  await clock.ask();
  if (!staff.length) return begin();
  if (!customer) return undefined;
  await hear();
  return draw();
}

/** Who has just been added is a contact: the chat with them opens. */
async function added(userid) {
  const { external_userid } = customer;
  customer = null;
  history.pushState(null, '', hashOf(external_userid, userid));
  await Promise.all([follow(), loadCustomers()]);
}

$('to-wechat').onclick = () => scanOrOpen(customer, added);
$('newcomer').onclick = async () => {
  const { external_userid } = await post('/sandbox/customers', {});
  location.hash = hashOf(external_userid);
};

async function begin() {
  ({ staff } = await get('/sandbox/staff'));
  await loadCustomers();
  await follow();
}

$('search').oninput = loadCustomers;
$('to-customers').onclick = () => { location.hash = ''; };
$('to-chats').onclick = () => { location.hash = hashOf(customer.external_userid); };
window.addEventListener('hashchange', follow);

await clock.ask().then(begin).catch((error) => { $('offline').hidden = false; console.error(error); });
watch(look, $('offline'));
