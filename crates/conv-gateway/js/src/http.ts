import type { AccessToken, CallOptions, ErrorClass, GatewayError, LoginAnswer, Options } from './types.js';

/** The SDK's numbers of the network's failures. */
const NETWORK = 2800;
export const TIMEOUT = 2801;

const TRIES = 5;
const MAX_PAUSE = 30_000;
const CALL_TIME = 20_000;
/** `getUserSig` may ask a person. */
const SIG_TIME = 60_000;
/** A timer takes it, and no login does. */
const FOREVER = 1e9;
/** A token is renewed when it has so many seconds left: afterwards only a UserSig helps. */
const RENEW_AT = 30;

export class Refusal extends Error implements GatewayError {
  declare readonly class: ErrorClass;
  declare readonly retryAfterMs?: number;
  declare readonly instance?: string;

  constructor(
    readonly code: number,
    message: string,
    readonly status = 0,
    errorClass: ErrorClass = 'transient',
    more?: { retryAfterMs?: number; instance?: string },
  ) {
    super(message);
    Object.assign(this, { name: 'GatewayError', class: errorClass }, more);
  }
}

/** Returns a pause of which the greatest doubles with each attempt: the pauses of many differ. */
export function jitter(attempt: number): number {
  return Math.random() * Math.min(MAX_PAUSE, 500 * 2 ** attempt);
}

/** Waits. The signal keeps the wait in mind until it is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Reads a refusal. One without a class is not the gateway's but a proxy's, and may pass. */
async function refusal(response: Response): Promise<Refusal> {
  const { status } = response;
  const said = (await response.json().catch(() => null)) ?? {};
  const pause = Number(response.headers.get('retry-after') ?? said.retryAfter ?? NaN);
  return new Refusal(
    said.code ?? NETWORK,
    said.message ?? `HTTP status ${status}`,
    status,
    said.class,
    { retryAfterMs: pause >= 0 ? pause * 1000 : undefined, instance: said.instance },
  );
}

export function asRefusal(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(NETWORK, String((error as Error)?.message ?? error));
}

interface Sending extends CallOptions {
  readonly key?: string;
  /** Milliseconds for the answer; of a stream, until it begins. */
  readonly time?: number;
  /** Leaves the body to the caller, who aborts the signal in the end. */
  readonly isStream?: boolean;
}

/** Calls of the gateway, with the login that they need. */
export class Http {
  private readonly base: string;
  token: AccessToken | undefined;
  /** What the gateway's clock is ahead, in seconds. */
  private skew = 0;
  private logging: Promise<LoginAnswer> | undefined;
  private readonly ending = new AbortController();
  /** Aborted when everything ends, for good. */
  readonly ended = this.ending.signal;

  constructor(private readonly options: Options) {
    this.base = options.gateway.replace(/\/+$/, '');
    this.token = options.accessToken;
  }

  /** Returns a controller that `close` and the signal abort as well. It must be aborted in the end. */
  begin(signal?: AbortSignal): AbortController {
    const controller = new AbortController();
    for (const outer of [this.ended, signal]) {
      const end = () => controller.abort(outer!.reason);
      outer?.addEventListener('abort', end, { signal: controller.signal });
      if (outer?.aborted) end();
    }
    return controller;
  }

  close(): void {
    this.token = undefined;
    this.ending.abort(new Refusal(2905, 'closed', 0, 'cancelled'));
  }

  /**
   * Renews the login while it holds, else begins another one. Calls at once share one login, and a signal
   * ends the wait of its own call.
   */
  login(signal?: AbortSignal): Promise<LoginAnswer> {
    return this.within(FOREVER, () => (this.logging ??= this.logIn().finally(() => (this.logging = undefined))), signal);
  }

  /** Waits at most so long; the signal and `close` end the wait, too. Fails as `fetch` does. */
  async within<T>(ms: number, run: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const waiting = this.begin(signal);
    try {
      waiting.signal.throwIfAborted();
      return await Promise.race([
        run(),
        sleep(ms, waiting.signal).then(() => Promise.reject(new TypeError('timeout'))),
      ]);
    } finally {
      waiting.abort();
    }
  }

