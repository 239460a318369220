// The page against a gateway of our own: long lists, hostile names, states.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { Fake, many, now, row } from './fake.mjs';
import { browserPath, focusedId, launch, logIn, open, order, settle, until } from './stage.mjs';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describe('the page', { skip: browserPath ? false : 'no chromium is installed' }, () => {
  let browser;
  let fakes = [];
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser.close();
    await Promise.all(fakes.map((fake) => fake.stop()));
  });

  /** A page that shows these rows. */
  async function shown(rows, options = {}) {
    const fake = await new Fake(rows, options).start();
    fakes.push(fake);
    const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...options.context });
    const page = await open(context, fake.inboxUrl + (options.link ?? ''));
    if (rows.length > 0) await logIn(page);
    else await page.click('#login-form button');
    return { fake, page, context };
  }

  async function clean({ page, context }) {
    assert.deepEqual(page.faults, []);
    assert.deepEqual(page.violations, []);
    await context.close();
  }

  /** Violations of accessibility, by axe. Its script comes around the policy, by the debugger. */
  async function axe(page) {
    const { readFile } = await import('node:fs/promises');
    await page.evaluate(await readFile(AXE, 'utf8'));
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3).join(' ')}`);
  }

  test('a login that was handed over is in the form alone', async () => {
    const stage = await shown(many(3));
    assert.equal(stage.page.url(), stage.fake.url);
    assert.equal(await stage.page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length), 0);
    assert.equal(await stage.page.inputValue('[name=userSig]'), '');
    await clean(stage);
  });

  test('10,000 rows are some nodes, wherever the list is scrolled to', async () => {
    const stage = await shown(many(10_000));
    const { page } = stage;
    const count = () => page.$$eval('.row', (rows) => rows.length);
    assert.ok((await count()) >= 10);
    let seen = 0;
    await until('the last row', async () => {
      await page.$eval('#list', (list) => (list.scrollTop = list.scrollHeight));
      await settle(page);
      seen = Math.max(seen, await count());
      return (await page.$('.row[aria-posinset="10000"]')) !== null;
    }, 60_000);
    assert.ok(seen <= 60, `${seen} nodes`);
    assert.equal(await page.getAttribute('.row[aria-posinset="10000"]', 'aria-setsize'), '10000');
    assert.equal(await page.getAttribute('.row[aria-posinset="10000"]', 'data-id'), 'C2Cuser_09999');
    // The row with the keyboard is still there.
    assert.equal(await page.$$eval('.row[tabindex="0"]', (rows) => rows.map((one) => one.dataset.id).join()), 'C2Cuser_00000');
    const longest = await trace(page);
    console.log(`# scrolling through 10,000 rows: ${longest.frames} paints, half within ${longest.half.toFixed(1)} ms, 95 % within ${longest.most.toFixed(1)} ms; longest task ${longest.task} ms`);
    await clean(stage);
  });

  test('a search through 10,000 rows says what it has found so far, frame by frame', async () => {
    const stage = await shown(many(10_000));
    const { page } = stage;
    await until('the last row', async () => {
      await page.$eval('#list', (list) => (list.scrollTop = list.scrollHeight));
      await settle(page);
      return (await page.$('.row[aria-posinset="10000"]')) !== null;
    }, 60_000);
    await page.evaluate(() => {
      const state = document.getElementById('state');
      window.said = [];
      new MutationObserver(() => window.said.push(state.textContent)).observe(state, { childList: true, characterData: true, subtree: true });
    });
    await page.fill('#search', 'person 99');
    await until('all found', async () => (await page.textContent('#state')).startsWith('111 found. '));
    const said = await page.evaluate(() => window.said);
    assert.equal(said.filter((text) => text.includes(' found so far. ')).length >= 2, true, said.join('; '));
    await clean(stage);
  });

  /** Scrolls from the end to the start; a measurement, since the machine has other work. */
  const trace = (page) =>
    page.evaluate(async () => {
      let task = 0;
      new PerformanceObserver((entries) => entries.getEntries().forEach(({ duration }) => (task = Math.max(task, duration)))).observe({ type: 'longtask' });
      // The page paints in a frame: the time that its code takes there is its own.
      const frame = window.requestAnimationFrame;
      const own = [];
      window.requestAnimationFrame = (paint) =>
        frame((time) => {
          const begun = performance.now();
          paint(time);
          own.push(performance.now() - begun);
        });
      const list = document.getElementById('list');
      while (list.scrollTop > 0) {
        list.scrollTop -= 1600;
        await new Promise((done) => frame(() => frame(done)));
      }
      window.requestAnimationFrame = frame;
      own.sort((a, b) => a - b);
      return { task, frames: own.length, half: own[own.length >> 1], most: own[Math.floor(own.length * 0.95)] };
    });

  test('hostile names and texts are texts', async () => {
    const hostile = [
      '<img src=x onerror=reported("ran")>',
      '<script>reported("ran")</script>',
      '"><svg onload=reported("ran")>',
      "javascript:reported('ran')",
      '\u202Egnp.exe\u2066\u2067\u2069',
      'a\u0000b\u001bc\u2028d',
      `Z${'\u0301'.repeat(300)}`,
      'x'.repeat(100_000),
      '{{constructor.constructor("reported(1)")()}}',
      '\uD800 half',
      '',
    ];
    const avatars = ['javascript:reported("ran")', 'http://tracker.example/a.png', 'data:image/svg+xml,<svg onload="reported(1)"/>', '//x.example/a.png', 'https://user:pw@x.example/a.png', 'blob:x', ''];
    const rows = hostile.map((text, at) => row(`C2Cevil_${at}`, { name: text, text, draftText: at % 3 === 0 ? text : '', avatar: avatars[at % avatars.length], conversationGroupList: [], remark: at % 2 ? text : '' }));
    rows.push(row('GROUP<b>"&\'%00', { name: '<b>bold</b>', text: '<a href=javascript:reported(1)>x</a>' }));
    const stage = await shown(rows, { groups: ['<i>x</i>', '\u202Eevil'] });
    const { page } = stage;
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await settle(page);
    const found = await page.evaluate(() => ({
      odd: document.querySelectorAll('.row script, .row svg, .row b, #tabs i, .row a').length,
      images: document.querySelectorAll('.row img').length,
      text: document.body.innerText,
      labels: [...document.querySelectorAll('.row .spoken')].map((one) => one.textContent).join('\n'),
      tall: Math.max(...[...document.querySelectorAll('.row')].map((one) => one.getBoundingClientRect().height)),
      wide: document.documentElement.scrollWidth - innerWidth,
    }));
    assert.deepEqual([found.odd, found.images, found.tall], [0, 0, 64]);
    assert.ok(found.wide <= 0, `${found.wide} pixels too wide`);
    assert.ok(found.text.includes('<img src=x onerror'));
    for (const text of [found.text, found.labels]) assert.doesNotMatch(text, /[\u202A-\u202E\u2066-\u2069\u0000\u001b]/);
    // Dialogs show names too.
    await page.keyboard.press('End');
    await page.keyboard.press('k');
    for (const id of ['C2Cevil_4', 'GROUP<b>"&\'%00']) {
      await page.evaluate((wanted) => [...document.querySelectorAll('.row')].find((one) => one.dataset.id === wanted).click(), id);
      for (const key of ['g', 'e', 'd']) {
        await page.keyboard.press(key);
        await page.waitForSelector('#dialog[open]');
        assert.doesNotMatch(await page.innerText('#dialog'), /[\u202A-\u202E\u2066-\u2069]/, key);
        assert.equal(await page.$$eval('#dialog i, #dialog b, #dialog a', (all) => all.length), 0);
        await page.keyboard.press('Escape');
      }
    }
    await page.click('[role=tab]:last-child');
    await page.click('#tools button:has-text("Delete group")');
    assert.doesNotMatch(await page.innerText('#dialog'), /[\u202A-\u202E\u2066-\u2069]/);
    await page.keyboard.press('Escape');
    assert.deepEqual(asked.filter((url) => !url.startsWith(`http://127.0.0.1:${stage.fake.port}/`) && !url.startsWith('data:')), []);
    await clean(stage);
  });

  test('an avatar is asked for without a referrer', async () => {
    const fake = await new Fake([row('C2Cbob', { name: 'Bob Lee', avatar: 'https://avatars.example.com/a.png' }), row('C2Cann', { avatar: 'https://avatars.example.com/none.png' })]).start();
    fakes.push(fake);
    const context = await browser.newContext();
    const asked = [];
    await context.route('https://avatars.example.com/**', async (route) => {
      asked.push([route.request().url(), (await route.request().allHeaders()).referer]);
      if (route.request().url().includes('none')) return route.abort();
      return route.fulfill({ contentType: 'image/png', body: Buffer.from(PIXEL, 'base64') });
    });
    const page = await open(context, fake.inboxUrl);
    await logIn(page);
    await page.waitForSelector('[data-id=C2Cbob] img.loaded');
    await until('the letters stay where there is no image', async () => (await page.$('[data-id=C2Cann] img')) === null);
    assert.deepEqual(asked.sort(), [['https://avatars.example.com/a.png', undefined], ['https://avatars.example.com/none.png', undefined]]);
    assert.equal(await page.getAttribute('[data-id=C2Cbob] img', 'referrerpolicy'), 'no-referrer');
    assert.equal(await page.textContent('[data-id=C2Cbob] .letters'), 'BL');
    await clean({ page, context });
  });

  test('the keyboard alone leads everywhere', async () => {
    const rows = many(300);
    const stage = await shown(rows, { groups: ['Family'] });
    const { page } = stage;
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
      await settle(page);
    };
    assert.equal(await focusedId(page), 'C2Cuser_00000');
    await press('j', 'j', 'ArrowDown', 'k');
    assert.equal(await focusedId(page), 'C2Cuser_00002');
    await press('PageDown', 'PageDown', 'PageDown');
    const far = await focusedId(page);
    assert.notEqual(far, 'C2Cuser_00002');
    const isInSight = () => page.evaluate(() => {
      const [one, box] = [document.activeElement, document.getElementById('list')].map((node) => node.getBoundingClientRect());
      return one.top >= box.top - 1 && one.bottom <= box.bottom + 1;
    });
    assert.ok(await isInSight());
    // The focus stays with its row while the list is scrolled away from it.
    await page.$eval('#list', (list) => (list.scrollTop = 0));
    await settle(page);
    assert.equal(await focusedId(page), far);
    await press('j');
    assert.ok(await isInSight());
    await press('Home');
    assert.equal(await focusedId(page), 'C2Cuser_00000');
    await press('?');
    assert.match(await page.textContent('#dialog'), /next, previous conversation/);
    await press('Escape');
    assert.equal(await focusedId(page), 'C2Cuser_00000');
    await press('/');
    assert.equal(await focusedId(page), 'search');
    await page.keyboard.type('person 299');
    await until('one row', async () => (await order(page)).join() === 'C2Cuser_00299');
    await press('Escape');
    await until('all rows', async () => (await order(page)).length > 5);
    await press('Escape');
    assert.match(await focusedId(page), /^C2Cuser_/);
    await press('2');
    await until('unread rows', async () => (await order(page)).every((id) => Number(id.slice(-5)) % 7 === 0));
    await press(']', ']');
    assert.equal(await page.textContent('[role=tab][aria-selected=true] bdi'), 'Family');
    await until('its words', async () => (await page.textContent('#empty')) === 'No conversation is in this group.');
    // By the tab key: search, buttons, the chosen tab, tools, the list.
    await press('[', '[', '[');
    await until('all rows', async () => (await order(page)).includes('C2Cuser_00001'));
    await page.focus('#search');
    const stops = [];
    for (let at = 0; at < 12; at += 1) {
      await press('Tab');
      stops.push(await page.evaluate(() => document.activeElement.dataset.id ?? document.activeElement.textContent));
    }
    assert.equal(stops.filter((stop) => stop.startsWith('C2C')).length, 1);
    assert.ok(stops.includes('Pin') && stops.some((stop) => stop.startsWith('All')), stops.join());
    await clean(stage);
  });

  test('a row says itself in one sentence, and the page its counts', async () => {
    const rows = [
      row('GROUPteam', { name: 'Sales', unread: 4, isPinned: true, messageRemindType: 'AcceptNotNotify', groupAtInfoList: [{ from: 'bob', groupID: 'team', messageSequence: 1, atTypeArray: [1] }], draftText: 'Dear Sir', time: now() - 300 }),
      row('GROUPdesk', { name: 'Desk', text: 'hello', time: now() - 7200 }),
      row('C2Cann', { name: 'Ann', notFetched: ['unreadCount'], pendingChanges: { pin: 'queued' }, time: now() - 172_900 }),
      row('C2Cbea', { name: 'Bea', lastMessage: { ...row('C2Cx').lastMessage, fromAccount: 'alice', messageForShow: 'from me' } }),
    ];
    const stage = await shown(rows);
    const { page } = stage;
    const labels = await page.$$eval('.row .spoken', (all) => all.map((one) => one.textContent));
    assert.deepEqual(labels, [
      'Group Sales, pinned, muted, 4 unread, you are mentioned, draft: Dear Sir, 5 minutes ago',
      'Group Desk, someone: hello, 2 hours ago',
      'Chat Ann, unread messages not known, text of C2Cann, 2 days ago, change not confirmed yet',
      'Chat Bea, You: from me, 1 minute ago',
    ]);
    assert.deepEqual(await page.$$eval('.badge', (all) => all.map((one) => [one.textContent, one.className, one.hidden])), [['@4', 'badge mention', false], ['', 'badge', true], ['?', 'badge unknown', false], ['', 'badge', true]]);
    await until('counts', async () => (await page.textContent('#counts')) === '4 unread in 1 conversation, 1 mention');
    assert.equal(await page.title(), '(4) Inbox');
    assert.match(await page.getAttribute('link[rel=icon]', 'href'), /^data:image\/png/);
    await clean(stage);
  });

  test('the order is held under the pointer, and taken when it leaves or rests', async () => {
    const stage = await shown(many(50));
    const { page, fake } = stage;
    const first = async () => (await order(page)).slice(0, 3).join();
    const start = await first();
    const raise = (id) => fake.change((rows) => [{ ...rows.find((one) => one.conversationID === id), unreadCount: 9 }, ...rows.filter((one) => one.conversationID !== id)]);
    await page.mouse.move(400, 300);
    raise('C2Cuser_00002');
    await until('the count of the row', async () => (await page.textContent('[data-id=C2Cuser_00002] .badge')) === '9');
    assert.equal(await first(), start);
    assert.match(await page.textContent('#state'), /new order waits/);
    await page.mouse.move(400, 5);
    await until('the new order', async () => (await first()).startsWith('C2Cuser_00002'));
    await page.mouse.move(400, 300);
    raise('C2Cuser_00004');
    await until('the count', async () => (await page.textContent('[data-id=C2Cuser_00004] .badge')) === '9');
    const begun = Date.now();
    await until('the order after a rest', async () => (await first()).startsWith('C2Cuser_00004'), 8000);
    assert.ok(Date.now() - begun > 3000, 'it came too early');
    await clean(stage);
  });

  test('what the user asks for is shown at once, although the pointer is over the list', async () => {
    const stage = await shown(many(1500));
    const { page } = stage;
    await page.mouse.move(400, 300);
    await page.fill('#search', 'person 9');
    const moving = movingOn(page);
    await until('what was found', () => moving(async () => (await order(page))[0] === 'C2Cuser_00009'));
    assert.equal((await page.$$('.gone')).length, 0);
    await page.fill('#search', '');
    await until('all', () => moving(async () => (await order(page))[0] === 'C2Cuser_00000'));
    await clean(stage);
  });

  /** The pointer never rests while something is waited for. */
  const movingOn = (page) => async (check) => {
    await page.mouse.move(400, 300 + Math.random() * 20);
    return check();
  };

  test('rows below are read on while a new order waits', async () => {
    const stage = await shown(many(1500));
    const { page, fake } = stage;
    const moving = movingOn(page);
    await moving(() => {});
    fake.change((rows) => [row('C2Cnew'), rows[5], ...rows.filter((_, at) => at !== 5)]);
    await until('the new order waits', () => moving(async () => (await page.textContent('#state')).includes('new order waits')));
    await until('the last row', () => moving(async () => {
      await page.mouse.wheel(0, 20_000);
      await settle(page);
      return page.$('[data-id=C2Cuser_01499]');
    }), 30_000);
    assert.equal(await page.getAttribute('[data-id=C2Cuser_01499]', 'aria-posinset'), '1500');
    await clean(stage);
  });

  test('rows move, unless the user wants none of it', async () => {
    for (const reducedMotion of ['no-preference', 'reduce']) {
      const stage = await shown(many(50), { context: { reducedMotion } });
      const { page, fake } = stage;
      await page.mouse.move(400, 5);
      await page.evaluate(() => {
        window.moves = [];
        const animate = Element.prototype.animate;
        Element.prototype.animate = function (frames, options) {
          window.moves.push([Object.keys(frames[0]).join(), options.duration]);
          return animate.call(this, frames, options);
        };
      });
      fake.change((rows) => [rows[3], ...rows.filter((one) => one !== rows[3])]);
      await until('the order', async () => (await order(page))[0] === 'C2Cuser_00003');
      const moves = await page.evaluate(() => window.moves);
      if (reducedMotion === 'reduce') assert.deepEqual(moves, []);
      else assert.ok(moves.length === 4 && moves.every(([what, time]) => what === 'transform' && time <= 200), JSON.stringify(moves));
      await clean(stage);
    }
  });

  test('what is read stays in its place while rows come above it', async () => {
    const stage = await shown(many(100));
    const { page, fake } = stage;
    await page.mouse.move(400, 5);
    await page.$eval('#list', (list) => (list.scrollTop = 640));
    await settle(page);
    const place = () => page.$eval('[data-id=C2Cuser_00012]', (one) => one.getBoundingClientRect().top);
    const before = await place();
    fake.change((rows) => [row('C2Cnew', { unread: 1 }), ...rows]);
    await until('the new row', async () => (await page.getAttribute('[data-id=C2Cuser_00012]', 'aria-posinset')) === '14');
    await settle(page);
    assert.equal(await place(), before);
    await clean(stage);
  });

  test('the focus goes to the next row if its own leaves', async () => {
    const stage = await shown(many(20));
    const { page, fake } = stage;
    await page.mouse.move(400, 5);
    await page.keyboard.press('j');
    fake.change((rows) => rows.filter((one) => one.conversationID !== 'C2Cuser_00001'));
    await until('the next row', async () => (await focusedId(page)) === 'C2Cuser_00002');
    await clean(stage);
  });

  test('a search finds names, IDs and texts, without accents and case, in all pages', async () => {
    const rows = [...many(1200), row('C2Cjose', { name: 'José Ñandú', text: 'ÇA VA' }), row('GROUPvip', { name: 'VIP 客户' })];
    const stage = await shown(rows);
    const { page } = stage;
    for (const [text, found] of [['jose nandu', 'C2Cjose'], ['ça', 'C2Cjose'], ['客户', 'GROUPvip'], ['user_01199', 'C2Cuser_01199'], ['Person 1198', 'C2Cuser_01198']]) {
      await page.fill('#search', text);
      await until(text, async () => (await order(page)).join() === found);
    }
    await page.fill('#search', 'nowhere at all');
    await until('words', async () => (await page.textContent('#empty')) === 'Nothing found for “nowhere at all”.');
    await clean(stage);
  });

  test('states are said in words', async () => {
    const stage = await shown([], { report: { coverage: 'empty', limit: [], asOf: null, pass: { running: { phase: 'listing', done: 40, total: 100 } }, skipped: [], failed: [], notFetched: [] } });
    const { page, fake } = stage;
    const state = (words) => until(words, async () => (await page.textContent('#state')).includes(words));
    await state('The list has not been read yet. 40 of 100 read so far.');
    assert.equal(await page.textContent('#empty'), 'The list has not been read yet.');
    fake.setReport({ coverage: 'partial' });
    await state('Partial: some conversations are missing.');
    const asOf = Math.floor(new Date().setHours(14, 2, 0, 0) / 1000);
    fake.setReport({ coverage: 'complete', asOf, pass: { failed: { class: 'transient', code: 2800, message: 'x' } } });
    await state('Stale: the cloud gave no answer. The list is as of 14:02.');
    fake.setReport({ pass: 'idle', limit: [{ capped: 100 }] });
    await state("Up to date. The app's plan lists at most 100 conversations.");
    await until('empty', async () => (await page.textContent('#empty')) === 'No conversations.');
    await clean(stage);
  });

  test('a gateway that goes away and comes back', async () => {
    const stage = await shown(many(30));
    const { page, fake } = stage;
    const { port } = fake;
    await fake.stop();
    await until('offline', async () => /^Offline: the list is as of \d\d:\d\d\./.test(await page.textContent('#state')), 40_000);
    assert.ok((await order(page)).length > 5, 'the rows stay');
    fake.rows = [row('C2Cafter', { unread: 1 }), ...fake.rows];
    fake.write += 1;
    await fake.start(port);
    await until('live again', async () => (await order(page))[0] === 'C2Cafter' && (await page.textContent('#state')) === 'Up to date.', 60_000);
    await clean(stage);
  });

  test('an address leads to a tab and a row', async () => {
    const stage = await shown(many(300), { link: '&tab=unread&row=C2Cuser_00105' });
    const { page } = stage;
    await until('the row', async () => (await focusedId(page)) === 'C2Cuser_00105');
    assert.match(await page.textContent('[role=tab][aria-selected=true]'), /^Unread/);
    await page.keyboard.press('k');
    await until('the address', () => page.url().endsWith('#tab=unread&row=C2Cuser_00098'));
    assert.ok(!page.url().includes('userSig'));
    await clean(stage);
  });

  test('axe finds nothing, in light, dark, right to left, and in dialogs', async () => {
    const rows = [row('GROUPa', { unread: 3, draftText: 'later', messageRemindType: 'Discard' }), row('C2Cb', { unread: 12, isPinned: true, markList: [1] }), row('C2Cc', { notFetched: ['unreadCount', 'lastMessage'] }), row('GROUPd', { unread: 2, groupAtInfoList: [{ from: 'x', groupID: 'd', messageSequence: 1, atTypeArray: [1] }] }), ...many(20)];
    for (const [colorScheme, link] of [['light', ''], ['dark', '&dir=rtl']]) {
      const stage = await shown(rows, { groups: ['Family'], context: { colorScheme }, link });
      const { page } = stage;
      await page.mouse.move(400, 5);
      assert.deepEqual(await axe(page), []);
      for (const key of ['?', 'g', 'e', 'd']) {
        await page.keyboard.press(key);
        await page.waitForSelector('#dialog[open]');
        assert.deepEqual(await axe(page), [], key);
        await page.keyboard.press('Escape');
      }
      await page.fill('#search', 'zzz');
      await page.waitForSelector('#empty:not([hidden])');
      assert.deepEqual(await axe(page), []);
      await page.click('#logout');
      await page.waitForSelector('#login:not([hidden])');
      assert.deepEqual(await axe(page), []);
      await clean(stage);
    }
  });

  test('right to left everything is mirrored', async () => {
    const stage = await shown([row('C2Ca', { name: 'سارة', text: 'شكرا جزيلا', unread: 2 })], { link: '&dir=rtl' });
    const places = await stage.page.evaluate(() => ['.avatar', '.name', '.badge'].map((one) => document.querySelector(one).getBoundingClientRect().left));
    assert.ok(places[0] > places[1] && places[1] > places[2], places.join());
    await clean(stage);
  });

  test('more groups than a stream takes are tabs, too', async () => {
    const groups = Array.from({ length: 9 }, (_, at) => `Group ${at}`);
    const stage = await shown([row('C2Ca'), ...groups.map((name, at) => row(`C2Cof_${at}`, { conversationGroupList: [name] }))], { groups });
    const { page } = stage;
    for (const at of [8, 0, 7, 8]) {
      await page.click(`[role=tab]:has-text("Group ${at}")`);
      await until(`its row ${at}`, async () => (await order(page)).join() === `C2Cof_${at}`);
      assert.equal(await page.textContent('[role=tab][aria-selected=true]'), `Group ${at} 1`);
    }
    await page.click('[role=tab]:has-text("All")');
    await until('all rows', async () => (await order(page)).length === 10);
    await clean(stage);
  });

  test('a group that is made elsewhere gets its tab', async () => {
    const stage = await shown([row('C2Ca'), row('C2Cb')]);
    const { page, fake } = stage;
    fake.groups = ['Press'];
    fake.change(([first, ...rest]) => [{ ...first, conversationGroupList: ['Press'] }, ...rest]);
    await page.click('[role=tab]:has-text("Press")');
    await until('its row', async () => (await order(page)).join() === 'C2Ca');
    await clean(stage);
  });

  test('a small screen and forced colours', async () => {
    const rows = [row('GROUPa', { name: 'A name that is much longer than a small screen is wide', unread: 3 }), ...many(20)];
    const stage = await shown(rows, { groups: ['Family', 'Suppliers', 'Press'], context: { viewport: { width: 320, height: 568 }, forcedColors: 'active' } });
    const { page } = stage;
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    assert.ok((await page.$eval('#list', (list) => list.clientHeight)) >= 128, 'no room for rows');
    assert.deepEqual(await axe(page), []);
    await clean(stage);
  });

  test('a login that ends leads back to the form, and leaves no row behind', async () => {
    const stage = await shown(many(30));
    const { page, fake } = stage;
    await page.keyboard.press('d');
    await page.waitForSelector('#dialog[open]');
    fake.refuse();
    await until('words', async () => (await page.textContent('#refusal')) === 'The login has ended. Log in again.', 30_000);
    assert.deepEqual([(await page.$$('.row')).length, await page.isVisible('#dialog'), await page.title()], [0, false, 'Inbox']);
    assert.deepEqual([await page.inputValue('[name=userID]'), await focusedId(page), new URL(page.url()).hash], ['alice', '', '']);
    fake.isRefusing = false;
    await page.keyboard.type('sig');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row');
    await clean(stage);
  });

  test('a logout takes the groups out of the page, also while they are asked for', async () => {
    const stage = await shown(many(3), { groups: ['Family'] });
    const { page } = stage;
    let asked = 0;
    // The answer comes after the logout, which ends what waits for it.
    let answer;
    const answered = new Promise((resolve) => (answer = resolve));
    await page.route('**/v1/groups', async (route) => {
      asked += 1;
      await answered;
      await route.continue().catch(() => {});
    });
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await until('the question', () => asked > 0);
    await page.click('#logout');
    await page.waitForSelector('#login:not([hidden])');
    assert.equal(await page.evaluate(() => document.querySelector('#tabs').childNodes.length), 0);
    answer();
    await settle(page);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const left = await page.evaluate(() => document.body.textContent);
    assert.doesNotMatch(left, /Family|Person|alice/);
    await clean(stage);
  });

  test('a login that is refused says why, and the next one works', async () => {
    const stage = await shown(many(3));
    const { page, fake } = stage;
    await page.click('#logout');
    await page.waitForSelector('#login:not([hidden])');
    assert.equal((await page.$$('.row')).length, 0);
    const call = fake.call.bind(fake);
    fake.call = (path, body) => (path === '/login' ? undefined : call(path, body));
    await page.fill('[name=userID]', 'alice');
    await page.fill('[name=userSig]', 'wrong');
    await page.keyboard.press('Enter');
    await until('why', async () => (await page.textContent('#refusal')) === 'Not logged in: no such call');
    fake.call = call;
    await page.click('#login-form button');
    await page.waitForSelector('.row');
    await page.keyboard.press('j');
    await until('keys work once', async () => (await focusedId(page)) === 'C2Cuser_00001');
    await clean(stage);
  });
});
