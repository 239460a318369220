import { asRefusal, ListClient } from './index.js';
import { EVENT, TYPES } from './names.js';
import type { BatchAnswer, Options, Row, State, Watch, WatchUpdate } from './types.js';

/** The version of the SDK that this follows. */
const VERSION = '3.6.6';
/** More than a plan of the cloud has. */
const ALL = 500;

const NO_LOGIN = 2024;
const NOT_FOUND = 2500;
const LOGGING_IN = 3000;
const SIG_EXPIRED = 3004;
const LOGGED_OUT = 3005;
const UNSUPPORTED = 3122;

export interface Answer<T> {
  code: 0;
  data: T;
}

/** An error of the SDK's kind. */
export interface ChatError extends Error {
  code: number;
  data: object;
}

export interface CreateOptions extends Pick<Options, 'fetch' | 'cache' | 'transport' | 'shared'> {
  SDKAppID: number | string;
  /** The address of the gateway with its version: `https://example.com/v1`. */
  gateway: string;
}

export interface ListOptions {
  type?: string;
  markType?: number;
  groupName?: string;
  hasUnreadCount?: boolean;
  hasGroupAtInfo?: boolean;
}

export interface EventData {
  sdkStateReady: undefined;
  sdkStateNotReady: undefined;
  sdkDestroy: { SDKAppID: number };
  onConversationListUpdated: Row[];
  onTotalUnreadMessageCountUpdated: number;
  onConversationGroupListUpdated: string[];
  onConversationInGroupUpdated: { groupName: string; conversationList: Row[] };
  kickedOut: { type: 'userSigExpired' };
  netStateChange: { state: 'connected' | 'connecting' | 'disconnected' };
  error: { code: number; message: string };
  /** Ours: the steps of an update. */
  'conv:patch': WatchUpdate;
}

export type Handler<E extends keyof EventData> = (event: { name: E; data: EventData[E] }) => void;

type Batch = Pick<BatchAnswer, 'successConversationIDList' | 'failureConversationIDList'>;
type One = { conversationID: string };
type Some = { conversationIDList: string[] };

export interface Chat {
  login(options: { userID: string; userSig: string }): Promise<Answer<{ actionStatus: 'OK'; errorCode: 0; errorInfo: ''; repeatLogin?: boolean }>>;
  logout(): Promise<Answer<object>>;
  destroy(): Promise<void>;
  isReady(): boolean;
  getLoginUser(): string;
  /** In milliseconds. A rejected promise before the login, as with the SDK. */
  getServerTime(): number;
  /** A rejected promise before the login, as with the SDK. */
  getTotalUnreadMessageCount(): number;
  setLogLevel(level: number): void;
  registerPlugin(options: object): void;
  on<E extends keyof EventData>(name: E, handler: Handler<E>, context?: unknown): void;
  once<E extends keyof EventData>(name: E, handler: Handler<E>, context?: unknown): void;
  off<E extends keyof EventData>(name: E, handler: Handler<E>, context?: unknown): void;
  getConversationList(options?: string[] | ListOptions): Promise<Answer<{ conversationList: Row[]; isSyncCompleted: boolean }>>;
  getConversationProfile(conversationID: string): Promise<Answer<{ conversation: Row }>>;
  deleteConversation(conversationID: string): Promise<Answer<One>>;
  deleteConversation(options: Some & { clearHistoryMessage?: boolean }): Promise<Answer<Some>>;
  pinConversation(options: One & { isPinned: boolean }): Promise<Answer<One>>;
  setMessageRead(options: One): Promise<Answer<object>>;
  setAllMessageRead(options?: { scope?: string }): Promise<Answer<object>>;
  markConversation(options: Some & { markType: number; enableMark: boolean }): Promise<Answer<Batch>>;
  setConversationCustomData(options: Some & { customData: string }): Promise<Answer<Batch>>;
  setConversationDraft(options: One & { draftText: string }): Promise<Answer<{ code: 0; conversation: Row }>>;
  getConversationGroupList(): Promise<Answer<string[]>>;
  createConversationGroup(options: Some & { groupName: string }): Promise<Answer<Batch>>;
  deleteConversationGroup(groupName: string): Promise<Answer<object>>;
  renameConversationGroup(options: { oldName: string; newName: string }): Promise<Answer<object>>;
  addConversationsToGroup(options: Some & { groupName: string }): Promise<Answer<Batch>>;
  deleteConversationsFromGroup(options: Some & { groupName: string }): Promise<Answer<Batch>>;
}

function failure(code: number, message: string): ChatError {
  return Object.assign(new Error(message), { code, data: {} });
}

/** What the SDK says of arguments that it cannot read. */
function invalid(): Promise<never> {
  return Promise.reject(new Error('Params validate failed.'));
}