  private left(): number {
    return this.token ? this.token.expiresAt - this.skew - Date.now() / 1000 : 0;
  }

  private async logIn(): Promise<LoginAnswer> {
    const { getUserSig, userID } = this.options;
    if (this.token && (this.left() > 0 || !getUserSig)) {
      try {
        return await this.logInBy('/login/renew', {}, this.token.token);
      } catch (error) {
        if (asRefusal(error).class !== 'auth' || !getUserSig) throw error;
      }
    }
    let userSig;
    try {
      userSig = await this.within(SIG_TIME, getUserSig!);
    } catch (error) {
      // What `fetch` rejects with may pass; else there is none.
      throw getUserSig && error instanceof TypeError ? error : new Refusal(70001, String(error), 0, 'auth');
    }
    return this.logInBy('/login', { userID, userSig });
  }

  private async logInBy(path: string, body: object, token?: string): Promise<LoginAnswer> {
    const { data } = (await this.fetch(path, body, {}, token)) as { data: LoginAnswer };
    this.skew = data.serverTime - Date.now() / 1000;
    this.token = { token: data.accessToken, expiresAt: data.expiresAt };
    return data;
  }

  /** Sends a request once, with a token that holds. */
  async send(path: string, body: unknown, sending: Sending): Promise<unknown> {
    if (this.logging || this.left() < RENEW_AT) {
      // The rest of the login may do.
      await this.login(sending.signal).catch((error) => {
        if (this.left() <= 0) throw error;
      });
    }
    const { token } = this.token!;
    try {
      return await this.fetch(path, body, sending, token);
    } catch (error) {
      if (asRefusal(error).status !== 401) throw error;
      if (this.token?.token === token) this.token = undefined;
      await this.login(sending.signal);
      return this.fetch(path, body, sending, this.token!.token);
    }
  }

  /** Sends a request until it is answered or refused for good; returns the answer's data. */
  async call<T>(path: string, body?: unknown, sending: Sending = {}): Promise<T> {
    const controller = this.begin(sending.signal);
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          const answer = await this.send(path, body, { ...sending, signal: controller.signal });
          return (answer as { data: T } | undefined)?.data as T;
        } catch (error) {
          if (controller.signal.aborted) throw controller.signal.reason;
          const refused = asRefusal(error);
          const pause = refused.retryAfterMs ?? jitter(attempt);
          const mayPass = /^(transient|rate_limited)$/.test(refused.class);
          if (!mayPass || attempt + 1 >= TRIES || pause > MAX_PAUSE) throw error;
          await sleep(pause, controller.signal);
        }
      }
    } finally {
      controller.abort();
    }
  }

  /** Sends a body by POST; without one it is a GET. */
  private async fetch(path: string, body: unknown, sending: Sending, token?: string): Promise<unknown> {
    const { key, isStream, time = CALL_TIME } = sending;
    const controller = this.begin(sending.signal);
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(new Refusal(TIMEOUT, 'timeout')), time);
    // None for undefined; never empty.
    const text = JSON.stringify(body) as string | undefined;
    let isOpen = false;
    try {
      const response = await (this.options.fetch ?? fetch)(this.base + path, {
        method: text ? 'POST' : 'GET',
        headers: {
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(text && { 'Content-Type': 'application/json' }),
          ...(key && { 'Idempotency-Key': key }),
        },
        body: text,
        credentials: 'omit',
        redirect: 'error',
        signal,
      });
      if (!response.ok) throw await refusal(response);
      isOpen = !!isStream;
      return isOpen ? response : response.status === 204 ? undefined : await response.json();
    } catch (error) {
      throw signal.aborted ? signal.reason : asRefusal(error);
    } finally {
      clearTimeout(timer);
      if (!isOpen) controller.abort();
    }
  }
}
