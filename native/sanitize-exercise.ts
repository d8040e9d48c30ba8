import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openAddon } from './addon.ts';
import { stallThreadStride, threadStride } from './facade.ts';

// Calls everything the addon has, many times, in little time. native/sanitize.mjs runs it under the sanitizers and
// valgrind: node --expose-gc sanitize-exercise.ts LIBRARY ROUNDS PEER; PEER is test/native/telemetry-peer.cc compiled.

const [file, rounds = '50', peerProgram = ''] = process.argv.slice(2);

function exercise(): void {
  const facade = openAddon(file);
  const threads = new Uint32Array([process.pid, process.pid, 0, 0, 4_294_967_295, 1, process.ppid, process.ppid]);
  facade.readThreads(threads, new BigUint64Array((threads.length / 2) * threadStride));
  facade.clocks();
  exerciseStalls(facade, threads);
  facade.qdiscs();
  facade.queues();
  const nics = facade.links().links.map((link) => link.name);
  const counts = nics.map((nic) => facade.ethtoolNames(nic)?.length ?? 0);
  for (const nic of nics) facade.ethtoolDriver(nic);
  facade.ethtoolCounters([...nics, 'fn-none'], Uint32Array.from([...counts, 7]));
  facade.ethtoolCounters(
    nics,
    Uint32Array.from(counts, (count) => count + 1),
  );
  facade.setAffinity(facade.affinity());
  for (const misuse of [
    () => facade.ethtoolNames('fn-none'),
    () => facade.readThreads(new Uint32Array(3), new BigUint64Array(7)),
  ]) {
    try {
      misuse();
    } catch {
      // Expected; what matters is what the sanitizer sees.
    }
  }
  // Every other handle is left to the garbage collector.
  if (Math.random() < 0.5) facade.close();
}

/** The sampler's thread is ended by hand, by the facade's close, or with the garbage. */
function exerciseStalls(facade: ReturnType<typeof openAddon>, threads: Uint32Array): void {
  const sampler = facade.openStalls({ procRoot: '/proc', hz: 1000, thresholdNs: 0 });
  const rows = new BigUint64Array((threads.length / 2) * stallThreadStride);
  for (const pairs of [threads, threads.subarray(2), new Uint32Array(0), threads]) {
    sampler.watch(pairs);
    for (let i = 0; i < 5; i++) sampler.take(rows);
  }
  if (Math.random() < 0.5) sampler.close();
}

/** Answers of every kind, in turn: flat, text, null, damaged, under another key, and none. */
const answers = [
  '{"/x":{"a":1,"b\\u00e9":18446744073709551615}}',
  '{"/x":["text"]}',
  '{"/x":null}',
  '{"/x',
  '{"/y":1}',
  '',
];

async function startPeer(path: string): Promise<ChildProcess> {
  // The sanitizer's library is for the addon alone.
  const peer = spawn('env', ['-u', 'LD_PRELOAD', peerProgram, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const say = (client: string, text: string) =>
    peer.stdin.write(`say ${client} ${Buffer.from(text).toString('hex')}\n`);
  let asked = 0;
  const lines = createInterface({ input: peer.stdout });
  lines.on('line', (line) => {
    const [what, client = ''] = line.split(' ');
    if (what === 'open') say(client, '{"version":"DPDK 99","pid":1,"max_output_len":16384}');
    const answer = answers[asked % answers.length] ?? '';
    if (what === 'got') asked++;
    if (what === 'got' && answer !== '') say(client, answer);
  });
  await once(lines, 'line');
  return peer;
}

async function exerciseTelemetry(path: string): Promise<void> {
  const facade = openAddon(file);
  await facade.openTelemetry(`${path}-none`, { deadlineMs: 1000 }).catch(() => null);
  const connection = await facade.openTelemetry(path, { deadlineMs: 60_000 });
  await connection.round(new Array(12).fill('/x'), { replyDeadlineMs: 50, cpus: facade.affinity() });
  let taken = 0;
  for await (const _ of connection.repeat(['/x'], { replyDeadlineMs: 20, intervalMs: 1 })) if (++taken === 3) break;
  const second = connection.round(['/x', '/x'], { replyDeadlineMs: 50 });
  await connection.close(20);
  await second;
  facade.close();
}

/** Rings in files that are scribbled on, and cut off while they are read; one that is left to the garbage collector. */
async function exerciseRings(path: string): Promise<void> {
  const facade = openAddon(file);
  const sampler = facade.openRings({ periodUs: 200 });
  const fds = [0, 1, 2].map((i) => openSync(`${path}${i}`, 'w+'));
  for (const [i, fd] of fds.entries()) {
    ftruncateSync(fd, 8192);
    const { dev, ino } = statSync(`${path}${i}`, { bigint: true });
    const place = { path: `${path}${i}`, device: dev, inode: ino, usedOffset: 0n, availOffset: 4096n };
    for (const direction of ['toGuest', 'fromGuest'] as const) sampler.add({ ...place, size: 256, direction });
  }
  sampler.remove(sampler.add({ pid: 1, usedAddress: 8n, availAddress: 16n, size: 8, direction: 'toGuest' }));
  const until = Date.now() + 2200;
  for (let n = 0; Date.now() < until; n++) {
    const steady = Uint16Array.of(n);
    writeSync(fds[0] ?? 0, steady, 0, 2, 4096);
    writeSync(fds[0] ?? 0, steady, 0, 2, 0);
    writeSync(fds[1] ?? 0, Uint16Array.of(Math.floor(Math.random() * 65_536)), 0, 2, n % 2 === 0 ? 0 : 4096);
    if (until - Date.now() < 800) ftruncateSync(fds[2] ?? 0, 0);
    await new Promise((resolve) => setImmediate(resolve));
    sampler.take();
  }
  for (const fd of fds) closeSync(fd);
  facade.openRings({ periodUs: 100 });
  facade.close();
}

const folder = mkdtempSync(join(tmpdir(), 'fn-exercise-'));
try {
  const path = join(folder, 'peer');
  const peer = await startPeer(path);
  for (let i = 0; i < Number(rounds); i++) {
    exercise();
    if (i < 2) await exerciseRings(join(folder, 'ring'));
    // The 32 that may be open include those whose socket waits for an answer.
    if (i < 20) await exerciseTelemetry(path);
    if (i % 10 === 0) globalThis.gc?.();
  }
  peer.stdin?.end();
} finally {
  rmSync(folder, { recursive: true });
}
process.stdout.write(`exercised ${rounds} times\n`);
