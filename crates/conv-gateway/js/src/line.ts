import { Feed } from './feed.js';
import type { Update } from './fold.js';
import { asRefusal, jitter, Refusal, sleep, TIMEOUT, type Http } from './http.js';
import { Page } from './page.js';
import { parser, type Event } from './sse.js';
import type { Counts, Report, State } from './types.js';

/** A line that lived for so long is no failed try. */
const LIVED = 5000;
/** The gateway's first words take no longer. */
const FIRST = 20_000;
const POLL_WAIT = 25;
/** So many requests from one place, within half a second, are a loop. */
const LOOP = 5;
/** What ends a wait of the line: any news, news of the network or the page, or time alone. */
const ANY = 0;
const BACK = 1;
const TIME = 2;
/** Updates that do not fit again within this time make the client wait. */
const MISFIT_AGAIN = 60_000;

/** Why a line ends without a failure. */
class End {
  constructor(
    readonly reason: 'changed' | 'misfit' | 'bye',
    readonly retryAfterMs?: number,
  ) {}
}

/** Who hears of a line. */
export interface Told {
  say(state: State): void;
  tell(event: 'error', error: Refusal): void;
  /** An update was taken. */
  save(): void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The line that keeps the feeds of a client up to date. */
export class Line {
  readonly feeds = new Map<string, Feed>();
  readonly counts: Mutable<Counts> = { lines: 0, resets: 0, patches: 0, syncs: 0, misfits: 0 };
  private readonly page: Page;
  private trying: AbortController | undefined;
  /** The feeds that the newest line was opened for. */
  private asked: Feed[] = [];
  /** Ends the wait, if this kind of news does. */
  private ring: (news: number) => void = () => {};
  private heardAt = 0;
  /** Milliseconds of silence after which the line is dead. */
  private silence = FIRST;
  private liveAt = 0;
  private attempt = 0;
  private misfitAt = -MISFIT_AGAIN;
  private place = '';
  private times: number[] = [];
  /** Streams in a row that said nothing: a proxy holds them back. */
  private mute = 0;

  constructor(
    private readonly http: Http,
    private readonly told: Told,
    private transport: 'stream' | 'longpoll',
    /** Over before the first line is opened. */
    private readonly ready: Promise<unknown>,
  ) {
    this.page = new Page(
      () => this.wake(),
      () => this.change(),
      http.ended,
    );
    http.ended.addEventListener('abort', () => this.ring(BACK));
    void this.run();
  }

  /** There are other feeds, or the page went away. */
  change(): void {
    this.trying?.abort(new End('changed'));
    this.ring(ANY);
  }

  /** Tries at once, and gives a silent line up. */
  wake(): void {
    this.ring(BACK);
    if (this.liveAt && Date.now() - this.heardAt > this.silence) this.lose();
  }

  private readonly lose = (): void => this.trying?.abort(new Refusal(TIMEOUT, 'timeout'));

  private get isWanted(): boolean {
    return this.feeds.size > 0 && !this.page.isAway;
  }

  private rung(by: number): Promise<void> {
    return new Promise((resolve) => {
      this.ring = (news) => news >= by && resolve();
    });
  }

  private async run(): Promise<void> {
    await this.ready;
    while (!this.http.ended.aborted) {
      if (!this.isWanted) {
        if (this.page.isAway) this.told.say('offline');
        await this.rung(ANY);
        continue;
      }
      await this.breakLoop();
      const ended = await this.attend();
      if (this.http.ended.aborted) return;
      const refused = asRefusal(ended);
      if (this.liveAt && Date.now() - this.liveAt >= LIVED) this.attempt = 0;
      if (!this.liveAt && refused.code === TIMEOUT && ++this.mute > 1) this.transport = 'longpoll';
      this.liveAt = 0;
      await (ended instanceof End ? this.afterEnd(ended) : this.afterFailure(refused));
    }
  }

  /** Opens the line and reads it to its end; returns why it ended. */
  private async attend(): Promise<unknown> {
    this.told.say('connecting');
    this.counts.lines++;
    const controller = (this.trying = this.http.begin());
    const feeds = (this.asked = [...this.feeds.values()]);
    try {
      await (this.transport === 'stream'
        ? this.stream(feeds, controller.signal)
        : Promise.all(feeds.map((feed) => this.poll(feed, controller.signal))));
      return new Refusal(2800, 'end');
    } catch (error) {
      return controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      this.trying = undefined;
      controller.abort();
    }
  }

  private pause(ms: number, by = TIME): Promise<void> {
    return this.http.within(ms, () => this.rung(by)).catch(() => {});
  }

