// The page's side of the client: one login, and one watch of all tabs.

import { connect } from './client.js';

/** What a stream takes. */
const MAX_QUERIES = 8;

/** Logs in; rejects if that is refused. The UserSig is handed over once and not kept. */
export async function open({ userID, userSig }) {
  let once = userSig;
  const client = connect({
    gateway: new URL('../v1', location.href.split('#')[0]).href,
    userID,
    getUserSig() {
      const sig = once;
      once = undefined;
      if (sig === undefined) throw new Error('the login has ended');
      return sig;
    },
  });
  try {
    await client.login();
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

/**
 * Watches the tabs, each for its totals, and the rows of the chosen one. Tabs beyond what a stream takes
 * have no totals until they are chosen.
 */
export class Tabs {
  constructor(client, onChange) {
    this.client = client;
    this.onChange = onChange;
    this.watch = null;
    this.keys = [];
  }

  /** Begins with other tabs, or another choice among them. */
  set(tabs, chosen, window) {
    const watched = tabs.slice(0, MAX_QUERIES);
    if (!watched.includes(chosen)) watched[MAX_QUERIES - 1] = chosen;
    const keys = watched.map((tab) => tab.key);
    if (this.watch && keys.length === this.keys.length && keys.every((key, at) => key === this.keys[at])) {
      for (const tab of watched) this.watch.setWindow(tab.key, tab === chosen ? window : 0);
      return;
    }
    this.close();
    this.keys = keys;
    const queries = watched.map((tab) => [tab.key, { query: tab.query, window: tab === chosen ? window : 0 }]);
    this.watch = this.client.watch(Object.fromEntries(queries));
    const { watch } = this;
    watch.onChange((update) => this.watch === watch && this.onChange(update));
  }

  view(key) {
    return this.watch?.views[key];
  }

  close() {
    this.watch?.close();
    this.watch = null;
  }
}
