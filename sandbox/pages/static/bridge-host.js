// The chat's end of the bridge: frames the sidebar and answers what it asks of the client.

import { el, post } from './sandbox.js';

let open = null; // {id, url, origin, frame, userid, talk: {external_userid} or {chat_id}}

/** Frames the sidebar afresh for this chat: the client rebuilds it at every switch. */
export function frameFor(place, url, userid, talk) {
  if (open && open.url === url && open.userid === userid && same(open.talk, talk)) return;
  const frame = el('iframe', { title: talk.chat_id ? '侧边栏：这个群' : '侧边栏：客户资料', src: url, allow: 'clipboard-write' });
  const id = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  open = { id, url, origin: new URL(url).origin, frame, userid, talk };
  place.replaceChildren(frame);
}

const same = (one, other) => one.chat_id === other.chat_id && one.external_userid === other.external_userid;

/** Frames it again, as the desktop client does once it has saved tags. */
export function reframe(place) {
  if (!open) return;
  const { url, userid, talk } = open;
  open = null;
  frameFor(place, url, userid, talk);
}

export function unframe(place) {
  open = null;
  place.replaceChildren();
}

/**
 * `heard` runs after every call of the framed page, so that what it did shows at once; `pickGroups` lets the member
 * choose for shareToExternalChat, `profile` opens somebody's, `openChat` a chat (openEnterpriseChat), `toChat` goes back to
 * the one beside the page (enterChat).
 */
export function listen({ heard, pickGroups, profile, openChat, toChat }) {
  window.addEventListener('message', async (message) => {
    const asked = message.data;
    const chat = open;
    if (!chat || message.source !== chat.frame.contentWindow || message.origin !== chat.origin) return;
    if (!asked || asked.__wecom !== 1 || asked.type !== 'invoke') return;
    const params = { ...asked.params };
    if (asked.name === 'shareToExternalChat' && !(params.chatIds || []).length) params.chatIds = await pickGroups();
    const { answer_after_seconds: seconds = 0, ...result } = await ask(chat, asked, params);
    heard();
    if (result.hang) return;
    if (seconds) await new Promise((done) => setTimeout(done, seconds * 1000));
    if (open !== chat) return;
    chat.frame.contentWindow.postMessage({ __wecom: 1, type: 'result', id: asked.id, result }, chat.origin);
    if (!/:ok$/.test(result.err_msg)) return;
    if (asked.name === 'openUserProfile') profile(params);
    if (asked.name === 'openEnterpriseChat') openChat(params);
    if (asked.name === 'sendChatMessage' && params.enterChat) toChat();
  });
}

async function ask(chat, asked, params) {
  try {
    return await post('/sandbox/bridge', {
      frame: chat.id,
      userid: chat.userid,
      ...chat.talk,
      entry: chat.talk.chat_id ? 'group_chat_tools' : 'single_chat_tools',
      name: String(asked.name),
      params,
      href: String(asked.href),
    });
  } catch (error) {
    return { err_msg: `${asked.name}:fail ${error.message}` };
  }
}