  private async afterEnd(end: End): Promise<void> {
    if (end.reason === 'bye') await this.pause(end.retryAfterMs!);
    if (end.reason !== 'misfit') return;
    const isAgain = Date.now() - this.misfitAt < MISFIT_AGAIN;
    this.misfitAt = Date.now();
    if (isAgain) await this.pause(jitter(++this.attempt));
  }

  private async afterFailure(refused: Refusal): Promise<void> {
    this.told.say(refused.class === 'auth' ? 'expired' : 'offline');
    this.told.tell('error', refused);
    const { class: kind, retryAfterMs } = refused;
    // A query that has been left may be the refused one: the rest is asked for without it.
    const isRefused = kind === 'invalid_argument' && this.asked.every((feed) => feed.readers.size);
    if (isRefused || kind === 'auth') return this.rung(ANY);
    await this.pause(retryAfterMs ?? jitter(this.attempt), retryAfterMs === undefined ? BACK : TIME);
    this.attempt++;
  }

  /** Begins from nothing, and later, if the same was asked for again and again. */
  private async breakLoop(): Promise<void> {
    const place = JSON.stringify([...this.feeds.values()].map((feed) => [feed.id, feed.position]));
    if (place !== this.place) this.times = [];
    this.place = place;
    this.times = [...this.times, Date.now()].slice(-LOOP);
    if (this.times.length < LOOP || this.times[LOOP - 1]! - this.times[0]! >= 500) return;
    this.times = [];
    this.feeds.forEach((feed) => (feed.position = null));
    this.attempt = Math.max(this.attempt, LOOP);
    await this.pause(500 + jitter(this.attempt));
  }

  private live(): void {
    this.liveAt ||= Date.now();
    this.told.say('live');
  }

  private async stream(feeds: Feed[], signal: AbortSignal): Promise<void> {
    const queries = Object.fromEntries(
      feeds.map(({ query, window, from }, key) => [key, { query, window, from }]),
    );
    this.silence = FIRST;
    const sending = { signal, time: FIRST, isStream: true };
    const response = (await this.http.send('/conversations/stream', { queries }, sending)) as Response;
    if (!response.body) return void (this.transport = 'longpoll');
    const reader = response.body.getReader();
    // Some `fetch` does not hear the signal once the answer has begun.
    signal.addEventListener('abort', () => void reader.cancel().catch(() => {}));
    const parse = parser((event) => this.event(event, feeds));
    for (;;) {
      const timer = setTimeout(this.lose, this.silence);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (signal.aborted) throw signal.reason;
      if (done) return;
      this.heardAt = Date.now();
      parse(value);
    }
  }

  private event({ name, data, id }: Event, feeds: Feed[]): void {
    const said = data && JSON.parse(data);
    if (name === 'hello') {
      this.mute = 0;
      this.silence = said.heartbeat * 2500;
      this.live();
    } else if (name === 'reset' || name === 'patch' || name === 'sync') {
      this.take(feeds[said.key]!, said);
    } else if (name === 'report') {
      feeds.forEach((feed) => feed.report(said.report));
    } else if (name === 'renew' && said.accessToken) {
      this.http.token = { token: said.accessToken, expiresAt: said.expiresAt };
    } else if (name === 'bye') {
      if (said.reason === 'expired') this.http.token = undefined;
      throw new End('bye', said.retryAfterMs);
    }
    // It comes when all queries are there.
    if (id) for (const feed of feeds) feed.position &&= id;
  }

  private take(feed: Feed, update: Update): void {
    if (!feed.readers.size) return;
    this.counts[update.type === 'patch' ? 'patches' : update.type === 'sync' ? 'syncs' : 'resets']++;
    if (!feed.take(update)) {
      this.counts.misfits++;
      throw new End('misfit');
    }
    this.told.save();
  }

  private async poll(feed: Feed, signal: AbortSignal): Promise<void> {
    while (feed.readers.size) {
      const began = Date.now();
      const { query, window, from } = feed;
      const asked = { query, window, ...from, wait: POLL_WAIT };
      const sending = { signal, time: POLL_WAIT * 1000 + FIRST };
      const answer = (await this.http.send('/conversations/changes', asked, sending)) as
        | { data: Update & { state: { report: Report } } }
        | undefined;
      this.live();
      if (answer) {
        const { report } = answer.data.state;
        this.take(feed, answer.data);
        if (JSON.stringify(report) !== JSON.stringify(feed.view.report)) feed.report(report);
      }
      // A gateway that drains, and one whose list has no position, answer at once.
      if ((!answer || !feed.position) && Date.now() - began < 1000) await sleep(1000, signal);
    }
  }
}
