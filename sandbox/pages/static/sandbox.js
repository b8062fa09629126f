// What the pages need: the sandbox's calls, its clock, and small ways to draw.

export class Refused extends Error {
  constructor(code, message) { super(message); this.code = code; }
}

export async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: 'same-origin',
    cache: 'no-store',
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(said.error || String(answer.status), said.message || answer.statusText);
  return said;
}

export const get = (path, query = {}) => {
  const search = new URLSearchParams(query).toString();
  return call('GET', search ? `${path}?${search}` : path);
};
export const post = (path, body) => call('POST', path, body);
export const put = (path, body) => call('PUT', path, body);
export const remove = (path) => call('DELETE', path);

export const $ = (id) => document.getElementById(id);

/** An element with properties, attributes (written with a dash or `aria…`) and children. */
export function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name in made && !name.includes('-')) made[name] = value;
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

/** A picture of the page's sprite. */
export function icon(name) {
  const drawn = document.createElementNS(SVG, 'svg');
  drawn.setAttribute('class', 'icon');
  drawn.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  drawn.append(use);
  return drawn;
}

export const picture = (who, size = 44) =>
  el('img', { className: 'avatar', alt: '', width: size, height: size, loading: 'lazy', src: pictureOf(who) });

export const pictureOf = (who) => who.avatar || `/sandbox/avatars/${encodeURIComponent(who.external_userid || who.userid)}.svg`;

/** The sandbox's time, which may be ahead of the machine's; asked again now and then. */
export const clock = {
  ahead: 0,
  frozen: false,
  stoppedAt: 0,
  async ask() { this.take(await get('/sandbox/clock')); },
  take({ now, frozen }) {
    this.ahead = now - Date.now() / 1000;
    this.frozen = frozen;
    this.stoppedAt = now;
  },
  now() { return this.frozen ? this.stoppedAt : Date.now() / 1000 + this.ahead; },
};

const parts = (at) => {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit',
    hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  });
  return Object.fromEntries(format.formatToParts(new Date(at * 1000)).map((part) => [part.type, part.value]));
};
export const WEEKDAYS = ['周一', '周二', '周三', '周四', '周五', '周六', '周日'];
export const weekday = (at) => WEEKDAYS[(dayNumber(at) + 3) % 7]; // 1 January 1970 was a Thursday
const dayNumber = (at) => Math.floor((at + 8 * 3600) / 86400);

export function day(at) {
  const now = clock.now();
  const { year, month, day: date } = parts(at);
  const gone = dayNumber(now) - dayNumber(at);
  if (gone === 0) return '今天';
  if (gone === 1) return '昨天';
  if (year === parts(now).year) return `${Number(month)} 月 ${Number(date)} 日`;
  return `${year} 年 ${Number(month)} 月 ${Number(date)} 日`;
}

export function dateOf(at) {
  const { year, month, day: date } = parts(at);
  return `${year} 年 ${Number(month)} 月 ${Number(date)} 日`;
}

export function minute(at) {
  const { hour, minute: past } = parts(at);
  return `${hour}:${past}`;
}

export const second = (at) => `${minute(at)}:${parts(at).second}`;

export const when = (at) => (day(at) === '今天' ? minute(at) : `${day(at)} ${minute(at)}`);

/** The parts of an address's hash, and a hash of such parts; what is no good encoding is taken as it stands. */
export const partsOf = (hash) => hash.slice(1).split('/').map((part) => {
  try { return decodeURIComponent(part); } catch { return part; }
});
export const hashOf = (...given) => '#' + given.filter(Boolean).map(encodeURIComponent).join('/');

/** `work` never beside itself: asked for while it runs, it runs once more after; the promise is done when all of it is. */
export function oneByOne(work) {
  let running = null;
  let again = false;
  const run = async () => {
    try { do { again = false; await work(); } while (again); } finally { running = null; }
  };
  return () => { again = true; return running || (running = run()); };
}

/** Runs `look` about each second while the page is seen; says when the sandbox cannot be reached. */
export function watch(look, offline) {
  const again = async () => {
    if (document.visibilityState === 'visible') {
      try {
        await look();
        offline.hidden = true;
      } catch (error) {
        if (error instanceof TypeError) offline.hidden = false;
        else console.error(error);
      }
    }
    setTimeout(again, 1000);
  };
  setTimeout(again, 1000);
}
