// Makes inbox.js of the sources; `--check` says instead whether it is what they give.

import { readFile, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const file = new URL('inbox.js', import.meta.url);

export async function bundled() {
  const entry = new URL('src/main.js', import.meta.url).pathname;
  const options = { entryPoints: [entry], bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none', write: false };
  const { outputFiles } = await build(options);
  return `// Made of src/ by build.mjs: do not edit.\n${outputFiles[0].text}`;
}

export const committed = () => readFile(file, 'utf8');

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const text = await bundled();
  if (process.argv.includes('--check')) {
    const isSame = text === (await committed());
    console.log(isSame ? 'inbox.js is what the sources give' : 'inbox.js differs: npm run build');
    process.exitCode = isSame ? 0 : 1;
  } else {
    await writeFile(file, text);
  }
}
