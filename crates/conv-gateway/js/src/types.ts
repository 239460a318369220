/** The types of the client. Everything else of this package implements or uses them. */

/** A row, as the web Chat SDK gives it. Rows are frozen; an unchanged row stays the same object. */
export interface Row {
  readonly conversationID: string;
  readonly type: 'C2C' | 'GROUP' | '@TIM#SYSTEM';
  readonly subType: string;
  readonly unreadCount: number;
  readonly lastMessage: LastMessage;
  /** Of conversations with a user. */
  readonly userProfile?: UserProfile;
  /** Of groups. */
  readonly groupProfile?: GroupProfile;
  readonly groupAtInfoList: readonly GroupAtInfo[];
  readonly remark: string;
  readonly isPinned: boolean;
  readonly messageRemindType?: RemindType;
  readonly markList: readonly number[];
  readonly customData: string;
  readonly conversationGroupList: readonly string[];
  readonly draftText: string;
  readonly peerReadTime: number;
  /** The keys that show a default because nothing is known. */
  readonly notFetched?: readonly NotFetched[];
  /** The parts that show what the user set and the cloud has yet to confirm. */
  readonly pendingChanges?: Readonly<Partial<Record<ChangedPart, ChangeState>>>;
  /**
   * The parts that show what a webhook stated and the gateway has yet to read, which takes a minute at most.
   * With `lastTime` it concerns the place in the list.
   */
  readonly provisional?: readonly ('lastTime' | 'unreadCount' | 'lastMessage')[];
  readonly listingVersion?: number;
  /** When name and avatar were read, in seconds since 1970. */
  readonly profileReadAt?: number;
}

export type RemindType =
  | 'AcceptAndNotify'
  | 'AcceptNotNotify'
  | 'Discard'
  | 'AcceptNotNotifyExceptAt'
  | 'NotReceiveMsgExceptAt';

export type NotFetched =
  | 'unreadCount'
  | 'lastMessage'
  | 'groupAtInfoList'
  | 'nick'
  | 'name'
  | 'avatar'
  | 'remark'
  | 'peerReadTime';

export type ChangedPart = 'pin' | 'marks' | 'customData' | 'groups' | 'read' | 'remindType' | 'deletion';
export type ChangeState = 'queued' | 'sending' | 'settling' | 'held' | 'failed';

export interface LastMessage {
  readonly lastTime?: number;
  /** When the message was sent, where that is not the row's time. */
  readonly messageTime?: number;
  readonly lastSequence: number;
  readonly fromAccount: string;
  readonly type: string | null;
  readonly payload: Readonly<Record<string, unknown>> | null;
  readonly messageForShow: string;
  readonly cloudCustomData: string;
  readonly isRevoked: boolean;
  readonly revoker: string | null;
  readonly onlineOnlyFlag: boolean;
  readonly nick: string;
  readonly nameCard: string;
  readonly isPeerRead?: boolean;
  readonly version: number;
}

export interface CustomField {
  readonly key: string;
  readonly value: string;
}

export interface UserProfile {
  readonly userID: string;
  readonly nick: string;
  readonly gender: string;
  readonly birthday: number;
  readonly location: string;
  readonly selfSignature: string;
  readonly allowType: string;
  readonly language: number;
  readonly avatar: string;
  readonly messageSettings: number;
  readonly adminForbidType: string;
  readonly level: number;
  readonly role: number;
  readonly profileCustomField: readonly CustomField[];
  readonly lastUpdatedTime: number;
}

/** Numbers are the empty string until they were fetched. */
export interface GroupProfile {
  readonly groupID: string;
  readonly name: string;
  readonly avatar: string;
  readonly type: string;
  readonly introduction: string;
  readonly notification: string;
  readonly ownerID: string;
  readonly createTime: number | '';
  readonly infoSequence: number | '';
  readonly lastInfoTime: number | '';
  readonly selfInfo: Readonly<Record<string, unknown>>;
  readonly lastMessage: Readonly<Record<string, unknown>>;
  readonly nextMessageSeq: number | '';
  readonly memberCount: number | '';
  readonly maxMemberCount: number | '';
  readonly muteAllMembers: boolean;
  readonly joinOption: string;
  readonly inviteOption: string;
  readonly groupCustomField: readonly CustomField[];
  readonly isSupportTopic: boolean;
}

