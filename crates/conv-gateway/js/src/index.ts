import { ListClient } from './client.js';
import type { Client, Options } from './types.js';

export type * from './types.js';

/** Returns a client of one user's list. It sends nothing before the first call or watch. */
export function connect(options: Options): Client {
  return new ListClient(options);
}

/** @internal For the drop-in, which shares this file. */
export { ListClient } from './client.js';
/** @internal */
export { asRefusal } from './http.js';
