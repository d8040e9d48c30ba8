import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLogger } from '../core/runtime/logger.ts';
import { EmbeddedEngine } from '../server/store/embedded/engine.ts';
import { migrate } from '../server/store/migrate.ts';
import { fileForms } from './ingest/files.ts';
import { hosts, ports, rowsOfMessage, rowsOfTick, tickMessages } from './ingest/messages.ts';
import { roads } from './ingest/roads.ts';
import { type Spread, spreadOf, tellSpread } from './spread.ts';

/**
 * Real tick messages (200 hosts, 60 ports, 2 directions) into the real tables with their views, and the same rows in
 * other forms into the same tables. One run, repetitions interleaved, so that every form meets the same noise.
 *
 *     node bench/ingest.ts [--rows 1000000] [--repetitions 5] [--json]
 */

const say = (line: string) => process.stdout.write(`${line}\n`);

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    repetitions: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const repetitions = Number(options.repetitions);
const ticks = Math.ceil(Number(options.rows) / rowsOfTick);
const rows = ticks * rowsOfTick;

const product = 'Native, the product';
const notes: Readonly<Record<string, string>> = {
  [product]: 'the inserter on a full bus: decode, check, join and write beside the insert',
  'Native, in turn': 'the same steps, one after the other',
  'Native, a block a message': 'in turn, nothing joined',
  'rows as JSONEachRow':
    'rival (a): wire of JSON lines made beforehand; joined and written beside the insert; all cores parse',
  'rows as JSONEachRow, 1 parser': "rival (b): as (a), with one parser, as the product's exact insert has",
};
/** Each beside its base: repetitions of one round are paired, which met the same noise. */
const pairs = [
  ['Native, in turn', product],
  ['Native, a block a message', 'Native, in turn'],
  ['rows as JSONEachRow', product],
  ['rows as JSONEachRow, 1 parser', product],
  ['file: RowBinary', 'file: Native'],
  ['file: ArrowStream', 'file: Native'],
  ['file: JSONCompactEachRow', 'file: Native'],
  ['file: JSONEachRow', 'file: Native'],
  ['file: JSONEachRow, 1 parser', 'file: Native'],
  ['read only: JSONEachRow', 'read only: Native'],
] as const;

interface Sample {
  readonly stages: Readonly<Record<string, number>>;
  readonly ms: number;
  /** CPU time of this process and the engine's, all threads, ms. */
  readonly cpuMs: number;
}
type Samples = ReadonlyMap<string, readonly Sample[]>;

