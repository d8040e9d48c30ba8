/**
 * Runs everything in one process for some minutes with open pages, and shows what memory does and how long the event loop
 * is held up, a 10-second query included.
 *
 *     node bench/soak.ts [--minutes 10]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadConfig } from '../cli/config.ts';
import { makeEmbeddedServer } from '../cli/embedded-server.ts';
import { makeSpooledCollector } from '../collector/app.ts';
import { Lifecycle } from '../core/runtime/lifecycle.ts';
import { silentLogger } from '../core/runtime/logger.ts';

const { values: options } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const durationMs = Number(options.minutes) * 60_000;
const sampleMs = 5000;
const openStreams = 10;
/** What is promised: the product without, the store with ClickHouse's own limit of 1.5 GiB and its code. */
const bounds = { product: 250, store: 2048 };

// Row by row, so that it can be cut off, and without the checks that would call it too slow.
const slowQuery = 'SELECT sleepEachRow(0.1) FROM numbers(100) SETTINGS max_block_size = 1';

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

const data = mkdtempSync(join(tmpdir(), 'fn-soak-'));
const config = loadConfig(undefined, { data, port: 0 });
const { server, sink } = makeEmbeddedServer(config, silentLogger);
const { agent: collector, parts } = makeSpooledCollector({
  config: { ...config.collector, host: 'soak' },
  dataFolder: data,
  sink,
  logger: silentLogger,
  inFlightMax: 1024,
});
const lifecycle = new Lifecycle([...server.parts, ...parts], silentLogger);
await lifecycle.start();

const stopping = new AbortController();
const pages = Array.from({ length: openStreams }, () => readStream());
const asking = askLikeAPage();
const loop = monitorEventLoopDelay({ resolution: 10 });
loop.enable();
const samples: { product: number; store: number }[] = [];
const startedAt = Date.now();
let slow = { p99Ms: Number.NaN, tookMs: Number.NaN };
while (Date.now() - startedAt < durationMs) {
  await delay(sampleMs);
  samples.push({ product: rssMiB(process.pid), store: rssMiB(childPid()) });
  if (Number.isNaN(slow.tookMs) && Date.now() - startedAt > durationMs / 2) slow = await measureSlowQuery();
  process.stderr.write(
    `${Math.round((Date.now() - startedAt) / 1000)} s: product ${samples.at(-1)?.product} MiB, store ${samples.at(-1)?.store} MiB\n`,
  );
}
loop.disable();
stopping.abort();
await Promise.allSettled([...pages, asking]);
await lifecycle.stop();
rmSync(data, { recursive: true, force: true });
report();

async function readStream(): Promise<void> {
  const response = await fetch(`${server.url()}/api/v1/stream`, { signal: stopping.signal });
  for await (const _ of response.body as ReadableStream<Uint8Array>) if (stopping.signal.aborted) return;
}

async function askLikeAPage(): Promise<void> {
  const paths = [
    'hosts',
    'ports',
    'slis',
    'health',
    'hosts/soak',
    'hosts/soak/softnet',
    'hosts/soak/threads',
    'ports/soak/lo/series',
  ];
  for (let i = 0; !stopping.signal.aborted; i++) {
    const response = await fetch(`${server.url()}/api/v1/${paths[i % paths.length]}`);
    await response.arrayBuffer();
    await delay(500, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}

async function measureSlowQuery(): Promise<{ p99Ms: number; tookMs: number }> {
  const during = monitorEventLoopDelay({ resolution: 10 });
  during.enable();
  const askedAt = performance.now();
  await server.store.engine.query(slowQuery, {}, { deadlineMs: 30_000 });
  during.disable();
  return { p99Ms: during.percentile(99) / 1e6, tookMs: performance.now() - askedAt };
}

function childPid(): number {
  const tasks = readdirSync('/proc/self/task');
  const children = tasks.flatMap((tid) => readFileSync(`/proc/self/task/${tid}/children`, 'latin1').trim().split(' '));
  return Number(children.find((pid) => pid !== ''));
}

function rssMiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Math.round(Number(line?.[1] ?? Number.NaN) / 1024);
}

/** One character a sample, from the smallest to the largest. */
function curve(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const levels = '▁▂▃▄▅▆▇█';
  return values
    .map((value) => levels[most === least ? 0 : Math.round(((value - least) / (most - least)) * 7)])
    .join('');
}

function report(): void {
  for (const name of ['product', 'store'] as const) {
    const values = samples.map((sample) => sample[name]);
    const most = Math.max(...values);
    const verdict = most <= bounds[name] ? 'within' : 'BEYOND';
    process.stdout.write(
      `${name.padEnd(8)} ${Math.min(...values)} to ${most} MiB, ${verdict} ${bounds[name]} MiB\n  ${curve(values)}\n`,
    );
  }
  process.stdout.write(`event loop delay p99 ${(loop.percentile(99) / 1e6).toFixed(1)} ms over the run, `);
  process.stdout.write(
    `${slow.p99Ms.toFixed(1)} ms during a query of ${(slow.tookMs / 1000).toFixed(1)} s (goal: under 50 ms)\n`,
  );
  process.stdout.write(`unhandled rejections: ${unhandled.length}\n`);
  process.stdout.write(
    `collector: ${collector.stats.ticks} ticks, ${collector.stats.skipped} skipped, ${collector.stats.refused} refused\n`,
  );
  process.exitCode = unhandled.length === 0 ? 0 : 1;
}
