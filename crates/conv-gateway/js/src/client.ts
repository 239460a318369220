import { Feed, hear } from './feed.js';
import { freeze, restored } from './fold.js';
import { asRefusal, Http, type Refusal } from './http.js';
import { Line, type Told } from './line.js';
import type {
  BatchAnswer,
  CallOptions,
  ChangesAnswer,
  Client,
  Condition,
  GatewayError,
  ListAnswer,
  LoginAnswer,
  Options,
  PendingChanges,
  Query,
  Row,
  State,
  View,
  Watch,
  WatchQuery,
} from './types.js';
import { Watching, type Feeds } from './watch.js';

/** The gateway takes no more queries on a line, and no more conversations in a call. */
const MAX_QUERIES = 8;
const MAX_BATCH = 100;
const SAVE_AFTER = 1000;
/** Calls at once of "read all". */
const AT_ONCE = 4;
const UNSUPPORTED = 3122;

interface ListData extends Omit<ListAnswer, 'rows'> {
  readonly conversationList: Row[];
}

/** What a change answers; which members it has depends on the call. */
export interface Changed extends Partial<BatchAnswer> {
  readonly conversationIDList?: string[];
  readonly conversation?: Row;
}

/** Returns what the gateway takes for a query with a page. */
function argument(query: Query, page: { limit?: number; after?: string }): object {
  if (Array.isArray(query)) return { conversationIDList: query, ...page };
  // `after` is a time in a condition, and a place in a page.
  const condition = query as Condition | null;
  return condition?.after === undefined ? { ...condition, ...page } : { all: [condition], ...page };
}

export class ListClient implements Client, Feeds, Told {
  state: State = 'connecting';
  readonly http: Http;
  private readonly line: Line;
  private readonly watches = new Set<Watching>();
  private readonly handlers = { state: new Set<(it: never) => void>(), error: new Set<(it: never) => void>() };
  private saving: ReturnType<typeof setTimeout> | undefined;
  private saved: Record<string, View> = {};
  /** By the first letter of an ID: why conversations of this kind cannot be read. */
  private readonly refused: Record<string, Refusal> = {};

  constructor(private readonly options: Options) {
    this.http = new Http(options);
    this.line = new Line(this.http, this, options.transport ?? 'stream', this.restore());
    this.http.ended.addEventListener('abort', () => this.end());
    options.signal?.addEventListener('abort', () => this.close());
  }

  get counts() {
    return this.line.counts;
  }

  tell(event: 'state' | 'error', it: unknown): void {
    hear(this.handlers[event], it as never);
  }

  say(state: State): void {
    if (state === this.state || this.state === 'closed') return;
    this.state = state;
    this.tell('state', state);
  }

  on(event: 'state', handler: (state: State) => void): () => void;
  on(event: 'error', handler: (error: GatewayError) => void): () => void;
  on(event: 'state' | 'error', handler: (it: never) => void): () => void {
    this.handlers[event].add(handler);
    return () => this.handlers[event].delete(handler);
  }

  async login(options?: CallOptions): Promise<LoginAnswer> {
    const answer = await this.http.login(options?.signal);
    this.line.wake();
    return answer;
  }

  async list(query: Query = null, page: { limit?: number; after?: string } & CallOptions = {}): Promise<ListAnswer> {
    const { limit, after, signal } = page;
    const data = await this.http.call<ListData>('/conversations/list', argument(query, { limit, after }), { signal });
    const { conversationList: rows, ...rest } = data;
    return freeze({ rows, ...rest });
  }

  async profile(conversationID: string, options?: CallOptions): Promise<Row> {
    const path = '/conversations/profile';
    return freeze((await this.http.call<{ conversation: Row }>(path, { conversationID }, options)).conversation);
  }

  groups(options?: CallOptions): Promise<string[]> {
    return this.http.call('/groups', undefined, options);
  }

  refresh(options?: CallOptions): Promise<{ mark: number }> {
    return this.http.call('/conversations/refresh', {}, options);
  }

