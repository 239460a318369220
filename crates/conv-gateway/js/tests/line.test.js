// What the client does when a line fails, is silent or lies: against a scripted gateway and clock.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { clock, json, login, report, reset, row, scripted, settle, stream } from './scripted.js';
import { connect } from '../dist/index.js';

const STREAM = '/conversations/stream';
const ids = (view) => view.rows.map((it) => it.conversationID);

function watching(t, answers = {}, options = {}, queries = { main: { window: 3 } }) {
  const tick = clock(t);
  const gateway = scripted(answers);
  const client = connect({ ...gateway.options, ...options });
  t.after(() => client.close());
  const states = [];
  const errors = [];
  client.on('state', (state) => states.push(state));
  client.on('error', (error) => errors.push(error));
  const watch = client.watch(queries);
  const updates = [];
  watch.onChange((update) => updates.push(update));
  return { ...gateway, client, watch, updates, states, errors, tick };
}

test('one line for all watches, with keys of their own', async (t) => {
  const { client, watch, lines, updates, states } = watching(t, {}, {}, { a: { window: 3 }, b: { query: { hasUnreadCount: true }, window: 0 } });
  const other = client.watch({ mine: { window: 3 } });
  await settle();
  assert.equal(lines.length, 1);
  assert.deepEqual(lines[0].call.body.queries, { 0: { query: null, window: 3 }, 1: { query: { hasUnreadCount: true }, window: 0 } });
  lines[0].hello();
  lines[0].update(0, reset(['C2Ca', 'C2Cb']));
  await settle();
  assert.deepEqual(ids(watch.views.a), ['C2Ca', 'C2Cb']);
  assert.equal(other.views.mine, watch.views.a);
  assert.deepEqual(states, ['live']);
  assert.deepEqual(updates.map(({ key, type }) => [key, type]), [['a', 'reset']]);
  lines[0].send('report', { report, isSyncCompleted: true });
  await settle();
  assert.equal(watch.views.b.report.coverage, 'complete');
  assert.throws(() => client.watch(Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((window) => [window, { window: window + 10 }]))), RangeError);
  await settle();
  assert.equal(lines.length, 1, 'what was refused is not watched');
});

test('a line that is cut goes on from where it was, after a random pause', async (t) => {
  mock.method(Math, 'random', () => 0.5);
  t.after(() => mock.restoreAll());
  const { lines, watch, states, tick, to } = watching(t);
  await settle();
  lines[0].hello();
  lines[0].update(0, reset(['C2Ca'], 4));
  lines[0].raw('id: e.9\n:\n\n');
  await settle();
  lines[0].end();
  await settle();
  assert.deepEqual(states, ['live', 'offline']);
  assert.equal(lines.length, 1, 'not at once');
  await tick(250);
  assert.equal(lines.length, 2);
  assert.deepEqual(lines[1].call.body.queries[0].from, { position: 'e.9', conversations: 1 });
  for (const pause of [500, 1000, 2000, 4000, 8000, 15000, 15000]) {
    const before = lines.length;
    lines.at(-1).end();
    await settle();
    await tick(pause - 250);
    assert.equal(lines.length, before);
    await tick(250);
    assert.equal(lines.length, before + 1, `after ${pause}`);
  }
  // One that lived for a while counts as a success.
  lines.at(-1).hello();
  await tick(6000);
  lines.at(-1).end();
  await tick(250);
  assert.equal(to(STREAM).length, 10);
  assert.deepEqual(ids(watch.views.main), ['C2Ca']);
});

test('Retry-After and retryAfterMs win', async (t) => {
  let refuse = true;
  const answers = { [STREAM]: ({ signal }) => (refuse ? json({ code: 2996, message: 'slow', class: 'rate_limited' }, 429, { 'Retry-After': '7' }) : stream(signal).response) };
  const { tick, to, errors, lines } = watching(t, answers);
  await tick(6900);
  assert.equal(to(STREAM).length, 1);
  assert.deepEqual([errors[0].code, errors[0].status, errors[0].retryAfterMs], [2996, 429, 7000]);
  globalThis.dispatchEvent?.(new Event('online'));
  refuse = false;
  delete answers[STREAM];
  await tick(200);
  assert.equal(to(STREAM).length, 2);
  lines[0].hello();
  lines[0].send('bye', { reason: 'drain', retryAfterMs: 3000 });
  await tick(2900);
  assert.equal(to(STREAM).length, 2);
  await tick(200);
  assert.equal(to(STREAM).length, 3);
});

