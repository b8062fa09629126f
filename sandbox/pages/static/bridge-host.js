// The chat's end of the bridge: frames the sidebar and answers what it asks of the client.

import { el, post } from './sandbox.js';

let open = null; // {id, url, origin, frame, userid, external_userid}

/** Frames the sidebar afresh for this chat: the client rebuilds it at every switch. */
export function frameFor(place, url, userid, external_userid) {
  if (open && open.url === url && open.userid === userid && open.external_userid === external_userid) return;
  const frame = el('iframe', { title: '侧边栏：客户资料', src: url, allow: 'clipboard-write' });
  const id = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  open = { id, url, origin: new URL(url).origin, frame, userid, external_userid };
  place.replaceChildren(frame);
}

/** Frames it again, as the desktop client does once it has saved tags. */
export function reframe(place) {
  if (!open) return;
  const { url, userid, external_userid } = open;
  open = null;
  frameFor(place, url, userid, external_userid);
}

export function unframe(place) {
  open = null;
  place.replaceChildren();
}

/** `heard` runs after every call of the framed page, so that what it did shows at once. */
export function listen(heard) {
  window.addEventListener('message', async (message) => {
    const asked = message.data;
    const chat = open;
    if (!chat || message.source !== chat.frame.contentWindow || message.origin !== chat.origin) return;
    if (!asked || asked.__wecom !== 1 || asked.type !== 'invoke') return;
    const result = await ask(chat, asked);
    if (!result.hang && open === chat) {
      chat.frame.contentWindow.postMessage({ __wecom: 1, type: 'result', id: asked.id, result }, chat.origin);
    }
    heard();
  });
}

async function ask(chat, asked) {
  try {
    return await post('/sandbox/bridge', {
      frame: chat.id,
      userid: chat.userid,
      external_userid: chat.external_userid,
      name: String(asked.name),
      params: asked.params || {},
      href: String(asked.href),
    });
  } catch (error) {
    return { err_msg: `${asked.name}:fail ${error.message}` };
  }
}