export interface GroupAtInfo {
  readonly from: string;
  readonly groupID: string;
  readonly topicID?: string;
  readonly messageSequence: number;
  /** `[1]`: the user, `[2]`: all, `[3]`: both. */
  readonly atTypeArray: readonly number[];
}

/** Sums over all rows that match, whatever the window or page. */
export interface Totals {
  readonly conversations: number;
  /** Unread messages; muted conversations are left out. */
  readonly unread: number;
  /** Conversations with unread messages; muted ones are left out. */
  readonly unreadConversations: number;
  /** Conversations with unread mentions, muted or not. */
  readonly mentioned: number;
}

/** What a list lacks, and why. */
export interface Report {
  /** `complete` is the SDK's `isSyncCompleted`. */
  readonly coverage: 'empty' | 'cacheOnly' | 'partial' | 'complete';
  readonly limit: readonly { readonly capped?: number; readonly retention?: number }[];
  /** The time of the cloud to which `complete` refers, in seconds since 1970. */
  readonly asOf: number | null;
  readonly pass:
    | 'idle'
    | { readonly running: { readonly phase: string; readonly done: number; readonly total: number | null } }
    | { readonly failed: { readonly class: ErrorClass; readonly code: number; readonly message: string } };
  readonly skipped: readonly { readonly conversationID: string | null; readonly reason: string }[];
  readonly unconfirmed: readonly string[];
  readonly brokenPromises: readonly string[];
  readonly failed: readonly {
    readonly conversationID: string;
    readonly facet: Facet;
    readonly class: ErrorClass;
    readonly code: number;
  }[];
  /** Facets that at least one row lacks. */
  readonly notFetched: readonly Facet[];
  /** The newest mark of a refresh that the list has reached. */
  readonly reachedMark: number | null;
}

export type Facet = 'profile' | 'unread' | 'lastMessage';

/** All members must be met. */
export interface Condition {
  readonly type?: 'C2C' | 'GROUP' | '@TIM#SYSTEM';
  /** A power of two; 0 for rows without a mark. */
  readonly markType?: number;
  /** The name of a conversation group; empty for rows in none. */
  readonly groupName?: string;
  readonly hasUnreadCount?: boolean;
  readonly hasGroupAtInfo?: boolean;
  readonly isPinned?: boolean;
  readonly isMuted?: boolean;
  readonly nameContains?: string;
  readonly nameContainsUnaccented?: string;
  /** The last message is older, in seconds since 1970. */
  readonly before?: number;
  /** The last message is younger, in seconds since 1970. */
  readonly after?: number;
  readonly all?: readonly Condition[];
  readonly any?: readonly Condition[];
  readonly not?: Condition;
}

/** The whole list, the rows with these IDs, or those that meet a condition. */
export type Query = readonly string[] | Condition | null;

export type ErrorClass =
  | 'transient'
  | 'rate_limited'
  | 'auth'
  | 'invalid_argument'
  | 'not_found'
  | 'unsupported'
  | 'cloud'
  | 'store'
  | 'corrupt'
  | 'cancelled';

/** A refusal of the gateway, or the network's failure (code 2800, class `transient`, status 0). */
export interface GatewayError extends Error {
  /** The web SDK's number where it has one, else the cloud's, else one of the gateway's from 990001. */
  readonly code: number;
  /** What a caller can do about it. */
  readonly class: ErrorClass;
  /** The HTTP status; 0 without an answer. */
  readonly status: number;
  /** The pause that the gateway asked for. */
  readonly retryAfterMs?: number;
  /** The number of the request, for the operator. */
  readonly instance?: string;
}

export interface AccessToken {
  readonly token: string;
  /** In seconds since 1970, by the gateway's clock. */
  readonly expiresAt: number;
}

export interface LoginAnswer {
  readonly accessToken: string;
  readonly expiresAt: number;
  /** From then on a UserSig is needed again. */
  readonly loginEndsAt: number;
  readonly account: string;
  readonly serverTime: number;
  readonly features: {
    readonly delegates: boolean;
    readonly profilesOfAnyUser: boolean;
    readonly stream: boolean;
  };
  readonly limits: {
    readonly bodyBytes: number;
    readonly conversationsPerCall: number;
    readonly rowsPerPage: number;
  };
}