test('a silent line is dead after two and a half heartbeats', async (t) => {
  const { lines, tick } = watching(t);
  await settle();
  lines[0].hello();
  for (let beat = 0; beat < 5; beat++) {
    await tick(20_000);
    lines[0].raw(':\n\n');
  }
  await tick(49_000);
  assert.equal(lines[0].isGone, false);
  await tick(1500);
  assert.equal(lines[0].isGone, true);
  assert.equal(lines.length, 2);
});

test('a wrong sum: one reset at once, then with pauses', async (t) => {
  mock.method(Math, 'random', () => 0.999);
  t.after(() => mock.restoreAll());
  const { client, lines, watch, tick } = watching(t);
  await settle();
  lines[0].hello();
  lines[0].update(0, reset(['C2Ca'], 4));
  lines[0].update(0, { ...reset(['C2Ca', 'C2Cb'], 5), sum: 1 });
  await settle();
  assert.equal(lines.length, 2);
  assert.equal(lines[1].call.body.queries[0].from, undefined);
  assert.deepEqual(ids(watch.views.main), ['C2Ca'], 'what was right stays');
  assert.equal(client.counts.misfits, 1);
  lines[1].hello();
  lines[1].update(0, { ...reset(['C2Ca'], 6), sum: 1 });
  await tick(750);
  assert.equal(lines.length, 2, 'backs off');
  await tick(500);
  assert.equal(lines.length, 3);
  lines[2].hello();
  lines[2].update(0, reset(['C2Cb'], 7));
  await settle();
  assert.deepEqual(ids(watch.views.main), ['C2Cb']);
  assert.equal(client.counts.misfits, 2);
});

/** Ends each line at once, until the client sees a loop. */
async function loop(lines) {
  lines[0].hello();
  lines[0].update(0, reset(['C2Ca'], 4));
  await settle();
  for (let turn = 0; turn < 20; turn++) {
    if (!lines.at(-1).isGone) lines.at(-1).send('bye', { reason: 'age', retryAfterMs: 0 });
    lines.at(-1).isGone = true;
    await settle();
    mock.timers.tick(1);
    await settle();
  }
}

test('five requests from one place in half a second are a loop', async (t) => {
  const { lines, tick } = watching(t);
  await settle();
  await loop(lines);
  assert.ok(lines.length <= 6, `${lines.length} lines`);
  await tick(60_000);
  assert.equal(lines[5].call.body.queries[0].from, undefined, 'from nothing');
  assert.deepEqual(lines[4].call.body.queries[0].from, { position: 'e.4', conversations: 1 });
});

test('a client that is closed in a pause stays closed', async (t) => {
  const { client, lines, states } = watching(t);
  await settle();
  await loop(lines);
  client.close();
  await settle();
  assert.deepEqual([client.state, states.at(-1)], ['closed', 'closed']);
});

test('at once when the network comes back or the page is seen again', async (t) => {
  mock.method(Math, 'random', () => 0.999);
  const page = Object.assign(new EventTarget(), { hidden: false });
  const network = new EventTarget();
  const known = { document: page, addEventListener: network.addEventListener.bind(network), removeEventListener: network.removeEventListener.bind(network) };
  Object.assign(globalThis, known);
  t.after(() => {
    mock.restoreAll();
    for (const name of Object.keys(known)) delete globalThis[name];
  });
  const { client, lines, tick } = watching(t);
  await settle();
  lines[0].end();
  await settle();
  network.dispatchEvent(new Event('online'));
  await settle();
  assert.equal(lines.length, 2);
  lines[1].hello();
  lines[1].update(0, reset(['C2Ca'], 4));

  // A hidden page keeps its line for five minutes.
  page.hidden = true;
  page.dispatchEvent(new Event('visibilitychange'));
  for (let beat = 0; beat < 14; beat++) {
    await tick(20_000);
    lines[1].raw(':\n\n');
  }
  assert.equal(lines[1].isGone, false);
  await tick(21_000);
  assert.equal(lines[1].isGone, true);
  await tick(60_000);
  assert.equal(lines.length, 2);
  assert.equal(client.state, 'offline');
  page.hidden = false;
  page.dispatchEvent(new Event('visibilitychange'));
  await settle();
  assert.equal(lines.length, 3);
  assert.deepEqual(lines[2].call.body.queries[0].from, { position: 'e.4', conversations: 1 });
});

