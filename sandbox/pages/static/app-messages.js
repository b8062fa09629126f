// The conversation with the app: the cards and texts it sent to this member.

import { attachment, markdown, outward, webAddress } from './bubbles.js';
import { fill, show } from './pane.js';
import { el, get, icon, post, when } from './sandbox.js';

let member = null;
let messages = [];
let isOpen = false;

/** Asks for what is new; answers how many this member has not seen. */
export async function hear(me) {
  if (member !== me) { member = me; messages = []; }
  const last = messages.length ? messages[messages.length - 1].id : 0;
  const found = (await get('/sandbox/app-messages', { userid: me.userid, after: last })).messages;
  if (member !== me) return 0;
  const fresh = found.filter((one) => one.id > last);
  messages = messages.concat(fresh);
  if (isOpen && fresh.length) draw();
  const seen = Number(localStorage.getItem(seenMark())) || 0;
  return messages.filter((one) => one.id > seen && !one.dropped).length;
}

export async function open(me) {
  isOpen = true;
  show({ name: 'app', title: '回头', note: '应用消息' });
  await hear(me);
  draw();
}

export function close() { isOpen = false; }

const seenMark = () => `sandbox.app-seen/${member.userid}`;

function draw() {
  const arrived = messages.filter((one) => !one.dropped);
  if (arrived.length) localStorage.setItem(seenMark(), String(arrived[arrived.length - 1].id));
  if (!messages.length) {
    return fill([el('div', { className: 'empty' }, icon('app'), el('b', {}, '应用还没给你发过消息'),
      el('p', {}, '爆款日快到了没确认、有客户要跟进，应用会在这里提醒你'))]);
  }
  const lines = [];
  let at = -Infinity;
  for (const one of messages) {
    if (one.at - at > 300) lines.push(el('li', { className: 'when' }, when(one.at)));
    at = one.at;
    lines.push(el('li', { className: one.dropped ? 'line dropped' : 'line' }, el('span', { className: 'tile' }, icon('app')),
      el('div', { className: 'from-app' }, said(one.msgtype, one.content, (key) => post(`/sandbox/app-messages/${one.id}/tap`, { key })),
        one.dropped ? el('small', { className: 'via' }, '发得太密，企业微信没有送达') : null)));
  }
  return fill([el('ol', { className: 'lines in-pane' }, ...lines)], true);
}

/** What an app or a robot said, drawn by its type; `tap(key)` presses a card's button. */
export function said(msgtype, content, tap) {
  const draws = { text: textOf, markdown: (it) => box(markdown(it.content || '')), markdown_v2: (it) => box(markdown(it.content || '')),
    textcard: cardOf, news: newsOf, template_card: templateOf, image: pictureOf };
  if (Object.hasOwn(draws, msgtype)) return draws[msgtype](content, tap);
  return ['video', 'file'].includes(msgtype) ? box(attachment(msgtype, content)) : box(`[${msgtype}]`);
}

const box = (...children) => el('div', { className: 'bubble' }, ...children);

const ANCHOR = /<a href="([^"]*)">(.*?)<\/a>/g;

function textOf({ content = '' }) {
  const parts = [];
  let last = 0;
  for (const found of content.matchAll(ANCHOR)) {
    const address = webAddress(found[1]);
    parts.push(content.slice(last, found.index), address ? outward(address, {}, found[2]) : found[2]);
    last = found.index + found[0].length;
  }
  return box(...parts, content.slice(last));
}

/** A card that opens its page beside the client when tapped. */
function cardTo(url, ...children) {
  const address = webAddress(url);
  return address ? outward(address, { className: 'bubble app-card' }, ...children) : el('div', { className: 'bubble app-card' }, ...children);
}

const go = (words) => el('em', {}, el('span', {}, words), icon('right'));

function cardOf({ title, description = '', url, btntxt }) {
  const lines = description.replace(/<br\s*\/?>/g, '\n').replace(/<\/?div[^>]*>/g, '\n').split('\n').filter((line) => line.trim());
  return cardTo(url, el('b', {}, title || ''), ...lines.map((line) => el('small', {}, line)), go(btntxt || '详情'));
}

function newsOf({ articles = [] }) {
  return el('div', { className: 'articles' }, ...articles.map(({ title, description, url, picurl }) => {
    const drawn = attachment('link', { title, desc: description, url, picurl });
    drawn.classList.add('bubble');
    return drawn;
  }));
}

function templateOf(card, tap) {
  const { source = {}, main_title: main = {}, emphasis_content: figure, quote_area: quote, sub_title_text: sub } = card;
  const rows = (card.horizontal_content_list || []).map(({ keyname, value = '', url }) => el('p', { className: 'pair' },
    el('span', {}, keyname), webAddress(url) && !(card.card_action || {}).url ? outward(webAddress(url), {}, value) : value));
  const jumps = (card.jump_list || []).map(({ title, url }) => (webAddress(url) ? outward(webAddress(url), { className: 'jump' }, title) : title));
  const body = cardTo((card.card_action || {}).url, source.desc ? el('small', {}, source.desc) : null,
    el('b', {}, main.title || sub || ''), main.desc ? el('small', {}, main.desc) : null,
    figure ? el('strong', {}, figure.title || '', figure.desc ? el('small', {}, figure.desc) : null) : null,
    quote ? el('blockquote', {}, quote.title ? el('b', {}, quote.title) : null, quote.quote_text || '') : null,
    main.title && sub ? el('small', {}, sub) : null, ...rows,
    (card.card_action || {}).url ? go('详情') : null);
  const buttons = (card.button_list || []).map(({ text, key }) => el('button', {
    className: 'button outline', type: 'button',
    onclick: async ({ target }) => { target.disabled = true; try { await tap(key); target.textContent = `${text} ✓`; } catch { target.disabled = false; } },
  }, text));
  return jumps.length || buttons.length ? el('div', { className: 'articles' }, body, ...jumps, ...buttons) : body;
}

function pictureOf({ media_id, base64 }) {
  if (media_id) return box(attachment('image', { media_id }));
  return box(/^[A-Za-z0-9+/=\s]+$/.test(base64 || '') ? el('img', { className: 'photo', alt: '图片', src: `data:image/*;base64,${base64}` }) : '[图片]');
}