const folder = mkdtempSync(join(tmpdir(), 'fournines-bench-'));
const engine = new EmbeddedEngine({ path: join(folder, 'store'), logger: silentLogger });
try {
  await engine.start();
  await migrate(engine);
  const records = tickMessages(ticks);
  const wireBytes = records.reduce((sum, { value }) => sum + value.length, 0);
  const samples = await measure(records);
  if (options.json) say(JSON.stringify(asJson(samples, wireBytes)));
  else report(samples, wireBytes);
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(records: ReturnType<typeof tickMessages>): Promise<Samples> {
  const bench = { engine, folder, records };
  const rivals = [...roads(bench), ...(await fileForms(bench))];
  const samples = new Map(rivals.map(({ name }) => [name, [] as Sample[]]));
  for (let repetition = -1; repetition < repetitions; repetition++) {
    for (const rival of rivals) {
      const cpuBefore = cpuMs();
      const stages = await rival.run(repetition);
      const ms = Object.values(stages).reduce((sum, each) => sum + each, 0);
      const sample = { stages, ms, cpuMs: cpuMs() - cpuBefore };
      await engine.command('TRUNCATE TABLE port_slot');
      await engine.command('TRUNCATE TABLE port_1m');
      // The first round warms files, code and caches.
      if (repetition >= 0) samples.get(rival.name)?.push(sample);
    }
  }
  return samples;
}

/** User and system time so far; the engine's from /proc in ticks of 10 ms. */
function cpuMs(): number {
  const own = process.cpuUsage();
  const fields = readFileSync(`/proc/${engine.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (own.user + own.system) / 1000 + (Number(fields[11]) + Number(fields[12])) * 10;
}

function spreadsOf(repeated: readonly Sample[]) {
  const stages = Object.keys(repeated[0]?.stages ?? {}).map((stage) => [
    stage,
    spreadOf(repeated.map((each) => each.stages[stage] ?? 0)),
  ]);
  return {
    ms: spreadOf(repeated.map((each) => each.ms)),
    cpuMs: spreadOf(repeated.map((each) => each.cpuMs)),
    rowsPerSecond: spreadOf(repeated.map((each) => rows / (each.ms / 1000))),
    stages: Object.fromEntries(stages) as Record<string, Spread>,
  };
}

function ratioOf(samples: Samples, name: string, base: string, what: 'ms' | 'cpuMs'): Spread {
  const below = samples.get(base) ?? [];
  return spreadOf((samples.get(name) ?? []).map((each, i) => each[what] / (below[i]?.[what] ?? Number.NaN)));
}

function verdicts(samples: Samples): Record<string, string> {
  const { rowsPerSecond } = spreadsOf(samples.get(product) ?? []);
  const against = (name: string) => ({
    [`goal 8 x ${name}, wall`]: verdict(ratioOf(samples, name, product, 'ms'), 8),
    [`goal 8 x ${name}, CPU`]: verdict(ratioOf(samples, name, product, 'cpuMs'), 8),
  });
  return {
    'goal 1 M rows/s': verdict(rowsPerSecond, 1e6),
    ...against('rows as JSONEachRow'),
    ...against('rows as JSONEachRow, 1 parser'),
  };
}

/** A goal is reached or missed when every repetition says so. */
function verdict({ min, max }: Spread, goal: number): string {
  if (min >= goal) return 'reached';
  return max < goal ? 'missed' : 'not resolved';
}

function asJson(samples: Samples, wireBytes: number): object {
  const forms = [...samples].map(([form, repeated]) => ({ form, ...spreadsOf(repeated) }));
  const ratios = pairs.map(([name, base]) => ({
    name,
    base,
    wall: ratioOf(samples, name, base, 'ms'),
    cpu: ratioOf(samples, name, base, 'cpuMs'),
  }));
  return { rows, messages: rows / rowsOfMessage, wireBytes, repetitions, forms, ratios, verdicts: verdicts(samples) };
}

function report(samples: Samples, wireBytes: number): void {
  const bytesOfRow = (wireBytes / rows).toFixed(0);
  say(
    `${rows} rows of port_slot in ${rows / rowsOfMessage} messages (${hosts} hosts, ${ports} ports), ${bytesOfRow} bytes a row on the wire`,
  );
  say(`${repetitions} interleaved repetitions: median (least to most); tables with their views; CPU of both processes`);
  say('\nFrom messages in memory to rows in the tables:');
  for (const [name, repeated] of samples) {
    if (name === 'file: Native') say('\nOne file of all rows, made beforehand ("read only": into no table):');
    const { ms, cpuMs: cpu, rowsPerSecond, stages } = spreadsOf(repeated);
    const rate = (rowsPerSecond.median / 1e6).toFixed(2);
    say(
      `${name.padEnd(30)} ${tellSpread(ms, 0).padEnd(22)} ms ${rate.padStart(6)} M rows/s  CPU ${tellSpread(cpu, 0)} ms`,
    );
    if (notes[name] !== undefined) say(`  ${notes[name]}`);
    if (Object.keys(stages).length === 1) continue;
    for (const [stage, spread] of Object.entries(stages)) say(`    ${stage.padEnd(26)} ${tellSpread(spread, 0)} ms`);
  }
  say('');
  for (const [name, base] of pairs) {
    const [wall, cpu] = [ratioOf(samples, name, base, 'ms'), ratioOf(samples, name, base, 'cpuMs')];
    say(`${name} / ${base}: wall ${times(wall)}, CPU ${times(cpu)}`);
  }
  say('');
  for (const [goal, is] of Object.entries(verdicts(samples))) say(`${goal}: ${is}`);
}

/** A ratio on both sides of 1 shows no difference. */
function times(ratio: Spread): string {
  return `x ${tellSpread(ratio, 2)}${ratio.min > 1 || ratio.max < 1 ? '' : ' not resolved'}`;
}
