// The events of the drop-in, against a scripted gateway and clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import TencentCloudChat from '../dist/sdk.js';
import { clock, json, report, reset, row, scripted, settle } from './scripted.js';

let number = 100;

async function begin(t, answers = {}) {
  const tick = clock(t);
  const gateway = scripted(answers);
  const chat = TencentCloudChat.create({ SDKAppID: ++number, gateway: 'http://gateway/v1', fetch: gateway.fetch });
  t.after(() => chat.destroy().catch(() => {}));
  const events = [];
  for (const name of Object.values(TencentCloudChat.EVENT)) chat.on(name, (event) => events.push([event.name, event.data]));
  await chat.login({ userID: 'alice', userSig: 'sig' });
  await settle();
  const line = gateway.lines[0];
  line.hello();
  line.update(0, { ...reset(['C2Ca', 'C2Cb'], 4), totals: { ...reset([]).totals, conversations: 2, unread: 3 } });
  await settle();
  const said = events.splice(0);
  return { ...gateway, chat, line, events, said, tick };
}

test('ready comes with the first rows, then the list and the total', async (t) => {
  const { chat, said, line, events } = await begin(t);
  assert.deepEqual(said.map(([name]) => name), ['sdkStateReady', 'onTotalUnreadMessageCountUpdated', 'onConversationListUpdated']);
  assert.equal(said[1][1], 3);
  assert.equal((await chat.getConversationList()).data.isSyncCompleted, false);
  line.send('report', { report });
  await settle();
  assert.deepEqual(events.map(([name]) => name), ['onConversationListUpdated'], 'the list is complete now');
  assert.equal((await chat.getConversationList()).data.isSyncCompleted, true);
});

test('a burst of updates is one event', async (t) => {
  const { line, events } = await begin(t);
  const totals = { ...reset([]).totals, conversations: 2, unread: 3 };
  const step = (seq) => `event: patch\ndata: ${JSON.stringify({ key: '0', type: 'patch', patches: [{ type: 'update', index: 0, row: row('C2Ca', { unreadCount: seq, markList: [], conversationGroupList: [], groupAtInfoList: [] }) }], seq, position: `e.${seq}`, totals })}\n\n`;
  line.raw([5, 6, 7, 8].map(step).join(''));
  await settle();
  assert.deepEqual(events.map(([name, data]) => [name, data[0].unreadCount]), [['onConversationListUpdated', 8]]);
});

test('a login that ends kicks the user out', async (t) => {
  const answers = {};
  const { chat, line, events, tick } = await begin(t, answers);
  answers['/login'] = () => json({ code: 70001, message: 'expired', class: 'auth' }, 401);
  line.send('bye', { reason: 'expired', retryAfterMs: 0 });
  await tick(1000);
  assert.deepEqual(events, [
    ['netStateChange', { state: 'connecting' }],
    ['kickedOut', { type: 'userSigExpired' }],
    ['sdkStateNotReady', undefined],
  ]);
  assert.equal(chat.isReady(), false);
  await assert.rejects(chat.getConversationList(), { code: 3004 });
});