const isID = (it: unknown): it is string => typeof it === 'string' && /^(C2C|GROUP|@TIM#SYSTEM$)/.test(it);
const isFull = (it: unknown): boolean => Array.isArray(it) && it.length > 0;

/** Filters as the SDK does: what it does not know, and what has a wrong type, it ignores. */
function select(rows: readonly Row[], options: unknown): Row[] {
  if (options === undefined) return [...rows];
  if (Array.isArray(options)) return rows.filter((row) => options.includes(row.conversationID));
  if (!options || typeof options !== 'object') return [];
  const { type, markType, groupName, hasUnreadCount, hasGroupAtInfo } = options as ListOptions;
  const has = (list: readonly unknown[], it: unknown, none: unknown) => (it === none ? !list.length : list.includes(it));
  return rows.filter(
    (row) =>
      ((type !== 'C2C' && type !== 'GROUP') || row.type === type) &&
      (typeof markType !== 'number' || has(row.markList, markType, 0)) &&
      (typeof groupName !== 'string' || has(row.conversationGroupList, groupName, '')) &&
      (typeof hasUnreadCount !== 'boolean' || row.unreadCount > 0 === hasUnreadCount) &&
      (typeof hasGroupAtInfo !== 'boolean' || row.groupAtInfoList.length > 0 === hasGroupAtInfo),
  );
}

/** Returns the rows of each conversation group. */
function members(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    for (const name of row.conversationGroupList) groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return groups;
}

const NET: Partial<Record<State, EventData['netStateChange']['state']>> = {
  live: 'connected',
  connecting: 'connecting',
  offline: 'disconnected',
};

interface Listener {
  readonly handler: (event: never) => void;
  readonly context: unknown;
  readonly isOnce: boolean;
}

function make(options: CreateOptions, SDKAppID: number, onDestroy: () => void): Chat {
  const listeners = new Map<string, Listener[]>();
  /** The code with which calls are refused; 0 if they are not. */
  let refused = NO_LOGIN;
  let userID = '';
  let skew = 0;
  let client: ListClient | undefined;
  let watch: Watch;
  let isListDue = false;
  let groupNames: string | undefined;

  function emit<E extends keyof EventData>(name: E, data: EventData[E]): void {
    for (const listener of listeners.get(name) ?? []) {
      if (listener.isOnce) remove(name, listener.handler);
      try {
        listener.handler.call(listener.context, { name, data } as never);
      } catch (error) {
        console.error(error);
      }
    }
  }

  function add(name: string, handler: Listener['handler'], context: unknown, isOnce: boolean): void {
    listeners.set(name, [...(listeners.get(name) ?? []), { handler, context, isOnce }]);
  }

  function remove(name: string, handler: unknown): void {
    listeners.set(name, (listeners.get(name) ?? []).filter((listener) => listener.handler !== handler));
  }

  function refuse(code: number, name: string): Promise<never> {
    const message = `not ready | ${name} | `;
    emit(EVENT.ERROR, { code, message });
    return Promise.reject(failure(code, message));
  }

  const view = () => watch.views.all!;

  async function lookAtGroups(): Promise<void> {
    const names = await client!.groups().catch(() => undefined);
    const text = JSON.stringify(names);
    if (!names || text === groupNames) return;
    groupNames = text;
    emit(EVENT.CONVERSATION_GROUP_LIST_UPDATED, names);
  }

  /** Says once what several updates at a time have changed. */
  function listSoon(): void {
    if (isListDue) return;
    isListDue = true;
    queueMicrotask(() => {
      isListDue = false;
      if (!refused) emit(EVENT.CONVERSATION_LIST_UPDATED, [...view().rows]);
    });
  }

  function follow(): void {
    let last = view();
    watch.onChange((update) => {
      const before = last;
      const now = (last = update.view);
      const isFirst = refused === LOGGING_IN;
      if (isFirst) {
        refused = 0;
        emit(EVENT.SDK_READY, undefined);
      }
      emit('conv:patch', update);
      if (now.rows !== before.rows || now.report?.coverage !== before.report?.coverage) listSoon();
      if (now.totals.unread !== before.totals.unread) {
        emit(EVENT.TOTAL_UNREAD_MESSAGE_COUNT_UPDATED, now.totals.unread);
      }
      if (isFirst || now.rows === before.rows) return;
      const [had, has] = [members(before.rows), members(now.rows)];
      const ids = (rows: Row[] = []) => rows.map((row) => row.conversationID).sort().join('\n');
      const changed = [...new Set([...had.keys(), ...has.keys()])].filter((name) => ids(had.get(name)) !== ids(has.get(name)));
      for (const groupName of changed) {
        emit(EVENT.CONVERSATION_IN_GROUP_UPDATED, { groupName, conversationList: has.get(groupName) ?? [] });
      }
      if (changed.length) void lookAtGroups();
    });
  }

  function end(code: number): void {
    const wasReady = !refused;
    client?.close();
    client = undefined;
    userID = '';
    refused = code;
    if (wasReady) emit(EVENT.SDK_NOT_READY, undefined);
  }

  const OK = { actionStatus: 'OK', errorCode: 0, errorInfo: '' } as const;

  async function login(given: { userID: string; userSig: string }) {
    if (!given?.userID || !given.userSig) return invalid();
    if (client) return { code: 0, data: { ...OK, repeatLogin: true } };
    const { gateway, fetch, cache, transport, shared } = options;
    const mine = (client = new ListClient({
      gateway,
      fetch,
      cache,
      transport,
      shared,
      userID: given.userID,
      getUserSig: () => given.userSig,
    }));
    refused = LOGGING_IN;
    try {
      const { serverTime } = await mine.login();
      skew = serverTime * 1000 - Date.now();
    } catch (error) {
      if (client === mine) end(NO_LOGIN);
      throw sdkError(error);
    }
    if (client !== mine) throw failure(LOGGED_OUT, 'logged out');
    userID = given.userID;
    watch = mine.watch({ all: { window: ALL } });
    follow();
    let wasLive = false;
    mine.on('state', (state) => {
      if (client !== mine) return;
      if (wasLive && NET[state]) emit(EVENT.NET_STATE_CHANGE, { state: NET[state]! });
      wasLive ||= state === 'live';
      if (state !== 'expired') return;
      emit(EVENT.KICKED_OUT, { type: 'userSigExpired' });
      end(SIG_EXPIRED);
    });
    return { code: 0, data: OK };
  }

  function sdkError(error: unknown): ChatError {
    const { code, message } = (error as ChatError).data ? (error as ChatError) : asRefusal(error);
    return failure(code, message);
  }

  /** Makes a call of the SDK: it is refused before the login, and checks its arguments. */
  function call<A extends unknown[], T>(name: string, isValid: (...args: A) => unknown, run: (...args: A) => Promise<T> | T) {
    return async (...args: A): Promise<Answer<T>> => {
      if (refused) return refuse(refused, name);
      if (!isValid(...args)) return invalid();
      try {
        return { code: 0, data: await run(...args) };
      } catch (error) {
        throw sdkError(error);
      }
    };
  }

  /** Makes a call on several conversations; IDs that are none fail by themselves. */
  function batch<O extends Some>(name: string, isValid: (options: O) => unknown, run: (ids: string[], options: O) => Promise<BatchAnswer>) {
    return call(name, (given: O) => isFull(given?.conversationIDList) && isValid(given), async (given: O): Promise<Batch> => {
      const ids = given.conversationIDList.filter(isID);
      const none = { successConversationIDList: [], failureConversationIDList: [] };
      const done = ids.length ? await run(ids, given) : none;
      const strange = given.conversationIDList.filter((id) => !isID(id));
      return {
        successConversationIDList: done.successConversationIDList,
        failureConversationIDList: [
          ...done.failureConversationIDList,
          ...strange.map((conversationID) => ({ conversationID, code: NOT_FOUND, message: '' })),
        ],
      };
    });
  }

  const isName = (it: unknown) => typeof it === 'string' && it !== '';
  const isOne = (it?: One) => isID(it?.conversationID);
  const always = () => true;
  const nothing = async (done: Promise<unknown>) => {
    await done;
    return {};
  };
  const SCOPES: Record<string, object> = {
    readAllC2CMessage: { type: 'C2C' },
    readAllGroupMessage: { type: 'GROUP' },
    readAllMessage: {},
  };

  async function removeConversations(given: string | (Some & { clearHistoryMessage?: boolean })) {
    const isText = typeof given === 'string';
    const ids = isText ? [given] : given.conversationIDList;
    const done = await client!.remove(ids, { clearHistory: isText || (given.clearHistoryMessage ?? true) });
    const [failed] = done.failureConversationIDList;
    if (!done.successConversationIDList.length) throw failure(failed?.code ?? NOT_FOUND, failed?.message ?? '');
    return isText ? { conversationID: given } : { conversationIDList: [...done.successConversationIDList] };
  }

  const chat = {
    login,
    async logout() {
      if (!client) throw failure(NO_LOGIN, '');
      end(LOGGED_OUT);
      return { code: 0, data: {} };
    },
    async destroy() {
      const hadLogin = !!client;
      end(LOGGED_OUT);
      emit(EVENT.SDK_DESTROY, { SDKAppID });
      listeners.clear();
      onDestroy();
      if (!hadLogin) throw failure(NO_LOGIN, '');
    },
    isReady: () => !refused,
    getLoginUser: () => userID,
    getServerTime: () => (refused ? refuse(refused, 'getServerTime') : Date.now() + skew),
    getTotalUnreadMessageCount: () => (refused ? refuse(refused, 'getTotalUnreadMessageCount') : view().totals.unread),
    setLogLevel() {},
    registerPlugin() {},
    on: (name: string, handler: Listener['handler'], context?: unknown) => add(name, handler, context, false),
    once: (name: string, handler: Listener['handler'], context?: unknown) => add(name, handler, context, true),
    off: remove,
    getConversationList: call('getConversationList', always, (given?: unknown) => ({
      conversationList: select(view().rows, given),
      isSyncCompleted: view().report?.coverage === 'complete',
    })),
    getConversationProfile: call('getConversationProfile', isID, async (id: string) => ({ conversation: await client!.profile(id) })),
    deleteConversation: call('deleteConversation', (it: string | Some) => (typeof it === 'string' ? isID(it) : isFull(it?.conversationIDList) && it.conversationIDList.every(isID)), removeConversations),
    pinConversation: call('pinConversation', (it: One & { isPinned: boolean }) => isOne(it) && typeof it.isPinned === 'boolean', async ({ conversationID, isPinned }) => {
      await client!.pin(conversationID, isPinned);
      return { conversationID };
    }),
    setMessageRead: call('setMessageRead', isOne, async (given?: One) => {
      await client!.read(given!.conversationID).catch((error) => {
        if (asRefusal(error).code !== NOT_FOUND) throw error;
      });
      return {};
    }),
    setAllMessageRead: call('setAllMessageRead', (given?: { scope?: string }) => (given?.scope ?? 'readAllMessage') in SCOPES, (given) =>
      nothing(client!.readAll({ ...SCOPES[given?.scope ?? 'readAllMessage'], hasUnreadCount: true })),
    ),
    markConversation: batch('markConversation', (it: Some & { markType: number; enableMark: boolean }) => typeof it.markType === 'number' && typeof it.enableMark === 'boolean', (ids, it) => client!.mark(ids, it.markType, it.enableMark)),
    setConversationCustomData: batch('setConversationCustomData', (it: Some & { customData: string }) => typeof it.customData === 'string', (ids, it) => client!.customData(ids, it.customData)),
    setConversationDraft: call('setConversationDraft', (it: One & { draftText: string }) => isOne(it) && typeof it.draftText === 'string', async ({ conversationID, draftText }) => {
      const { conversation } = await client!.change('/conversations/draft', { conversationID, draftText });
      return { code: 0, conversation };
    }),
    getConversationGroupList: call('getConversationGroupList', always, () => client!.groups()),
    createConversationGroup: batch('createConversationGroup', (it: Some & { groupName: string }) => isName(it.groupName), (ids, it) => client!.createGroup(it.groupName, ids)),
    deleteConversationGroup: call('deleteConversationGroup', isName, (name: string) => nothing(client!.deleteGroup(name))),
    renameConversationGroup: call('renameConversationGroup', (it: { oldName: string; newName: string }) => isName(it?.oldName) && isName(it.newName), (it) => nothing(client!.renameGroup(it.oldName, it.newName))),
    addConversationsToGroup: batch('addConversationsToGroup', (it: Some & { groupName: string }) => isName(it.groupName), (ids, it) => client!.addToGroup(it.groupName, ids)),
    deleteConversationsFromGroup: batch('deleteConversationsFromGroup', (it: Some & { groupName: string }) => isName(it.groupName), (ids, it) => client!.removeFromGroup(it.groupName, ids)),
  };

  return new Proxy(chat, {
    get(target, name) {
      if (name in target) return target[name as keyof typeof target];
      // Promises, JSON and frameworks ask for names that no SDK has.
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON' || /^[_$]/.test(name)) return undefined;
      throw failure(UNSUPPORTED, `${name} is not available: the gateway serves conversation lists`);
    },
  }) as unknown as Chat;
}

const instances = new Map<number, Chat>();

/** Returns the client of an app, the same one until it is destroyed; null without an SDKAppID. */
function create(options: CreateOptions): Chat | null {
  const SDKAppID = Number(options.SDKAppID);
  if (!SDKAppID) return null;
  const known = instances.get(SDKAppID);
  if (known) return known;
  if (!options.gateway) throw new TypeError('create needs the address of a gateway');
  const made = make(options, SDKAppID, () => instances.delete(SDKAppID));
  instances.set(SDKAppID, made);
  return made;
}

const TencentCloudChat = { create, EVENT, TYPES, VERSION };
export default TencentCloudChat;
