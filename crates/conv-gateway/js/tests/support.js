// A gateway on an emulator, in a process of its own, and a proxy before it that can be cut.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

const binary = process.env.CONV_BIN || path('../../../../target/debug/conv');

/** The option `skip` of tests that need a gateway. */
export const noGateway = existsSync(binary) ? false : `no gateway at ${binary}: build it, or set CONV_BIN`;

export const vectors = (name) => JSON.parse(readFileSync(path(`../../vectors/${name}.json`), 'utf8'));

/** Starts a gateway; its user is `user_0001`. */
export async function startGateway(...options) {
  const ports = ['--listen', '127.0.0.1:0', '--private-listen', '127.0.0.1:0'];
  const given = (name) => options.includes(name);
  const args = ['serve', '--demo', ...(given('--listen') ? ports.slice(2) : ports), '--drain-pre-stop', '0', ...options];
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let failed = '';
  child.stderr.on('data', (chunk) => (failed += chunk));
  await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${failed}`)));
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (said.includes('TOKEN=') && said.includes('/metrics')) resolve();
    });
  });
  const url = /listening on (\S+)/.exec(said)[1];
  return {
    url: `${url}/v1`,
    port: Number(new URL(url).port),
    operator: /private port on (\S+)/.exec(said)[1],
    userID: 'user_0001',
    userSig: /"userSig":"([^"]*)"/.exec(said)[1],
    stop: (signal = 'SIGKILL') =>
      new Promise((resolve) => {
        child.removeAllListeners('exit');
        child.once('exit', resolve);
        child.kill(signal);
      }),
  };
}

/** A TCP proxy that can cut what goes through it, refuse, or go silent. */
export async function startProxy(port) {
  const sockets = new Set();
  const proxy = { port, isRefusing: false, isSilent: false, opened: 0 };
  const server = net.createServer((socket) => {
    if (proxy.isRefusing) return socket.destroy();
    proxy.opened++;
    const upstream = net.connect(proxy.port, '127.0.0.1');
    for (const [from, to] of [[socket, upstream], [upstream, socket]]) {
      sockets.add(from);
      from.on('data', (chunk) => proxy.isSilent || to.write(chunk));
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${server.address().port}/v1`;
  proxy.cut = () => sockets.forEach((socket) => socket.destroy());
  proxy.close = () => {
    proxy.cut();
    return new Promise((resolve) => server.close(resolve));
  };
  return proxy;
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until something is true. */
export async function until(isTrue, what = String(isTrue), ms = 15_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await isTrue();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(10);
  }
}

/** Loads a module of src/, as dist/ shows only what is public. */
export async function source(name) {
  const { default: esbuild } = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    entryPoints: [path(`../src/${name}.ts`)],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** Returns numbers from 0 to 1, the same for the same seed. */
export function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
