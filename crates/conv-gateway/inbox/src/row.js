// One row of the list: its nodes are made once and used for one row after another.

import { make, write } from './dom.js';
import { facts, sentence } from './facts.js';
import { hue, initials, shortTime, wholeTime } from './text.js';

const FLAGS = ['isPinned', 'isStarred', 'isMuted', 'hasFailed'];

export function makeRow() {
  const part = (tag, name) => make(tag, { class: name });
  const [avatar, letters, name, flags, time] = [part('div', 'avatar'), part('span', 'letters'), part('bdi', 'name'), part('span', 'flags'), part('time', 'time')];
  // Each text has its own direction, and none turns its neighbours.
  const [sender, colon, text, badge] = [make('bdi'), make('span', {}, ': '), make('bdi'), part('span', 'badge')];
  avatar.append(letters);
  flags.append(...FLAGS.map((flag) => part('i', flag)));
  const head = make('div', { class: 'line' }, name, flags, time);
  const body = make('div', { class: 'line' }, make('span', { class: 'text' }, sender, colon, text), badge);
  // What is spoken is one sentence; what is seen are parts.
  const seen = make('div', { class: 'seen', 'aria-hidden': 'true' }, avatar, make('div', { class: 'lines' }, head, body));
  const spoken = part('span', 'spoken');
  const node = make('div', { role: 'option', class: 'row', tabindex: '-1' }, spoken, seen);
  node.parts = { spoken, avatar, letters, name, flags, time, sender, colon, text, badge };
  return node;
}

/** Shows a row; does nothing if the node shows it already. */
export function showRow(node, row, self, minute) {
  if (node.row === row && node.minute === minute) return;
  const now = Date.now() / 1000;
  const { parts } = node;
  const shown = facts(row, self);
  write(parts.spoken, sentence(row, self, now));
  write(parts.time, shown.time ? shortTime(shown.time, now) : '');
  node.minute = minute;
  if (node.row === row) return;
  const isSame = node.row?.conversationID === row.conversationID;
  node.row = row;
  node.dataset.id = shown.id;
  write(parts.name, shown.name);
  for (const flag of FLAGS) parts.flags.classList.toggle(flag, shown[flag]);
  parts.time.title = shown.time ? wholeTime(shown.time) : '';
  node.classList.toggle('unread', shown.unread > 0 || shown.isMarkedUnread);
  node.classList.toggle('pending', shown.isPending);
  showText(parts, shown);
  showBadge(parts.badge, shown);
  showAvatar(parts, shown, isSame);
}

function showText(parts, { draft, sender, text, isTextUnknown }) {
  parts.text.parentNode.classList.toggle('draft', draft !== '');
  const before = draft ? 'Draft' : text ? sender : '';
  write(parts.sender, before);
  parts.colon.hidden = before === '';
  write(parts.text, draft || (isTextUnknown ? '…' : text));
}

function showBadge(node, { unread, isMuted, isMentioned, isMarkedUnread }) {
  const number = unread > 999 ? '999+' : unread > 0 ? String(unread) : '';
  write(node, unread === null ? '?' : (isMentioned ? '@' : '') + (number || (isMarkedUnread ? '•' : '')));
  node.className = `badge${unread === null ? ' unknown' : isMentioned ? ' mention' : isMuted ? ' muted' : ''}`;
  node.hidden = node.textContent === '';
}

function showAvatar({ avatar, letters }, { id, name, avatar: address }, isSame) {
  write(letters, initials(name));
  avatar.style.setProperty('--hue', hue(id));
  const shown = avatar.querySelector('img');
  if (isSame && (shown?.src ?? '') === address) return;
  shown?.remove();
  if (!address) return;
  const image = make('img', { alt: '', referrerpolicy: 'no-referrer', loading: 'lazy', decoding: 'async', draggable: false });
  image.addEventListener('load', () => image.classList.add('loaded'));
  image.addEventListener('error', () => image.remove());
  image.src = address;
  avatar.append(image);
}
