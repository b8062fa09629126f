// The chat client: who is signed in, their conversations, one chat, and the sidebar beside it.

import * as appMessages from './app-messages.js';
import * as assistant from './assistant.js';
import { frameFor, listen, reframe, unframe } from './bridge-host.js';
import { bubble, inShort } from './bubbles.js';
import * as groups from './groups.js';
import * as robots from './robots.js';
import * as more from './second-half.js';
import { $, Refused, clock, el, get, hashOf, oneByOne, partsOf, picture, pictureOf, post, watch, when, day, minute, weekday } from './sandbox.js';
import * as tags from './tags.js';
import { openAnswers, pickGroups } from './side-sheets.js';
import { inSheet } from './time.js';
import * as tour from './tour.js';

const body = document.body;
const phone = matchMedia('(max-width: 719px)');
const narrow = matchMedia('(max-width: 979px)');
const LEARNS_IN = 1500; // milliseconds the app gets to hear of new tags before its page is framed again
const READ_FOR_SECONDS = 2 * 86400; // older lines count as read

let client = { sidebar_url: null };
let staff = [];
let me = null;
let conversations = [];
let chat = null; // the open conversation
let shown = 0; // the id of its last line on screen
let sideWanted = true; // a wide window shows the sidebar until somebody closes it
let groupSideWanted = false; // beside a group once somebody opens it
let drawn = ''; // what the list shows, to leave it alone while nothing changes
let heard = 0; // the newest message of any chat

// ---- who is signed in

async function signIn(userid) {
  await post('/sandbox/client/sign-in', { userid });
  me = staff.find((member) => member.userid === userid);
  $('me-avatar').src = pictureOf(me);
  $('me-avatar').hidden = false;
  $('me-name').textContent = me.name;
  drawMembers();
  $('scan').disabled = false;
}

function drawMembers() {
  $('members').replaceChildren(...staff.map((member) => el('li', {},
    el('button', {
      type: 'button',
      'aria-current': member === me ? 'true' : null,
      onclick: () => { showMembers(false); $('me').focus(); go(member.userid); },
    }, picture(member, 40), el('span', {}, el('b', {}, member.name), el('small', {}, member.position || '同事'))))));
}

function showMembers(open) {
  $('members').hidden = !open;
  $('me').setAttribute('aria-expanded', String(open));
}

// ---- where we are: #userid/external_userid/what is open over it, or #userid/~place/which, so that "back" works

const PLACES = {
  assistant: { open: () => assistant.open(me), close: assistant.close },
  app: { open: () => appMessages.open(me), close: appMessages.close },
  robots: { open: robots.open, close: robots.close },
  group: { open: groups.open, close: groups.close },
};

function here() {
  const [userid = '', second = '', third = '', fourth = ''] = partsOf(location.hash);
  if (second.startsWith('~')) return { userid, place: second.slice(1), which: third, side: fourth === 'side' };
  return { userid, external_userid: second, side: third === 'side', tags: third === 'tags' };
}

function go(userid, external_userid = '', side = false, replace = false) {
  const hash = hashOf(userid, external_userid, side ? 'side' : '');
  if (hash === location.hash) return;
  if (replace) { history.replaceState(null, '', hash); follow(); } else location.hash = hash;
}

const follow = oneByOne(() => me && toPlace(here()));

async function toPlace(wanted) {
  const userid = staff.some((member) => member.userid === wanted.userid) ? wanted.userid : me.userid;
  if (userid !== me.userid) {
    closeChat();
    await signIn(userid);
    await loadConversations();
  }
  if (Object.hasOwn(PLACES, wanted.place || '')) return openPlace(wanted);
  closePlace();
  const theirs = (one) => one.external_userid === wanted.external_userid;
  if (wanted.external_userid && !conversations.some(theirs)) await loadConversations(); // added since we looked
  const found = conversations.find(theirs);
  if (found) await openChat(found);
  else closeChat();
  if (!found && !phone.matches && conversations.length) return go(me.userid, conversations[0].external_userid, false, true);
  showSide(wanted.side);
  if (found && wanted.tags) await tags.open(me, found);
  else tags.close();
}

// ---- the places that are no customer's chat: the assistant, the app, the robots, a group

let place = '';

