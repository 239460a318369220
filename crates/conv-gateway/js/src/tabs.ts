import { connect } from './index.js';
import type { Client, ErrorClass, GatewayError, Options, Watch, WatchQuery, WatchUpdate } from './types.js';

/** A page that is hidden for so long leaves the line to others: browsers slow its timers down. */
const LEADS_HIDDEN = 240_000;
const HEARTBEAT = 20;
/** A tab that leads answers sooner. */
const ANSWERED = 500;

/** So many heartbeats without an answer, and a tab is gone. */
const MISSED = 3;

/** What the gateway said to the tab that leads: a refusal in the gateway's own words, or the network's failure. */
interface Failure {
  readonly status: number;
  readonly code: number;
  readonly class: ErrorClass;
  readonly message: string;
  /** In seconds, as the gateway says it. */
  readonly retryAfter?: number;
}

/** What tabs say to each other. */
type Message =
  | { type: 'lead' }
  | { type: 'open'; id: string; queries: Record<string, WatchQuery> }
  | { type: 'here'; id: string }
  | { type: 'gone'; id: string }
  | { type: 'taken' | 'refused'; id: string }
  | { type: 'end'; id: string; failure?: Failure }
  | { type: 'text'; id: string; text: string };

type Answer = Exclude<Message, { type: 'lead' | 'open' | 'here' | 'gone' }> | { type: 'lead'; id: string };

const newID = () => `${Math.random()}`;

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Another tab has the line now: no failure. */
const BYE = event('bye', { reason: 'drain', retryAfterMs: 0 });
const BEAT = ':\n\n';

/** What another tab follows. */
interface Line {
  readonly watch: Watch;
  /** Its queries as texts. */
  readonly asks: readonly string[];
  /** The gateway took its queries. */
  isTaken: boolean;
  /** Heartbeats since the tab was heard. */
  missed: number;
}

/** The tab that has the line: it answers the others as the gateway would. */
class Hub {
  private readonly channel: BroadcastChannel;
  private readonly client: Client;
  private readonly lines = new Map<string, Line>();
  private readonly beat = setInterval(() => this.lines.forEach((line, id) => this.look(id, line)), HEARTBEAT * 1000);
  private failure: Failure | undefined;
  /** Until then the gateway wants to hear nothing. */
  private quietUntil = 0;

  constructor(name: string, options: Options, onExpired: () => void) {
    this.channel = new BroadcastChannel(name);
    this.client = connect(options);
    this.client.on('state', (state) => {
      if (state === 'live') this.lines.forEach((line, id) => this.greet(id, line));
      if (state === 'expired') onExpired();
    });
    this.client.on('error', (error) => this.fail(error));
    this.channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.type === 'open') this.open(data.id, data.queries);
      if (data.type === 'gone') this.leave(data.id);
      const line = data.type === 'here' && this.lines.get(data.id);
      if (line) line.missed = 0;
    };
    this.say({ type: 'lead' });
  }

  private say(message: Message): void {
    this.channel.postMessage(message);
  }

  private text(id: string, text: string): void {
    this.say({ type: 'text', id, text });
  }

  private open(id: string, queries: Record<string, WatchQuery>): void {
    if (this.lines.has(id)) return;
    if (Date.now() < this.quietUntil) return this.say({ type: 'end', id, failure: this.failure });
    const asks = Object.values(queries).map(({ query, window }) => JSON.stringify([query, window]));
    const taken = [...this.lines.values()].flatMap((line) => (line.isTaken ? line.asks : []));
    let watch: Watch;
    try {
      watch = this.client.watch(queries);
    } catch {
      // More queries than a line takes: the tab opens one of its own.
      return this.say({ type: 'refused', id });
    }
    const line = { watch, asks, isTaken: false, missed: 0 };
    this.lines.set(id, line);
    this.say({ type: 'taken', id });
    // Other queries are the gateway's to accept, on a line that it opens for them.
    if (this.client.state === 'live' && asks.every((ask) => taken.includes(ask))) this.greet(id, line);
  }

  /** The gateway takes the queries: says so, and for the first time what there is. */
  private greet(id: string, line: Line): void {
    this.text(id, event('hello', { heartbeat: HEARTBEAT }));
    if (line.isTaken) return;
    line.isTaken = true;
    const { watch } = line;
    watch.onChange((update) => this.tell(id, update));
    for (const [key, view] of Object.entries(watch.views)) {
      if (!view.ready) continue;
      this.tell(id, { key, type: 'reset', patches: [], view });
      if (view.report) this.tell(id, { key, type: 'report', patches: [], view });
    }
  }

  private tell(id: string, { key, type, patches, view }: WatchUpdate): void {
    const { rows, seq, position, totals, report } = view;
    if (type === 'report') this.text(id, event('report', { report }));
    else if (type === 'patch') this.text(id, event('patch', { key, type, patches, seq, position, totals }));
    else this.text(id, event('reset', { key, type: 'reset', rows, seq, position, totals }));
  }

  private look(id: string, line: Line): void {
    if (++line.missed > MISSED) this.bye(id);
    else this.text(id, BEAT);
  }

  /** The line failed, or was refused. */
  private fail({ status, code, class: kind, message, retryAfterMs }: GatewayError): void {
    const failure = { status, code, class: kind, message, retryAfter: retryAfterMs && retryAfterMs / 1000 };
    this.failure = failure;
    this.quietUntil = Date.now() + (retryAfterMs ?? 0);
    const fresh = [...this.lines].filter(([, line]) => !line.isTaken);
    if (kind === 'invalid_argument' && fresh.length) {
      // One of the new ones is to blame: each asks for itself, and the others go on.
      for (const [id] of fresh) this.end(id, { type: 'refused', id });
    } else {
      for (const id of [...this.lines.keys()]) this.end(id, { type: 'end', id, failure });
    }
  }

  private leave(id: string): void {
    const line = this.lines.get(id);
    this.lines.delete(id);
    line?.watch.close();
  }

  private end(id: string, message: Message): void {
    this.leave(id);
    this.say(message);
  }

  /** Ends a line without a failure: the tab asks again, if it is there. */
  private bye(id: string): void {
    this.text(id, BYE);
    this.end(id, { type: 'end', id });
  }

  close(): void {
    clearInterval(this.beat);
    for (const id of [...this.lines.keys()]) this.bye(id);
    this.client.close();
    this.channel.close();
  }
}

