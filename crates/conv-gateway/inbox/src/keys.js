// The keyboard: the same keys wherever the focus is, except in fields and dialogs.

import { ask } from './dialog.js';
import { make } from './dom.js';

const MOVES = [
  ['j or ↓, k or ↑', 'next, previous conversation'],
  ['Home, End, Page Up, Page Down', 'first, last, a screen up, a screen down'],
  ['[ and ], or 1 to 9', 'other tab'],
  ['/', 'search'],
  ['Esc', 'back to the list; in the search, clear it first'],
  ['?', 'this sheet'],
];

export function listenToKeys({ signal, list, actions, search, choose, clear }) {
  const moves = {
    j: () => list.move(1),
    ArrowDown: () => list.move(1),
    k: () => list.move(-1),
    ArrowUp: () => list.move(-1),
    Home: () => list.select(0),
    End: () => list.select(Infinity),
    PageDown: () => list.page(1),
    PageUp: () => list.page(-1),
    '[': () => choose(-1, true),
    ']': () => choose(1, true),
    '/': () => search.focus(),
    '?': () => showKeys(actions),
    Escape: () => list.focus(),
  };
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]') || document.getElementById('app').hidden) return;
    if (event.target === search) return inSearch(event, list, search, clear);
    const run = moves[event.key] ?? byNumber(event.key, choose) ?? action(event.key, list, actions);
    if (!run) return;
    event.preventDefault();
    run();
  }, { signal });
}

function inSearch(event, list, search, clear) {
  if (event.key === 'Escape' && search.value) clear();
  else if (['Escape', 'ArrowDown', 'Enter'].includes(event.key)) list.focus();
  else return;
  event.preventDefault();
}

function byNumber(key, choose) {
  return /^[1-9]$/.test(key) ? () => choose(Number(key) - 1, false) : undefined;
}

function action(key, list, actions) {
  const row = list.activeRow();
  const found = actions.all.find((one) => one.key === (key === 'Delete' ? 'd' : key));
  return found && row ? () => found.run(row) : undefined;
}

export function showKeys(actions) {
  const lines = [...MOVES, ...actions.all.map(({ key, words }) => [key, words().replace('…', '').toLowerCase()])];
  const cells = lines.flatMap(([keys, words]) => [make('dt', {}, keys), make('dd', {}, words)]);
  return ask({ title: 'Keys', body: [make('dl', {}, ...cells)] });
}
