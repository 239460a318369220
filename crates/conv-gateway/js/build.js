// Builds dist/ from src/: one minified module per entry, and the types that they show.
import { mkdtemp, mkdir, readdir, readFile, rm, copyFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const ENTRIES = ['index', 'sdk', 'cache'];
const TYPES = [...ENTRIES, 'types'];

// Members that TypeScript keeps private may have short names, unless something public has the same.
async function privateNames() {
  const files = (await readdir(join(root, 'src'))).filter((name) => name !== 'types.ts' && name !== 'sdk.ts');
  const text = (await Promise.all(files.map((name) => readFile(join(root, 'src', name), 'utf8')))).join('\n');
  const named = [...text.matchAll(/\bprivate (?:(?:readonly|get|async) )*(\w+)/g)].map((match) => match[1]);
  const types = await readFile(join(root, 'src/types.ts'), 'utf8');
  const all = types + text.replaceAll(/\bprivate (?:(?:readonly|get|async) )*\w+/g, '').replaceAll(/this\.\w+/g, '');
  return [...new Set(named)].filter((name) => !new RegExp(`\\b${name}\\b`).test(all)).sort();
}

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
    mangleProps: new RegExp(`^(${(await privateNames()).join('|')})$`),
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
