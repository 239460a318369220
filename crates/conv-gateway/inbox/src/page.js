// The page after the login: tabs, tools, list and states.

import { Actions } from './actions.js';
import { showBadge } from './badge.js';
import { $, make, write } from './dom.js';
import { totalsSentence } from './facts.js';
import { listenToKeys, showKeys } from './keys.js';
import { List } from './list.js';
import { Model } from './model.js';
import { emptyWords, stateWords } from './states.js';
import { clean, count } from './text.js';

const MINUTE = 60_000;
/** Counts are spoken when they have been the same for so long. */
const SPOKEN_AFTER = 3000;

export class Page {
  constructor(client, account, link, onEnd) {
    this.client = client;
    this.onEnd = onEnd;
    this.link = link;
    this.state = client.state;
    this.ending = new AbortController();
    const { signal } = this.ending;
    this.list = new List($('list'), $('rows'), { signal, onActive: (row) => this.chosen(row), onEnd: () => this.model.readOn() });
    this.list.self = account;
    this.model = new Model(client, account, { onRows: () => this.showSoon(), onTabs: () => this.showTabs() });
    this.actions = new Actions({ client, model: this.model, list: this.list, say: (text) => this.say(text) });
    write($('account'), clean(account));
    this.makeTools();
    this.listen();
    this.model.start(link.get('tab'));
  }

  listen() {
    const { client } = this;
    const { signal } = this.ending;
    client.on('state', (state) => {
      this.state = state;
      if (state === 'expired') this.onEnd('The login has ended. Log in again.');
      else this.showSoon();
    });
    client.on('error', () => this.showSoon());
    const search = $('search');
    search.addEventListener('input', () => this.model.search(search.value), { signal });
    const clear = () => {
      search.value = '';
      this.model.search('');
    };
    listenToKeys({ signal, list: this.list, actions: this.actions, search, choose: (at, isBy) => this.chooseTab(at, isBy), clear });
    $('refresh').addEventListener('click', () => this.refresh(), { signal });
    $('keys').addEventListener('click', () => showKeys(this.actions), { signal });
    $('logout').addEventListener('click', () => this.onEnd(''), { signal });
    for (const event of ['online', 'offline']) addEventListener(event, () => this.showSoon(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden || this.model.readGroups(), { signal });
    this.ticking = setInterval(() => this.list.tick(Math.floor(Date.now() / MINUTE)), MINUTE / 2);
  }

  async refresh() {
    try {
      await this.client.refresh();
      this.say('Refreshing');
    } catch (error) {
      this.say(`Not refreshed: ${error.message}`);
    }
  }

  /** Several changes of one moment are shown together. */
  showSoon() {
    if (this.ending.signal.aborted) return;
    this.frame ??= requestAnimationFrame(() => this.show());
    // A hidden page draws no frames, and its title still counts.
    if (document.hidden) this.showTotals();
  }

  show() {
    this.frame = undefined;
    const { model, list } = this;
    const state = navigator.onLine ? this.state : 'offline';
    const { views } = model.live.watch ?? {};
    if (state === 'live' && views) this.heard = Date.now() / 1000;
    const rows = model.shown();
    const isEmpty = rows.length === 0;
    $('list').hidden = isEmpty;
    $('empty').hidden = !isEmpty;
    list.set(rows, model.pattern && model.hasSearched() ? rows.length : model.total(), `${model.tab.key} ${model.pattern}`);
    this.followLink();
    if (!this.hasBegun && rows.length > 0) {
      this.hasBegun = true;
      if (!$('app').contains(document.activeElement)) list.focus();
    }
    const { tab, pattern, isReady, report } = model;
    if (isEmpty) write($('empty'), emptyWords({ tab, pattern, isReady, hasAll: model.hasSearched(), report, state }, clean($('search').value)));
    const found = pattern && !isEmpty ? `${rows.length} found${model.hasSearched() ? '' : ' so far'}. ` : '';
    write($('state'), found + stateWords(state, report, this.heard) + (list.isWaiting ? ' A new order waits until the pointer leaves the list.' : ''));
    this.showTotals();
  }

  showTotals() {
    const totals = this.model.totals.all;
    for (const [key, tab] of Object.entries(this.tabNodes ?? {})) this.showCount(tab, this.model.totals[key]);
    if (!totals) return;
    showBadge(totals.unread);
    const words = totalsSentence(totals);
    if (words === this.counts) return;
    this.counts = words;
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => write($('counts'), words), SPOKEN_AFTER);
  }

