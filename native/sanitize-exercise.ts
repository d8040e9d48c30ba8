import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openAddon } from './addon.ts';
import { threadStride } from './facade.ts';

// Calls everything the addon has, many times, in little time. native/sanitize.mjs runs it under the sanitizers and
// valgrind: node --expose-gc sanitize-exercise.ts LIBRARY ROUNDS PEER; PEER is test/native/telemetry-peer.cc compiled.

const [file, rounds = '50', peerProgram = ''] = process.argv.slice(2);

function exercise(): void {
  const facade = openAddon(file);
  const threads = new Uint32Array([process.pid, process.pid, 0, 0, 4_294_967_295, 1, process.ppid, process.ppid]);
  facade.readThreads(threads, new BigUint64Array((threads.length / 2) * threadStride));
  facade.clocks();
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

const folder = mkdtempSync(join(tmpdir(), 'fn-exercise-'));
try {
  const path = join(folder, 'peer');
  const peer = await startPeer(path);
  for (let i = 0; i < Number(rounds); i++) {
    exercise();
    // The 32 that may be open include those whose socket waits for an answer.
    if (i < 20) await exerciseTelemetry(path);
    if (i % 10 === 0) globalThis.gc?.();
  }
  peer.stdin?.end();
} finally {
  rmSync(folder, { recursive: true });
}
process.stdout.write(`exercised ${rounds} times\n`);