test('a token that is renewed on the line is used by calls', async (t) => {
  const { client, lines, to } = watching(t, { '/conversations/refresh': () => json({ mark: 3 }) });
  await settle();
  lines[0].hello();
  lines[0].send('renew', { accessToken: 'token2', expiresAt: Date.now() / 1000 + 900 });
  await settle();
  assert.deepEqual(await client.refresh(), { mark: 3 });
  assert.equal(to('/conversations/refresh')[0].headers.Authorization, 'Bearer token2');
  assert.equal(to('/login').length, 1);
});

test('bye: expired logs in; a login that is refused ends in `expired`', async (t) => {
  const answers = {};
  const { client, lines, states, errors, to, tick } = watching(t, answers);
  await settle();
  lines[0].hello();
  lines[0].send('bye', { reason: 'expired', retryAfterMs: 0 });
  await tick(250);
  assert.equal(to('/login').length, 2);
  assert.equal(lines.length, 2);
  lines[1].hello();
  answers['/login'] = () => json({ code: 70001, message: 'expired', class: 'auth' }, 401);
  lines[1].send('bye', { reason: 'expired', retryAfterMs: 0 });
  await tick(60_000);
  assert.equal(client.state, 'expired');
  assert.deepEqual([errors[0].code, errors.length], [70001, 1]);
  assert.deepEqual(states, ['live', 'connecting', 'live', 'connecting', 'expired']);
  delete answers['/login'];
  await client.login();
  await settle();
  assert.equal(lines.length, 3);
});

test('long polls: updates, 204, and no hurry where the answer is early', async (t) => {
  const waiting = [];
  const answers = { '/conversations/changes': ({ signal }) => new Promise((resolve, reject) => (waiting.push(resolve), signal.addEventListener('abort', () => reject(signal.reason)))) };
  const { watch, to, tick, updates, client } = watching(t, answers, { transport: 'longpoll' });
  await settle();
  assert.deepEqual(to('/conversations/changes')[0].body, { query: null, window: 3, wait: 25 });
  waiting.shift()(json({ ...reset(['C2Ca'], 4), state: { report } }));
  await settle();
  assert.deepEqual(ids(watch.views.main), ['C2Ca']);
  assert.deepEqual(updates.map(({ type }) => type), ['reset', 'report']);
  assert.deepEqual(to('/conversations/changes')[1].body, { query: null, window: 3, position: 'e.4', conversations: 1, wait: 25 });
  waiting.shift()(json(null, 204));
  await tick(900);
  assert.equal(to('/conversations/changes').length, 2);
  await tick(250);
  assert.equal(to('/conversations/changes').length, 3);
  const patch = { type: 'patch', patches: [{ type: 'update', index: 0, row: row('C2Ca', { unreadCount: 2 }) }], seq: 5, position: 'e.5', totals: reset(['C2Ca']).totals };
  waiting.shift()(json({ ...patch, state: { report } }));
  await settle();
  assert.equal(watch.views.main.rows[0].unreadCount, 2);
  assert.deepEqual(updates.map(({ type }) => type), ['reset', 'report', 'patch']);
  assert.equal(client.state, 'live');
});

test('a proxy that holds streams back: long polls after two tries', async (t) => {
  const { tick, to, lines } = watching(t, { '/conversations/changes': () => new Promise(() => {}) });
  await tick(60_000);
  assert.equal(lines.length, 2);
  assert.ok(to('/conversations/changes').length >= 1);
});

