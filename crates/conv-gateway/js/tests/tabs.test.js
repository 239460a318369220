// Several tabs of a browser, in one process: they share one line, and any of them may go.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { report, reset, row, scripted } from './scripted.js';
import { pause, until } from './support.js';
import { connect } from '../dist/index.js';
import { oneLine } from '../dist/tabs.js';

/** Locks as a browser has them, of one name. */
function locks() {
  const waiting = [];
  let isHeld = false;
  async function next() {
    if (isHeld || !waiting.length) return;
    isHeld = true;
    const { run, resolve } = waiting.shift();
    await run();
    isHeld = false;
    resolve();
    void next();
  }
  return {
    request: (name, { signal }, run) =>
      new Promise((resolve, reject) => {
        const entry = { run, resolve };
        waiting.push(entry);
        signal.addEventListener('abort', () => {
          const at = waiting.indexOf(entry);
          if (at >= 0) reject(waiting.splice(at, 1) && signal.reason);
        });
        void next();
      }),
  };
}

let page;
let tabs;
let number = 0;

beforeEach(() => {
  page = Object.assign(new EventTarget(), { hidden: false });
  Object.defineProperty(globalThis, 'navigator', { value: { locks: locks() }, configurable: true });
  globalThis.document = page;
  tabs = [];
  number++;
});
afterEach(async () => {
  tabs.forEach((tab) => tab.close());
  await pause(20);
  delete globalThis.document;
  delete globalThis.navigator;
});

function open(gateway, queries = { main: { window: 3 } }) {
  const controller = new AbortController();
  const options = { ...gateway.options, userID: `user${number}`, signal: controller.signal };
  const client = connect(oneLine(options));
  const tab = { client, watch: client.watch(queries), close: () => controller.abort() };
  tabs.push(tab);
  return tab;
}

const ids = (tab) => tab.watch.views.main.rows.map((it) => it.conversationID).join();

async function begun(gateway) {
  const line = await until(() => gateway.lines.at(-1) && !gateway.lines.at(-1).isGone && gateway.lines.at(-1));
  line.hello();
  line.update(0, reset(['C2Ca', 'C2Cb'], 4));
  line.send('report', { report });
  return line;
}

test('two tabs have one line, and both see each update', async () => {
  const gateway = scripted({});
  const [one, two] = [open(gateway), open(gateway)];
  const line = await begun(gateway);
  await until(() => ids(one) === 'C2Ca,C2Cb' && ids(two) === 'C2Ca,C2Cb');
  await until(() => two.watch.views.main.report?.coverage === 'complete');
  const held = two.watch.views.main.rows[1];
  line.update(0, { type: 'patch', patches: [{ type: 'update', index: 0, row: row('C2Ca', { unreadCount: 5 }) }], seq: 5, position: 'e.5', totals: reset(['C2Ca', 'C2Cb']).totals });
  await until(() => [one, two].every((tab) => tab.watch.views.main.rows[0].unreadCount === 5));
  assert.equal(two.watch.views.main.rows[1], held);
  assert.deepEqual([one, two].map(({ client }) => client.state), ['live', 'live']);
  assert.equal(gateway.lines.length, 1);
  const late = open(gateway);
  await until(() => ids(late) === 'C2Ca,C2Cb' && late.watch.views.main.report);
  assert.equal(gateway.lines.length, 1);
});

test('another tab takes the line over when the one that had it goes', async () => {
  const gateway = scripted({});
  const [one, two] = [open(gateway), open(gateway)];
  await begun(gateway);
  await until(() => ids(one) && ids(two));
  const states = [];
  two.client.on('state', (state) => states.push(state));
  one.close();
  const line = await until(() => gateway.lines.length === 2 && gateway.lines[1]);
  assert.equal(gateway.lines[0].isGone, true);
  line.hello();
  line.update(0, reset(['C2Cz'], 9));
  await until(() => ids(two) === 'C2Cz');
  assert.deepEqual(states, ['connecting', 'live'], 'never offline');
});

test('a line that is lost makes all tabs offline, and comes back for all', async () => {
  const gateway = scripted({});
  const [one, two] = [open(gateway), open(gateway)];
  const line = await begun(gateway);
  await until(() => ids(one) && ids(two));
  const states = [];
  two.client.on('state', (state) => states.push(state));
  line.end();
  await until(() => states.includes('offline'));
  await until(() => gateway.lines.length > 1);
  await begun(gateway);
  await until(() => one.client.state === 'live' && two.client.state === 'live');
});

test('a tab whose queries are too many for the line has its own', async () => {
  const gateway = scripted({});
  const many = (from) => Object.fromEntries([0, 1, 2, 3, 4].map((n) => [`q${from + n}`, { window: from + n }]));
  open(gateway, many(10));
  await until(() => gateway.lines.length === 1);
  open(gateway, many(20));
  await until(() => gateway.lines.length === 2);
  assert.equal(gateway.lines[0].isGone, false);
  assert.deepEqual(gateway.lines.map(({ call }) => Object.keys(call.body.queries).length), [5, 5]);
});

test('while no tab leads each has its own line', async () => {
  page.hidden = true;
  const gateway = scripted({});
  const one = open(gateway);
  await begun(gateway);
  await until(() => ids(one) === 'C2Ca,C2Cb');
  open(gateway);
  await until(() => gateway.lines.length === 2);
});

test('a browser without locks is left alone', () => {
  delete globalThis.navigator;
  const options = { gateway: 'x', userID: 'y' };
  assert.equal(oneLine(options), options);
});
