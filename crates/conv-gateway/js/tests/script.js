// One script for the Chat SDK and for the drop-in: what each call says, as a short text.
import { until, pause } from './support.js';

const SDKAppID = 1_400_000_000;

function keys(value) {
  return `{${Object.keys(value).sort().join(', ')}}`;
}

function shown(value) {
  if (value === undefined) return 'undefined';
  if (Array.isArray(value)) return `${value.length} of ${[...new Set(value.map((it) => typeof it))].join() || 'nothing'}`;
  if (typeof value === 'number') return 'a number';
  if (value && typeof value === 'object') return keys(value);
  return JSON.stringify(value);
}

const hash = (text) => [...text].reduce((sum, char) => (Math.imul(sum, 31) + char.charCodeAt(0)) >>> 0, 0);

/** Returns what a call does: its answer, or its refusal; `at once` if it returned no promise. */
async function outcome(run, show = shown) {
  try {
    const answer = run();
    const isSync = !(answer instanceof Promise);
    const value = await answer;
    const data = value?.code === 0 && 'data' in value ? value.data : value;
    return (isSync ? 'at once: ' : '') + show(data);
  } catch (error) {
    return error.code === undefined ? `error without a code: ${error.message}` : `error ${error.code}`;
  }
}

/** Plays the script, and keeps the rows that it goes by; returns the outcomes by the names of the steps. */
export async function play(sdk, more) {
  const said = {};
  const events = [];
  const create = (options) => sdk.create({ gateway: more.gateway, ...options });
  const step = async (name, run, show) => (said[name] = await outcome(run, show));

  await step('create()', () => sdk.create());
  await step('create({})', () => create({}));
  const chat = create({ SDKAppID });
  chat.setLogLevel(4);
  const watched = ['sdkStateReady', 'sdkStateNotReady', 'sdkDestroy', 'onConversationListUpdated', 'onTotalUnreadMessageCountUpdated', 'netStateChange', 'error'];
  for (const name of watched) chat.on(name, (event) => events.push(event));
  const heard = (name) => events.filter((event) => event.name === name);

  await step('create, the same app', () => create({ SDKAppID: String(SDKAppID) }) === chat);
  await step('on', () => chat.on('x', () => {}));
  await step('isReady, before login', () => chat.isReady());
  await step('getLoginUser, before login', () => chat.getLoginUser());
  const early = ['getConversationList', 'getTotalUnreadMessageCount', 'getServerTime', 'pinConversation', 'setAllMessageRead', 'getConversationGroupList', 'deleteConversation', 'setConversationDraft', 'logout'];
  for (const name of early) await step(`${name}, before login`, () => chat[name]());
  said['the event error'] = keys(heard('error')[0].data);
  await step('login, without a user', () => chat.login({ userID: '', userSig: 'x' }));
  await step('login, without a UserSig', () => chat.login({ userID: 'user_0001', userSig: '' }));
  await step('login', () => chat.login({ userID: 'user_0001', userSig: more.userSig ?? 'x' }));
  await step('getConversationList, not ready', () => chat.getConversationList());
  await until(() => chat.isReady());
  await step('login, again', () => chat.login({ userID: 'user_0001', userSig: more.userSig ?? 'x' }));
  await until(async () => (await chat.getConversationList()).data.isSyncCompleted);
  await pause(300);
  said['events of a login'] = [...new Set(events.map((event) => event.name))].filter((name) => name !== 'error').sort().join(', ');
  said['onConversationListUpdated'] = shown(heard('onConversationListUpdated').at(-1).data);
  said['onTotalUnreadMessageCountUpdated'] = shown(heard('onTotalUnreadMessageCountUpdated').at(-1)?.data);
  await step('isReady', () => chat.isReady());
  await step('getLoginUser', () => chat.getLoginUser());
  await step('getServerTime', () => chat.getServerTime());
  await step('getTotalUnreadMessageCount', () => chat.getTotalUnreadMessageCount());

  const list = async (options) => (await chat.getConversationList(options)).data.conversationList;
  const all = await list();
  const [user, group] = ['C2C', 'GROUP'].map((type) => all.filter((row) => row.type === type));
  const id = user[0].conversationID;
  const ids = (rows) => rows.map((row) => row.conversationID).join(' ');
  said['order'] = ids(all);
  more.keep?.(structuredClone(all));
  const data = ({ conversationList, ...rest }) => `${keys({ conversationList, ...rest })}: ${conversationList.length} rows, ${hash(ids(conversationList))}`;
  const one = [user[0].conversationID, group[0].conversationID];
  const asked = {
    '()': undefined,
    '([])': [],
    '([ids])': [...one].reverse(),
    '([ids, unknown, malformed, number])': [one[0], one[0], 'C2Cnobody_at_all', 'x', '', 7],
    '({})': {},
    '(null)': null,
    "('C2C')": 'C2C',
    "({type: 'C2C'})": { type: 'C2C' },
    "({type: 'GROUP'})": { type: 'GROUP' },
    "({type: '@TIM#SYSTEM'})": { type: '@TIM#SYSTEM' },
    "({type: 'BAD'})": { type: 'BAD' },
    '({markType: 4})': { markType: 4 },
    "({markType: '1'})": { markType: '1' },
    "({groupName: 'unknown'})": { groupName: 'unknown' },
    '({groupName: 1})': { groupName: 1 },
    '({unknown: 1})': { unknown: 1 },
    "({type: 'GROUP', hasUnreadCount: true})": { type: 'GROUP', hasUnreadCount: true },
    "({type: 'GROUP', hasUnreadCount: false})": { type: 'GROUP', hasUnreadCount: false },
  };
  for (const [name, options] of Object.entries(asked)) await step(`getConversationList${name}`, () => chat.getConversationList(options), data);
  said['getConversationList, its array'] = (await list()) === (await list()) ? 'the same' : 'another';
  said['rows of users'] = Object.keys(user[0]).sort().join(', ');
  said['rows of groups'] = Object.keys(group[0]).sort().join(', ');
  said['a row, afterwards'] = Object.isFrozen(user[0]) ? 'never changes' : 'changes with the list';

  await step('getConversationProfile, of a row', () => chat.getConversationProfile(id));
  await step('getConversationProfile, malformed', () => chat.getConversationProfile('x'));
  await step('getConversationProfile, a number', () => chat.getConversationProfile(1));
  await step('pinConversation', () => chat.pinConversation({ conversationID: id, isPinned: true }));
  await step('pinConversation, malformed', () => chat.pinConversation({ conversationID: 'x', isPinned: true }));
  await step('pinConversation, without isPinned', () => chat.pinConversation({ conversationID: id }));
  await step('setMessageRead', () => chat.setMessageRead({ conversationID: group[0].conversationID }));
  await step('setMessageRead, unknown', () => chat.setMessageRead({ conversationID: 'C2Cnobody_at_all' }));
  await step('setMessageRead, malformed', () => chat.setMessageRead({ conversationID: 'x' }));
  await step('setAllMessageRead, another scope', () => chat.setAllMessageRead({ scope: 'x' }));
  await step('setAllMessageRead, of groups', () => chat.setAllMessageRead({ scope: 'readAllGroupMessage' }));
  const failed = ({ failureConversationIDList: list, ...rest }) => `${keys({ ...rest, list })}, ${list.map((it) => `${it.conversationID}: ${it.code}`).sort().join(' ')}`;
  await step('setConversationCustomData, with unknown and malformed', () => chat.setConversationCustomData({ conversationIDList: [id, 'C2Cnobody_at_all', 'x'], customData: 'd' }), failed);
  await step('setConversationCustomData, of none', () => chat.setConversationCustomData({ conversationIDList: [], customData: 'd' }));
  await step('setConversationDraft', () => chat.setConversationDraft({ conversationID: id, draftText: 'd' }));
  await step('setConversationDraft, malformed', () => chat.setConversationDraft({ conversationID: 'x', draftText: 'd' }));
  await step('markConversation, of none', () => chat.markConversation({ conversationIDList: [], markType: 1, enableMark: true }));
  await step('createConversationGroup, of none', () => chat.createConversationGroup({ conversationIDList: [], groupName: 'A' }));
  await step('createConversationGroup, without a name', () => chat.createConversationGroup({ conversationIDList: [id], groupName: '' }));
  await step('deleteConversationGroup, a number', () => chat.deleteConversationGroup(1));
  await step('deleteConversation', () => chat.deleteConversation(user[1].conversationID));
  await step('deleteConversation, with an unknown one', () => chat.deleteConversation({ conversationIDList: [group[1].conversationID, 'C2Cnobody_at_all'] }), (it) => `${keys(it)}, ${it.conversationIDList.join()}`);
  await step('deleteConversation, unknown', () => chat.deleteConversation('C2Cnobody_at_all'));
  await step('deleteConversation, malformed', () => chat.deleteConversation('x'));
  await step('deleteConversation, of none', () => chat.deleteConversation({ conversationIDList: [] }));
  await step('pinConversation, unknown', () => chat.pinConversation({ conversationID: 'C2Cnobody_at_all', isPinned: true }));
  await step('setLogLevel', () => chat.setLogLevel(4));
  await step('registerPlugin', () => chat.registerPlugin({}));
  await step('sendMessage', () => chat.sendMessage);

  await step('logout', () => chat.logout());
  said['events of a logout'] = heard('sdkStateNotReady').length;
  for (const name of ['getConversationList', 'getTotalUnreadMessageCount', 'isReady', 'getLoginUser']) await step(`${name}, after logout`, () => chat[name]());
  await step('destroy, after logout', () => chat.destroy());
  said['events of a destroy'] = heard('sdkDestroy').map(({ data }) => keys(data)).join();
  await step('create, after destroy', () => create({ SDKAppID }) !== chat);
  for (const kind of ['EVENT', 'TYPES']) said[kind] = Object.entries(sdk[kind]);
  return said;
}