export interface ListAnswer {
  readonly rows: readonly Row[];
  readonly totals: Totals;
  readonly report: Report;
  readonly isSyncCompleted: boolean;
  /** The `after` of the next page; null on the last. */
  readonly next: string | null;
  readonly position: string | null;
}

/** As with the SDK, conversations that cannot be changed are no error. */
export interface BatchAnswer {
  readonly successConversationIDList: readonly string[];
  readonly failureConversationIDList: readonly {
    readonly conversationID: string;
    readonly code: number;
    readonly message: string;
  }[];
  /** From there on the list shows the change. */
  readonly position: string | null;
}

/** A change of the user's that is not over. */
export interface PendingChange {
  readonly number: number;
  /** What was asked for; the members beside these are its value. */
  readonly change: {
    readonly type: 'pin' | 'mark' | 'customData' | 'member' | 'group' | 'delete' | 'read' | 'remind';
    readonly conversationID?: string;
    readonly groupName?: string;
    readonly [member: string]: unknown;
  };
  /** `failed`: the list does not show it any more, until it is retried. */
  readonly state: ChangeState;
  /** In seconds since 1970. */
  readonly queuedAt?: number;
  readonly attempts: number;
  /** Why it is held, has failed, or has to be sent again. */
  readonly failure?: { readonly class: ErrorClass; readonly code: number; readonly message: string };
}

export interface PendingChanges {
  /** In the order in which they were made. */
  readonly changes: readonly PendingChange[];
  readonly position: string | null;
}

/** Changes that stay as they are, are no error. */
export interface ChangesAnswer {
  readonly successNumberList: readonly number[];
  readonly failureNumberList: readonly { readonly number: number; readonly code: number; readonly message: string }[];
  /** From there on the list shows it. */
  readonly position: string | null;
}

/** A step of a patch. Steps are taken in order. */
export type Patch =
  | { readonly type: 'insert'; readonly index: number; readonly row: Row }
  | { readonly type: 'move'; readonly from: number; readonly to: number; readonly row: Row }
  | { readonly type: 'update'; readonly index: number; readonly row: Row }
  | { readonly type: 'remove'; readonly index: number; readonly conversationID: string; readonly reason: RemoveReason };

export type RemoveReason = 'notInCloud' | 'expired' | 'deleted' | 'leftFilter' | 'belowWindow';

/** One state of a watched query. A new object comes with each update; the old one does not change. */
export interface View {
  readonly rows: readonly Row[];
  readonly totals: Totals;
  /** Null until the gateway has sent one. */
  readonly report: Report | null;
  /** Grows with each update of the query by the same process of the gateway. */
  readonly seq: number;
  /** False until rows came, from the gateway or the cache. */
  readonly ready: boolean;
  /** Where the gateway goes on from; null until it is known. */
  readonly position: string | null;
}

export interface WatchUpdate {
  /** The key of the query. */
  readonly key: string;
  /**
   * `patch`: `patches` lead from the last view to this one. `reset` and `sync`: compare the rows, which
   * kept their identity if they are unchanged. `report`: only the report is new. `cache`: rows of an
   * earlier run, before the gateway's first answer.
   */
  readonly type: 'reset' | 'patch' | 'sync' | 'report' | 'cache';
  /** Empty unless the type is `patch`. */
  readonly patches: readonly Patch[];
  readonly view: View;
}

/**
 * Live queries. An iterator gives the updates from its creation on; one that falls behind by more than
 * 1,000 gets the newest view of each query, as `reset`s, in place of what it missed.
 */
export interface Watch extends AsyncIterable<WatchUpdate> {
  readonly views: Readonly<Record<string, View>>;
  /** Calls `handler` with each update; returns the function that ends this. */
  onChange(handler: (update: WatchUpdate) => void): () => void;
  setWindow(key: string, window: number): void;
  close(): void;
}

export interface WatchQuery {
  readonly query?: Query;
  /** The number of rows, at most 500; 0 for totals alone. */
  readonly window: number;
}

/**
 * `connecting`: a line is being opened. `live`: updates come. `offline`: the last try failed, and
 * another follows. `expired`: the login ended and `getUserSig` gave none that is accepted. `closed`: after
 * `close()`, for good.
 */
export type State = 'connecting' | 'live' | 'offline' | 'expired' | 'closed';

/** A view as a cache keeps it. */
export interface SavedView {
  readonly rows: readonly Row[];
  readonly totals: Totals;
  readonly position: string | null;
  readonly seq: number;
}