test('a change is repeated with its key until it is answered; the next has another', async (t) => {
  let failures = 3;
  const pin = () => {
    if (failures === 3) return failures--, Promise.reject(new TypeError('network'));
    if (failures) return failures--, json({ code: 2800, message: 'busy', class: 'transient' }, 503, { 'Retry-After': '1' });
    return json({ conversationID: 'C2Ca', position: 'e.1' });
  };
  const { client, to, tick } = watching(t, { '/conversations/pin': pin });
  const answer = client.pin('C2Ca', true);
  await tick(4000);
  assert.deepEqual(await answer, { successConversationIDList: ['C2Ca'], failureConversationIDList: [], position: 'e.1' });
  const keys = to('/conversations/pin').map(({ headers }) => headers['Idempotency-Key']);
  assert.equal(keys.length, 4);
  assert.equal(new Set(keys).size, 1);
  await client.pin('C2Ca', true);
  assert.notEqual(to('/conversations/pin')[4].headers['Idempotency-Key'], keys[0]);
});

test('a call with a refused token logs in once and is sent again', async (t) => {
  let good = 'token2';
  const refresh = ({ headers }) => (headers.Authorization === `Bearer ${good}` ? json({ mark: 1 }) : json({ code: 70003, message: 'no', class: 'auth' }, 401));
  let logins = 0;
  const answers = { '/conversations/refresh': refresh, '/login': () => json(login({ accessToken: `token${++logins}` })) };
  const { client, to } = watching(t, answers, {}, {});
  assert.deepEqual(await Promise.all([client.refresh(), client.refresh()]), [{ mark: 1 }, { mark: 1 }]);
  assert.equal(logins, 2);
  good = 'none';
  await assert.rejects(client.refresh(), { code: 70003, status: 401, class: 'auth', name: 'GatewayError' });
  assert.equal(to('/login').length, 3);
});

test('what is refused for good is not tried again', async (t) => {
  const { client, to } = watching(t, { '/conversations/pin': () => json({ code: 2500, message: 'none', class: 'not_found', instance: 'i1' }, 404) });
  await assert.rejects(client.pin('C2Cx', true), { code: 2500, status: 404, class: 'not_found', instance: 'i1' });
  assert.equal(to('/conversations/pin').length, 1);
});

test('signals end calls; close ends all', async (t) => {
  const never = ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { client, watch, lines, states, tick } = watching(t, { '/conversations/refresh': never });
  await settle();
  const controller = new AbortController();
  const call = client.refresh({ signal: controller.signal });
  await settle();
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  const other = client.refresh();
  const iterated = (async () => {
    for await (const _ of watch);
    return 'over';
  })();
  await settle();
  client.close();
  await assert.rejects(other, { code: 2905, class: 'cancelled' });
  assert.equal(await iterated, 'over');
  assert.equal(lines[0].isGone, true);
  assert.deepEqual([client.state, states], ['closed', ['closed']]);
  assert.throws(() => client.watch({ a: { window: 1 } }), { code: 2905 });
  await assert.rejects(client.refresh(), { code: 2905 });
  await tick(60_000);
  assert.deepEqual(states, ['closed'], 'for good');
});

test('an iterator that falls behind gets the newest view', async (t) => {
  const { lines, watch } = watching(t);
  await settle();
  lines[0].hello();
  const updates = watch[Symbol.asyncIterator]();
  for (let seq = 1; seq <= 1005; seq++) lines[0].update(0, reset(['C2Ca'], seq));
  await settle();
  const first = (await updates.next()).value;
  assert.equal(first.type, 'reset');
  assert.ok(first.view.seq >= 1001);
  await updates.return();
  assert.deepEqual(await updates.next(), { done: true, value: undefined });
});

