import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LabError } from '../test/lab/lab-error.ts';
import { wholeOption } from './datapath/whole-option.ts';
import { type Batching, batchings } from './pipeline/filling.ts';
import { hourReport, replayHour } from './pipeline/hour.ts';
import { measureLatency } from './pipeline/latency.ts';
import { latencyReport } from './pipeline/latency-report.ts';
import { Throughput } from './pipeline/throughput.ts';
import { throughputJson, throughputReport } from './pipeline/throughput-report.ts';

/**
 * From Kafka to rows in the tables, on a real broker: how fast a topic that is full is stored, beside the same blocks put
 * straight into the same tables. Needs what test/lab/kafka needs (Java 17, Maven); PostgreSQL is used where it is.
 *
 *     npm run bench:pipeline [-- --ticks 125 --repetitions 5 --batches live|spool --profile FOLDER --quick --json]
 *     npm run bench:pipeline -- --hour [--hosts 20 --ports 60 --ticks 3600 --quick --json]
 *         memory of everybody while a server stores the hour that it finds in Kafka
 *     npm run bench:pipeline -- --latency [--rate 100000 --seconds 60 --quick --json]
 *         from a tick to its rows in the store and to an open page; without --rate less is tried until it holds
 */
const { values: options } = parseArgs({
  options: {
    ticks: { type: 'string' },
    repetitions: { type: 'string' },
    latency: { type: 'boolean', default: false },
    rate: { type: 'string' },
    seconds: { type: 'string' },
    hour: { type: 'boolean', default: false },
    hosts: { type: 'string', default: '20' },
    ports: { type: 'string', default: '60' },
    batches: { type: 'string', default: 'live' },
    profile: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
/** Rows a second; the first is the goal's. */
const ratesTried = [100_000, 75_000, 50_000, 25_000];
const say = (line: string) => process.stdout.write(`${line}\n`);
const progress = (line: string) => process.stderr.write(`${line}\n`);
const profiling = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];

if (!(options.batches in batchings))
  throw new LabError(2, '--batches is live or spool', { hint: 'See the head of the bench.' });
const shared = { batching: options.batches as Batching, signal: stopping.signal, say: progress };

const folder = mkdtempSync(join(tmpdir(), 'fournines-pipeline-'));
mkdirSync(join(folder, 'server'));
async function measureHour(): Promise<void> {
  const result = await replayHour({
    folder,
    hosts: wholeOption('hosts', options.hosts, 1, 2000),
    ports: wholeOption('ports', options.ports, 1, 1000),
    ticks: wholeOption('ticks', options.ticks ?? (options.quick ? '600' : '3600'), 1, 86_400),
    ...shared,
  });
  if (options.json) say(JSON.stringify(result));
  else hourReport(result, say);
}

async function measureLatencies(): Promise<void> {
  const given = options.rate === undefined ? ratesTried : [wholeOption('rate', options.rate, 120, 1_000_000)];
  const seconds = wholeOption('seconds', options.seconds ?? (options.quick ? '20' : '60'), 5, 3600);
  const results = await measureLatency({ folder, rates: given, seconds, ...shared });
  if (options.json) say(JSON.stringify(results));
  else latencyReport(results, say);
}

async function measureThroughput(): Promise<void> {
  const throughput = new Throughput({
    folder,
    ticks: wholeOption('ticks', options.ticks ?? (options.quick ? '42' : '125'), 1, 1000),
    repetitions: wholeOption('repetitions', options.repetitions ?? (options.quick ? '2' : '5'), 1, 50),
    execArgv: profiling,
    ...shared,
  });
  const result = await throughput.run();
  if (options.json) say(JSON.stringify(throughputJson(result)));
  else throughputReport(result, say);
}

try {
  if (options.hour) await measureHour();
  else if (options.latency) await measureLatencies();
  else await measureThroughput();
} catch (error) {
  if (!stopping.signal.aborted) throw error;
  // 128 and the number of SIGINT, as shells have it.
  process.exitCode = 130;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
