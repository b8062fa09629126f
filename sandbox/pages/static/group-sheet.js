// What a member can do to a group: name, notice, owner, who is in it, and its end.

import { sheet } from './pane.js';
import { $, Refused, el, get, picture, post } from './sandbox.js';

const dialog = sheet('group-sheet');
let group = null;
let changed = async () => {};

/** Opens the sheet of this group; `then()` runs after every change. */
export async function manage(whole, then) {
  changed = then;
  group = null;
  $('group-wrong').hidden = $('group-sure').hidden = true;
  refresh(whole, true);
  dialog.showModal();
  const { conversations } = await get('/sandbox/conversations', { userid: whole.owner, limit: 10000 });
  const inside = new Set(whole.member_list.map((one) => one.id));
  $('group-join').replaceChildren(el('option', { value: '' }, '一位新客户，扫群码进来'),
    ...conversations.filter((one) => !inside.has(one.external_userid))
      .map((one) => el('option', { value: one.external_userid }, one.remark || one.name)));
}

/** Draws what is new of the group the sheet shows; what is being typed stays. */
export function refresh(whole, opening = false) {
  if (!opening && !(dialog.open && group && group.chat_id === whole.chat_id)) return;
  if (!opening && JSON.stringify(whole.member_list) === JSON.stringify(group.member_list) && whole.owner === group.owner) return;
  group = whole;
  if (opening) {
    $('group-name').value = whole.name;
    $('group-notice').value = whole.notice;
  }
  const staff = whole.member_list.filter((one) => one.type === 1);
  $('group-owner').replaceChildren(...staff.map((one) => el('option', { value: one.id, selected: one.id === whole.owner }, one.name)));
  $('group-count').textContent = `群成员 ${whole.members} 人，客户 ${whole.customers} 位`;
  $('group-members').replaceChildren(...whole.member_list.map(row));
}

function row(one) {
  const owner = one.id === group.owner;
  return el('li', {}, picture({ ...one, userid: one.id }, 36), el('span', { className: 'name' }, one.name),
    one.type === 1 ? el('span', { className: 'pill outline' }, owner ? '群主' : '同事') : null,
    owner ? null : el('button', { className: 'button text', type: 'button', 'aria-label': `把 ${one.name} 移出群`, onclick: () => leave(one) }, '移出'));
}

const path = (verb) => `/sandbox/groups/${encodeURIComponent(group.chat_id)}/${verb}`;
const who = (one) => (one.type === 1 ? { userid: one.id } : { external_userid: one.id });

async function act(doing) {
  $('group-wrong').hidden = true;
  try {
    refresh(await doing());
    await changed();
  } catch (error) {
    $('group-wrong').textContent = error instanceof Refused ? `没做成。${error.message}` : '没做成。检查沙盒还开着没有，再试一次';
    $('group-wrong').hidden = false;
  }
}

const leave = (one) => act(() => post(path('leave'), { ...who(one), quit_scene: 1 }));

$('group-join-form').onsubmit = (event) => {
  event.preventDefault();
  act(async () => {
    const external_userid = $('group-join').value || (await post('/sandbox/customers', {})).external_userid;
    const joined = await post(path('join'), { external_userid });
    if ($('group-join').value) $('group-join').selectedOptions[0].remove();
    return joined;
  });
};
$('group-form').onsubmit = (event) => {
  event.preventDefault();
  const [name, notice, owner] = [$('group-name').value.trim(), $('group-notice').value.trim(), $('group-owner').value];
  const change = {
    ...(name && name !== group.name ? { name } : {}),
    ...(notice === group.notice ? {} : { notice }),
    ...(owner === group.owner ? {} : { owner }),
  };
  if (!Object.keys(change).length) return dialog.close();
  return act(async () => {
    const now = await post(path('change'), change);
    dialog.close();
    return now;
  });
};
$('group-dismiss').onclick = () => { $('group-sure').hidden = false; $('group-keep').focus(); };
$('group-keep').onclick = () => { $('group-sure').hidden = true; };
$('group-end').onclick = () => act(async () => {
  const now = await post(path('dismiss'), {});
  dialog.close();
  return now;
});
