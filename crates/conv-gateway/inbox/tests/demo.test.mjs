// The page on a real gateway: `conv serve --demo`, whose world sends a message every few seconds.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { browserPath, conv, demo, launch, logIn, open, order, settle, until } from './stage.mjs';

const skip = !browserPath ? 'no chromium is installed' : !conv && 'CONV_BIN names no conv';

describe('the demo', { skip }, () => {
  let browser;
  let served;
  before(async () => {
    browser = await launch();
    served = await demo();
  });
  after(async () => {
    await browser.close();
    await served.stop();
  });

  async function opened(context) {
    context ??= await browser.newContext({ viewport: { width: 900, height: 700 } });
    const page = await open(context, served.inboxUrl);
    assert.ok(!page.url().includes('#'), 'the login is in the address');
    await logIn(page);
    await page.mouse.move(400, 5);
    return page;
  }

  const spoken = (page, id) => page.$eval(`.row[data-id="${id}"] .spoken`, (node) => node.textContent).catch(() => '');
  const said = (page, id, words, isThere = true) => until(`${words} of ${id}`, async () => (await spoken(page, id)).includes(words) === isThere);

  /** Finds a row with the search, and leaves it selected. */
  async function find(page, id) {
    await page.fill('#search', id.replace(/^(C2C|GROUP)/, ''));
    await until(id, async () => (await order(page)).includes(id));
    await page.click(`.row[data-id="${id}"]`);
  }

  /** A conversation with a user, and its name. */
  async function some(page, at) {
    const ids = (await order(page)).filter((id) => id.startsWith('C2C'));
    return ids[at];
  }

  function clean(page) {
    assert.deepEqual(page.faults, []);
    assert.deepEqual(page.violations, []);
    return page.context().close();
  }

  test('it lives: messages come, counts and title follow', async () => {
    const page = await opened();
    const title = await page.title();
    await until('a message', async () => (await page.textContent('#rows')).includes('message '), 20_000);
    await until('another title', async () => (await page.title()) !== title || title === '(99+) Inbox');
    assert.match(await page.textContent('#state'), /^Up to date\./);
    assert.deepEqual((await page.$$eval('#tabs bdi', (tabs) => tabs.map((tab) => tab.textContent))).slice(0, 3), ['All', 'Unread', 'Mentions']);
    await clean(page);
  });

  test('every change by the keyboard alone', async () => {
    const page = await opened();
    const id = await some(page, 3);
    await find(page, id);
    await page.keyboard.press('Escape');
    const has = (words, isThere) => said(page, id, words, isThere);
    const wasPinned = (await spoken(page, id)).includes('pinned');
    await page.keyboard.press('p');
    await has(', pinned', !wasPinned);
    const wasStarred = (await spoken(page, id)).includes('starred');
    await page.keyboard.press('s');
    await has(', starred', !wasStarred);
    await page.keyboard.press('r');
    await has(' unread', false);
    await page.keyboard.press('u');
    await has('marked unread');
    await page.keyboard.press('r');
    await has('marked unread', false);
    await page.keyboard.press('e');
    await page.keyboard.type('Dear Sir');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await has('draft: Dear Sir');
    await page.keyboard.press('g');
    await page.focus('#dialog input:not([type])');
    await page.keyboard.type('Press');
    await page.keyboard.press('Enter');
    await until('the tab', async () => (await page.textContent('#tabs')).includes('Press'));
    await page.keyboard.press('d');
    await page.waitForSelector('#dialog[open]');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await until('the row goes', async () => !(await order(page)).includes(id));
    await clean(page);
  });

  test('every change by the mouse alone', async () => {
    const page = await opened();
    const id = await some(page, 4);
    const name = (await spoken(page, id)).split(',')[0];
    const press = async (words) => {
      await page.click(`.row[data-id="${id}"]`);
      await page.click(`#tools button:has-text("${words}")`);
    };
    await find(page, id);
    const isPinned = (await spoken(page, id)).includes('pinned');
    await press(isPinned ? 'Unpin' : 'Pin');
    await said(page, id, ', pinned', !isPinned);
    assert.match(await page.textContent('#said'), isPinned ? /^Unpinned / : /^Pinned /);
    await press('Groups');
    await page.fill('#dialog input:not([type])', 'Desk');
    await page.click('#dialog button:has-text("Keep")');
    await until('the tab', async () => (await page.textContent('#tabs')).includes('Desk'));
    await page.fill('#search', '');
    await page.click('[role=tab]:has-text("Desk")');
    await until('its row', async () => (await order(page)).join() === id);
    await page.click('#tools button:has-text("Rename group")');
    await page.fill('#dialog input', 'Front desk');
    await page.click('#dialog button:has-text("Rename")');
    await until('the name', async () => (await page.textContent('[role=tab][aria-selected=true]')).startsWith('Front desk'));
    await until('its row', async () => (await order(page)).join() === id);
    await press('Groups');
    await page.click('#dialog .check:has-text("Front desk") input');
    await page.click('#dialog button:has-text("Keep")');
    await until('no row', async () => (await page.isVisible('#empty')) && (await page.textContent('#empty')) === 'No conversation is in this group.');
    await page.click('#tools button:has-text("Delete group")');
    await page.click('#dialog button:has-text("Delete")');
    await until('no tab', async () => !(await page.textContent('#tabs')).includes('Front desk'));
    assert.ok(name.length > 5);
    await clean(page);
  });

  test('two tabs of a browser show the same', async () => {
    const one = await opened();
    const other = await opened(one.context());
    const id = await some(one, 5);
    for (const page of [one, other]) await page.fill('#search', id.slice(3));
    await until('the row in both', async () => (await order(one)).includes(id) && (await order(other)).includes(id));
    const isStarred = (await spoken(one, id)).includes('starred');
    await one.bringToFront();
    await one.click(`.row[data-id="${id}"]`);
    await one.keyboard.press('s');
    await said(one, id, ', starred', !isStarred);
    await other.bringToFront();
    await said(other, id, ', starred', !isStarred);
    await one.close();
    // The tab that is left goes on by itself.
    await other.click(`.row[data-id="${id}"]`);
    await other.keyboard.press('s');
    await said(other, id, ', starred', isStarred);
    await clean(other);
  });

  test('offline and back', async () => {
    const page = await opened();
    await page.context().setOffline(true);
    const seen = (await order(page)).length;
    await until('offline', async () => (await page.textContent('#state')).startsWith('Offline: the list is as of '));
    assert.ok((await order(page)).length >= seen, 'the rows stay');
    await page.context().setOffline(false);
    await until('live', async () => (await page.textContent('#state')).startsWith('Up to date.'), 60_000);
    await clean(page);
  });

  test('a gateway that is killed and started again', async () => {
    const page = await opened();
    const listen = ['--listen', new URL(served.url).host, '--private-listen', '127.0.0.1:0'];
    await served.stop();
    await until('offline', async () => (await page.textContent('#state')).startsWith('Offline: the list is as of '), 60_000);
    assert.ok((await order(page)).length > 5, 'the rows stay');
    served = await demo(listen);
    await until('live', async () => (await page.textContent('#state')).startsWith('Up to date.'), 60_000);
    await settle(page);
    assert.ok((await order(page)).length > 5);
    await clean(page);
  });
});