  /** Sends a change, again with the same key while it is not known what became of it. */
  change<T = Changed>(path: string, body: unknown, options?: CallOptions): Promise<T> {
    // No other call of the day has it.
    const key = `${Math.random()}-${Math.random()}`;
    return this.http.call(path, body, { signal: options?.signal, key });
  }

  /** The time of the newest message, 0 without one, if a window shows the row: the user has seen no later one. */
  private seen(id: string): number | undefined {
    const rows = [...this.line.feeds.values()].flatMap((feed) => feed.view.rows);
    const it = rows.find((row) => row.conversationID === id)?.lastMessage;
    return it && Math.max(it.lastTime ?? 0, it.messageTime ?? 0);
  }

  private async one(path: string, body: object, ids: string[], options?: CallOptions): Promise<BatchAnswer> {
    const { position = null } = await this.change(path, body, options);
    return { successConversationIDList: ids, failureConversationIDList: [], position };
  }

  private async batch(path: string, ids: readonly string[], body: object, options?: CallOptions, isRemoval?: boolean): Promise<BatchAnswer> {
    const answers: Changed[] = [];
    for (let at = 0; at < ids.length || !at; at += MAX_BATCH) {
      const conversationIDList = ids.slice(at, at + MAX_BATCH);
      const seen = isRemoval && Object.fromEntries(conversationIDList.map((id) => [id, this.seen(id)]));
      answers.push(await this.change(path, { conversationIDList, ...body, seen }, options));
    }
    return {
      successConversationIDList: answers.flatMap((it) => it.successConversationIDList ?? it.conversationIDList ?? []),
      failureConversationIDList: answers.flatMap((it) => it.failureConversationIDList ?? []),
      position: answers.pop()!.position ?? null,
    };
  }

  pin(conversationID: string, isPinned: boolean, options?: CallOptions) {
    return this.one('/conversations/pin', { conversationID, isPinned }, [conversationID], options);
  }

  draft(conversationID: string, text: string | null, options?: CallOptions) {
    const body = { conversationID, draftText: text ?? '' };
    return this.one('/conversations/draft', body, [conversationID], options);
  }

  read(conversationID: string, options?: CallOptions): Promise<BatchAnswer> {
    if (conversationID === 'all') return this.readAll({ hasUnreadCount: true }, options);
    const body = { conversationID, until: this.seen(conversationID) };
    return this.one('/conversations/read', body, [conversationID], options);
  }

  /** Reads all that match; those that cannot be read are no error. */
  async readAll(query: Condition, options?: CallOptions): Promise<BatchAnswer> {
    const ids = (await this.list(query, options)).rows.map((row) => row.conversationID);
    const successConversationIDList: string[] = [];
    const failureConversationIDList: BatchAnswer['failureConversationIDList'][number][] = [];
    let position: string | null = null;
    const lane = async (some: Iterable<string>) => {
      for (const id of some) {
        const kind = id[0]!;
        try {
          if (this.refused[kind]) throw this.refused[kind];
          position = (await this.read(id, options)).position;
          successConversationIDList.push(id);
        } catch (error) {
          options?.signal?.throwIfAborted();
          const refused = asRefusal(error);
          const { code, message } = refused;
          if (code === UNSUPPORTED) this.refused[kind] = refused;
          failureConversationIDList.push({ conversationID: id, code, message });
        }
      }
    };
    // The answer to the first of a kind may speak for all.
    const firsts = [...new Map(ids.map((id) => [id[0], id])).values()];
    await lane(firsts);
    const rest = ids.filter((id) => !firsts.includes(id)).values();
    await Promise.all(Array.from({ length: AT_ONCE }, () => lane(rest)));
    return { successConversationIDList, failureConversationIDList, position };
  }

  mark(ids: readonly string[], markType: number, enableMark: boolean, options?: CallOptions) {
    return this.batch('/conversations/mark', ids, { markType, enableMark }, options);
  }

