// What the list shows: the live window of the chosen tab, pages below it, and the search.

import { isSearchable, searched } from './facts.js';
import { fold } from './text.js';
import { Tabs } from './session.js';

const FIRST_WINDOW = 100;
/** The greatest window of a stream, and the longest page. */
const MOST = 500;
/** A search works out the texts of so many rows per frame: of 10,000 at once it would hold the page up. */
const SLICE = 500;
/** The pause in which changes below the window are collected. */
const LATER = 5000;

const FIXED = [
  { key: 'all', name: 'All', query: null },
  { key: 'unread', name: 'Unread', query: { hasUnreadCount: true } },
  { key: 'mentions', name: 'Mentions', query: { hasGroupAtInfo: true } },
];

export class Model {
  /** `onRows()` hears of rows and totals, `onTabs()` of other tabs. */
  constructor(client, self, { onRows, onTabs }) {
    Object.assign(this, { client, self, onRows, onTabs });
    this.tabs = FIXED;
    this.tab = FIXED[0];
    this.pattern = '';
    this.totals = {};
    this.noted = new Set();
    this.clear();
    this.live = new Tabs(client, (update) => this.changed(update));
  }

  clear() {
    this.window = FIRST_WINDOW;
    this.rows = [];
    this.below = [];
    /** The key of the next page; undefined before the first, null after the last. */
    this.next = undefined;
    this.isReady = false;
    this.run = (this.run ?? 0) + 1;
  }

  async start(key) {
    await this.readGroups();
    this.choose(this.tabs.find((tab) => tab.key === key) ?? FIXED[0]);
  }

  async readGroups() {
    const names = await this.client.groups().catch(() => this.groups ?? []);
    // The page may belong to another user by now.
    if (this.isClosed) return;
    this.groups = names;
    this.noted = new Set([...this.noted, ...names]);
    const tab = (name) => this.tabs.find((known) => known.key === `=${name}`) ?? { key: `=${name}`, name, query: { groupName: name } };
    this.tabs = [...FIXED, ...names.map(tab)];
    if (!this.tabs.includes(this.tab)) this.choose(FIXED[0]);
    else if (this.live.watch) this.live.set(this.tabs, this.tab, this.window);
    this.onTabs();
  }

  choose(tab) {
    if (this.isClosed) return;
    this.tab = tab;
    this.clear();
    this.live.set(this.tabs, tab, this.window);
    const view = this.live.view(tab.key);
    if (view?.rows.length > 0) this.take(view);
    this.onTabs();
    this.onRows();
    if (this.pattern) this.readOn();
  }

  changed({ key, type, patches, view }) {
    if (view.ready) this.totals[key] = view.totals;
    if (view.report) this.report = view.report;
    if (key === this.tab.key && type !== 'report') {
      // An answer to the window of before may come first.
      if (!this.isReady && view.rows.length === 0 && view.totals.conversations > 0) return this.onRows();
      this.fallBelow(type, patches, view);
      this.take(view);
    }
    this.noteGroups(view.rows);
    this.onRows();
  }

  /** A row in a group that has no tab: somebody made the group elsewhere. */
  noteGroups(rows) {
    const unknown = rows.flatMap((row) => row.conversationGroupList).filter((name) => !this.noted.has(name));
    if (unknown.length === 0) return;
    for (const name of unknown) this.noted.add(name);
    this.readGroups();
  }

  take(view) {
    this.isReady = view.ready;
    this.rows = view.rows;
    if (this.below.length > 0) {
      const live = new Set(view.rows.map((row) => row.conversationID));
      this.below = this.below.filter((row) => !live.has(row.conversationID));
    }
  }