test('a narrower window goes on, a wider one begins again and shows what there is', async (t) => {
  const { lines, watch, updates } = watching(t);
  await settle();
  lines[0].hello();
  lines[0].update(0, { ...reset(['C2Ca', 'C2Cb', 'C2Cc'], 4), totals: { ...reset([]).totals, conversations: 9 } });
  await settle();
  watch.setWindow('main', 2);
  await settle();
  assert.deepEqual(ids(updates.at(-1).view), ['C2Ca', 'C2Cb']);
  assert.deepEqual(lines[1].call.body.queries[0], { query: null, window: 2, from: { position: 'e.4', conversations: 9 } });
  const held = watch.views.main.rows[0];
  watch.setWindow('main', 5);
  await settle();
  assert.deepEqual(lines[2].call.body.queries[0], { query: null, window: 5 });
  assert.equal(watch.views.main.rows[0], held);
  assert.equal(lines[1].isGone, true);
  watch.close();
  await settle();
  assert.equal(lines[2].isGone, true);
});

test('pages, and a condition with a time beside a page', async (t) => {
  const asked = [];
  const { client } = watching(t, { '/conversations/list': ({ body }) => (asked.push(body), json({ conversationList: [row('C2Ca')], next: null })) }, {}, {});
  const { rows } = await client.list();
  assert.ok(Object.isFrozen(rows[0]));
  await client.list(['C2Ca']);
  await client.list(['C2Ca'], { limit: 2 });
  await client.list({ type: 'C2C' }, { limit: 2, after: 'v2-1' });
  await client.list({ after: 5 }, { after: 'v2-1' });
  assert.deepEqual(asked, [{}, { conversationIDList: ['C2Ca'] }, { conversationIDList: ['C2Ca'], limit: 2 }, { type: 'C2C', limit: 2, after: 'v2-1' }, { all: [{ after: 5 }], after: 'v2-1' }]);
});

test('more than 100 conversations are several calls', async (t) => {
  const sizes = [];
  const mark = ({ body: { conversationIDList: list } }) => (sizes.push(list.length), json({ successConversationIDList: list.slice(1), failureConversationIDList: [{ conversationID: list[0], code: 2500, message: '' }], position: `e.${sizes.length}` }));
  const { client } = watching(t, { '/conversations/mark': mark }, {}, {});
  const answer = await client.mark(Array.from({ length: 250 }, (_, n) => `C2C${n}`), 1, true);
  assert.deepEqual(sizes, [100, 100, 50]);
  assert.equal(answer.successConversationIDList.length, 247);
  assert.deepEqual(answer.failureConversationIDList.map((it) => it.conversationID), ['C2C0', 'C2C100', 'C2C200']);
  assert.equal(answer.position, 'e.3');
});

test('"read all" asks once for a kind that the gateway does not read, and then no more', async (t) => {
  const all = ['C2Ca', 'GROUP1', 'GROUP2', 'C2Cb', 'GROUP3', 'C2Cc'];
  const read = ({ body: { conversationID: id } }) => {
    if (id[0] === 'G') return json({ code: 3122, message: 'no groups', class: 'unsupported' }, 501);
    if (id === 'C2Cb') return json({ code: 2500, message: 'none', class: 'not_found' }, 404);
    return json({ position: 'e.1' });
  };
  const answers = { '/conversations/list': () => json({ conversationList: all.map((id) => row(id)), next: null }), '/conversations/read': read };
  const { client, to } = watching(t, answers, {}, {});
  const asked = () => to('/conversations/read').map(({ body }) => body.conversationID).sort();
  const answer = await client.read('all');
  assert.deepEqual(asked().filter((id) => id[0] === 'C'), ['C2Ca', 'C2Cb', 'C2Cc']);
  assert.equal(asked().length, 4, 'one of three groups');
  assert.deepEqual([...answer.successConversationIDList].sort(), ['C2Ca', 'C2Cc']);
  const failed = answer.failureConversationIDList.map(({ conversationID, code, message }) => `${conversationID} ${code} ${message}`);
  assert.deepEqual(failed.sort(), ['C2Cb 2500 none', 'GROUP1 3122 no groups', 'GROUP2 3122 no groups', 'GROUP3 3122 no groups']);
  const again = await client.read('all');
  assert.equal(asked().length, 7, 'no group');
  assert.equal(again.failureConversationIDList.length, 4);
  await assert.rejects(client.read('GROUP1'), { code: 3122 });
  assert.equal(asked().length, 8, 'what is asked for by itself is sent');
});

