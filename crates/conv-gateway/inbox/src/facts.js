// What a row of the SDK's shape says, in the words of the page. Rows keep their identity while they are
// unchanged, so all of it is worked out once per row.

import { clean, count, fold, spokenTime } from './text.js';

export const STAR = 1;
export const UNREAD = 2;

const known = new WeakMap();

/** Facts of a row, for the user `self`. */
export function facts(row, self) {
  let found = known.get(row);
  if (!found) known.set(row, (found = read(row, self)));
  return found;
}

function read(row, self) {
  const lacks = (part) => row.notFetched?.includes(part) ?? false;
  const id = clean(row.conversationID.replace(/^(C2C|GROUP)/, ''));
  const profile = row.userProfile ?? row.groupProfile ?? {};
  const name = clean(row.remark) || clean(profile.nick ?? profile.name) || (row.type === '@TIM#SYSTEM' ? 'System' : id);
  const last = row.lastMessage ?? {};
  return {
    id: row.conversationID,
    kind: row.type === 'C2C' ? 'Chat' : row.type === 'GROUP' ? 'Group' : 'System',
    name,
    isPinned: row.isPinned,
    isMuted: (row.messageRemindType ?? 'AcceptAndNotify') !== 'AcceptAndNotify',
    isStarred: row.markList.includes(STAR),
    isMarkedUnread: row.markList.includes(UNREAD),
    unread: lacks('unreadCount') ? null : row.unreadCount,
    isMentioned: row.groupAtInfoList.length > 0,
    draft: clean(row.draftText),
    sender: sender(row, last, self),
    text: last.isRevoked ? 'Message withdrawn' : clean(last.messageForShow),
    isTextUnknown: lacks('lastMessage'),
    time: last.lastTime || last.messageTime || 0,
    avatar: picture(profile.avatar),
    isPending: Object.keys(row.pendingChanges ?? {}).length > 0,
    hasFailed: Object.values(row.pendingChanges ?? {}).includes('failed'),
    groups: row.conversationGroupList,
  };
}

function sender(row, last, self) {
  if (!last.fromAccount) return '';
  if (last.fromAccount === self) return 'You';
  return row.type === 'GROUP' ? clean(last.nameCard) || clean(last.nick) || clean(last.fromAccount) : '';
}

/** Only what the browser loads over TLS. */
function picture(address) {
  try {
    const url = new URL(address);
    return url.protocol === 'https:' && !url.username && !url.password ? url.href : '';
  } catch {
    return '';
  }
}

const folded = new WeakMap();

/** The text in which a search looks has been worked out. */
export const isSearchable = (row) => folded.has(row);

/** The text in which a search looks. */
export function searched(row, self) {
  let text = folded.get(row);
  if (text === undefined) {
    const { id, name, draft, sender: from, text: message } = facts(row, self);
    folded.set(row, (text = fold(`${name} ${id} ${from} ${message} ${draft}`)));
  }
  return text;
}

/** One sentence for a screen reader, the most important first. */
export function sentence(row, self, now) {
  const { kind, name, isPinned, isMuted, isStarred, isMarkedUnread, unread, isMentioned, draft, sender: from, text, isTextUnknown, time, isPending, hasFailed } = facts(row, self);
  return [
    `${kind} ${name}`,
    isPinned && 'pinned',
    isStarred && 'starred',
    isMuted && 'muted',
    unread === null ? 'unread messages not known' : unread > 0 ? `${unread} unread` : isMarkedUnread && 'marked unread',
    isMentioned && 'you are mentioned',
    draft && `draft: ${draft}`,
    !draft && text && (from ? `${from}: ${text}` : text),
    !draft && isTextUnknown && 'last message not known',
    time > 0 && spokenTime(time, now),
    hasFailed ? 'a change failed' : isPending && 'change not confirmed yet',
  ]
    .filter(Boolean)
    .join(', ');
}

export function totalsSentence({ unread, unreadConversations, mentioned }) {
  const mentions = mentioned ? `, ${count(mentioned, 'mention')}` : '';
  return unread ? `${unread} unread in ${count(unreadConversations, 'conversation')}${mentions}` : `Nothing unread${mentions}`;
}
