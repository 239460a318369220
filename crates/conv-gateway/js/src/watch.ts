import { Feed, hear, type Fresh } from './feed.js';
import type { View, Watch, WatchQuery, WatchUpdate } from './types.js';

/** Updates that wait for a slow iterator. */
const MAX_WAITING = 1000;

/** Hands out the feeds of a client. */
export interface Feeds {
  join(query: WatchQuery, seed?: View): Feed;
  leave(feed: Feed): void;
}

interface Joined {
  readonly feed: Feed;
  readonly query: WatchQuery;
  readonly reader: (fresh: Fresh) => void;
}

export class Watching implements Watch {
  readonly views: Record<string, View> = {};
  private readonly joined = new Map<string, Joined>();
  private readonly handlers = new Set<(update: WatchUpdate) => void>();
  private readonly ends = new Set<() => void>();
  private isClosed = false;

  constructor(
    private readonly feeds: Feeds,
    queries: Record<string, WatchQuery>,
    private readonly onClose: (watch: Watching) => void,
  ) {
    try {
      for (const key of Object.keys(queries)) this.join(key, queries[key]!);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private join(key: string, query: WatchQuery, seed?: View): void {
    const feed = this.feeds.join(query, seed);
    const reader = (fresh: Fresh) => this.tell({ key, ...fresh });
    feed.readers.add(reader);
    this.joined.set(key, { feed, query, reader });
    this.views[key] = feed.view;
  }

  private leave(key: string): View {
    const { feed, reader } = this.joined.get(key)!;
    this.joined.delete(key);
    feed.readers.delete(reader);
    this.feeds.leave(feed);
    return feed.view;
  }

  private tell(update: WatchUpdate): void {
    this.views[update.key] = update.view;
    hear(this.handlers, update);
  }

  onChange(handler: (update: WatchUpdate) => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  setWindow(key: string, window: number): void {
    const joined = this.joined.get(key);
    if (!joined) throw new TypeError(`no query ${key}`);
    if (joined.query.window === window) return;
    this.join(key, { ...joined.query, window }, this.leave(key));
    this.tell({ key, type: 'reset', patches: [], view: this.views[key]! });
  }

  close(): void {
    this.isClosed = true;
    for (const key of [...this.joined.keys()]) this.leave(key);
    for (const end of [...this.ends]) end();
    this.handlers.clear();
    this.onClose(this);
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchUpdate> {
    let waiting: WatchUpdate[] = [];
    let wake: (() => void) | undefined;
    const ring = () => wake?.();
    const off = this.onChange((update) => {
      waiting.push(update);
      if (waiting.length > MAX_WAITING) {
        const all = Object.entries(this.views);
        waiting = all.map(([key, view]) => ({ key, type: 'reset', patches: [], view }));
      }
      ring();
    });
    this.ends.add(ring);
    let isEnded = false;
    const end = () => {
      isEnded = true;
      off();
      this.ends.delete(ring);
      ring();
    };
    return {
      next: async () => {
        while (isEnded || !waiting.length) {
          if (isEnded || this.isClosed) {
            end();
            return { done: true, value: undefined };
          }
          await new Promise<void>((resolve) => (wake = resolve));
        }
        return { done: false, value: waiting.shift()! };
      },
      return: async () => {
        end();
        return { done: true, value: undefined };
      },
    };
  }
}
