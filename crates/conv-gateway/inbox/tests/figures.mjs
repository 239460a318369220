// Measures the page in a browser: npm run figures. `CONV_BIN` names a conv; `RUNS` is 50 by default.
//
// - From the login's submit to a list that is painted, on `conv serve --demo`.
// - From a webhook, when it is sent, to the moved row that is painted.
// - The longest tasks of a list of 10,000 rows: while it is read on to its end, changed, and searched.

import { cpus, loadavg } from 'node:os';
import { Fake, many } from './fake.mjs';
import { conv, demo, launch, logIn, open, order, settle, until } from './stage.mjs';

const RUNS = Number(process.env.RUNS ?? 50);
const LISTEN = ['--listen', '127.0.0.1:0', '--private-listen', '127.0.0.1:0'];
const LIMITS = ['--calls-per-minute', '100000', '--cloud-calls-per-minute', '100000'];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function say(what, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)].toFixed(1);
  const load = loadavg()[0].toFixed(1);
  console.log(`${what}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms (${times.length} runs; load ${load} on ${cpus().length} cores)`);
}

/** Runs in the page before its own scripts: takes the times at which something is painted. */
function instrument() {
  const painted = (done) => requestAnimationFrame(() => setTimeout(() => done(performance.timeOrigin + performance.now())));
  const when = (isThere, done) => {
    const observer = new MutationObserver(() => {
      if (!isThere()) return;
      observer.disconnect();
      painted(done);
    });
    observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-posinset'] });
  };
  const place = (id) => Number(document.querySelector(`.row[data-id="${id}"]`)?.getAttribute('aria-posinset') ?? Infinity);
  addEventListener(
    'submit',
    () => {
      const begun = performance.timeOrigin + performance.now();
      when(() => document.querySelector('.row'), (end) => (window.listed = end - begun));
    },
    { capture: true },
  );
  window.watchRow = (id) => {
    const before = place(id);
    window.moved = undefined;
    when(() => place(id) < before, (end) => (window.moved = end));
  };
}

async function opened(browser, url) {
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  await context.addInitScript(instrument);
  return open(context, url);
}

async function login(browser, served) {
  const times = [];
  for (let run = 0; run < RUNS; run += 1) {
    const page = await opened(browser, served.inboxUrl);
    await logIn(page);
    times.push(await until('the list', () => page.evaluate(() => window.listed)));
    await page.context().close();
  }
  say('login to a shown list', times);
}

async function webhook(browser, served) {
  const page = await opened(browser, served.inboxUrl);
  await logIn(page);
  await page.mouse.move(400, 5);
  await until('the whole list', async () => (await page.textContent('#state')).startsWith('Up to date.'));
  const self = new URLSearchParams(new URL(served.inboxUrl).hash.slice(1)).get('userID');
  const hook = `${served.url}/v1/hooks/tencent?SdkAppid=1400000000&CallbackCommand=C2C.CallbackAfterSendMsg&contenttype=json`;
  const times = [];
  for (let run = 0; run < RUNS; run += 1) {
    await pause(700);
    const pinned = await page.$$eval('.flags.isPinned', (rows) => rows.length);
    // The last that is shown: the first may have moved within this second.
    const id = (await order(page)).slice(pinned).findLast((it) => it.startsWith('C2C'));
    await page.evaluate((it) => watchRow(it), id);
    const time = Math.floor(Date.now() / 1000);
    const event = { CallbackCommand: 'C2C.CallbackAfterSendMsg', From_Account: id.slice(3), To_Account: self, MsgSeq: run, MsgRandom: run, MsgTime: time, MsgKey: `${run}_${run}_${time}`, MsgBody: [{ MsgType: 'TIMTextElem', MsgContent: { Text: 'hello' } }], SendMsgResult: 0, OnlineOnlyFlag: 0, UnreadMsgNum: 1 };
    const begun = performance.timeOrigin + performance.now();
    const answer = await fetch(hook, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) });
    if (!answer.ok) throw new Error(`webhook: ${answer.status} ${await answer.text()}`);
    times.push((await until('the row moves', () => page.evaluate(() => window.moved))) - begun);
  }
  await page.context().close();
  say('webhook to a moved row', times);
}

/** Tasks of the page's main thread, the longest first: by the processor's time, as the machine has other work. */
function longest(events) {
  const main = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`));
  const mine = events.filter(({ ph, pid, tid }) => ph === 'X' && main.has(`${pid} ${tid}`));
  const tasks = mine.filter(({ name }) => name.endsWith('RunTask')).map((task) => ({ task, cpu: (task.tdur ?? task.dur) / 1000, wall: task.dur / 1000 }));
  const top = tasks.toSorted((a, b) => b.cpu - a.cpu).slice(0, 20);
  for (const one of top) {
    const { ts, dur, pid } = one.task;
    const inside = mine.filter((it) => it !== one.task && it.pid === pid && it.ts >= ts && it.ts + it.dur <= ts + dur && !it.name.endsWith('RunTask'));
    const parts = inside.toSorted((a, b) => b.dur - a.dur).slice(0, 3);
    one.parts = parts.map((it) => `${it.name}${it.args.data?.functionName ? ` ${it.args.data.functionName}` : ''} ${((it.tdur ?? it.dur) / 1000).toFixed(0)}`).join(', ');
  }
  return top;
}

async function tasks(browser) {
  const fake = await new Fake(many(10_000)).start();
  const page = await opened(browser, fake.inboxUrl);
  const phase = async (what, run) => {
    await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
    await run();
    await pause(500);
    const { traceEvents } = JSON.parse(await browser.stopTracing());
    const long = longest(traceEvents);
    const over = long.filter(({ cpu }) => cpu > 50).length;
    console.log(`10,000 rows, ${what}: ${over} tasks over 50 ms; the longest (load ${loadavg()[0].toFixed(1)}):`);
    for (const { cpu, wall, parts } of long.slice(0, 2)) console.log(`  ${cpu.toFixed(0)} ms, ${wall.toFixed(0)} ms by the clock: ${parts}`);
  };
  await phase('login', () => logIn(page));
  await page.mouse.move(400, 5);
  await phase('read on to the end', async () => {
    for (let rows = 0; rows < 10_000; ) {
      rows = await page.$eval('#list', (list) => {
        list.scrollTop = list.scrollHeight;
        return Math.round(list.scrollHeight / 64);
      });
      await settle(page);
    }
  });
  await page.$eval('#list', (list) => (list.scrollTop = 0));
  await phase('a change', async () => {
    for (let at = 0; at < 10; at += 1) {
      fake.change(([first, second, ...rest]) => [second, { ...first, unreadCount: at }, ...rest]);
      await pause(100);
    }
  });
  await phase('pages are read again', () => pause(7000));
  await phase('a search, key by key', () => page.type('#search', 'person 99', { delay: 100 }));
  await page.context().close();
  await fake.stop();
}

const browser = await launch();
const parts = process.argv.slice(2);
const wants = (part) => parts.length === 0 || parts.includes(part);
if (conv) {
  const served = await demo([...LISTEN, ...LIMITS, '--unsigned-webhooks', '--webhook-trust', 'bump']);
  try {
    if (wants('login')) await login(browser, served);
    if (wants('webhook')) await webhook(browser, served);
  } finally {
    await served.stop();
  }
} else {
  console.log('no figures of a gateway: CONV_BIN names no conv');
}
if (wants('tasks')) await tasks(browser);
await browser.close();