/** Leads while no other tab does and the page was seen not long ago. */
function takeTurns(name: string, options: Options): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isQueued = false;
  let stepDown = () => {};

  async function queue(): Promise<void> {
    if (isQueued || options.signal?.aborted) return;
    isQueued = true;
    const controller = new AbortController();
    stepDown = () => controller.abort();
    options.signal?.addEventListener('abort', () => stepDown(), { signal: controller.signal });
    await navigator.locks
      .request(name, { signal: controller.signal }, () => {
        const hub = new Hub(name, options, () => stepDown());
        return new Promise<void>((resolve) => {
          stepDown = () => {
            hub.close();
            controller.abort();
            resolve();
          };
        });
      })
      .catch(() => {});
    isQueued = false;
  }

  function look(): void {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => stepDown(), LEADS_HIDDEN);
    else void queue();
  }

  document.addEventListener('visibilitychange', look, { signal: options.signal });
  options.signal?.addEventListener('abort', () => clearTimeout(timer));
  look();
}

/**
 * Returns options with which all tabs of a browser share one line to the gateway: one of them has it, and
 * passes on what comes. Where the browser cannot, each tab has its own.
 */
export function oneLine(options: Options): Options {
  if (!globalThis.navigator?.locks || !globalThis.BroadcastChannel || !globalThis.document) return options;
  const real = options.fetch ?? ((...given: Parameters<typeof fetch>) => fetch(...given));
  const name = `conv ${options.gateway} ${options.userID}`;
  const channel = new BroadcastChannel(name);
  const asked = new Map<string, (message: Answer) => void>();
  const lead = () => [...asked].forEach(([id, hear]) => hear({ type: 'lead', id }));
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.type === 'lead') lead();
    else if (data.type !== 'open' && data.type !== 'here' && data.type !== 'gone') asked.get(data.id)?.(data);
  };
  const { signal: ending } = options;
  ending?.addEventListener('abort', () => channel.close());
  const say = (message: Message) => ending?.aborted || channel.postMessage(message);
  // A page that goes leaves its lines; if the browser brings it back as it was, it asks again.
  const listen = { signal: ending } as AddEventListenerOptions;
  globalThis.addEventListener?.('pagehide', () => asked.forEach((_, id) => say({ type: 'gone', id })), listen);
  globalThis.addEventListener?.('pageshow', ({ persisted }) => persisted && lead(), listen);
  takeTurns(name, options);

  function ask(queries: Record<string, WatchQuery>, signal: AbortSignal): Promise<Response | undefined> {
    const id = newID();
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    let response: Response;
    let isBegun = false;
    const leave = () => {
      asked.delete(id);
      say({ type: 'gone', id });
    };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        leave();
        resolve(undefined);
      }, ANSWERED);
      const post = () => say({ type: 'open', id, queries });
      /** The answer begins with the first word: until then it may be a refusal. */
      const write = (text: string) => {
        isBegun = true;
        resolve(response);
        body!.enqueue(new TextEncoder().encode(text));
      };
      function end(failure: Failure | undefined): void {
        if (failure && !isBegun) {
          if (!failure.status) return reject(new TypeError(failure.message));
          return resolve(new Response(JSON.stringify(failure), { status: failure.status }));
        }
        // What the gateway said comes as the answer when it is asked again.
        if (failure?.status) write(BYE);
        body!.close();
      }
      asked.set(id, (message) => {
        // What was asked before there was a leader, or of another one, is asked again.
        if (message.type === 'lead' && !body) return post();
        clearTimeout(timer);
        if (message.type === 'taken') {
          response = new Response(new ReadableStream({ start: (controller) => void (body = controller), cancel: leave }));
        } else if (message.type === 'text') {
          if (message.text === BEAT) say({ type: 'here', id });
          write(message.text);
        } else {
          asked.delete(id);
          if (message.type === 'refused') return resolve(undefined);
          if (message.type === 'lead') write(BYE);
          end(message.type === 'end' ? message.failure : undefined);
        }
      });
      signal.addEventListener('abort', () => {
        if (!asked.has(id)) return;
        clearTimeout(timer);
        leave();
        body?.error(signal.reason);
        reject(signal.reason);
      });
      post();
    });
  }

  const shared: typeof fetch = async (input, init) => {
    const isLine = String(input).endsWith('/conversations/stream');
    const answer = isLine && (await ask(JSON.parse(init!.body as string).queries, init!.signal!));
    return answer || real(input, init);
  };
  return { ...options, fetch: shared };
}
