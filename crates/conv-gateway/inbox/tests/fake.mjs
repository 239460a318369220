// A gateway without a cloud: the page's files with its real headers, and the calls that the page makes.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src https: data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'none'";
const FILES = {
  '/inbox/': ['index.html', 'text/html; charset=utf-8'],
  '/inbox/inbox.css': ['inbox.css', 'text/css; charset=utf-8'],
  '/inbox/inbox.js': ['inbox.js', 'text/javascript; charset=utf-8'],
};
const EPOCH = 'a3f1a3f1a3f1a3f1';

export const now = () => Math.floor(Date.now() / 1000);

/** A row in the SDK's shape. */
export function row(id, { name = id, text = `text of ${id}`, time = now() - 60, unread = 0, ...more } = {}) {
  const isUser = id.startsWith('C2C');
  const lastMessage = { lastTime: time, lastSequence: 1, fromAccount: 'someone', type: 'TIMTextElem', payload: { text }, messageForShow: text, cloudCustomData: '', isRevoked: false, revoker: null, onlineOnlyFlag: false, nick: '', nameCard: '', version: 0 };
  const profile = isUser ? { userProfile: { userID: id.slice(3), nick: name, avatar: more.avatar ?? '' } } : { groupProfile: { groupID: id.slice(5), name, avatar: more.avatar ?? '' } };
  return { conversationID: id, type: isUser ? 'C2C' : 'GROUP', subType: '', unreadCount: unread, lastMessage, groupAtInfoList: [], remark: '', isPinned: false, markList: [], customData: '', conversationGroupList: [], draftText: '', peerReadTime: 0, ...profile, ...more };
}

const REPORT = { coverage: 'complete', limit: [], asOf: now(), pass: 'idle', skipped: [], unconfirmed: [], brokenPromises: [], failed: [], notFetched: [], reachedMark: 0 };

function crc(ids) {
  let sum = ~0;
  for (const byte of new TextEncoder().encode(ids)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return ~sum >>> 0;
}

export class Fake {
  constructor(rows, { groups = [], report = REPORT, sum } = {}) {
    Object.assign(this, { rows, groups, report, sum: sum ?? ((ids) => crc(ids)) });
    this.write = 1;
    this.lines = new Set();
    this.sockets = new Set();
  }

  async start(port = 0) {
    this.server = createServer((request, response) => this.answer(request, response).catch((error) => response.destroy(error)));
    this.server.on('connection', (socket) => this.sockets.add(socket) && socket.on('close', () => this.sockets.delete(socket)));
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/inbox/`;
    this.inboxUrl = `${this.url}#userID=alice&userSig=sig`;
    return this;
  }

  async stop() {
    this.lines.clear();
    this.sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => this.server.close(resolve));
  }

  async answer(request, response) {
    const path = request.url.split('?')[0];
    if (FILES[path]) {
      const [name, kind] = FILES[path];
      const bytes = await readFile(new URL(`../${name}`, import.meta.url));
      return response.writeHead(200, { 'content-type': kind, 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' }).end(bytes);
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks)) : {};
    const call = path.replace('/v1', '');
    if (this.isRefusing) return response.writeHead(401, { 'content-type': 'application/problem+json' }).end('{"status":401,"code":70001,"message":"expired","class":"auth"}');
    if (call === '/conversations/stream') return this.stream(body, response);
    const data = this.call(call, body);
    if (data === undefined) return response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"status":404,"code":2997,"message":"no such call","class":"not_found"}');
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ code: 0, data }));
  }

  call(path, body) {
    const time = now();
    switch (path) {
      case '/login':
      case '/login/renew':
        return { accessToken: 'dG9rZW4', expiresAt: time + 900, loginEndsAt: time + 9000, account: 'alice', serverTime: time, features: { delegates: false, profilesOfAnyUser: false, stream: true }, limits: { bodyBytes: 65536, conversationsPerCall: 100, rowsPerPage: 500 } };
      case '/groups':
        return this.groups;
      case '/conversations/list':
        return this.page(body);
      case '/conversations/refresh':
        return { mark: 1 };
      default:
        return undefined;
    }
  }

  matching(query) {
    if (query?.hasUnreadCount) return this.rows.filter((one) => one.unreadCount > 0);
    if (query?.hasGroupAtInfo) return this.rows.filter((one) => one.groupAtInfoList.length > 0);
    if (query?.groupName) return this.rows.filter((one) => one.conversationGroupList.includes(query.groupName));
    return this.rows;
  }

  totals(rows) {
    const unread = rows.filter((one) => one.unreadCount > 0);
    return { conversations: rows.length, unread: unread.reduce((sum, one) => sum + one.unreadCount, 0), unreadConversations: unread.length, mentioned: rows.filter((one) => one.groupAtInfoList.length > 0).length };
  }

  page({ limit = 500, after, ...query }) {
    const rows = this.matching(query ?? {});
    const from = after ? Number.parseInt(after.slice(3), 16) : 0;
    const end = from + limit;
    return { conversationList: rows.slice(from, end), isSyncCompleted: true, report: this.report, position: `${EPOCH}.${this.write}`, next: end < rows.length ? `v2-${end.toString(16)}` : null, totals: this.totals(rows) };
  }

  stream({ queries }, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' });
    const keys = Object.keys(queries);
    const line = { queries, response, last: {} };
    const resumed = Object.fromEntries(keys.map((key) => [key, false]));
    this.send(line, 'hello', { epoch: EPOCH, heartbeat: 20, maxAge: 3600, serverTime: now(), resumed });
    this.update(line);
    this.send(line, 'report', { isSyncCompleted: true, report: this.report, passesWaiting: 0, quotaWaitMillis: 0 });
    this.lines.add(line);
    response.on('close', () => this.lines.delete(line));
  }

  send({ response }, event, data, id) {
    response.write(`event: ${event}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
  }

  /** Sends all rows of each query, which is always right. */
  update(line) {
    const position = `${EPOCH}.${this.write}`;
    for (const [key, { query, window }] of Object.entries(line.queries)) {
      const rows = this.matching(query);
      const shown = rows.slice(0, window ?? 50);
      this.send(line, 'reset', { key, type: 'reset', rows: shown, seq: this.write, position, totals: this.totals(rows), sum: this.sum(shown.map((one) => `${one.conversationID}\n`).join('')) }, position);
    }
  }

  /** Changes the rows, and lets every line hear of it. */
  change(make) {
    this.rows = make(this.rows);
    this.write += 1;
    this.lines.forEach((line) => this.update(line));
  }

  /** Ends all logins. */
  refuse() {
    this.isRefusing = true;
    for (const line of this.lines) {
      this.send(line, 'bye', { reason: 'expired', retryAfterMs: 0 });
      line.response.end();
    }
  }

  setReport(report) {
    this.report = { ...this.report, ...report };
    for (const line of this.lines) this.send(line, 'report', { isSyncCompleted: false, report: this.report, passesWaiting: 0, quotaWaitMillis: 0 });
  }
}

/** `count` rows, newest first. */
export function many(count) {
  return Array.from({ length: count }, (_, at) => row(`C2Cuser_${String(at).padStart(5, '0')}`, { name: `Person ${at}`, time: now() - at * 60, unread: at % 7 === 0 ? (at % 5) + 1 : 0 }));
}
