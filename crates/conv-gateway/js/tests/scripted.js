// A gateway of a few lines, whose answers a test scripts, on a clock that a test moves.
import { mock } from 'node:test';
import { source } from './support.js';

const { sum } = await source('sum');

export const row = (id, more = {}) => ({ conversationID: id, type: 'C2C', unreadCount: 0, lastMessage: { lastTime: 1 }, ...more });

const totals = (rows) => ({ conversations: rows.length, unread: 0, unreadConversations: 0, mentioned: 0 });

export const report = { coverage: 'complete', limit: [], asOf: 1, pass: 'idle', skipped: [], failed: [], notFetched: [], reachedMark: 1 };

/** Returns an update, with its sum. */
export function reset(ids, seq = 1, more = {}) {
  const rows = ids.map((id) => row(id));
  return { type: 'reset', rows, seq, position: `e.${seq}`, totals: totals(rows), sum: sum(ids), ...more };
}

export const login = (more) => ({
  accessToken: 'token1',
  expiresAt: Math.floor(Date.now() / 1000) + 900,
  loginEndsAt: 9e9,
  account: 'alice',
  serverTime: Math.floor(Date.now() / 1000),
  features: {},
  limits: {},
  ...more,
});

export const json = (data, status = 200, headers = {}) =>
  new Response(status === 204 ? null : JSON.stringify(status < 400 ? { code: 0, data } : data), { status, headers });

/** A stream that the test writes; `ended` is true once the client is gone. */
export function stream(signal) {
  const line = { isGone: false };
  line.response = new Response(
    new ReadableStream({
      start: (controller) => (line.controller = controller),
      cancel: () => (line.isGone = true),
    }),
    { status: 200 },
  );
  signal?.addEventListener('abort', () => {
    line.isGone = true;
    try {
      line.controller.error(signal.reason);
    } catch {}
  });
  line.raw = (text) => line.controller.enqueue(new TextEncoder().encode(text));
  line.send = (name, data, id) => line.raw(`event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  line.hello = () => line.send('hello', { epoch: 'e', heartbeat: 20, maxAge: 3600, serverTime: 1, resumed: {} });
  line.update = (key, update) => line.send(update.type, { key: String(key), ...update });
  line.end = () => line.controller.close();
  return line;
}

/** Returns a fetch that keeps what was asked, and answers with `answers[path]`. */
export function scripted(answers) {
  const calls = [];
  const lines = [];
  const fetch = async (url, init) => {
    const path = url.replace('http://gateway/v1', '');
    const call = { path, body: init.body && JSON.parse(init.body), headers: init.headers, signal: init.signal, at: Date.now() };
    calls.push(call);
    init.signal.throwIfAborted();
    if (answers[path]) return answers[path](call);
    if (path.startsWith('/login')) return json(login());
    if (path === '/conversations/stream') {
      const line = stream(init.signal);
      line.call = call;
      lines.push(line);
      return line.response;
    }
    throw new TypeError(`not scripted: ${path}`);
  };
  const to = (path) => calls.filter((call) => call.path === path);
  return { calls, lines, fetch, to, options: { gateway: 'http://gateway/v1/', userID: 'alice', getUserSig: () => 'sig', fetch } };
}

const realImmediate = setImmediate;

export async function settle() {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => realImmediate(resolve));
}

/** Takes the clock over. */
export function clock(t) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_775_000_000_000 });
  t.after(() => mock.timers.reset());
  return async (ms) => {
    await settle();
    for (const end = Date.now() + ms; Date.now() < end; ) {
      mock.timers.tick(Math.min(250, end - Date.now()));
      await settle();
    }
  };
}
