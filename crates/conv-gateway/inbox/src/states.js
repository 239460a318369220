// The state of the list in words.

import { clockTime, count } from './text.js';

/** Says how fresh and how whole the list is. `heard` is the time of the last update, in seconds. */
export function stateWords(state, report, heard) {
  const asOf = report?.asOf ?? heard;
  const time = asOf ? `as of ${clockTime(asOf)}` : 'not read yet';
  if (state === 'offline') return heard ? `Offline: the list is ${time}. Trying again.` : 'Offline: the gateway cannot be reached. Trying again.';
  if (state === 'connecting') return heard ? `Connecting: the list is ${time}.` : 'Connecting…';
  if (!report) return 'Loading…';
  if (report.pass?.failed) return `Stale: the cloud gave no answer. The list is ${time}.`;
  return [coverageWords(report, time), ...report.limit.map(limitWords)].filter(Boolean).join(' ');
}

function coverageWords({ coverage, pass }, time) {
  const running = pass?.running;
  const progress = running ? ` ${running.done}${running.total ? ` of ${running.total}` : ''} read so far.` : '';
  if (coverage === 'empty') return `The list has not been read yet.${progress}`;
  if (coverage === 'cacheOnly') return `Stale: the list is ${time}.${progress}`;
  if (coverage === 'partial') return `Partial: some conversations are missing.${progress}`;
  return 'Up to date.';
}

function limitWords({ capped, retention }) {
  if (capped) return `The app's plan lists at most ${count(capped, 'conversation')}.`;
  if (retention) return `The cloud keeps conversations for ${count(Math.round(retention / 86_400), 'day')}.`;
  return '';
}

/** Why there are no rows. */
export function emptyWords({ tab, pattern, isReady, hasAll, report, state }, typed) {
  if (!isReady) return state === 'offline' ? 'Offline, and nothing was read before.' : 'Loading…';
  if (pattern) return hasAll ? `Nothing found for “${typed}”.` : 'Searching…';
  if (report?.coverage === 'empty') return 'The list has not been read yet.';
  if (tab.key === 'unread') return 'Nothing unread.';
  if (tab.key === 'mentions') return 'No mentions.';
  if (tab.key !== 'all') return 'No conversation is in this group.';
  return 'No conversations.';
}
