// What the tests run on: a browser, the gateway of `conv serve --demo`, and one of our own whose lists
// can be as long and as hostile as a test wants.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const BROWSERS = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const browserPath = BROWSERS.find((path) => path && existsSync(path));
export const conv = process.env.CONV_BIN;

export const launch = () => chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

/** Starts `conv serve --demo`; the answer has the addresses of its JSON output. */
export async function demo(args = ['--listen', '127.0.0.1:0', '--private-listen', '127.0.0.1:0']) {
  const child = spawn(conv, ['serve', '--demo', '--json', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    new Promise((resolve) => lines.once('line', (text) => resolve([text]))),
    new Promise((_, reject) => child.once('exit', () => reject(new Error('conv serve ended')))),
  ]);
  const { data } = JSON.parse(line);
  const stop = () =>
    new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill('SIGKILL');
    });
  return { ...data, stop };
}

/** Opens a page that takes down what a browser reports: violations of the policy, and errors of scripts. */
export async function open(context, url) {
  const page = await context.newPage();
  page.violations = [];
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.stack));
  await page.exposeFunction('reported', (text) => page.violations.push(text));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => reported(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  await page.goto(url);
  return page;
}

/** Logs in with what the address filled in, and waits for rows. */
export async function logIn(page) {
  await page.click('#login-form button');
  await page.waitForSelector('.row');
}

export const settle = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
export const focusedId = (page) => page.evaluate(() => document.activeElement?.dataset?.id ?? document.activeElement?.id);
export const order = (page) =>
  page.$$eval('.row', (rows) => rows.sort((a, b) => a.getAttribute('aria-posinset') - b.getAttribute('aria-posinset')).map((row) => row.dataset.id));

export async function until(what, check, limit = 10_000) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
