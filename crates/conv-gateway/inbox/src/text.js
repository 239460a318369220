// Texts: what other people wrote, and how it is shown. All of it is hostile until it is cleaned, and it
// reaches the page as text only.

// Characters that turn the direction of what follows, and those that show nothing.
const TURNING = /[\u202A-\u202E\u2066-\u2069]/g;
const CONTROLS = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\uFEFF]+/g;
// More marks on one letter than any script needs would paint over the rows around it.
const STACKED = /(\p{M}{4})\p{M}+/gu;
const MAX_SHOWN = 300;

export function clean(text) {
  const shown = String(text ?? '').slice(0, 4 * MAX_SHOWN).replace(TURNING, '').replace(CONTROLS, ' ').replace(STACKED, '$1');
  return shown.trim().slice(0, MAX_SHOWN);
}

/** Without accents and case, so that a search finds both spellings. */
export function fold(text) {
  return clean(text).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

export function initials(name) {
  const words = name.split(/[\s\-_.]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = (word) => [...word].find((letter) => /[\p{L}\p{N}]/u.test(letter)) ?? '';
  const letters = first(words[0] ?? '') + (words.length > 1 ? first(words[words.length - 1]) : '');
  return letters.toUpperCase() || '#';
}

/** The same hue for an ID everywhere. */
export function hue(id) {
  let hash = 0;
  for (let at = 0; at < id.length; at += 1) hash = (hash * 31 + id.charCodeAt(at)) >>> 0;
  return hash % 360;
}

export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const year = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

export const clockTime = (seconds) => clock.format(seconds * 1000);
export const wholeTime = (seconds) => whole.format(seconds * 1000);

/** A short time for a row. */
export function shortTime(seconds, now) {
  const age = now - seconds;
  if (age < 60) return 'now';
  if (age < 3600) return `${Math.floor(age / 60)} min`;
  if (age < 86_400) return `${Math.floor(age / 3600)} h`;
  if (age < 7 * 86_400) return count(Math.floor(age / 86_400), 'day');
  return (age < 300 * 86_400 ? day : year).format(seconds * 1000);
}

export function spokenTime(seconds, now) {
  const age = now - seconds;
  if (age < 60) return 'just now';
  if (age < 3600) return `${count(Math.floor(age / 60), 'minute')} ago`;
  if (age < 86_400) return `${count(Math.floor(age / 3600), 'hour')} ago`;
  if (age < 7 * 86_400) return `${count(Math.floor(age / 86_400), 'day')} ago`;
  return year.format(seconds * 1000);
}
