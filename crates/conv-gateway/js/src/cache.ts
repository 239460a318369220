import type { Cache, SavedView } from './types.js';

const STORE = 'views';

/** Keeps views in IndexedDB, in one object store with an entry per account. */
export function indexedDB(name = 'conv'): Cache {
  let opened: Promise<IDBDatabase> | undefined;

  function open(): Promise<IDBDatabase> {
    opened ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = globalThis.indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const database = request.result;
        // A newer page may change the database, and the browser may close it: the next call opens it again.
        database.onversionchange = () => database.close();
        database.onclose = () => (opened = undefined);
        resolve(database);
      };
    });
    opened.catch(() => (opened = undefined));
    return opened;
  }

  async function run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  return {
    load: (account) => run<Record<string, SavedView> | undefined>('readonly', (store) => store.get(account)),
    save: async (account, views) => void (await run('readwrite', (store) => store.put(views, account))),
    wipe: async (account) => void (await run('readwrite', (store) => store.delete(account))),
  };
}
