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

export interface CreateOptions extends Pick<Options, 'fetch' | 'cache' | 'transport'> {
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
const isName = (it: unknown) => typeof it === 'string' && it !== '';
const SCOPES: Record<string, object> = {
  readAllC2CMessage: { type: 'C2C' },
  readAllGroupMessage: { type: 'GROUP' },
  readAllMessage: {},
};

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
    const ended = client;
    client = undefined;
    ended?.close();
    userID = '';
    refused = code;
    if (wasReady) emit(EVENT.SDK_NOT_READY, undefined);
  }

  const OK = { actionStatus: 'OK', errorCode: 0, errorInfo: '' } as const;

  async function login(given: { userID: string; userSig: string }) {
    if (!given?.userID || !given.userSig) return invalid();
    if (client) return { code: 0, data: { ...OK, repeatLogin: true } };
    const { userID: id, userSig } = given;
    const mine = (client = new ListClient({ ...options, userID: id, getUserSig: () => userSig }));
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

  /** Makes a call of the SDK: it is refused before the login, and checks its argument. */
  function call(name: string, isValid: (given: any) => unknown, run: (given: any) => unknown) {
    return async (given?: unknown) => {
      if (refused) return refuse(refused, name);
      if (!isValid(given)) return invalid();
      try {
        return { code: 0, data: await run(given) };
      } catch (error) {
        throw sdkError(error);
      }
    };
  }

  /** Runs a call on several conversations; IDs that are none fail by themselves. */
  async function onSome({ conversationIDList }: Some, run: (ids: string[]) => Promise<BatchAnswer>): Promise<Batch> {
    const ids = conversationIDList.filter(isID);
    const done = ids.length ? await run(ids) : undefined;
    const strange = conversationIDList.filter((id) => !isID(id));
    return {
      successConversationIDList: done?.successConversationIDList ?? [],
      failureConversationIDList: [
        ...(done?.failureConversationIDList ?? []),
        ...strange.map((conversationID) => ({ conversationID, code: NOT_FOUND, message: '' })),
      ],
    };
  }

  async function removeConversations(given: string | (Some & { clearHistoryMessage?: boolean })) {
    const isText = typeof given === 'string';
    const done = await client!.remove(isText ? [given] : given.conversationIDList, {
      clearHistory: isText || given.clearHistoryMessage,
    });
    const [failed] = done.failureConversationIDList;
    const conversationIDList = done.successConversationIDList;
    if (!conversationIDList.length) throw failure(failed?.code ?? NOT_FOUND, failed?.message ?? '');
    return isText ? { conversationID: given } : { conversationIDList };
  }

  const always = () => true;
  const isOne = (it?: One) => isID(it?.conversationID);
  const isSome = (it?: Some) => Array.isArray(it?.conversationIDList) && it.conversationIDList.length;
  const isNamed = (it?: Some & { groupName: string }) => isSome(it) && isName(it!.groupName);
  const scope = (it?: { scope?: string }) => SCOPES[it?.scope ?? 'readAllMessage'];

  /** By name: what arguments must be, and what is done. */
  const CALLS: Record<string, [(given: any) => unknown, (given: any) => unknown]> = {
    getConversationList: [
      always,
      (given) => ({
        conversationList: select(view().rows, given),
        isSyncCompleted: view().report?.coverage === 'complete',
      }),
    ],
    getConversationProfile: [isID, async (id) => ({ conversation: await client!.profile(id) })],
    deleteConversation: [(it) => isID(it) || (isSome(it) && it.conversationIDList.every(isID)), removeConversations],
    pinConversation: [
      (it) => isOne(it) && typeof it.isPinned === 'boolean',
      async ({ conversationID, isPinned }) => {
        await client!.pin(conversationID, isPinned);
        return { conversationID };
      },
    ],
    setMessageRead: [
      isOne,
      async ({ conversationID }) => {
        await client!.read(conversationID).catch((error) => {
          if (error.code !== NOT_FOUND) throw error;
        });
        return {};
      },
    ],
    setAllMessageRead: [
      scope,
      async (it) => {
        await client!.readAll({ ...scope(it), hasUnreadCount: true });
        return {};
      },
    ],
    markConversation: [
      (it) => isSome(it) && typeof it.markType === 'number' && typeof it.enableMark === 'boolean',
      (it) => onSome(it, (ids) => client!.mark(ids, it.markType, it.enableMark)),
    ],
    setConversationCustomData: [
      (it) => isSome(it) && typeof it.customData === 'string',
      (it) => onSome(it, (ids) => client!.customData(ids, it.customData)),
    ],
    setConversationDraft: [
      (it) => isOne(it) && typeof it.draftText === 'string',
      async ({ conversationID, draftText }) => {
        const { conversation } = await client!.change('/conversations/draft', { conversationID, draftText });
        return { code: 0, conversation };
      },
    ],
    getConversationGroupList: [always, () => client!.groups()],
    createConversationGroup: [isNamed, (it) => onSome(it, (ids) => client!.createGroup(it.groupName, ids))],
    addConversationsToGroup: [isNamed, (it) => onSome(it, (ids) => client!.addToGroup(it.groupName, ids))],
    deleteConversationsFromGroup: [isNamed, (it) => onSome(it, (ids) => client!.removeFromGroup(it.groupName, ids))],
    deleteConversationGroup: [
      isName,
      async (name) => {
        await client!.deleteGroup(name);
        return {};
      },
    ],
    renameConversationGroup: [
      (it) => isName(it?.oldName) && isName(it.newName),
      async ({ oldName, newName }) => {
        await client!.renameGroup(oldName, newName);
        return {};
      },
    ],
  };

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
  };
  for (const [name, [isValid, run]] of Object.entries(CALLS)) Object.assign(chat, { [name]: call(name, isValid, run) });

  return new Proxy(chat, {
    get(target, name) {
      if (name in target) return target[name as keyof typeof target];
      // Promises, JSON and frameworks ask for names that no SDK has.
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON' || /^[_$]/.test(name)) return undefined;
      throw failure(UNSUPPORTED, `${name} is not available`);
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