  remove(ids: readonly string[], options?: { clearHistory?: boolean } & CallOptions) {
    const clearHistoryMessage = options?.clearHistory ?? true;
    return this.batch('/conversations/delete', ids, { clearHistoryMessage }, options, true);
  }

  customData(ids: readonly string[], customData: string, options?: CallOptions) {
    return this.batch('/conversations/custom-data', ids, { customData }, options);
  }

  createGroup(groupName: string, ids: readonly string[], options?: CallOptions) {
    return this.batch('/groups/create', ids, { groupName }, options);
  }

  addToGroup(groupName: string, ids: readonly string[], options?: CallOptions) {
    return this.batch('/groups/add', ids, { groupName }, options);
  }

  removeFromGroup(groupName: string, ids: readonly string[], options?: CallOptions) {
    return this.batch('/groups/remove', ids, { groupName }, options);
  }

  deleteGroup(name: string, options?: CallOptions) {
    return this.one('/groups/delete', name as never, [], options);
  }

  renameGroup(oldName: string, newName: string, options?: CallOptions) {
    return this.one('/groups/rename', { oldName, newName }, [], options);
  }

  pendingChanges(options?: CallOptions): Promise<PendingChanges> {
    return this.http.call('/changes', undefined, options);
  }

  retry(numbers: readonly number[], options?: CallOptions): Promise<ChangesAnswer> {
    return this.change('/changes/retry', { numbers }, options);
  }

  drop(numbers: readonly number[], options?: CallOptions): Promise<ChangesAnswer> {
    return this.change('/changes/drop', { numbers }, options);
  }

  watch(queries: Record<string, WatchQuery>): Watch {
    this.http.ended.throwIfAborted();
    const watch = new Watching(this, queries, (it) => this.watches.delete(it));
    this.watches.add(watch);
    return watch;
  }

  join({ query = null, window }: WatchQuery, seed?: View): Feed {
    const { feeds } = this.line;
    const id = JSON.stringify([query, window]);
    let feed = feeds.get(id);
    if (!feed) {
      if (feeds.size >= MAX_QUERIES) throw new RangeError(`more than ${MAX_QUERIES} queries`);
      feed = new Feed(id, query, window);
      const known = seed ?? this.saved[id];
      if (known) feed.seed(known);
      feeds.set(id, feed);
      // After all queries of the watch, unless it was given up.
      queueMicrotask(() => feeds.has(id) && this.line.change());
    }
    return feed;
  }

  leave(feed: Feed): void {
    if (feed.readers.size) return;
    const { feeds } = this.line;
    feeds.delete(feed.id);
    // The rest of a line may go on; what comes of this query is ignored. A line that is off may be so
    // because this query was refused.
    if (!feeds.size || this.state === 'offline') this.line.change();
  }

  private async restore(): Promise<void> {
    const { cache, userID } = this.options;
    const saved = (await cache?.load(userID).catch(() => undefined)) ?? {};
    for (const id of Object.keys(saved)) {
      const view = (this.saved[id] = restored(saved[id]!));
      const feed = this.line.feeds.get(id);
      if (!feed || feed.view.ready) continue;
      feed.seed(view);
      feed.show({ type: 'cache', patches: [], view: feed.view });
    }
  }

  save(): void {
    const { cache, userID } = this.options;
    if (!cache || this.saving) return;
    this.saving = setTimeout(() => {
      this.saving = undefined;
      const views = [...this.line.feeds.values()].filter((feed) => feed.view.ready);
      const saved = views.map(({ id, position, view: { rows, totals, seq } }) => [id, { rows, totals, seq, position }]);
      void cache.save(userID, Object.fromEntries(saved)).catch(() => {});
    }, SAVE_AFTER);
  }

  private end(): void {
    clearTimeout(this.saving);
    for (const watch of [...this.watches]) watch.close();
    this.say('closed');
  }

  close(): void {
    this.http.close();
  }

  async logout(options?: { wipe?: boolean }): Promise<void> {
    this.close();
    if (options?.wipe) await this.options.cache?.wipe(this.options.userID);
  }
}
