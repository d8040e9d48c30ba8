/**
 * What a host pays for being read once a second: CPU of a core, CPU a counter, resident memory; beside node_exporter with
 * only cpu, netdev, softnet and schedstat, scraped once a second, in the same run by turns.
 *
 *     npm run bench:collector [-- --repetitions 5 --seconds 12 --json]
 *
 * Needs Debian's prometheus-node-exporter; says so where it is not there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Spread, spreadOf, tellSpread } from './spread.ts';

const { values: options } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '12' },
    json: { type: 'boolean', default: false },
  },
});
const repetitions = Number(options.repetitions);
const seconds = Number(options.seconds);
// A new process is looked at for half a minute: after that the collector is as it is on any day.
const warmUpMs = 40_000;
const exporterPort = 19_100;
const exporterPath = '/usr/bin/prometheus-node-exporter';
const exporterCollectors = ['cpu', 'netdev', 'softnet', 'schedstat'];
const cpuGoal = 0.5;
const rssGoalMiB = 120;

/** CPU time of all threads of a process, ns: field 1 of each schedstat. */
function cpuNs(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, tid) => {
    try {
      return sum + Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'latin1').split(' ')[0]);
    } catch {
      // The thread has ended since it was listed.
      return sum;
    }
  }, 0);
}

function rssMiB(pid: number): number {
  const line = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}

async function startSubject(): Promise<{ child: ChildProcess; pid: number; counters: number }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./collector/subject.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(20_000) });
  const { counters } = JSON.parse(String(line)) as { counters: number };
  return { child, pid: child.pid as number, counters };
}

async function startExporter(): Promise<{ child: ChildProcess; pid: number } | undefined> {
  if (!existsSync(exporterPath)) return undefined;
  const flags = ['--collector.disable-defaults', ...exporterCollectors.map((name) => `--collector.${name}`)];
  const child = spawn(exporterPath, [...flags, `--web.listen-address=127.0.0.1:${exporterPort}`, '--log.level=error'], {
    stdio: 'ignore',
  });
  const deadline = AbortSignal.timeout(10_000);
  for (;;) {
    try {
      await scrape();
      return { child, pid: child.pid as number };
    } catch (error) {
      if (deadline.aborted) throw error;
      await delay(50);
    }
  }
}

/** One scrape; the number of samples in it that are of the host, not of the exporter itself. */
async function scrape(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${exporterPort}/metrics`);
  const text = await response.text();
  return text.split('\n').filter((line) => /^node_/.test(line) && !line.startsWith('node_scrape_')).length;
}

interface Turn {
  readonly cpuPercent: number;
  readonly usPerSample: number;
}

async function turnOf(pid: number, samplesASecond: number, during: (untilMs: number) => Promise<void>): Promise<Turn> {
  const [startedNs, startedAt] = [cpuNs(pid), performance.now()];
  await during(Date.now() + seconds * 1000);
  const wallNs = (performance.now() - startedAt) * 1e6;
  const usedNs = cpuNs(pid) - startedNs;
  return { cpuPercent: (100 * usedNs) / wallNs, usPerSample: usedNs / 1000 / (samplesASecond * (wallNs / 1e9)) };
}

async function scrapeEachSecond(untilMs: number): Promise<void> {
  while (Date.now() < untilMs) {
    const nextMs = Date.now() + 1000;
    await scrape();
    await delay(Math.max(0, nextMs - Date.now()));
  }
}

const subject = await startSubject();
const exporter = await startExporter();
const exporterSamples = exporter === undefined ? 0 : await scrape();
process.stderr.write(`warming up for ${warmUpMs / 1000} s, then ${repetitions} turns of ${seconds} s each\n`);
await delay(warmUpMs);
const ours: Turn[] = [];
const theirs: Turn[] = [];
let rss = 0;
for (let i = 0; i < repetitions; i++) {
  ours.push(await turnOf(subject.pid, subject.counters, async (untilMs) => delay(untilMs - Date.now())));
  rss = Math.max(rss, rssMiB(subject.pid));
  if (exporter !== undefined) theirs.push(await turnOf(exporter.pid, exporterSamples, scrapeEachSecond));
  process.stderr.write(`turn ${i + 1} of ${repetitions}\n`);
}
subject.child.kill('SIGTERM');
exporter?.child.kill('SIGTERM');

const spread = (turns: readonly Turn[], value: (turn: Turn) => number): Spread => spreadOf(turns.map(value));
const result = {
  counters: subject.counters,
  cpuPercent: spread(ours, (turn) => turn.cpuPercent),
  usPerCounter: spread(ours, (turn) => turn.usPerSample),
  rssMiB: rss,
  exporter:
    exporter === undefined
      ? null
      : {
          samples: exporterSamples,
          cpuPercent: spread(theirs, (turn) => turn.cpuPercent),
          usPerSample: spread(theirs, (turn) => turn.usPerSample),
        },
};
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else print();

function print(): void {
  const verdict = (reached: boolean, worst: boolean) =>
    reached === worst ? (reached ? 'reached' : 'missed') : 'not resolved';
  const { cpuPercent, usPerCounter } = result;
  process.stdout.write(
    `collector, ${result.counters} counters a second, NICs ${readdirSync('/sys/class/net').join(' ')}\n`,
  );
  process.stdout.write(
    `  CPU       ${tellSpread(cpuPercent, 2)} % of a core; under ${cpuGoal} %: ${verdict(cpuPercent.median < cpuGoal, cpuPercent.max < cpuGoal)}\n`,
  );
  process.stdout.write(`  CPU       ${tellSpread(usPerCounter)} us a counter\n`);
  process.stdout.write(
    `  resident  ${rss.toFixed(0)} MiB; under ${rssGoalMiB} MiB: ${verdict(rss < rssGoalMiB, rss < rssGoalMiB)}\n`,
  );
  if (result.exporter === null) {
    process.stdout.write(
      'node_exporter is not here (apt-get install prometheus-node-exporter): nothing to compare with\n',
    );
    return;
  }
  const { samples, cpuPercent: theirPercent, usPerSample } = result.exporter;
  process.stdout.write(
    `node_exporter (${exporterCollectors.join(', ')}), ${samples} samples a scrape, a scrape a second\n`,
  );
  process.stdout.write(
    `  CPU       ${tellSpread(theirPercent, 2)} % of a core\n  CPU       ${tellSpread(usPerSample)} us a sample\n`,
  );
  const ratios = spreadOf(ours.map((turn, i) => turn.usPerSample / (theirs[i] as Turn).usPerSample));
  process.stdout.write(`ours / theirs, a sample: ${tellSpread(ratios, 2)}\n`);
}