test('a read and a deletion say what a window shows, and nothing of other conversations', async (t) => {
  const read = () => json({ position: 'e.1' });
  const remove = ({ body: { conversationIDList } }) => json({ conversationIDList, position: 'e.1' });
  const { client, lines, to } = watching(t, { '/conversations/read': read, '/conversations/delete': remove, '/conversations/mark': read });
  await settle();
  lines[0].hello();
  const update = reset(['C2Ca', 'C2Cb', 'C2Cc', 'C2Cd'], 4);
  lines[0].update(0, { ...update, rows: [row('C2Ca', { lastMessage: { lastTime: 70, messageTime: 60 } }), row('C2Cb', { lastMessage: {} }), row('C2Cc', { lastMessage: { lastTime: 70, messageTime: 80 } }), row('C2Cd', { lastMessage: { messageTime: 9 } })] });
  await settle();
  for (const id of ['C2Ca', 'C2Cb', 'C2Cc', 'C2Cd']) await client.read(id);
  assert.deepEqual(to('/conversations/read').map(({ body }) => body.until), [70, 0, 80, 9]);
  await client.read('C2Cz');
  assert.deepEqual(to('/conversations/read').at(-1).body, { conversationID: 'C2Cz' });
  const many = Array.from({ length: 100 }, (_, n) => `C2C${n}`);
  await client.remove([...many, 'C2Ca', 'C2Cb']);
  assert.deepEqual(to('/conversations/delete').map(({ body }) => body.seen), [{}, { C2Ca: 70, C2Cb: 0 }]);
  await client.mark(['C2Ca'], 1, true);
  assert.ok(!('seen' in to('/conversations/mark')[0].body));
});

test('changes that are not over: listed, retried, dropped', async (t) => {
  const changes = [{ number: 7, change: { type: 'pin', conversationID: 'C2Ca', isPinned: true }, state: 'failed', attempts: 2, failure: { class: 'cloud', code: 51012, message: 'no' } }];
  const done = ({ body: { numbers } }) => json({ successNumberList: numbers.slice(1), failureNumberList: [{ number: numbers[0], code: 990012, message: 'no such change' }], position: 'e.2' });
  const { client, to } = watching(t, { '/changes': () => json({ changes, position: 'e.1' }), '/changes/retry': done, '/changes/drop': done }, {}, {});
  assert.deepEqual(await client.pendingChanges(), { changes, position: 'e.1' });
  assert.equal(to('/changes')[0].body, undefined);
  assert.deepEqual((await client.retry([7, 8])).successNumberList, [8]);
  assert.deepEqual((await client.drop([7])).failureNumberList, [{ number: 7, code: 990012, message: 'no such change' }]);
  const sent = [...to('/changes/retry'), ...to('/changes/drop')];
  assert.deepEqual(sent.map(({ path, body }) => [path, body.numbers]), [['/changes/retry', [7, 8]], ['/changes/drop', [7]]]);
  assert.equal(new Set(sent.map(({ headers }) => headers['Idempotency-Key'])).size, 2);
});

test('a token that was handed over is used, and renewed without a UserSig', async (t) => {
  const answers = { '/conversations/refresh': () => json({ mark: 1 }) };
  const accessToken = { token: 'given', expiresAt: 1_775_000_100 };
  const { client, calls, tick } = watching(t, answers, { accessToken, getUserSig: undefined }, {});
  await client.refresh();
  assert.deepEqual(calls.map(({ path }) => path), ['/conversations/refresh']);
  assert.equal(calls[0].headers.Authorization, 'Bearer given');
  await tick(80_000);
  await client.refresh();
  assert.deepEqual(calls.slice(1).map(({ path }) => path), ['/login/renew', '/conversations/refresh']);
  assert.equal(calls[1].headers.Authorization, 'Bearer given');
});

