// The parser of `text/event-stream`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random, source } from './support.js';

const { parser } = await source('sse');

function parse(...chunks) {
  const events = [];
  const push = parser((event) => events.push(event));
  for (const chunk of chunks) push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
  return events;
}

test('events, comments, IDs and what is not known', () => {
  const events = parse('\uFEFFevent: hello\ndata: {}\n\n:\n\nretry: 5\nfoo: x\nid: a.1\n:beat\n\nid\n\nevent:x\ndata:1\ndata: 2\ndata\nid: b\n\ndata: end');
  assert.deepEqual(events, [
    { name: 'hello', data: '{}', id: undefined },
    { name: '', data: '', id: 'a.1' },
    { name: '', data: '', id: '' },
    { name: 'x', data: '1\n2\n', id: 'b' },
  ]);
});

test('line ends of all kinds, also if a chunk parts them', () => {
  const [expected] = [[{ name: 'a', data: '1', id: undefined }, { name: 'b', data: '2', id: undefined }]];
  for (const end of ['\n', '\r', '\r\n']) {
    const text = ['event: a', 'data: 1', '', 'event: b', 'data: 2', '', ''].join(end);
    assert.deepEqual(parse(text), expected);
    assert.deepEqual(parse(...text), expected);
  }
});

test('an ID with a NUL is none', () => assert.deepEqual(parse('id: a\0b\n\n'), []));

test('chunks cut anywhere give the same events', () => {
  const text = 'event: reset\nid: 00c0ffee00c0ffee.7\ndata: {"name":"🚀 VIP 客户\u2028é"}\n\n:\n\nevent: bye\r\ndata: 1\r\ndata: 2\r\n\r\nid: x\n\n';
  const bytes = new TextEncoder().encode(text);
  const whole = parse(bytes);
  assert.equal(whole.length, 3);
  for (let seed = 1; seed <= 500; seed++) {
    const chance = random(seed);
    const chunks = [];
    for (let at = 0; at < bytes.length; ) {
      const size = Math.floor(chance() * 9);
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    assert.deepEqual(parse(...chunks), whole, `seed ${seed}`);
  }
});
