// `conv-client/tabs` in a real browser: its tabs share one line, and any of them may go.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Fake, row } from './fake.mjs';
import { browserPath, launch, open, until } from './stage.mjs';

const DIST = new URL('../../js/dist/', import.meta.url);

/** A gateway that also serves an empty page and the client, and refuses queries for nonsense. */
class Gateway extends Fake {
  async answer(request, response) {
    const [, folder, name] = request.url.split('/');
    if (folder === 'tab') return response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>tab</title>');
    if (folder === 'dist') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(new URL(name, DIST)));
    return super.answer(request, response);
  }

  stream(body, response) {
    if (!JSON.stringify(body).includes('nonsense')) return super.stream(body, response);
    response.writeHead(400, { 'content-type': 'application/problem+json' }).end('{"status":400,"code":990007,"message":"no such member","class":"invalid_argument"}');
  }

  /** The windows that are followed, line by line. */
  get windows() {
    return [...this.lines].map(({ queries }) => Object.values(queries).map(({ window }) => window).sort().join()).join('; ');
  }
}

describe('tabs of a browser', { skip: browserPath ? false : 'no chromium is installed' }, () => {
  let browser;
  let gateway;
  before(async () => {
    browser = await launch();
    gateway = await new Gateway(['C2Ca', 'C2Cb'].map((id) => row(id))).start();
  });
  after(async () => {
    await browser.close();
    await gateway.stop();
  });

  async function tab(context, queries) {
    const page = await open(context, `http://127.0.0.1:${gateway.port}/tab/`);
    await page.evaluate(async (given) => {
      const { connect } = await import('/dist/index.js');
      const { oneLine } = await import('/dist/tabs.js');
      window.client = connect(oneLine({ gateway: `${location.origin}/v1`, userID: 'alice', getUserSig: () => 'sig' }));
      window.errors = [];
      client.on('error', ({ code, class: kind }) => errors.push(`${code} ${kind}`));
      window.watching = client.watch(given);
    }, queries);
    return page;
  }

  const state = (page) => page.evaluate(() => `${client.state} ${watching.views.main.rows.length} ${errors.join()}`);
  const live = (page) => until('live', async () => (await state(page)) === 'live 2 ');

  test('one line; a tab that goes takes its query with it; the last one takes the line over', async () => {
    const context = await browser.newContext();
    const one = await tab(context, { main: { window: 3 } });
    await live(one);
    const two = await tab(context, { main: { window: 7 } });
    const three = await tab(context, { main: { window: 9 } });
    for (const page of [one, two, three]) await live(page);
    await until('one line', () => gateway.windows === '3,7,9');
    await two.goto('about:blank');
    await three.close();
    // Another query opens the line again.
    const last = await tab(context, { main: { window: 11 } });
    await live(last);
    assert.equal(gateway.windows, '11,3');
    await one.close();
    await until('the line of the last', () => gateway.windows === '11');
    await live(last);
    await context.close();
    await until('no line', () => gateway.windows === '');
  });

  test('a refused query is refused to its own tab, with its code', async () => {
    const context = await browser.newContext();
    const good = await tab(context, { main: { window: 3 } });
    await live(good);
    const bad = await tab(context, { main: { query: { nonsense: true }, window: 3 } });
    await until('the refusal', async () => (await state(bad)) === 'offline 0 990007 invalid_argument');
    await until('the line goes on', () => gateway.windows === '3');
    await live(good);
    await context.close();
  });
});
