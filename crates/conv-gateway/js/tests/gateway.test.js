// The client against a gateway on an emulator, whose world lives on while it is watched.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import 'fake-indexeddb/auto';
import { indexedDB as inBrowser } from '../dist/cache.js';
import { connect } from '../dist/index.js';
import { noGateway, pause, startGateway, startProxy, until, vectors } from './support.js';

const ids = (rows) => rows.map((row) => row.conversationID);

/** Waits until a view is what a list call answers at the same position. */
async function same(client, watch, key, query, window) {
  await until(async () => {
    const list = await client.list(query, { limit: Math.max(window, 1) });
    const { rows, totals, position } = watch.views[key];
    if (list.position !== position) return false;
    assert.deepEqual(rows, list.rows.slice(0, window));
    assert.deepEqual(totals, list.totals);
    return true;
  }, `${key} is what the list is`);
}

describe('against a gateway', { skip: noGateway }, () => {
  let gateway;
  let proxy;
  const clients = [];

  const open = (options) => {
    const { userID, userSig } = gateway;
    const client = connect({ gateway: proxy.url, userID, getUserSig: () => userSig, ...options });
    clients.push(client);
    return client;
  };

  before(async () => {
    gateway = await startGateway('--calls-per-minute', '100000', '--cloud-calls-per-minute', '10000');
    proxy = await startProxy(gateway.port);
  });
  after(async () => {
    clients.forEach((client) => client.close());
    await proxy.close();
    await gateway.stop();
  });

  test('windows follow the list, and agree with it', async () => {
    const [client, other] = [open(), open()];
    const queries = { main: { window: 30 }, unread: { query: { hasUnreadCount: true }, window: 5 }, badge: { query: { type: 'C2C' }, window: 0 } };
    const watch = client.watch(queries);
    await until(() => watch.views.main.report?.coverage === 'complete' && client.state === 'live');
    const id = watch.views.main.rows[9].conversationID;
    const held = watch.views.main.rows[2];
    await other.pin(id, true);
    await until(() => watch.views.main.rows.find((row) => row.conversationID === id).isPinned);
    assert.ok(watch.views.main.rows.includes(held) || !ids(watch.views.main.rows).includes(held.conversationID), 'others keep their identity');
    for (let n = 0; n < 10; n++) await other.mark([watch.views.main.rows[n].conversationID], 1, n % 2 === 0);
    for (const [key, { query = null, window }] of Object.entries(queries)) await same(client, watch, key, query, window);
    assert.deepEqual([client.counts.lines, client.counts.misfits], [1, 0]);
    watch.setWindow('main', 50);
    await until(() => watch.views.main.rows.length === 50);
    await same(client, watch, 'main', null, 50);
    watch.setWindow('main', 10);
    await until(() => client.counts.lines === 3 && client.state === 'live');
    await same(client, watch, 'main', null, 10);
    watch.close();
  });

  test('cuts: each line goes on from where it was, and all agrees in the end', async () => {
    const client = open();
    const watch = client.watch({ main: { window: 40 }, groups: { query: { type: 'GROUP' }, window: 10 } });
    await until(() => watch.views.main.ready && watch.views.main.report);
    const direct = open({ gateway: gateway.url });
    for (let turn = 0; turn < 6; turn++) {
      const lines = client.counts.lines;
      proxy.cut();
      await direct.pin(watch.views.main.rows[20 + turn].conversationID, turn % 2 === 0);
      await until(() => client.counts.lines > lines && client.state === 'live', 'the line is back');
    }
    await same(client, watch, 'main', null, 40);
    await same(client, watch, 'groups', { type: 'GROUP' }, 10);
    const { resets, misfits, lines } = client.counts;
    assert.deepEqual({ resets, misfits }, { resets: 2, misfits: 0 }, 'no rows are sent again');
    assert.ok(lines >= 7);
    watch.close();
  });

  test('a gateway that refuses connections: offline, then live', async () => {
    const client = open();
    const states = [];
    client.on('state', (state) => states.push(state));
    const watch = client.watch({ main: { window: 5 } });
    await until(() => client.state === 'live');
    proxy.isRefusing = true;
    proxy.cut();
    await until(() => client.state === 'offline');
    await pause(300);
    proxy.isRefusing = false;
    await until(() => client.state === 'live');
    assert.equal(client.counts.resets, 1);
    watch.close();
  });

  test('long polls say the same', async () => {
    const client = open({ transport: 'longpoll' });
    const watch = client.watch({ main: { window: 20 }, unread: { query: { hasUnreadCount: true }, window: 3 } });
    await until(() => watch.views.main.ready && watch.views.unread.ready);
    const id = watch.views.main.rows[12].conversationID;
    await client.draft(id, 'soon');
    await until(() => watch.views.main.rows.find((row) => row.conversationID === id)?.draftText === 'soon');
    await client.draft(id, null);
    proxy.cut();
    await until(() => watch.views.main.rows.find((row) => row.conversationID === id)?.draftText === '');
    await same(client, watch, 'main', null, 20);
    assert.equal(client.counts.misfits, 0);
    watch.close();
  });

  test('an iterator sees each update', async () => {
    const client = open();
    const watch = client.watch({ main: { window: 5 } });
    const seen = [];
    for await (const update of watch) {
      seen.push(update.type);
      if (update.type === 'reset') void client.draft(update.view.rows[0].conversationID, `d${Date.now()}`);
      if (update.type === 'patch') break;
    }
    assert.equal(seen[0], 'reset');
    assert.equal(seen.at(-1), 'patch');
    watch.close();
  });

  test('pages hold the whole list once, and keys that are refused say so', async () => {
    const client = open();
    const rows = [];
    let after;
    do {
      const page = await client.list(null, { limit: 33, after });
      rows.push(...page.rows);
      after = page.next ?? undefined;
    } while (after);
    assert.equal(new Set(ids(rows)).size, rows.length);
    assert.equal(rows.length, (await client.list()).totals.conversations);
    for (const key of vectors('page-keys').refused) await assert.rejects(client.list(null, { limit: 3, after: key }), { code: 990007, status: 400 }, key);
  });

  test('changes answer what became of each conversation', async () => {
    const client = open();
    const [one, two] = ids((await client.list({ type: 'C2C' }, { limit: 2 })).rows);
    const answer = await client.mark([one, 'C2Cnobody_at_all', two], 2, true);
    assert.deepEqual(answer.successConversationIDList, [one, two]);
    assert.deepEqual(answer.failureConversationIDList.map(({ conversationID, code }) => [conversationID, code]), [['C2Cnobody_at_all', 2500]]);
    assert.match(answer.position, /^[0-9a-f]{16}\.\d+$/);
    await client.createGroup('Ours', [one]);
    assert.ok((await client.groups()).includes('Ours'));
    await client.addToGroup('Ours', [two]);
    await until(async () => (await client.list({ groupName: 'Ours' })).rows.length === 2);
    await client.removeFromGroup('Ours', [one]);
    await client.renameGroup('Ours', 'Theirs');
    await until(async () => ids((await client.list({ groupName: 'Theirs' })).rows).join() === two);
    await client.deleteGroup('Theirs');
    assert.ok(!(await client.groups()).includes('Theirs'));
    await client.customData([two], 'vip');
    assert.equal((await client.profile(two)).customData, 'vip');
    const read = await client.read('all');
    assert.ok(read.successConversationIDList.length > 0);
    await client.remove([two]);
    assert.ok(!ids((await client.list()).rows).includes(two));
    await assert.rejects(client.pin('C2Cnobody_at_all', true), { code: 2500, class: 'not_found', status: 404 });
    await assert.rejects(client.list({ nonsense: 1 }), { class: 'invalid_argument', status: 400 });
  });

  test('a change is listed until it is over, and only one that failed is retried', async () => {
    const client = open();
    const [one] = ids((await client.list({ type: 'C2C', isPinned: false }, { limit: 1 })).rows);
    await client.pin(one, true);
    const { changes } = await client.pendingChanges();
    const mine = changes.find(({ change }) => change.conversationID === one && change.type === 'pin');
    assert.deepEqual([mine.change.isPinned, typeof mine.number, mine.failure], [true, 'number', undefined]);
    const retried = await client.retry([mine.number]);
    assert.deepEqual([retried.successNumberList, retried.failureNumberList[0].code], [[], 990012]);
    const dropped = await client.drop([mine.number, 999_999]);
    assert.equal(dropped.failureNumberList.at(-1).number, 999_999);
  });

  test('a refresh is reached', async () => {
    const client = open();
    const watch = client.watch({ main: { window: 1 } });
    await until(() => watch.views.main.report);
    const { mark } = await client.refresh();
    await until(() => watch.views.main.report.reachedMark >= mark);
    watch.close();
  });

  test('a UserSig that is refused ends in `expired`', async () => {
    const client = open({ getUserSig: () => 'nonsense' });
    const errors = [];
    client.on('error', (error) => errors.push(error));
    client.watch({ main: { window: 1 } });
    await until(() => client.state === 'expired');
    assert.deepEqual([errors[0].class, errors[0].status], ['auth', 401]);
    await assert.rejects(client.list(), { class: 'auth' });
  });

  test('a cache shows the rows of the last run, and the gateway sends only what changed', async () => {
    const cache = inBrowser();
    const first = open({ cache });
    const watch = first.watch({ main: { window: 20 } });
    await until(() => watch.views.main.report);
    await until(async () => (await cache.load(gateway.userID))?.['[null,20]']?.rows.length === 20);
    first.close();

    const second = open({ cache });
    const again = second.watch({ main: { window: 20 } });
    const types = [];
    again.onChange((update) => types.push(update.type));
    await until(() => again.views.main.report);
    assert.equal(types[0], 'cache');
    assert.equal(second.counts.resets, 0);
    assert.ok(Object.isFrozen(again.views.main.rows[0].lastMessage));
    await same(second, again, 'main', null, 20);
    await second.logout({ wipe: true });
    assert.equal(await cache.load(gateway.userID), undefined);
  });
});

test('a gateway that is killed and comes back: the line goes on', { skip: noGateway }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'conv-js-'));
  const options = ['--store', folder];
  let gateway = await startGateway(...options);
  const proxy = await startProxy(gateway.port);
  const client = connect({ gateway: proxy.url, userID: gateway.userID, getUserSig: () => gateway.userSig });
  t.after(async () => {
    client.close();
    await proxy.close();
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const watch = client.watch({ main: { window: 30 } });
  await until(() => watch.views.main.report?.coverage === 'complete');
  const epoch = watch.views.main.position.split('.')[0];
  await gateway.stop('SIGKILL');
  await until(() => client.state === 'offline');
  gateway = await startGateway(...options);
  proxy.port = gateway.port;
  await until(() => client.state === 'live', 'live again', 30_000);
  await until(() => watch.views.main.report?.coverage === 'complete');
  await same(client, watch, 'main', null, 30);
  assert.equal(client.counts.misfits, 0);
  if (watch.views.main.position.startsWith(epoch)) assert.equal(client.counts.resets, 1, 'no rows are sent again');
});
