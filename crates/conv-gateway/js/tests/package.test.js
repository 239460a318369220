// The package as it is published: built from these sources, small, and readable by other tools.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile, mkdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import esbuild from 'esbuild';
import { build } from '../build.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

async function files(folder) {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])));
}

async function folder(t) {
  const made = await mkdtemp(join(tmpdir(), 'conv-js-'));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

test('dist is what src gives', async (t) => {
  const made = await folder(t);
  await build(made);
  assert.deepEqual(await files(dist), await files(made), 'run `npm run build` and commit dist');
});

test('sizes, compressed', async () => {
  // As an application's bundle has them: with all that they import.
  const size = async (name) => {
    const { outputFiles } = await esbuild.build({ entryPoints: [join(dist, name)], bundle: true, minify: true, format: 'esm', write: false });
    return gzipSync(outputFiles[0].contents, { level: 9 }).length;
  };
  const [client, sdk, cache] = await Promise.all(['index.js', 'sdk.js', 'cache.js'].map(size));
  console.log(`client ${client}, drop-in ${sdk}, cache ${cache} bytes`);
  assert.ok(client <= 6 * 1024, `client: ${client}`);
  assert.ok(sdk <= 9 * 1024, `drop-in: ${sdk}`);
  assert.ok(cache <= 600, `cache: ${cache}`);
  const tabs = gzipSync(await readFile(join(dist, 'tabs.js')), { level: 9 }).length;
  assert.ok(tabs <= 2048, `tabs, beside the client: ${tabs}`);
});

test('no dependencies, no side effects, modules only', async () => {
  const about = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  assert.deepEqual([about.dependencies, about.sideEffects, about.type], [undefined, false, 'module']);
  for (const [name, text] of Object.entries(await files(dist))) {
    const imported = [...text.matchAll(/from ?["'](.+?)["']/g)].map((match) => match[1]);
    assert.ok(imported.every((path) => /^\.\/(index|types|names)\.js$/.test(path)), `${name}: ${imported}`);
  }
  assert.doesNotMatch(await readFile(join(root, 'package-lock.json'), 'utf8'), /"resolved"/);
});

const CONSUMER = `
import { connect, type Client, type Row, type WatchUpdate, type GatewayError } from 'conv-client';
import { indexedDB } from 'conv-client/cache';
import TencentCloudChat from 'conv-client/sdk';

const client: Client = connect({ gateway: '', userID: 'a', getUserSig: async () => '', cache: indexedDB() });
const watch = client.watch({ main: { window: 50 }, badge: { query: { hasUnreadCount: true }, window: 0 } });
watch.onChange(({ key, view, patches }: WatchUpdate) => console.log(key, view.rows.length, patches.length));
client.on('error', (error: GatewayError) => console.log(error.code, error.class));
export async function run(): Promise<readonly Row[]> {
  for await (const { view } of watch) if (view.totals.unread) break;
  // @ts-expect-error rows do not change
  watch.views.main!.rows[0]!.unreadCount = 1;
  // @ts-expect-error no such condition
  await client.list({ nonsense: true });
  return (await client.list({ any: [{ isPinned: true }, { not: { type: 'GROUP' } }] }, { limit: 5 })).rows;
}
const chat = TencentCloudChat.create({ SDKAppID: 1, gateway: '' })!;
chat.on(TencentCloudChat.EVENT.CONVERSATION_LIST_UPDATED, ({ data }) => console.log(data[0]?.userProfile?.nick));
const fold: 4 = TencentCloudChat.TYPES.CONV_MARK_TYPE_FOLD;
export const rows: Promise<Row[]> = chat.getConversationList({ markType: fold }).then(({ data }) => data.conversationList);
export const total: number = chat.getTotalUnreadMessageCount();
`;

test('a strict program compiles against the types', async (t) => {
  const made = await folder(t);
  await mkdir(join(made, 'node_modules'));
  await symlink(root, join(made, 'node_modules/conv-client'));
  await writeFile(join(made, 'package.json'), '{"type":"module"}');
  await writeFile(join(made, 'main.ts'), CONSUMER);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  for (const module of [['nodenext', 'nodenext'], ['esnext', 'bundler']]) {
    const options = ['--noEmit', '--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--lib', 'es2022,dom', '--target', 'es2022', '--module', module[0], '--moduleResolution', module[1]];
    execFileSync(process.execPath, [tsc, ...options, join(made, 'main.ts')], { cwd: made, stdio: 'pipe', encoding: 'utf8' });
  }
});

test('the programs on the pages compile', async (t) => {
  const made = await folder(t);
  await mkdir(join(made, 'node_modules'));
  await symlink(root, join(made, 'node_modules/conv-client'));
  await writeFile(join(made, 'package.json'), '{"type":"module"}');
  const pages = { 'front-end': '../../../docs/front-end.md', readme: 'README.md', 'from-the-sdk': '../../../docs/from-the-chat-sdk.md' };
  const names = [];
  for (const [name, path] of Object.entries(pages)) {
    const blocks = [...(await readFile(join(root, path), 'utf8')).matchAll(/```[tj]s\n([\s\S]*?)```/g)].map((match) => match[1]);
    const mine = blocks.filter((block) => name !== 'from-the-sdk' || block.includes('conv-client'));
    assert.ok(mine.length, path);
    const declared = 'declare const userSig: string;\nexport {};\n';
    const text = mine.join('\n').replace("create({ SDKAppID: 1400000000, gateway: 'https://chat.example.com/v1' })", '$&!');
    await writeFile(join(made, `${name}.ts`), declared + text);
    names.push(join(made, `${name}.ts`));
  }
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--lib', 'es2022,dom,dom.iterable', '--target', 'es2022', '--module', 'nodenext', '--moduleResolution', 'nodenext'];
  execFileSync(process.execPath, [tsc, ...options, ...names], { cwd: made, stdio: 'pipe', encoding: 'utf8' });
});

test('publint and arethetypeswrong have nothing to say', () => {
  const run = (path, ...args) => execFileSync(process.execPath, [join(root, 'node_modules', path), ...args], { cwd: root, stdio: 'pipe', encoding: 'utf8' });
  run('publint/src/cli.js', '--strict');
  run('@arethetypeswrong/cli/dist/index.js', '--pack', '.', '--profile', 'esm-only', '--exclude-entrypoints', 'package.json');
});
