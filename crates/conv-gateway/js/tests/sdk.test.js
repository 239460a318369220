// The drop-in against a gateway: the samples of the SDK's page on conversation lists, and its events.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import TencentCloudChat from '../dist/sdk.js';
import { connect } from '../dist/index.js';
import { noGateway, startGateway, startProxy, until } from './support.js';

const SDKAppID = 1_400_000_000;

describe('the drop-in', { skip: noGateway }, () => {
  let gateway;
  let proxy;
  let chat;
  let other;
  const events = [];
  const heard = (name) => events.filter((event) => event.name === name);

  before(async () => {
    gateway = await startGateway();
    proxy = await startProxy(gateway.port);
    chat = TencentCloudChat.create({ SDKAppID, gateway: proxy.url });
    for (const name of [...Object.values(TencentCloudChat.EVENT), 'conv:patch']) chat.on(name, (event) => events.push(event));
    await chat.login({ userID: gateway.userID, userSig: gateway.userSig });
    await until(() => chat.isReady());
    await until(async () => (await chat.getConversationList()).data.isSyncCompleted);
    other = connect({ gateway: gateway.url, userID: gateway.userID, getUserSig: () => gateway.userSig });
  });
  after(async () => {
    await chat.destroy().catch(() => {});
    other.close();
    await proxy.close();
    await gateway.stop();
  });

  // The samples as they are printed, each in a function of its own; `promise` is theirs.
  describe('samples', () => {
    const console = { log: (it) => (console.said = it), warn: (...said) => assert.fail(said.join(' ')) };

    test('the whole list', async () => {
      let promise = chat.getConversationList();
      promise.then(function(imResponse) {
      // This full conversation list will overwrite the original conversation list.
      const conversationList = imResponse.data.conversationList;
      // Whether synchronizing the conversation list from the cloud is completed
      const isSyncCompleted = imResponse.data.isSyncCompleted;
      }).catch(function(imError){
      console.warn('getConversationList error:', imError); // Error information
      });
      const { conversationList: rows, isSyncCompleted: isWhole } = (await promise).data;
      assert.deepEqual([rows.length, isWhole], [100, true]);
    });

    test('specified conversations', async () => {
      const [conversationID1, conversationID2] = (await chat.getConversationList()).data.conversationList.map((row) => row.conversationID);
      // Get the list of specified conversations
      let promise = chat.getConversationList([conversationID1, conversationID2]);
      promise.then(function(imResponse) {
      // List of specified conversations that already exist in the cache
      const conversationList = imResponse.data.conversationList;
      }).catch(function(imError){
      console.warn('getConversationList error:', imError); // Error information
      });
      const said = (await promise).data.conversationList.map((row) => row.conversationID);
      assert.deepEqual(said.sort(), [conversationID1, conversationID2].sort());
    });

    test('group conversations', async () => {
      // Get all group conversations
      let promise = chat.getConversationList({ type: TencentCloudChat.TYPES.CONV_GROUP });
      promise.then(function(imResponse) {
      const conversationList = imResponse.data.conversationList; // Conversation list
      });
      const said = (await promise).data.conversationList;
      assert.ok(said.length > 10);
      assert.ok(said.every((row) => row.type === 'GROUP'));
    });

    test('favorites', async () => {
      const [{ conversationID }] = (await chat.getConversationList()).data.conversationList;
      await chat.markConversation({ conversationIDList: [conversationID], markType: TencentCloudChat.TYPES.CONV_MARK_TYPE_STAR, enableMark: true });
      await until(async () => (await chat.getConversationList([conversationID])).data.conversationList[0].markList.includes(1));
      // Obtain all conversations that are marked as "favorite"
      let promise = chat.getConversationList({ markType: TencentCloudChat.TYPES.CONV_MARK_TYPE_STAR });
      promise.then(function(imResponse) {
      const conversationList = imResponse.data.conversationList; // Conversation list
      });
      const said = (await promise).data.conversationList;
      assert.ok(said.some((row) => row.conversationID === conversationID));
      assert.ok(said.every((row) => row.markList.includes(1)));
    });

    test('a conversation group', async () => {
      // Obtain all conversations in a specified conversation group
      let promise = chat.getConversationList({ groupName: 'Suppliers' });
      promise.then(function(imResponse) {
      const conversationList = imResponse.data.conversationList; // Conversation list
      });
      const said = (await promise).data.conversationList;
      assert.ok(said.length > 0);
      assert.ok(said.every((row) => row.conversationGroupList.includes('Suppliers')));
    });

    test('a profile', async () => {
      const conversationID = (await chat.getConversationList({ type: 'C2C' })).data.conversationList[0].conversationID;
      let promise = chat.getConversationProfile(conversationID);
      promise.then(function(imResponse) {
      // Conversation profile obtained successfully
      console.log(imResponse.data.conversation); // Conversation profile
      }).catch(function(imError) {
      console.warn('getConversationProfile error:', imError); // Failed to obtain the conversation profile
      });
      await promise;
      assert.equal(console.said.conversationID, conversationID);
      assert.equal(console.said.userProfile.userID, conversationID.slice(3));
    });
  });

  test('events of the list, its totals and its steps', async () => {
    const row = (await chat.getConversationList({ type: 'C2C', hasUnreadCount: true })).data.conversationList[0];
    events.length = 0;
    await other.read(row.conversationID);
    await until(() => heard('onTotalUnreadMessageCountUpdated').length && heard('onConversationListUpdated').length);
    const list = heard('onConversationListUpdated').at(-1).data;
    assert.ok(Array.isArray(list) && list.length >= 100);
    assert.equal(list.find((it) => it.conversationID === row.conversationID).unreadCount, 0);
    await until(() => heard('onTotalUnreadMessageCountUpdated').at(-1).data === chat.getTotalUnreadMessageCount());
    assert.ok(heard('conv:patch').some(({ data }) => data.type === 'patch' && data.patches.length));
  });

  test('events of conversation groups', async () => {
    const { conversationID } = (await chat.getConversationList()).data.conversationList[5];
    events.length = 0;
    const { data } = await chat.createConversationGroup({ conversationIDList: [conversationID, 'x'], groupName: 'Fresh' });
    assert.deepEqual(data, { successConversationIDList: [conversationID], failureConversationIDList: [{ conversationID: 'x', code: 2500, message: '' }] });
    await until(() => heard('onConversationInGroupUpdated').some((it) => it.data.groupName === 'Fresh'));
    const { conversationList } = heard('onConversationInGroupUpdated').find((it) => it.data.groupName === 'Fresh').data;
    assert.deepEqual(conversationList.map((row) => row.conversationID), [conversationID]);
    await until(() => heard('onConversationGroupListUpdated').at(-1)?.data.includes('Fresh'));
    await chat.renameConversationGroup({ oldName: 'Fresh', newName: 'Stale' });
    await until(async () => (await chat.getConversationGroupList()).data.includes('Stale'));
    await chat.deleteConversationGroup('Stale');
    await until(() => heard('onConversationGroupListUpdated').at(-1).data.every((name) => name !== 'Stale' && name !== 'Fresh'));
  });

  test('the state of the network', async () => {
    events.length = 0;
    proxy.cut();
    await until(() => heard('netStateChange').at(-1)?.data.state === 'connected');
    assert.deepEqual(heard('netStateChange').map(({ data }) => data.state), ['disconnected', 'connecting', 'connected']);
  });

  test('handlers: context, once, off, and one that throws', async () => {
    const said = [];
    const context = { name: 'mine' };
    const handler = function handler() {
      said.push(this.name);
    };
    const one = () => said.push('once');
    const { error } = console;
    console.error = () => said.push('error');
    const bad = () => {
      throw new Error('mine');
    };
    chat.on('conv:patch', bad);
    chat.on('conv:patch', handler, context);
    chat.once('conv:patch', one);
    const { conversationID } = (await chat.getConversationList()).data.conversationList[0];
    const answer = await chat.setConversationDraft({ conversationID, draftText: 'a' });
    assert.equal(answer.data.conversation.draftText, 'a');
    await until(() => said.includes('mine'));
    chat.off('conv:patch', bad);
    chat.off('conv:patch', handler);
    const before = said.filter((it) => it === 'mine').length;
    const patches = heard('conv:patch').length;
    await chat.setConversationDraft({ conversationID, draftText: '' });
    await until(() => heard('conv:patch').length > patches);
    console.error = error;
    assert.equal(said.filter((it) => it === 'mine').length, before);
    assert.equal(said.filter((it) => it === 'once').length, 1);
    assert.ok(said.includes('error'));
  });

  test('other names of the SDK throw 3122; names that frameworks ask for do not', async () => {
    assert.throws(() => chat.sendMessage, { code: 3122, message: /sendMessage/ });
    assert.throws(() => chat.createTextMessage({}), { code: 3122 });
    assert.equal(await chat, chat);
    for (const name of ['then', 'toJSON', '__v_skip', '$$typeof', Symbol.iterator]) assert.equal(chat[name], undefined);
    assert.equal('sendMessage' in chat, false);
  });

  test('a login that is refused, and a login that ends', async () => {
    const mine = TencentCloudChat.create({ SDKAppID: 7, gateway: proxy.url });
    await assert.rejects(mine.login({ userID: gateway.userID, userSig: 'nonsense' }), (error) => error instanceof Error && error.code > 0 && typeof error.data === 'object');
    await assert.rejects(mine.getConversationList(), { code: 2024 });
    await mine.login({ userID: gateway.userID, userSig: gateway.userSig });
    await assert.rejects(mine.getConversationList(), { code: 3000 });
    await mine.logout();
    await assert.rejects(mine.getConversationList(), { code: 3005 });
    await mine.login({ userID: gateway.userID, userSig: gateway.userSig });
    await until(() => mine.isReady());
    await mine.destroy();
    assert.notEqual(TencentCloudChat.create({ SDKAppID: 7, gateway: proxy.url }), mine);
    assert.throws(() => TencentCloudChat.create({ SDKAppID: 8 }), TypeError);
  });
});
