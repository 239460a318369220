import type { Cache } from './types.js';
/** Keeps views in IndexedDB, in one object store with an entry per account. */
export declare function indexedDB(name?: string): Cache;
