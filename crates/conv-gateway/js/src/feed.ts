import { EMPTY, fold, freeze, next, type Folded, type Update } from './fold.js';
import type { Query, Report, View, WatchUpdate } from './types.js';

export type Fresh = Omit<WatchUpdate, 'key'>;

/** Calls all handlers, also if one of them throws. */
export function hear<T>(handlers: Iterable<(it: T) => void>, it: T): void {
  for (const handler of [...handlers]) {
    try {
      handler(it);
    } catch (error) {
      console.error(error);
    }
  }
}

/** One query with its window, for all its watches. */
export class Feed {
  view: View = EMPTY;
  /** Where the gateway goes on from: that of the newest update, or later. */
  position: string | null = null;
  readonly readers = new Set<(fresh: Fresh) => void>();

  constructor(
    /** The query and its window as text. */
    readonly id: string,
    readonly query: Query,
    readonly window: number,
  ) {}

  /** Begins with what another window of the query shows. */
  seed(view: View): void {
    // A narrower window is a part of the rows, so the gateway can go on from there.
    const isWhole = view.rows.length >= Math.min(this.window, view.totals.conversations);
    this.position = isWhole ? view.position : null;
    this.view = next(view, { rows: view.rows.slice(0, this.window), position: this.position });
  }

  /** Takes an update; returns false if it does not fit. */
  take(update: Update): boolean {
    const folded: Folded | undefined = fold(this.view, update);
    this.position = folded ? folded.view.position : null;
    if (folded) this.show({ type: update.type, ...folded });
    return !!folded;
  }

  report(report: Report): void {
    this.show({ type: 'report', patches: [], view: next(this.view, { report: freeze(report) }) });
  }

  show(fresh: Fresh): void {
    this.view = fresh.view;
    hear(this.readers, fresh);
  }

  /** What a stream goes on from. */
  get from(): { position: string; conversations: number } | undefined {
    const { position, view } = this;
    return position ? { position, conversations: view.totals.conversations } : undefined;
  }
}
