/**
 * What sampling the stalls of 64 threads costs, in % of a core over the empty loop at the same pace, beside reading the same
 * threads once a second. Threads are half asleep and half awake every millisecond; by turns, in one run.
 *
 *     npm run bench:stalls [-- --repetitions 5 --seconds 4 --threads 64 --json]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openAddon } from '../native/addon.ts';
import { stallThreadStride, threadStride } from '../native/facade.ts';
import { spreadOf, tellSpread } from './spread.ts';

const { values: options } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    threads: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
});
const [repetitions, seconds, count] = [Number(options.repetitions), Number(options.seconds), Number(options.threads)];
const paces = [10, 25, 50, 100];

/** Threads of another program: half of them sleep for good, half wake every millisecond. */
const subjectScript = `
const { Worker } = require('node:worker_threads');
const work = 'const w = new Int32Array(new SharedArrayBuffer(4)); for (;;) Atomics.wait(w, 0, 0, MS)';
for (let i = 0; i < ${count}; i++) new Worker(work.replace('MS', i % 2 ? '1' : '1e9'), { eval: true });
setInterval(() => {}, 1e9);`;

async function startSubject(): Promise<{ child: ChildProcess; pairs: Uint32Array }> {
  const child = spawn(process.execPath, ['-e', subjectScript], { stdio: 'ignore' });
  const pid = child.pid as number;
  const deadline = Date.now() + 30_000;
  let tids: number[] = [];
  while (tids.length < count && Date.now() < deadline) {
    await delay(100);
    const all = readdirSync(`/proc/${pid}/task`).map(Number);
    tids = all.filter((tid) => readFileSync(`/proc/${pid}/task/${tid}/comm`, 'latin1').startsWith('WorkerThread'));
    // Where workers have no name of their own they are the last to come.
    if (tids.length === 0 && all.length > count + 4) tids = all.slice(-count);
  }
  if (tids.length < count) throw new Error(`the subject has ${tids.length} threads`);
  return { child, pairs: Uint32Array.from(tids.slice(0, count).flatMap((tid) => [pid, tid])) };
}

/** CPU time of this process's threads, ns; of those named so alone. */
function cpuNs(name: string): number {
  return readdirSync('/proc/self/task').reduce((sum, tid) => {
    const folder = `/proc/self/task/${tid}`;
    if (readFileSync(`${folder}/comm`, 'latin1').trim() !== name) return sum;
    return sum + Number(readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]);
  }, 0);
}

/** % of a core that the sampler's own thread uses. */
async function sampling(hz: number, pairs: Uint32Array): Promise<number> {
  const facade = openAddon();
  const sampler = facade.openStalls({ procRoot: '/proc', hz, thresholdNs: 1_000_000 });
  sampler.watch(pairs);
  const [startedNs, startedAt] = [cpuNs('fn-stalls'), performance.now()];
  await delay(seconds * 1000);
  const percent = ((cpuNs('fn-stalls') - startedNs) / ((performance.now() - startedAt) * 1e6)) * 100;
  facade.close();
  return percent;
}

/** % of a core for one call a second: `call` many times, its CPU time each. */
function perSecond(call: () => void): number {
  const calls = 50;
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) call();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / calls / 1e6) * 100;
}

const { child, pairs } = await startSubject();
const facade = openAddon();
const out = new BigUint64Array((pairs.length / 2) * threadStride);
const rows = new BigUint64Array((pairs.length / 2) * stallThreadStride);
const sampler = facade.openStalls({ procRoot: '/proc', hz: 0, thresholdNs: 1_000_000 });
sampler.watch(pairs);
const over = new Map(paces.map((hz) => [hz, [] as number[]]));
const [once, taken]: [number[], number[]] = [[], []];
try {
  for (let i = 0; i < repetitions; i++) {
    once.push(perSecond(() => facade.readThreads(pairs, out)));
    taken.push(perSecond(() => void sampler.take(rows)));
    for (const hz of paces) {
      const empty = await sampling(hz, new Uint32Array(0));
      over.get(hz)?.push((await sampling(hz, pairs)) - empty);
    }
    process.stderr.write(`turn ${i + 1} of ${repetitions}\n`);
  }
} finally {
  child.kill('SIGKILL');
  facade.close();
}
const result = {
  threads: pairs.length / 2,
  readOncePercent: spreadOf(once),
  takePercent: spreadOf(taken),
  samplingPercent: Object.fromEntries([...over].map(([hz, values]) => [hz, spreadOf(values)])),
};
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  process.stdout.write(`${result.threads} threads, % of a core\n`);
  process.stdout.write(`  read once a second             ${tellSpread(result.readOncePercent, 2)}\n`);
  process.stdout.write(`  taken once a second            ${tellSpread(result.takePercent, 2)}\n`);
  for (const [hz, values] of over) {
    process.stdout.write(
      `  sampled ${String(hz).padStart(3)} a second, over empty ${tellSpread(spreadOf(values), 2)}\n`,
    );
  }
}