test('a getUserSig without a UserSig ends in `expired`; one that did not reach its server is asked again', async (t) => {
  let thrown = new TypeError('network');
  const getUserSig = () => {
    if (thrown) throw thrown;
    return 'sig';
  };
  const { client, tick, lines, errors } = watching(t, {}, { getUserSig });
  await settle();
  assert.deepEqual([client.state, errors[0].code, errors[0].class], ['offline', 2800, 'transient']);
  thrown = new Error('signed out');
  await tick(1000);
  assert.equal(client.state, 'expired');
  assert.deepEqual([errors.at(-1).code, errors.at(-1).class], [70001, 'auth']);
  await tick(60_000);
  thrown = undefined;
  await client.login();
  await settle();
  assert.equal(lines.length, 1);
});

test('a query that the gateway refuses is not asked again and again', async (t) => {
  const answers = { [STREAM]: () => json({ code: 990007, message: 'no such member', class: 'invalid_argument' }, 400) };
  const { client, watch, tick, to, errors } = watching(t, answers, {}, { main: { query: { nonsense: 1 }, window: 3 } });
  await tick(120_000);
  assert.equal(to(STREAM).length, 1);
  assert.deepEqual([errors[0].code, client.state], [990007, 'offline']);
  delete answers[STREAM];
  watch.close();
  client.watch({ main: { window: 3 } });
  await settle();
  assert.equal(to(STREAM).length, 2);
});

test('a refused query parks the line for the others only until its watch is closed', async (t) => {
  const refuse = ({ body, signal }, given) =>
    JSON.stringify(body).includes('nonsense') ? json({ code: 990007, message: 'no such member', class: 'invalid_argument' }, 400) : given(signal);
  const opened = [];
  const open = (signal) => (opened.push(stream(signal)), opened.at(-1).response);
  const { client, watch, tick, to } = watching(t, { [STREAM]: (call) => refuse(call, open) });
  await settle();
  const other = client.watch({ b: { query: { nonsense: 1 }, window: 3 } });
  await tick(120_000);
  assert.deepEqual([to(STREAM).length, client.state], [2, 'offline']);
  other.close();
  await settle();
  assert.equal(to(STREAM).length, 3);
  opened[1].hello();
  opened[1].update(0, reset(['C2Ca']));
  await settle();
  assert.deepEqual([client.state, ids(watch.views.main)], ['live', ['C2Ca']]);
});

test('a refusal that comes after its watch was closed does not park the line', async (t) => {
  for (const transport of ['stream', 'longpoll']) {
    await t.test(transport, async (t) => {
      const refusals = [];
      const refused = () => json({ code: 990007, message: 'no such member', class: 'invalid_argument' }, 400);
      const answer = ({ body }) => new Promise((resolve) => JSON.stringify(body).includes('nonsense') && refusals.push(() => resolve(refused())));
      const { client, watch, tick, to } = watching(t, { [STREAM]: answer, '/conversations/changes': answer }, { transport });
      const other = client.watch({ b: { query: { nonsense: 1 }, window: 3 } });
      await settle();
      other.close();
      const before = to(STREAM).length + to('/conversations/changes').length;
      refusals.forEach((refuse) => refuse());
      await tick(600);
      const asked = [...to(STREAM), ...to('/conversations/changes')];
      assert.equal(asked.length, before + 1);
      assert.ok(!JSON.stringify(asked.at(-1).body).includes('nonsense'));
      watch.close();
      client.close();
    });
  }
});

test('a page of a proxy in place of a line is tried again', async (t) => {
  mock.method(Math, 'random', () => 0.5);
  t.after(() => mock.restoreAll());
  const answers = { [STREAM]: () => new Response('<html>not found', { status: 404 }) };
  const { client, tick, to, lines, errors } = watching(t, answers);
  await tick(5000);
  assert.ok(to(STREAM).length > 1);
  assert.deepEqual([errors[0].class, errors[0].status, client.state], ['transient', 404, 'offline']);
  delete answers[STREAM];
  await tick(15_000);
  lines[0].hello();
  await settle();
  assert.equal(client.state, 'live');
});

