// The Chat SDK and the drop-in play one script; the page lists what differs, and nothing else does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sdk from '../dist/sdk.js';
import { play } from './script.js';
import { noGateway, startGateway } from './support.js';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

async function playOnSdk(rows) {
  const child = spawn(process.execPath, [path('oracle.js'), 'play'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stdin.end(JSON.stringify(rows));
  await new Promise((resolve) => child.on('close', resolve));
  return JSON.parse(said.slice(said.indexOf('{"')));
}

/** Returns the rows of the table in the section "The drop-in". */
function listed() {
  const page = readFileSync(path('../../../../docs/from-the-chat-sdk.md'), 'utf8');
  const section = page.slice(page.indexOf('## The drop-in')).split('\n## ')[0];
  const table = section.split('\n').filter((line) => line.startsWith('| `'));
  return Object.fromEntries(
    table.map((line) => {
      const [step, theirs, ours] = line.split('|').slice(1, 4).map((cell) => cell.trim());
      return [step.replaceAll('`', ''), { theirs, ours }];
    }),
  );
}

/** What one list of keys has beside the other. */
function difference(theirs, ours) {
  const [a, b] = [theirs, ours].map((text) => text.split(', '));
  const beside = (some, other) => some.filter((it) => !other.includes(it)).join(', ') || 'nothing more';
  return [beside(a, b), beside(b, a)];
}

test('the drop-in does what the SDK does, but for the listed differences', { skip: noGateway }, async (t) => {
  const gateway = await startGateway();
  t.after(() => gateway.stop());
  // The emulator's world lives on, so the SDK gets the rows that the drop-in had.
  let rows;
  const keep = (had) => (rows = had);
  const ours = await play(sdk, { gateway: gateway.url, userSig: gateway.userSig, keep });
  const theirs = await playOnSdk(rows);

  for (const kind of ['EVENT', 'TYPES']) {
    const known = new Map(theirs[kind]);
    for (const [name, value] of ours[kind]) assert.deepEqual([name, known.get(name)], [name, value]);
    delete theirs[kind];
    delete ours[kind];
  }
  assert.deepEqual(Object.keys(ours), Object.keys(theirs));
  assert.ok(Object.keys(ours).length > 70);
  const differences = {};
  for (const step of Object.keys(ours)) {
    let pair = [theirs[step], ours[step]];
    if (JSON.stringify(pair[0]) === JSON.stringify(pair[1])) continue;
    if (step.startsWith('rows of') || step.startsWith('events of a login')) pair = difference(...pair);
    differences[step] = { theirs: String(pair[0]), ours: String(pair[1]) };
  }
  assert.deepEqual(differences, listed());
});
