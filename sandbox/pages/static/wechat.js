// What a customer does in WeChat besides reading: opens links, scans a member's code.

import { webAddress } from './bubbles.js';
import { sheet } from './pane.js';
import { $, Refused, el, get, post } from './sandbox.js';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const CODES = 50; // the newest of each kind are enough to choose from
const dialog = sheet('wechat-sheet');
let customer = null;
let added = async () => {};

/** Opens the sheet of this customer; `then(userid)` runs when they have added a member. */
export async function scanOrOpen(whose, then) {
  [customer, added] = [whose, then];
  $('scan-wrong').hidden = $('link-wrong').hidden = true;
  $('scan-code').replaceChildren(); // what was chosen among the codes of last time would be lost when these come
  dialog.showModal();
  const [{ staff }, ways] = await Promise.all([get('/sandbox/staff'), get('/sandbox/contact-ways')]);
  const serving = staff.filter((one) => one.customer_contact && one.status === 1);
  $('scan-code').replaceChildren(
    el('optgroup', { label: '同事的二维码' }, ...serving.map((one) => el('option', { value: `userid/${one.userid}` }, one.name))),
    ways.contact_ways.length ? el('optgroup', { label: '「联系我」的码' }, ...ways.contact_ways.slice(-CODES).reverse().map(wayOption)) : '');
}

const wayOption = (way) => el('option', { value: `config_id/${way.config_id}` }, [way.state || way.config_id.slice(0, 8), way.remark].filter(Boolean).join(' · '));

$('scan-form').onsubmit = async (event) => {
  event.preventDefault();
  const [kind, ...code] = $('scan-code').value.split('/');
  try {
    const { userid } = await post('/sandbox/scan', { external_userid: customer.external_userid, [kind]: code.join('/') });
    dialog.close();
    await added(userid);
  } catch (error) {
    refuse('scan-wrong', error instanceof Refused ? `没加上。${error.message}` : '没加上。检查沙盒还开着没有，再试一次');
  }
};

$('link-form').onsubmit = (event) => {
  event.preventDefault();
  const address = onThisMachine($('link-url').value.trim());
  if (!address) return refuse('link-wrong', '只能打开这台电脑上的页面，网址以 http://127.0.0.1 开头');
  dialog.close();
  return window.open(opening(customer, address, $('link-snapshot').checked), '_blank', 'noopener');
};

function refuse(id, words) {
  $(id).textContent = words;
  $(id).hidden = false;
}

/** The address when it leads to this machine, else nothing. */
function onThisMachine(address) {
  const found = webAddress(address);
  return found && LOOPBACK.includes(new URL(found).hostname) ? found : '';
}

const opening = ({ external_userid }, url, snapshot = false) =>
  `/sandbox/client/open?${new URLSearchParams({ external_userid, url, ...(snapshot ? { snapshot: 1 } : {}) })}`;

/** In these lines of a chat, links on this machine open as the customer; addresses in texts become links. */
export function linked(lines, whose) {
  for (const line of lines) {
    for (const said of line.querySelectorAll('.bubble:not(.link, .shot)')) linkWords(said);
    for (const link of line.querySelectorAll('.bubble[href], .bubble a[href]')) {
      const address = onThisMachine(link.href);
      if (address) link.href = opening(whose, address);
    }
  }
  return lines;
}

const ADDRESS = /https?:\/\/[!#-;=?-~]*[#-&*+\-/-9=@-~]/g; // up to a space, a Chinese character or the stop of a sentence

function linkWords(said) {
  const [words] = said.childNodes;
  if (!words || words.nodeType !== Node.TEXT_NODE) return;
  const parts = [];
  let last = 0;
  for (const { 0: address, index } of words.data.matchAll(ADDRESS)) {
    if (!webAddress(address)) continue;
    parts.push(words.data.slice(last, index), el('a', { href: webAddress(address), target: '_blank', rel: 'noopener noreferrer' }, address));
    last = index + address.length;
  }
  words.replaceWith(...parts, words.data.slice(last));
}
