// What was sent, drawn as the client draws it: texts, pictures, links, mini-programs, files.

import { el, icon } from './sandbox.js';

const VIA = { welcome: '欢迎语，自动发出', sidebar: '从侧边栏发出', mass: '群发' };
const NAMES = { image: '[图片]', video: '[视频]', file: '[文件]', miniprogram: '[小程序]', link: '[链接]', news: '[链接]' };

/** One line saying what a message is. */
export function inShort(message) {
  const { content, title } = message.content;
  return [NAMES[message.kind], title || content].filter(Boolean).join(' ');
}

/** A message's bubble; `via` says how it came, null for no word about it. */
export function bubble(message, via = VIA[message.source]) {
  const note = via ? el('small', { className: 'via' }, via) : null;
  if (message.kind === 'text') return el('div', { className: 'bubble' }, message.content.content || '', note);
  const drawn = attachment(message.kind, message.content);
  drawn.classList.add('bubble');
  if (note) drawn.append(note);
  return drawn;
}

/** An attachment of a message: a picture, or a card that leads where it says. */
export function attachment(kind, content = {}) {
  if (kind === 'image') return el('div', { className: 'shot' }, photo(pictureIn(content), '图片'));
  if (kind === 'video' || kind === 'file') return el('div', { className: 'link' }, el('b', {}, NAMES[kind]));
  const address = webAddress(content.url || content.link);
  const place = kind === 'miniprogram' ? `小程序 ${content.appid || ''}` : hostOf(address);
  const words = el('span', { className: 'link-words' }, el('b', {}, content.title || NAMES[kind] || '[消息]'),
    content.desc ? el('small', {}, content.desc) : null);
  const parts = [el('span', { className: 'link-top' }, words, photo(pictureIn(content), '')), place ? el('em', {}, place) : null];
  return address && kind !== 'miniprogram' ? outward(address, { className: 'link' }, ...parts) : el('div', { className: 'link' }, ...parts);
}

/** A link that opens beside the sandbox; the other page learns nothing of it. */
export const outward = (address, given, ...children) =>
  el('a', { ...given, href: address, target: '_blank', rel: 'noopener noreferrer' }, ...children);

/** The address if it is one of the web's, else nothing: a script's address must not become a link. */
export function webAddress(address) {
  try {
    const found = new URL(address);
    return ['http:', 'https:'].includes(found.protocol) ? found.href : '';
  } catch { return ''; }
}

const hostOf = (address) => (address ? new URL(address).host : '');

function pictureIn({ media_id, mediaid, pic_media_id, pic_url, picurl, imgUrl }) {
  const media = media_id || mediaid || pic_media_id;
  return media ? `/sandbox/media/${encodeURIComponent(media)}` : webAddress(pic_url || picurl || imgUrl);
}

function photo(address, alt) {
  if (!address) return null;
  const shown = el('img', { className: 'photo', alt, src: address, loading: 'lazy' });
  shown.onload = () => stayAtEnd(shown);
  shown.onerror = () => shown.replaceWith(el('span', { className: 'photo gone', title: '图片打不开' }, icon('image'),
    el('span', { className: 'unseen' }, '图片打不开')));
  return shown;
}

/** A picture that comes late pushes down what stood under it: who was at the end stays there. */
function stayAtEnd(shown) {
  const scroller = shown.closest('.pane-body, .chat > .lines');
  if (!scroller) return;
  const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  if (below < shown.offsetHeight + 100) scroller.scrollTop = scroller.scrollHeight;
}

/** The little Markdown that staff's messages know: bold, quotes, links, and three colours of words. */
export function markdown(text) {
  return el('div', { className: 'markdown' }, ...String(text).split('\n').map((line) => {
    const [, head, quoted, words] = line.match(/^(#{1,6} )?(> ?)?(.*)$/);
    return el('p', { className: head ? 'head' : quoted ? 'quote' : '' }, ...inline(words));
  }));
}

const INLINE = /\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)|<font color="(info|comment|warning)">(.*?)<\/font>|<@([^>]+)>/g;

function inline(words) {
  const parts = [];
  let last = 0;
  for (const found of words.matchAll(INLINE)) {
    const [whole, bold, label, address, colour, coloured, person] = found;
    parts.push(words.slice(last, found.index));
    last = found.index + whole.length;
    if (bold) parts.push(el('b', {}, bold));
    else if (label) parts.push(webAddress(address) ? outward(webAddress(address), {}, label) : label);
    else if (colour) parts.push(el('span', { className: colour }, coloured));
    else parts.push(`@${person}`);
  }
  return [...parts, words.slice(last)];
}