async function openPlace({ place: wanted, which, side }) {
  if (chat) closeChat();
  tags.close();
  for (const [name, one] of Object.entries(PLACES)) if (name !== wanted) one.close();
  place = [wanted, which].join('/');
  $('chat').hidden = true;
  $('pane').hidden = false;
  body.dataset.screen = 'chat';
  await PLACES[wanted].open(which);
  drawPlaces();
  drawList();
  showSide(side);
}

function closePlace() {
  if (!place) return;
  place = '';
  for (const one of Object.values(PLACES)) one.close();
  $('chat').hidden = false;
  $('pane').hidden = true;
  drawPlaces();
}

let waiting = 0;
let unseen = 0;

function drawPlaces() {
  for (const link of document.querySelectorAll('[data-place]')) {
    link.href = hashOf(me.userid, `~${link.dataset.place}`);
    if (place.startsWith(`${link.dataset.place}/`)) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  count($('assistant-count'), waiting, '条待确认');
  count($('app-count'), unseen, '条未读');
  $('time-short').textContent = `${weekday(clock.now())} ${minute(clock.now())}`;
  $('asked').hidden = !waiting;
  $('asked').href = hashOf(me.userid, '~assistant');
  $('asked-text').textContent = `群发助手：公司让你发消息，${waiting} 条待确认`;
}

function count(badge, number, words) {
  const text = number ? `${Math.min(number, 99)} ${words}` : '';
  badge.hidden = !number;
  if (badge.title === text) return;
  badge.title = text;
  badge.replaceChildren(String(Math.min(number, 99)), el('span', { className: 'unseen' }, ` ${words}`));
}

async function hearPlaces() {
  const mine = me;
  const [now, fresh] = await Promise.all([assistant.hear(mine), appMessages.hear(mine), robots.look()]);
  if (mine !== me) return;
  [waiting, unseen] = [now, fresh];
  drawPlaces();
}

// ---- the list

async function loadConversations() {
  await Promise.all([
    get('/sandbox/conversations', { userid: me.userid, limit: 10000 }).then((found) => { ({ conversations } = found); }),
    groups.load(me),
  ]);
  $('me-post').textContent = [me.position, `${conversations.length} 位客户`].filter(Boolean).join(' · ');
  drawList();
}

function drawList() {
  const wanted = $('search').value.trim().toLowerCase();
  const found = [...conversations, ...groups.known()]
    .filter((one) => `${one.name}${one.remark || ''}`.toLowerCase().includes(wanted)).sort((one, other) => other.at - one.at);
  const unread = groups.known().map(groups.unreadOf);
  const now = JSON.stringify([day(clock.now()), me.userid, chat && chat.external_userid, place, wanted, readUntil(), found, unread]);
  if (now === drawn) return;
  drawn = now;
  const rows = found.map((one) => (one.chat_id ? groups.row(one, hashOf(me.userid, '~group', one.chat_id), place === `group/${one.chat_id}`) : row(one)));
  if (!rows.length) rows.push(el('li', { className: 'none' }, wanted ? '没有叫这个名字的会话' : '还没有客户。来一位扫码新客户'));
  const focused = document.activeElement && document.activeElement.dataset.chat;
  $('conversations').replaceChildren(...rows);
  if (focused) $('conversations').querySelector(`[data-chat="${CSS.escape(focused)}"]`)?.focus();
}

function row(one) {
  const unread = unreadOf(one);
  const title = one.remark || one.name;
  return el('li', {}, el('a', {
    href: `#${encodeURIComponent(me.userid)}/${encodeURIComponent(one.external_userid)}`,
    'data-chat': one.external_userid,
    'aria-current': chat && chat.external_userid === one.external_userid ? 'true' : null,
  },
  el('span', { className: 'face' }, picture(one),
    unread ? el('span', { className: 'badge' }, String(Math.min(unread, 99)), el('span', { className: 'unseen' }, ' 条未读')) : null),
  el('span', { className: 'words' },
    el('span', { className: 'row' },
      el('span', { className: 'name', title }, title, ' ', el('span', { className: 'source' }, sourceOf(one))),
      el('time', {}, day(one.at) === '今天' ? minute(one.at) : day(one.at).replace(/^\d+ 年 /, ''))),
    el('span', { className: 'last' }, one.last ? inShort(one.last) : '已经是好友，可以开始聊天了'))));
}

const sourceOf = (one) => (one.type === 2 ? '@企业微信' : '@微信');

// What was read stays read in this browser.
function readUntil() {
  try { return JSON.parse(localStorage.getItem('sandbox.read')) || {}; } catch { return {}; }
}

function unreadOf(one) {
  if (!one.last || clock.now() - one.at > READ_FOR_SECONDS) return 0;
  const seen = readUntil()[`${me.userid}/${one.external_userid}`] || 0;
  if (one.last.id <= seen) return 0;
  return one.unread || (one.last.source === 'welcome' ? 1 : 0);
}

function markRead() {
  const read = readUntil();
  read[`${me.userid}/${chat.external_userid}`] = shown;
  localStorage.setItem('sandbox.read', JSON.stringify(read));
}

// ---- one chat

async function openChat(one) {
  const same = chat && chat.external_userid === one.external_userid;
  chat = one;
  body.dataset.screen = 'chat';
  $('chat-name').textContent = one.remark || one.name;
  $('chat-name').title = one.remark && one.remark !== one.name ? `微信名 ${one.name}` : '';
  $('chat-source').textContent = sourceOf(one);
  $('to-customer').href = `/customer#${encodeURIComponent(one.external_userid)}/${encodeURIComponent(me.userid)}`;
  for (const id of ['chat-head', 'lines', 'composer']) $(id).hidden = false;
  $('chat-empty').hidden = true;
  sayPlaceholder();
  if (same) return;
  $('unsent').hidden = true;
  shown = 0;
  $('lines').replaceChildren(el('li', { className: 'when' }, one.last ? '' : `${when(one.at)} 成为好友，可以开始聊天了`));
  drawList();
  await loadLines();
}

function closeChat() {
  chat = null;
  body.dataset.screen = 'list';
  for (const id of ['chat-head', 'lines', 'composer', 'unsent']) $(id).hidden = true;
  $('chat-empty').hidden = false;
  showSide(false);
}

async function loadLines() {
  const open = chat;
  const { messages } = await get('/sandbox/messages',
    { userid: me.userid, external_userid: open.external_userid, after: shown });
  const fresh = messages.filter((message) => message.id > shown);
  if (open !== chat || !fresh.length) return;
  const list = $('lines');
  const atEnd = !shown || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  for (const message of fresh) drawLine(list, message);
  if (atEnd) list.scrollTop = list.scrollHeight;
  markRead();
  drawList();
}

let lastAt = 0;
function drawLine(list, message) {
  if (!shown || message.at - lastAt > 300) list.append(el('li', { className: 'when' }, when(message.at)));
  lastAt = message.at;
  shown = message.id;
  const mine = message.from === 'staff';
  list.append(el('li', { className: mine ? 'line mine' : 'line', 'data-source': message.source },
    picture(mine ? me : chat, 40), bubble(message),
    el('span', { className: 'unseen' }, mine ? me.name : chat.name)));
}

const voice = () => $('composer').elements.from.value;

function sayPlaceholder() {
  const name = chat.remark || chat.name;
  $('text').placeholder = voice() === 'staff' ? `发消息给 ${name}` : `替 ${name} 说一句`;
}

async function say() {
  const text = $('text').value.trim();
  if (!text || !chat) return;
  $('send').disabled = true;
  try {
    await post('/sandbox/messages', { userid: me.userid, external_userid: chat.external_userid, from: voice(), text });
    $('text').value = '';
    fit();
    $('unsent').hidden = true;
    await catchUp();
  } catch (error) {
    $('unsent-text').textContent = error instanceof Refused && error.code === 'not_contacts'
      ? '没发出去。你们已经不是好友了' : '没发出去。检查沙盒还开着没有，再发一次';
    $('unsent').hidden = false;
  } finally {
    $('send').disabled = false;
    $('text').focus();
  }
}

function fit() {
  $('text').style.height = 'auto';
  $('text').style.height = `${$('text').scrollHeight}px`;
}

// ---- the sidebar

/** The chat the sidebar stands beside: with a customer, or in a group. */
function beside() {
  if (chat) return { external_userid: chat.external_userid };
  return place.startsWith('group/') ? { chat_id: place.slice('group/'.length) } : null;
}

function showSide(asked) {
  const talk = beside();
  const wanted = talk && talk.chat_id ? groupSideWanted : sideWanted;
  const open = Boolean(talk) && (narrow.matches ? asked : wanted);
  const was = body.dataset.side === 'open';
  body.dataset.side = open ? 'open' : 'closed';
  $('to-side').setAttribute('aria-expanded', String(open));
  $('side-title').textContent = talk && talk.chat_id ? '群工具' : '客户资料';
  const covering = open && narrow.matches;
  for (const part of document.querySelectorAll('.tour, .people, .chat, .pane')) part.inert = covering;
  $('side-empty').hidden = Boolean(client.sidebar_url);
  $('frame').hidden = !client.sidebar_url;
  if (open && client.sidebar_url) frameFor($('frame'), client.sidebar_url, me.userid, talk);
  else unframe($('frame'));
  if (covering && !was) $('side-close').focus();
  if (was && !open && chat && narrow.matches) $('to-side').focus();
}

function toggleSide(open) {
  const talk = beside();
  if (narrow.matches) return sideByHash(talk, open);
  if (talk && talk.chat_id) groupSideWanted = open;
  else sideWanted = open;
  return showSide(open);
}

function sideByHash({ chat_id, external_userid }, open) {
  if (chat_id) location.hash = hashOf(me.userid, '~group', chat_id, open ? 'side' : '');
  else if (open || history.state === null) go(me.userid, external_userid, open);
}

// ---- tags and remark

function toTags() {
  history.pushState({ opened: true }, '', hashOf(me.userid, chat.external_userid, 'tags'));
  return follow();
}

function afterTags() {
  if (!here().tags) return;
  if (history.state && history.state.opened) history.back();
  else go(me.userid, chat.external_userid, false, true);
}

async function tagged(userid, external_userid) {
  await loadConversations();
  setTimeout(() => {
    const beside = chat && body.dataset.side === 'open';
    if (beside && me.userid === userid && chat.external_userid === external_userid) reframe($('frame'));
  }, LEARNS_IN);
}

// ---- the steps

let steps = { done: 0 };
let further = null; // the second half, once the first is done
let stale = false; // another page may have been looked at, which is a step of its own
let scanning = false;

function drawTour() {
  if ($('tour').hidden) return;
  const { text, act, label } = wordsOf(steps);
  const done = steps.done + (further ? further.step : 0);
  const dots = tour.STEPS + (further ? more.STEPS : 0);
  while ($('tour-dots').children.length < dots) $('tour-dots').append(el('i'));
  [...$('tour-dots').children].forEach((dot, n) => { dot.className = n < done ? 'done' : n === done ? 'now' : ''; });
  const title = done === tour.STEPS + more.STEPS ? '走完了' : `第 ${done + 1} 步`;
  if ($('tour-step').textContent !== title) $('tour-step').textContent = title;
  if ($('tour-text').textContent !== text) $('tour-text').textContent = text;
  $('tour-act').hidden = !act;
  $('tour-act').textContent = label || '';
  $('tour-act').onclick = act || null;
  $('tour-act').disabled = scanning;
  $('tour-act').dataset.does = act === scanNow ? 'scan' : 'open';
}

function wordsOf({ done, customer, userid, scannedAt, welcomeSeconds }) {
  const she = tour.pronoun(customer);
  const name = customer ? customer.name : '';
  const adder = staff.find((member) => member.userid === userid);
  const openIt = () => go(userid, customer.external_userid, narrow.matches);
  if (done === 0) return { text: `请一位客户扫码加${me.name}。人是新加的，东西早就买过`, act: scanNow, label: '来一位扫码新客户' };
  if (done === 1 && clock.now() - scannedAt > 20) {
    return { text: `20 秒过了，${name} 没收到欢迎语。看看应用开着没有，是不是停发了`, act: scanNow, label: '再来一位' };
  }
  if (done === 1) return { text: `${name} 加上${adder.name}了，等几秒看欢迎语` };
  const beside = chat && chat.external_userid === customer.external_userid && body.dataset.side === 'open';
  if (done === 2) {
    const there = chat && chat.external_userid === customer.external_userid;
    return {
      text: `欢迎语${tour.took(welcomeSeconds)}就到了。打开${there ? '客户资料，就是' : '聊天，旁边就是'}${she}的订单`,
      ...(beside ? {} : { act: openIt, label: there ? '看客户资料' : '打开聊天' }),
    };
  }
  if (done === 3) return { text: `在客户资料里点「发优惠券」，挑一张，${she}马上收到`, ...(beside ? {} : { act: openIt, label: '看客户资料' }) };
  return { text: further.text, label: further.label, act: () => { location.href = further.href; } };
}

async function scanNow() {
  if (scanning) return;
  scanning = true;
  $('scan').disabled = $('tour-act').disabled = true;
  try {
    const added = await tour.scan(me.userid);
    if (added.userid !== me.userid) await go(added.userid);
    $('search').value = '';
    await catchUp();
    $('conversations').scrollTop = 0;
    if (phone.matches) go(me.userid);
  } finally {
    scanning = false;
    $('scan').disabled = $('tour-act').disabled = false;
  }
}

// ---- going round

let turns = 0;
async function look() {
  turns += 1;
  await clock.ask();
  if (turns % 5 === 1) {
    const fresh = await get('/sandbox/client');
    if (fresh.sidebar_url !== client.sidebar_url) { client = fresh; if (beside()) showSide(here().side); }
  }
  if (!me) return begin();
  return catchUp();
}

/** Draws what is new, if anything. */
async function catchUp() {
  const [{ messages }, happened, inGroups] = await Promise.all([
    get('/sandbox/messages', { after: heard }), tour.hear(), groups.hear(), hearPlaces(),
  ]);
  heard = messages.reduce((newest, message) => Math.max(newest, message.id), heard);
  if (messages.length || happened || inGroups || stale) {
    stale = false;
    await loadConversations();
    if (chat) await loadLines();
    const found = await tour.progress();
    further = found.done === tour.STEPS ? more.strip(await more.progress()) : null;
    steps = found;
  }
  drawTour();
}

async function begin() {
  ({ staff } = await get('/sandbox/staff'));
  $('tour').hidden = sessionStorage.getItem('sandbox.tour.closed') === '1' || !staff.length;
  if (!staff.length) {
    $('scan').disabled = true;
    $('me').disabled = true;
    $('chat-empty-title').textContent = '公司里还没有人';
    $('chat-empty-text').textContent = '用 make demo 启动，或者调 POST /sandbox/load 装进一家店';
    return;
  }
  more.prepare({ client, staff });
  $('me').disabled = false;
  $('chat-empty-title').textContent = '还没打开聊天';
  $('chat-empty-text').textContent = '从会话里选一位，或者来一位扫码新客户';
  const wanted = here().userid || body.dataset.member;
  await signIn((staff.find((member) => member.userid === wanted) || staff[0]).userid);
  await loadConversations();
  await follow();
  await catchUp();
}

$('me').onclick = () => showMembers($('members').hidden);
$('scan').onclick = scanNow;
$('search').oninput = drawList;
$('to-list').onclick = $('pane-back').onclick = () => go(me.userid);
$('to-side').onclick = () => toggleSide(body.dataset.side !== 'open');
$('to-tags').onclick = toTags;
$('side-close').onclick = () => toggleSide(false);
$('tour-close').onclick = () => { sessionStorage.setItem('sandbox.tour.closed', '1'); $('tour').hidden = true; };
$('composer').onsubmit = (event) => { event.preventDefault(); say(); };
$('composer').onchange = sayPlaceholder;
$('text').oninput = fit;
$('text').onkeydown = (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); say(); }
};
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  if (!$('members').hidden) { showMembers(false); $('me').focus(); } else if (narrow.matches && body.dataset.side === 'open') toggleSide(false);
});
document.addEventListener('click', (event) => { if (!event.target.closest('.me')) showMembers(false); });
window.addEventListener('hashchange', follow);
for (const event of ['focus', 'pageshow', 'hashchange']) window.addEventListener(event, () => { stale = true; });
narrow.addEventListener('change', () => { if (beside()) showSide(here().side); });
$('side-answers').onclick = openAnswers;
groups.listen(() => toggleSide(body.dataset.side !== 'open'));
listen({
  heard: catchUp,
  pickGroups: () => pickGroups(groups.known().filter((one) => one.owner.toLowerCase() === me.userid.toLowerCase())),
  profile: ({ type, userid }) => { if (type === 2) go(me.userid, userid); },
  openChat: ({ chatId, externalUserIds }) => {
    if (chatId) location.hash = hashOf(me.userid, '~group', chatId);
    else if (externalUserIds) go(me.userid, String(externalUserIds));
  },
  toChat: () => { if (narrow.matches) toggleSide(false); },
});
tags.listen(tagged, afterTags);
robots.listen((key) => { location.hash = hashOf(me.userid, '~robots', key); });
inSheet($('to-time'), () => me && catchUp());

await Promise.all([
  clock.ask(),
  get('/sandbox/client').then((found) => { client = found; }),
]).then(begin).catch((error) => { $('offline').hidden = false; console.error(error); });
watch(look, $('offline'));
