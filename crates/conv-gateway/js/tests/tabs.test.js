// Several tabs of a browser, in one process: they share one line, and any of them may go.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { json, report, reset, row, scripted, stream } from './scripted.js';
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
  delete globalThis.addEventListener;
  delete globalThis.document;
  delete globalThis.navigator;
});

function open(gateway, queries = { main: { window: 3 } }) {
  const controller = new AbortController();
  const options = { ...gateway.options, userID: `user${number}`, signal: controller.signal };
  const window = new EventTarget();
  globalThis.addEventListener = window.addEventListener.bind(window);
  const client = connect(oneLine(options));
  const errors = [];
  client.on('error', (error) => errors.push(error));
  const tab = { client, window, errors, watch: client.watch(queries), close: () => controller.abort() };
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

const windows = (line) => Object.values(line.call.body.queries).map(({ window }) => window).sort();

test('a tab that goes takes its queries with it, and asks again if it comes back', async () => {
  const gateway = scripted({});
  const one = open(gateway);
  await begun(gateway);
  await until(() => ids(one));
  const two = open(gateway, { main: { window: 7 } });
  await until(() => gateway.lines.length === 2);
  await begun(gateway);
  await until(() => two.client.state === 'live');
  assert.deepEqual(windows(gateway.lines[1]), [3, 7]);
  two.window.dispatchEvent(new Event('pagehide'));
  await pause(50);
  gateway.lines[1].end();
  await until(() => gateway.lines.length === 3);
  assert.deepEqual(windows(gateway.lines[2]), [3]);
  await begun(gateway);
  await until(() => one.client.state === 'live');
  two.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  await until(() => gateway.lines.length === 4);
  assert.deepEqual(windows(gateway.lines[3]), [3, 7]);
});

test('a tab that says nothing for three heartbeats is gone; one that answers stays', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  t.after(() => mock.timers.reset());
  const gateway = scripted({});
  const one = open(gateway);
  await begun(gateway);
  await until(() => ids(one));
  const channel = new BroadcastChannel(`conv http://gateway/v1/ user${number}`);
  t.after(() => channel.close());
  const heard = [];
  channel.onmessage = ({ data }) => data.id === 'silent' && heard.push(data);
  channel.postMessage({ type: 'open', id: 'silent', queries: { 0: { query: null, window: 7 } } });
  await until(() => gateway.lines.length === 2);
  await begun(gateway);
  await until(() => heard.some(({ text }) => text?.includes('hello')));
  for (let beat = 1; beat <= 3; beat++) {
    mock.timers.tick(20_000);
    await pause(30);
    assert.equal(heard.filter(({ text }) => text === ':\n\n').length, beat);
  }
  mock.timers.tick(20_000);
  await until(() => heard.at(-1).type === 'end');
  assert.match(heard.at(-2).text, /^event: bye/);
  gateway.lines[1].end();
  await until(() => gateway.lines.length === 3);
  assert.deepEqual(windows(gateway.lines[2]), [3], 'the other answered');
  assert.equal(one.errors.length, 1, 'the line that was ended here');
});

test('a refused query is refused to its own tab alone, with its code', async () => {
  const opened = [];
  const answers = {
    '/conversations/stream': (call) => {
      if (JSON.stringify(call.body).includes('nonsense')) return json({ code: 990007, message: 'no such member', class: 'invalid_argument' }, 400);
      opened.push(Object.assign(stream(call.signal), { call }));
      return opened.at(-1).response;
    },
  };
  const gateway = { ...scripted(answers), lines: opened };
  const good = open(gateway);
  await begun(gateway);
  await until(() => ids(good));
  const [other, bad] = [open(gateway, { main: { window: 7 } }), open(gateway, { main: { query: { nonsense: 1 }, window: 3 } })];
  await until(() => bad.errors.length);
  assert.deepEqual([bad.errors[0].code, bad.errors[0].class, bad.errors[0].status], [990007, 'invalid_argument', 400]);
  // Which of the two was refused, only a line of their own says.
  const greeted = new Set([opened[0]]);
  await until(() => {
    for (const line of opened.filter((it) => !it.isGone && !greeted.has(it))) {
      greeted.add(line);
      line.hello();
      line.update(0, reset(['C2Cq'], 9));
    }
    return ids(good) === 'C2Cq' && ids(other) === 'C2Cq';
  });
  assert.deepEqual([good, other, bad].map(({ client }) => client.state), ['live', 'live', 'offline']);
  await pause(100);
  assert.deepEqual([good, other, bad].map(({ errors }) => errors.length), [0, 0, 1]);
});

test('what the gateway says to the tab that leads, all tabs hear, and wait as it asks', async () => {
  const STREAM = '/conversations/stream';
  const answers = { [STREAM]: () => json({ code: 2996, message: 'slow', class: 'rate_limited' }, 429, { 'Retry-After': '1' }) };
  const gateway = scripted(answers);
  const both = [open(gateway), open(gateway, { main: { window: 7 } })];
  await until(() => both.every(({ errors }) => errors.length));
  for (const { errors, client } of both) {
    assert.deepEqual([errors[0].code, errors[0].status, errors[0].class, errors[0].retryAfterMs], [2996, 429, 'rate_limited', 1000]);
    assert.equal(client.state, 'offline');
  }
  const asked = gateway.to(STREAM).length;
  assert.ok(asked <= 2, `${asked} requests`);
  delete answers[STREAM];
  await pause(700);
  assert.equal(gateway.to(STREAM).length, asked, 'not before');
  await until(() => gateway.lines.length);
  await begun(gateway);
  await until(() => both.some(({ client }) => client.state === 'live'));
});

test('a line that is live and then refused: the tabs hear the refusal, not an end', async () => {
  const STREAM = '/conversations/stream';
  const answers = {};
  const gateway = scripted(answers);
  const one = open(gateway);
  await begun(gateway);
  await until(() => ids(one));
  answers[STREAM] = () => json({ code: 2996, message: 'slow', class: 'rate_limited' }, 429, { 'Retry-After': '1' });
  // The line is opened again for the second tab.
  const two = open(gateway, { main: { window: 7 } });
  await until(() => one.errors.length && two.errors.length);
  assert.deepEqual([one, two].map(({ errors }) => errors.map(({ code }) => code)), [[2996], [2996]]);
  assert.deepEqual(ids(one), 'C2Ca,C2Cb', 'the rows stay');
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
