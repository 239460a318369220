import { connect } from './index.js';
import type { Client, Options, Watch, WatchQuery, WatchUpdate } from './types.js';

/** A page that is hidden for so long leaves the line to others: browsers slow its timers down. */
const LEADS_HIDDEN = 240_000;
const HEARTBEAT = 20;
/** A tab that leads answers sooner. */
const ANSWERED = 500;

/** What tabs say to each other. */
type Message =
  | { type: 'lead' }
  | { type: 'open'; id: string; queries: Record<string, WatchQuery> }
  | { type: 'gone'; id: string }
  | { type: 'taken' | 'refused' | 'end'; id: string }
  | { type: 'text'; id: string; text: string };

type Answer = Exclude<Message, { type: 'lead' | 'open' | 'gone' }> | { type: 'lead'; id: string };

const newID = () => `${Math.random()}`;

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Another tab has the line now: no failure. */
const BYE = event('bye', { reason: 'drain', retryAfterMs: 0 });

/** The tab that has the line: it answers the others as the gateway would. */
class Hub {
  private readonly channel: BroadcastChannel;
  private readonly client: Client;
  private readonly lines = new Map<string, Watch>();
  private readonly beat = setInterval(() => this.lines.forEach((_, id) => this.text(id, ':\n\n')), HEARTBEAT * 1000);

  constructor(name: string, options: Options, onExpired: () => void) {
    this.channel = new BroadcastChannel(name);
    this.client = connect(options);
    this.client.on('state', (state) => {
      if (state === 'live') this.lines.forEach((_, id) => this.greet(id));
      if (state === 'offline' || state === 'expired') [...this.lines.keys()].forEach((id) => this.end(id));
      if (state === 'expired') onExpired();
    });
    this.channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.type === 'open') this.open(data.id, data.queries);
      if (data.type === 'gone') this.leave(data.id);
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
    let watch: Watch;
    try {
      watch = this.client.watch(queries);
    } catch {
      // More queries than a line takes: the tab opens one of its own.
      return this.say({ type: 'refused', id });
    }
    this.lines.set(id, watch);
    this.say({ type: 'taken', id });
    if (this.client.state === 'live') this.greet(id);
    watch.onChange((update) => this.tell(id, update));
    for (const [key, view] of Object.entries(watch.views)) {
      if (!view.ready) continue;
      this.tell(id, { key, type: 'reset', patches: [], view });
      if (view.report) this.tell(id, { key, type: 'report', patches: [], view });
    }
  }

  private greet(id: string): void {
    this.text(id, event('hello', { heartbeat: HEARTBEAT }));
  }

  private tell(id: string, { key, type, patches, view }: WatchUpdate): void {
    const { rows, seq, position, totals, report } = view;
    if (type === 'report') this.text(id, event('report', { report }));
    else if (type === 'patch') this.text(id, event('patch', { key, type, patches, seq, position, totals }));
    else this.text(id, event('reset', { key, type: 'reset', rows, seq, position, totals }));
  }

  private leave(id: string): void {
    const watch = this.lines.get(id);
    this.lines.delete(id);
    watch?.close();
  }

  private end(id: string): void {
    this.leave(id);
    this.say({ type: 'end', id });
  }

  close(): void {
    clearInterval(this.beat);
    for (const id of [...this.lines.keys()]) {
      this.text(id, BYE);
      this.end(id);
    }
    this.client.close();
    this.channel.close();
  }
}

/** Leads while no other tab does and the page was seen not long ago. */
function lead(name: string, options: Options): void {
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
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.type === 'lead') [...asked].forEach(([id, hear]) => hear({ type: 'lead', id }));
    else if (data.type !== 'open' && data.type !== 'gone') asked.get(data.id)?.(data);
  };
  options.signal?.addEventListener('abort', () => channel.close());
  lead(name, options);

  function ask(queries: Record<string, WatchQuery>, signal: AbortSignal): Promise<Response | undefined> {
    const id = newID();
    let body: ReadableStreamDefaultController<Uint8Array>;
    const leave = () => {
      asked.delete(id);
      if (!options.signal?.aborted) channel.postMessage({ type: 'gone', id } satisfies Message);
    };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        leave();
        resolve(undefined);
      }, ANSWERED);
      const post = () => channel.postMessage({ type: 'open', id, queries } satisfies Message);
      asked.set(id, (message) => {
        // What was asked before there was a leader, or of another one, is asked again.
        if (message.type === 'lead' && !body) return post();
        clearTimeout(timer);
        const write = (text: string) => body.enqueue(new TextEncoder().encode(text));
        if (message.type === 'taken') {
          const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (body = controller), cancel: leave });
          resolve(new Response(stream));
        } else if (message.type === 'text') {
          write(message.text);
        } else {
          asked.delete(id);
          if (!body) return resolve(undefined);
          if (message.type === 'lead') write(BYE);
          body.close();
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
