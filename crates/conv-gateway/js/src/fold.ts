import { sum } from './sum.js';
import type { Patch, Row, SavedView, Totals, View } from './types.js';

/** An update as the gateway sends it. */
export interface Update {
  readonly type: 'reset' | 'patch' | 'sync';
  readonly rows?: readonly Row[];
  readonly order?: readonly string[];
  readonly patches?: readonly Patch[];
  readonly seq: number;
  readonly position?: string | null;
  readonly totals: Totals;
  readonly sum?: number;
}

export interface Folded {
  readonly view: View;
  readonly patches: readonly Patch[];
}

/** Freezes a value of JSON with all that is in it. */
export function freeze<T>(value: T): T {
  if (value && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}

export const EMPTY: View = freeze({
  rows: [],
  totals: { conversations: 0, unread: 0, unreadConversations: 0, mentioned: 0 },
  report: null,
  seq: 0,
  ready: false,
  position: null,
});

/** Returns the row that is held already, if the new one is equal. */
function keep(held: Row | undefined, row: Row): Row {
  return held && JSON.stringify(held) === JSON.stringify(row) ? held : freeze(row);
}

/** Takes the steps; returns undefined if one does not fit. */
function step(rows: Row[], patches: readonly Patch[]): Patch[] | undefined {
  const taken: Patch[] = [];
  for (const patch of patches) {
    const row = patch.type === 'remove' ? undefined : patch.row;
    const { conversationID } = row ?? (patch as { conversationID: string });
    const at = patch.type === 'move' ? patch.from : patch.index;
    let held: Row | undefined;
    if (patch.type !== 'insert') {
      [held] = rows.splice(at, 1);
      if (held?.conversationID !== conversationID) return;
    }
    if (!row) {
      taken.push(patch);
      continue;
    }
    const to = patch.type === 'move' ? patch.to : at;
    if (to > rows.length) return;
    const kept = keep(held, row);
    rows.splice(to, 0, kept);
    taken.push({ ...patch, row: kept } as Patch);
  }
  return taken;
}

/** Returns the state after an update; undefined if it does not fit, or if the sum is another one. */
export function fold(view: View, update: Update): Folded | undefined {
  let rows = [...view.rows];
  let patches: Patch[] | undefined = [];
  if (update.type === 'patch') {
    patches = step(rows, update.patches!);
    if (!patches) return;
  } else {
    const held = new Map(rows.map((row) => [row.conversationID, row]));
    const sent = update.rows!.map((row) => keep(held.get(row.conversationID), row));
    rows = sent;
    if (update.type === 'sync') {
      sent.forEach((row) => held.set(row.conversationID, row));
      rows = update.order!.map((id) => held.get(id)!);
      if (rows.some((row) => !row)) return;
    }
  }
  if (update.sum !== undefined && update.sum !== sum(rows.map((row) => row.conversationID))) return;
  const { totals, seq, position = null } = update;
  return { view: next(view, { rows, totals, seq, position, ready: true }), patches: freeze(patches) };
}

/** Returns a view with other members. */
export function next(view: View, members: Partial<View>): View {
  const made = { ...view, ...members };
  freeze(made.totals);
  Object.freeze(made.rows);
  return Object.freeze(made);
}

/** The view of an earlier run. */
export function restored(saved: SavedView): View {
  return next(EMPTY, { ...saved, rows: freeze(saved.rows), ready: true });
}