  /** Rows that leave the window downwards are still in the list; any other change may concern rows below. */
  fallBelow(type, patches, view) {
    if (this.below.length === 0 && this.next === undefined) return;
    if (type !== 'patch' || patches.length === 0) return this.readAgainSoon();
    const before = new Map(this.rows.map((row) => [row.conversationID, row]));
    for (const patch of patches) {
      if (patch.type !== 'remove') continue;
      const row = before.get(patch.conversationID);
      if (patch.reason === 'belowWindow' && row) this.below.unshift(row);
    }
    if (this.next === null && view.rows.length + this.below.length !== view.totals.conversations) this.readAgainSoon();
  }

  /** All rows that are read, before a search. */
  all() {
    return this.below.length > 0 ? this.rows.concat(this.below) : this.rows;
  }

  shown() {
    this.isLooking = false;
    if (!this.pattern) return this.all();
    let left = SLICE;
    const found = this.all().filter((row) => {
      if (!isSearchable(row) && left-- <= 0) {
        this.isLooking = true;
        return false;
      }
      return searched(row, this.self).includes(this.pattern);
    });
    if (this.isLooking) this.onRows();
    return found;
  }

  /** All rows are read, and the search has looked through them. */
  hasSearched() {
    return this.hasAll() && !this.isLooking;
  }

  total() {
    return this.totals[this.tab.key]?.conversations ?? this.rows.length;
  }

  hasAll() {
    return this.isReady && this.all().length >= this.total();
  }

  search(text) {
    this.pattern = fold(text);
    if (this.pattern) this.readOn();
    this.onRows();
  }

  /** Reads more rows, because the last ones are in sight, or all of them for a search. */
  async readOn() {
    if (!this.isReady || this.hasAll()) return;
    const isFull = this.rows.length >= Math.min(this.window, this.total());
    if (!isFull && !this.pattern) return;
    if (this.window < MOST) {
      this.window = this.pattern ? MOST : this.window + FIRST_WINDOW;
      this.live.set(this.tabs, this.tab, this.window);
      if (!this.pattern || this.total() <= MOST) return;
    }
    await this.readPages(this.pattern ? Infinity : 1);
  }

  async readPages(count) {
    if (this.isReading || this.next === null) return;
    this.isReading = true;
    const { run } = this;
    try {
      for (let page = 0; page < count && this.next !== null; page += 1) {
        // The first page is the window; it only says where the second begins.
        const isFirst = this.next === undefined;
        const { rows, next } = await this.client.list(this.tab.query, { limit: MOST, after: this.next });
        if (run !== this.run) return;
        this.next = next;
        this.append(rows);
        if (isFirst) count += 1;
        this.onRows();
      }
    } catch {
      // The state says that the gateway is out of reach; scrolling or typing asks again.
    } finally {
      this.isReading = false;
    }
    if (run !== this.run && this.pattern) this.readOn();
  }

  append(rows) {
    const known = new Set(this.all().map((row) => row.conversationID));
    this.below = this.below.concat(rows.filter((row) => !known.has(row.conversationID)));
  }

  /** Pages do not follow changes: those that were read are read again. */
  readAgainSoon() {
    if (this.again) return;
    const { run } = this;
    this.again = setTimeout(async () => {
      this.again = 0;
      if (run !== this.run || this.isReading) return;
      const below = [];
      let after;
      const wanted = this.all().length;
      try {
        do {
          const { rows, next } = await this.client.list(this.tab.query, { limit: MOST, after });
          below.push(...rows);
          after = next;
        } while (after && below.length < wanted);
      } catch {
        return;
      }
      if (run !== this.run) return;
      const live = new Set(this.rows.map((row) => row.conversationID));
      this.below = below.filter((row) => !live.has(row.conversationID));
      this.next = after;
      this.onRows();
    }, LATER);
  }

  /** Shows a change at once for a row that no update will name. */
  amend(ids, change) {
    const named = new Set(ids);
    if (!this.below.some((row) => named.has(row.conversationID))) return;
    this.below = this.below.flatMap((row) => (named.has(row.conversationID) ? change(row) : [row]));
    this.onRows();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.again);
    this.run += 1;
    this.live.close();
  }
}
