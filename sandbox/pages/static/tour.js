// How far the walk-through has got, read from what really happened; and its first step, a newcomer who scans.

import { get, post } from './sandbox.js';

const STARTED = 'sandbox.tour.after'; // the last event before this round
export const STEPS = 4;

let known = []; // events heard of, newest first
let turns = 0;

export const pronoun = (customer) => ({ 1: '他', 2: '她' })[customer && customer.gender] || '这位客户';

/** Asks for what happened since the last time; says whether anything did. */
export async function hear() {
  const last = known.length ? known[0].id : 0;
  const { events } = await get('/sandbox/events', { after: last, limit: 10000 });
  known = events.concat(known);
  turns += 1;
  if (!events.length && turns % 3 === 0) {
    const newest = (await get('/sandbox/events', { limit: 1 })).events[0];
    if ((newest ? newest.id : 0) < last) location.reload(); // somebody emptied the sandbox
  }
  return events.length > 0;
}

/** Leaves what has happened behind, so that the steps begin with the next newcomer. */
export async function startOver() {
  await hear();
  localStorage.setItem(STARTED, String(known.length ? known[0].id : 0));
}

/** How long a welcome took, as one says it. */
export const took = (seconds) => (seconds < 0.1 ? '不到 0.1 秒' : ` ${seconds.toFixed(1)} 秒`);

/**
 * `{done, customer, userid, scannedAt, welcomeSeconds}`: how many steps are done, in their order.
 * The newest add since the round began counts,
 * of the events heard so far.
 */
export async function progress() {
  const events = known.filter((event) => event.id > after());
  const added = events.find((event) => event.kind === 'add_external_contact');
  if (!added) return { done: 0 };
  const { userid, external_userid } = added.detail;
  const [{ messages }, { customers }] = await Promise.all([
    get('/sandbox/messages', { userid, external_userid }),
    get('/sandbox/customers', { q: external_userid }),
  ]);
  const fresh = messages.filter((message) => message.at >= added.at);
  const welcome = fresh.find((message) => message.source === 'welcome');
  const opened = events.some((event) => event.kind === 'sidebar_opened' && event.id > added.id
    && event.detail.userid === userid && event.detail.external_userid === external_userid);
  const sent = fresh.some((message) => message.source === 'sidebar');
  const reached = [true, Boolean(welcome), opened, sent];
  return {
    done: reached.concat(false).indexOf(false),
    customer: customers.find((one) => one.external_userid === external_userid),
    userid,
    scannedAt: added.at,
    welcomeSeconds: welcome ? welcome.at - added.at : null,
  };
}

function after() {
  const started = Number(localStorage.getItem(STARTED)) || 0;
  return known.length && started <= known[0].id ? started : 0; // a mark of another, emptied sandbox is void
}

/** Lets somebody scan a code of this member: a past buyer nobody follows while there is one, else a stranger. */
export async function scan(userid) {
  const [newcomer, { contact_ways: ways }] = await Promise.all([unfollowed(), get('/sandbox/contact-ways')]);
  const way = ways.find((one) => one.user.length && one.user[one.scans % one.user.length] === userid);
  return post('/sandbox/scan', {
    ...(newcomer ? { external_userid: newcomer.external_userid } : {}),
    ...(way ? { config_id: way.config_id } : { userid }),
  });
}

async function unfollowed() {
  let cursor = '';
  do {
    const page = await get('/sandbox/customers', cursor ? { limit: 1000, cursor } : { limit: 50 });
    const found = page.customers.find((customer) => customer.type === 1 && !customer.follows.length);
    if (found) return found;
    cursor = page.next_cursor;
  } while (cursor);
  return null;
}