  showCount(tab, totals) {
    if (!totals) return;
    write(tab.lastChild, ` ${totals.conversations}`);
    tab.title = `${count(totals.conversations, 'conversation')}: ${totalsSentence(totals)}`;
  }

  showTabs() {
    const { tabs, tab: chosen } = this.model;
    const hadFocus = $('tabs').contains(document.activeElement);
    this.tabNodes = Object.fromEntries(
      tabs.map((tab, at) => {
        const isChosen = tab === chosen;
        const choose = () => this.chooseTab(at, false);
        const props = { role: 'tab', type: 'button', id: `tab-${at}`, 'aria-selected': String(isChosen), 'aria-controls': 'panel', tabindex: isChosen ? '0' : '-1', onclick: choose, onkeydown: (event) => this.inTabs(event) };
        return [tab.key, make('button', props, make('bdi', {}, clean(tab.name)), make('span', { class: 'count' }))];
      }),
    );
    $('tabs').replaceChildren(...Object.values(this.tabNodes));
    $('panel').setAttribute('aria-labelledby', this.tabNodes[chosen.key].id);
    if (hadFocus) this.tabNodes[chosen.key].focus();
    this.groupTools.hidden = !chosen.key.startsWith('=');
    this.showTotals();
  }

  inTabs(event) {
    const isRtl = getComputedStyle(document.body).direction === 'rtl';
    const by = { ArrowRight: isRtl ? -1 : 1, ArrowLeft: isRtl ? 1 : -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.chooseTab(by, true);
  }

  chooseTab(at, isBy) {
    const { tabs, tab } = this.model;
    const next = tabs[isBy ? (tabs.indexOf(tab) + at + tabs.length) % tabs.length : at];
    if (!next || next === tab) return;
    this.list.release();
    $('list').scrollTop = 0;
    this.list.active = null;
    this.model.choose(next);
    this.writeLink();
  }

  makeTools() {
    const group = () => this.model.tab.name;
    this.toolNodes = this.actions.all.map(({ key, words, run }) => {
      const press = () => {
        const row = this.list.activeRow();
        if (row) run(row);
      };
      const node = make('button', { type: 'button', 'aria-keyshortcuts': key, title: `Key: ${key}`, onclick: press }, words());
      return { node, words };
    });
    const rename = make('button', { type: 'button', onclick: () => this.actions.renameGroup(group()) }, 'Rename group…');
    const remove = make('button', { type: 'button', onclick: () => this.actions.deleteGroup(group()) }, 'Delete group…');
    this.groupTools = make('span', { hidden: true }, rename, remove);
    $('tools').replaceChildren(...this.toolNodes.map(({ node }) => node), this.groupTools);
  }

  chosen(row) {
    for (const { node, words } of this.toolNodes ?? []) {
      node.disabled = !row;
      write(node, words(row));
    }
    if (row && this.wasLinked) this.writeLink(row.conversationID);
  }

  /** Selects the conversation that the address names, once it is there. */
  followLink() {
    if (this.wasLinked || !this.model.isReady) return;
    const id = this.link.get('row');
    if (!id || this.list.selectId(id) || this.model.hasAll()) this.wasLinked = true;
    else this.model.readOn();
  }

  /** Keeps the address a link to what is shown. */
  writeLink(row) {
    clearTimeout(this.linking);
    this.linking = setTimeout(() => {
      const link = new URLSearchParams(location.hash.slice(1));
      link.set('tab', this.model.tab.key);
      if (row) link.set('row', row);
      else link.delete('row');
      history.replaceState(null, '', `#${link}`);
    }, 300);
  }

  say(text) {
    // What a call answers after the logout may name somebody.
    if (this.ending.signal.aborted) return;
    write($('said'), clean(text));
    clearTimeout(this.saying);
    this.saying = setTimeout(() => write($('said'), ''), 8000);
  }

  close() {
    this.ending.abort();
    this.model.close();
    clearInterval(this.ticking);
    for (const timer of [this.speaking, this.linking, this.saying]) clearTimeout(timer);
    cancelAnimationFrame(this.frame);
    this.list.close();
    $('tabs').replaceChildren();
    for (const id of ['counts', 'said', 'account', 'state', 'empty']) write($(id), '');
    $('search').value = '';
    if ($('dialog').open) $('dialog').close();
    showBadge(0);
  }
}
