// The updates of the gateway, with the vectors that its own tests use.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random, source, vectors } from './support.js';

const { EMPTY, fold, next, restored } = await source('fold');
const { sum } = await source('sum');

const ids = (rows) => rows.map((row) => row.conversationID);
const clone = (value) => structuredClone(value);
const totals = EMPTY.totals;

test('sums are those of the vectors', () => {
  const { cases } = vectors('sums');
  assert.ok(cases.length > 5);
  for (const one of cases) assert.equal(sum(one.ids), one.sum, one.ids.join());
});

test('updates lead to the rows of the vectors', () => {
  let view = EMPTY;
  for (const { update, after } of vectors('updates').steps) {
    assert.notEqual(update.sum, undefined);
    const folded = fold(view, clone(update));
    assert.ok(folded, `seq ${update.seq} fits`);
    view = folded.view;
    assert.deepEqual(ids(view.rows), after);
    assert.deepEqual(view.totals, update.totals);
    assert.equal(view.seq, update.seq);
  }
});

test('resumes lead to the rows of the vectors', () => {
  const { held, resumes, misfits } = vectors('resumes');
  const of = (names) => next(EMPTY, { rows: names.map((name) => held.find((row) => row.conversationID === name)) });
  for (const { before, update, after } of resumes) {
    const folded = fold(of(before), clone(update));
    assert.deepEqual(ids(folded.view.rows), after);
    assert.equal(folded.view.position, update.position);
    for (const row of update.rows) assert.deepEqual(folded.view.rows.find((it) => it.conversationID === row.conversationID), row);
  }
  for (const { before, update } of misfits) assert.equal(fold(of(before), { totals, seq: 1, ...clone(update) }), undefined);
});

test('a step that does not fit changes nothing', () => {
  const { misfits } = vectors('updates');
  const all = new Map(vectors('rows').rows.map(({ row }) => [row.conversationID, row]));
  assert.ok(misfits.length > 5);
  for (const { rows, patch } of misfits) {
    const view = next(EMPTY, { rows: rows.map((id) => all.get(id)) });
    assert.equal(fold(view, { type: 'patch', patches: [clone(patch)], seq: 2, totals }), undefined, patch.type);
    assert.deepEqual(ids(view.rows), rows);
  }
});

test('another sum does not fit, and no sum does', () => {
  const [{ update }] = vectors('updates').steps;
  assert.equal(fold(EMPTY, { ...clone(update), sum: update.sum ^ 1 }), undefined);
  const { sum: _, ...without } = clone(update);
  assert.ok(fold(EMPTY, without));
});

test('rows are frozen, and keep their identity if they are unchanged', () => {
  const [{ update }] = vectors('updates').steps;
  const first = fold(EMPTY, clone(update)).view;
  assert.ok(first.rows.every((row) => Object.isFrozen(row) && Object.isFrozen(row.lastMessage)));
  assert.ok(Object.isFrozen(first) && Object.isFrozen(first.rows));
  const again = fold(first, clone(update)).view;
  again.rows.forEach((row, index) => assert.equal(row, first.rows[index]));

  const changed = clone(update);
  changed.rows[1].unreadCount += 1;
  const third = fold(again, changed).view;
  assert.notEqual(third.rows[1], first.rows[1]);
  assert.equal(third.rows[0], first.rows[0]);

  const moved = fold(first, { type: 'patch', patches: [{ type: 'move', from: 0, to: 2, row: clone(first.rows[0]) }], seq: 3, totals });
  assert.equal(moved.view.rows[2], first.rows[0]);
  assert.equal(moved.patches[0].row, first.rows[0]);
});

test('rows of a cache are frozen and ready', () => {
  const rows = clone(vectors('rows').rows.map(({ row }) => row));
  const view = restored({ rows, totals: clone(totals), position: 'a.1', seq: 3 });
  assert.ok(view.ready && Object.isFrozen(view.rows[0].lastMessage));
  assert.equal(view.position, 'a.1');
});

test('random patches, folded, are what the sender has', () => {
  const all = vectors('rows').rows.map(({ row }) => row);
  for (let seed = 1; seed <= 200; seed++) {
    const chance = random(seed);
    const below = (n) => Math.floor(chance() * n);
    let mine = [];
    let view = EMPTY;
    for (let seq = 1; seq <= 12; seq++) {
      const patches = [];
      for (let steps = below(4); steps > 0; steps--) {
        const absent = all.filter((row) => !mine.some((it) => it.conversationID === row.conversationID));
        const kind = below(4);
        if (kind === 0 && absent.length) {
          const row = absent[below(absent.length)];
          const index = below(mine.length + 1);
          mine.splice(index, 0, row);
          patches.push({ type: 'insert', index, row });
        } else if (!mine.length) {
          continue;
        } else if (kind === 1) {
          const index = below(mine.length);
          const [row] = mine.splice(index, 1);
          patches.push({ type: 'remove', index, conversationID: row.conversationID, reason: 'deleted' });
        } else {
          const from = below(mine.length);
          const to = kind === 2 ? from : below(mine.length);
          const row = { ...mine[from], unreadCount: below(3) };
          mine.splice(from, 1);
          mine.splice(to, 0, row);
          patches.push(kind === 2 ? { type: 'update', index: from, row } : { type: 'move', from, to, row });
        }
      }
      const update = { type: 'patch', patches: clone(patches), seq, totals, sum: sum(ids(mine)) };
      const folded = fold(view, update);
      assert.ok(folded, `seed ${seed}, seq ${seq}`);
      view = folded.view;
      assert.deepEqual(view.rows, mine, `seed ${seed}, seq ${seq}`);
      mine = [...view.rows];
    }
  }
});
