import { openAddon } from './addon.ts';
import { threadStride } from './facade.ts';

// Calls everything the addon has, many times, in little time. native/sanitize.mjs runs it under the sanitizers and
// valgrind: node --expose-gc sanitize-exercise.ts LIBRARY ROUNDS.

const [file, rounds = '50'] = process.argv.slice(2);

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

for (let i = 0; i < Number(rounds); i++) {
  exercise();
  if (i % 10 === 0) globalThis.gc?.();
}
process.stdout.write(`exercised ${rounds} times\n`);
