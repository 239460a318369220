import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { bundled, committed } from '../build.mjs';

test('the bundle is what the sources give', async () => {
  assert.equal(await bundled(), await committed());
});

test('the page is small', async () => {
  const files = await Promise.all(['index.html', 'inbox.css', 'inbox.js'].map((name) => readFile(new URL(`../${name}`, import.meta.url))));
  const size = files.reduce((sum, file) => sum + gzipSync(file).length, 0);
  console.log(`# ${size} bytes, compressed`);
  assert.ok(size <= 25 * 1024, `${size} bytes`);
});

test('no script makes elements of text', async () => {
  const script = await committed();
  for (const sink of ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'document.write', 'eval(', 'new Function', 'localStorage', 'sessionStorage', 'document.cookie']) {
    assert.ok(!script.includes(sink), sink);
  }
});
