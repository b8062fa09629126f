// The sheet with what this member has put on this customer: the corp's tags and a remark.

import { $, Refused, el, get, post } from './sandbox.js';

let pair = null; // {userid, external_userid}
let had = { tags: [], remark: '' };

const boxes = () => [...$('tag-groups').querySelectorAll('input')];

/** `saved(userid, external_userid)` runs once the change is made, `closed()` whenever the sheet has gone. */
export function listen(saved, closed) {
  $('sheet').onclose = closed;
  $('sheet').onclick = (event) => { if (event.target === $('sheet')) close(); };
  $('sheet-close').onclick = close;
  $('sheet-form').onsubmit = (event) => { event.preventDefault(); save(saved); };
}

export async function open(member, friend) {
  if ($('sheet').open) return;
  const mine = pair = { userid: member.userid, external_userid: friend.external_userid };
  $('tag-groups').replaceChildren();
  $('remark').value = '';
  $('save').disabled = true;
  $('unsaved').hidden = $('no-tags').hidden = true;
  $('sheet').showModal();
  try {
    const [{ groups }, { conversations }] = await Promise.all([
      get('/sandbox/tags'), get('/sandbox/conversations', { userid: member.userid, limit: 10000 }),
    ]);
    if (pair === mine) draw(groups.filter((group) => group.tags.length), conversations.find((one) => one.external_userid === mine.external_userid));
  } catch (error) {
    complain('没读到标签。检查沙盒还开着没有，关上再打开');
    console.error(error);
  }
}

export function close() {
  if ($('sheet').open) $('sheet').close();
}

function draw(groups, { name, remark, tag_ids }) {
  had = { tags: tag_ids, remark };
  $('remark').value = remark;
  $('remark').placeholder = name;
  $('no-tags').hidden = groups.length > 0;
  $('save').textContent = groups.length ? '保存标签和备注' : '保存备注';
  $('save').disabled = false;
  $('tag-groups').replaceChildren(...groups.map((group) => el('fieldset', { className: 'tags' },
    el('legend', {}, group.name),
    ...group.tags.map((tag) => el('label', { className: 'chip' },
      el('input', { type: 'checkbox', value: tag.id, checked: tag_ids.includes(tag.id) }), el('span', {}, tag.name))))));
}

async function save(saved) {
  const { userid, external_userid } = pair;
  const remark = $('remark').value.trim();
  const change = {
    add_tags: boxes().filter((box) => box.checked && !had.tags.includes(box.value)).map((box) => box.value),
    remove_tags: boxes().filter((box) => !box.checked && had.tags.includes(box.value)).map((box) => box.value),
    ...(remark === had.remark ? {} : { remark }),
  };
  if (!change.add_tags.length && !change.remove_tags.length && change.remark === undefined) return close();
  $('save').disabled = true;
  try {
    await post('/sandbox/follows/edit', { userid, external_userid, ...change });
  } catch (error) {
    return complain(reason(error));
  } finally {
    $('save').disabled = false;
  }
  return saved(userid, external_userid).finally(close);
}

function reason(error) {
  if (!(error instanceof Refused)) return '没保存。检查沙盒还开着没有，再保存一次';
  if (error.code === 'not_contacts') return '没保存。你们已经不是好友了';
  if (error.code === 'no_such_tag') return '没保存。有个标签刚被删了，关上再打开';
  return `没保存。${error.message}`;
}

function complain(text) {
  $('unsaved-text').textContent = text;
  $('unsaved').hidden = false;
}