test('a UserSig that never comes: signals and close end what waits for it', async (t) => {
  let asked = 0;
  const { client, watch } = watching(t, {}, { getUserSig: () => (asked++, new Promise(() => {})) });
  await settle();
  const ended = [];
  const end = (name) => (error) => ended.push([name, error.name === 'AbortError' ? error.name : error.code]);
  const controller = new AbortController();
  client.refresh({ signal: controller.signal }).catch(end('call'));
  client.login({ signal: controller.signal }).catch(end('login'));
  client.refresh().catch(end('other call'));
  client.login().catch(end('other login'));
  await settle();
  assert.deepEqual(ended, []);
  controller.abort();
  await settle();
  assert.deepEqual(ended.sort(), [['call', 'AbortError'], ['login', 'AbortError']]);
  ended.length = 0;
  client.close();
  await settle();
  assert.deepEqual(ended.sort(), [['other call', 2905], ['other login', 2905]]);
  ended.length = 0;
  client.refresh().catch(end('late call'));
  client.login().catch(end('late login'));
  await settle();
  assert.deepEqual(ended.sort(), [['late call', 2905], ['late login', 2905]]);
  assert.equal(asked, 1);
  assert.equal(watch.views.main.ready, false);
});

test('a UserSig that does not come within a minute is asked for again', async (t) => {
  mock.method(Math, 'random', () => 0.999);
  t.after(() => mock.restoreAll());
  const waiting = [];
  const { client, tick, lines, errors, to } = watching(t, {}, { getUserSig: () => new Promise((resolve) => waiting.push(resolve)) });
  await tick(59_750);
  assert.deepEqual([waiting.length, errors.length, client.state], [1, 0, 'connecting']);
  await tick(500);
  assert.deepEqual([errors[0].code, errors[0].class, client.state], [2800, 'transient', 'offline']);
  await tick(1000);
  assert.equal(waiting.length, 2);
  waiting[0]('late');
  await settle();
  assert.equal(to('/login').length, 0, 'a late one is not used');
  waiting[1]('sig');
  await settle();
  assert.equal(lines.length, 1);
  assert.equal(to('/login')[0].body.userSig, 'sig');
});

test('a handler that throws harms neither the line nor other handlers', async (t) => {
  const said = [];
  mock.method(console, 'error', (error) => said.push(error.message));
  t.after(() => mock.restoreAll());
  const { client, lines, watch, updates } = watching(t);
  watch.onChange(() => {
    throw new Error('mine');
  });
  const after = [];
  watch.onChange((update) => after.push(update.type));
  await settle();
  lines[0].hello();
  lines[0].update(0, reset(['C2Ca']));
  await settle();
  assert.deepEqual([said, after, updates.length, client.state], [['mine'], ['reset'], 1, 'live']);
  assert.equal(lines.length, 1);
});

test('an answer of a proxy is a failure that passes', async (t) => {
  let status;
  const answers = { '/conversations/refresh': () => new Response('<html>sorry', { status }) };
  const { client, tick, to } = watching(t, answers, {}, {});
  for (status of [502, 404]) {
    const before = to('/conversations/refresh').length;
    const failed = assert.rejects(client.refresh(), { class: 'transient', status, code: 2800 });
    await tick(60_000);
    await failed;
    assert.equal(to('/conversations/refresh').length, before + 5);
  }
});

test('a fetch that does not hear the signal once its answer has begun', async (t) => {
  const begun = [];
  const answers = { [STREAM]: (call) => (begun.push(Object.assign(stream(), { call })), begun.at(-1).response) };
  const { client, watch, states } = watching(t, answers);
  await settle();
  begun[0].hello();
  begun[0].update(0, reset(['C2Ca', 'C2Cb'], 4));
  await settle();
  watch.setWindow('main', 1);
  await settle();
  assert.equal(begun[0].isGone, true);
  assert.equal(begun.length, 2, 'at once');
  assert.equal(begun[1].call.body.queries[0].window, 1);
  assert.deepEqual(states, ['live', 'connecting']);
  client.close();
});
