import type { Client, Options } from './types.js';
export type * from './types.js';
/** Returns a client of one user's list. It sends nothing before the first call or watch. */
export declare function connect(options: Options): Client;