/** Keeps views between runs, per account. */
export interface Cache {
  load(account: string): Promise<Record<string, SavedView> | undefined>;
  save(account: string, views: Record<string, SavedView>): Promise<void>;
  wipe(account: string): Promise<void>;
}

/** Numbers of what happened since `connect`. */
export interface Counts {
  /** Lines opened. */
  readonly lines: number;
  readonly resets: number;
  readonly patches: number;
  readonly syncs: number;
  /** Updates that did not fit the rows, or whose sum was another. */
  readonly misfits: number;
}

export interface Options {
  /** The address of the gateway with its version: `https://example.com/v1`. */
  readonly gateway: string;
  readonly userID: string;
  /**
   * Called at the first login, and again when a login ends. If it throws, the state is `expired`, but for a
   * `TypeError`, with which `fetch` rejects, or takes longer than a minute: then it is called again. Without
   * it `accessToken` is needed.
   */
  readonly getUserSig?: () => string | Promise<string>;
  /** A token from an earlier login of this user. */
  readonly accessToken?: AccessToken;
  readonly fetch?: typeof globalThis.fetch;
  readonly cache?: Cache;
  /** Default: `stream`. `longpoll` is for runtimes whose `fetch` does not stream. */
  readonly transport?: 'stream' | 'longpoll';
  /** Ends everything, as `close()` does. */
  readonly signal?: AbortSignal;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface Client {
  readonly state: State;
  readonly counts: Counts;
  /** Logs in, or renews the token. Every call does it by itself where it is needed. */
  login(options?: CallOptions): Promise<LoginAnswer>;
  list(query?: Query, page?: { limit?: number; after?: string } & CallOptions): Promise<ListAnswer>;
  profile(conversationID: string, options?: CallOptions): Promise<Row>;
  groups(options?: CallOptions): Promise<string[]>;
  /** Watches up to 8 queries; all watches of a client share one line and these 8. */
  watch(queries: Record<string, WatchQuery>): Watch;
  pin(conversationID: string, isPinned: boolean, options?: CallOptions): Promise<BatchAnswer>;
  /**
   * Reads one conversation, or each that has unread messages. If the gateway reads none of a kind, such as
   * groups, one of them is asked for, and all fail with its code.
   */
  read(conversationID: string | 'all', options?: CallOptions): Promise<BatchAnswer>;
  mark(conversationIDs: readonly string[], markType: number, enable: boolean, options?: CallOptions): Promise<BatchAnswer>;
  remove(conversationIDs: readonly string[], options?: { clearHistory?: boolean } & CallOptions): Promise<BatchAnswer>;
  customData(conversationIDs: readonly string[], text: string, options?: CallOptions): Promise<BatchAnswer>;
  draft(conversationID: string, text: string | null, options?: CallOptions): Promise<BatchAnswer>;
  createGroup(name: string, conversationIDs: readonly string[], options?: CallOptions): Promise<BatchAnswer>;
  deleteGroup(name: string, options?: CallOptions): Promise<BatchAnswer>;
  renameGroup(oldName: string, newName: string, options?: CallOptions): Promise<BatchAnswer>;
  addToGroup(name: string, conversationIDs: readonly string[], options?: CallOptions): Promise<BatchAnswer>;
  removeFromGroup(name: string, conversationIDs: readonly string[], options?: CallOptions): Promise<BatchAnswer>;
  /** Returns the user's changes that are not over. */
  pendingChanges(options?: CallOptions): Promise<PendingChanges>;
  /** Sends failed changes again. */
  retry(numbers: readonly number[], options?: CallOptions): Promise<ChangesAnswer>;
  /** Gives up changes that failed, or that the cloud does not have yet. */
  drop(numbers: readonly number[], options?: CallOptions): Promise<ChangesAnswer>;
  /** Asks for a pass. The list is as fresh once `report.reachedMark` is no smaller than `mark`. */
  refresh(options?: CallOptions): Promise<{ mark: number }>;
  on(event: 'state', handler: (state: State) => void): () => void;
  on(event: 'error', handler: (error: GatewayError) => void): () => void;
  /** Ends all watches and the line. The login is kept by the gateway until its token expires. */
  close(): void;
  /** Closes and forgets the token; with `wipe` the cached rows of the account too. */
  logout(options?: { wipe?: boolean }): Promise<void>;
}
