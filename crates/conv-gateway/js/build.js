// Builds dist/ from src/: one minified module per entry, and the types that they show.
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const ENTRIES = ['index', 'sdk', 'cache', 'tabs'];
const TYPES = [...ENTRIES, 'types'];

// Members that only these sources know may have short names: none is of a wire, of a browser, of the public
// types or of the drop-in.
const INTERNAL = `
  isAway isWanted page onBack onAway look onClose ended ending begin within refused forget logging logIn logInBy skew left send fetchOnce
  readers seed take show moveTo feeds told http line transportNow trying ring isRunning heardAt silence
  liveAt attempt misfitAt times mute isWanted rung run attend afterEnd afterFailure breakLoop
  takeUpdate polls poll lose joined handlers ends isClosed leave tell watches saving say saved restore
  batch one end openCalls base options attending pause place errorClass isOnce asked timer handler reader feed
  isStream wake context asks missed isTaken quietUntil greet bye
`.match(/\w+/g);

export async function build(into) {
  await mkdir(into, { recursive: true });
  const shared = { name: 'shared', setup: (build) => build.onResolve({ filter: /\/index\.js$/ }, ({ path }) => ({ path, external: true })) };
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: ENTRIES.map((name) => `src/${name}.ts`),
    outdir: into,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    mangleProps: new RegExp(`^(${INTERNAL.join('|')})$`),
    plugins: [shared],
  });
  const types = await mkdtemp(join(tmpdir(), 'types-'));
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root, '--outDir', types], { stdio: 'inherit' });
  for (const name of TYPES) await copyFile(join(types, `${name}.d.ts`), join(into, `${name}.d.ts`));
  await rm(types, { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = join(root, 'dist');
  await rm(dist, { recursive: true, force: true });
  await build(dist);
}
