import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { RowOf } from '../core/catalogue/columns.ts';
import { portSlot } from '../core/catalogue/kinds.ts';
import { silentLogger } from '../core/runtime/logger.ts';
import { BlockBuilder } from '../core/wire/block-builder.ts';
import { BlockReader } from '../core/wire/block-reader.ts';
import { encodeMessage } from '../core/wire/message.ts';
import { type Admitted, Admitter } from '../server/ingest/admit.ts';
import { writeBlocks } from '../server/ingest/batch-writer.ts';
import { joinBlocks, tableColumns } from '../server/ingest/block-joiner.ts';
import { Scratch } from '../server/ingest/native-block.ts';
import { EmbeddedEngine } from '../server/store/embedded/engine.ts';
import { type FileFormat, insertFileSql } from '../server/store/insert-sql.ts';
import { migrate } from '../server/store/migrate.ts';

/**
 * Real tick messages (200 hosts, 60 ports, 2 directions) into the real tables with their views, and the same rows as
 * other forms into the same tables. One run, repetitions interleaved, so that every form meets the same noise.
 */

const hosts = 200;
const ports = 60;
const deadlineMs = 300_000;
const columns = tableColumns(portSlot);
const say = (line: string) => process.stdout.write(`${line}\n`);

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    repetitions: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const repetitions = Number(options.repetitions);
const ticks = Math.ceil(Number(options.rows) / (hosts * ports * 2));
const rows = ticks * hosts * ports * 2;

interface Rival {
  readonly name: string;
  /** Milliseconds of one repetition, by stage. */
  run(repetition: number): Promise<Readonly<Record<string, number>>>;
}

interface Sample {
  readonly stages: Readonly<Record<string, number>>;
  /** CPU time of this process and the engine's, all threads, ms. */
  readonly cpuMs: number;
}

/** User and system time so far; the engine's from /proc in ticks of 10 ms. */
function cpuMs(): number {
  const own = process.cpuUsage();
  const fields = readFileSync(`/proc/${engine.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (own.user + own.system) / 1000 + (Number(fields[11]) + Number(fields[12])) * 10;
}

const folder = mkdtempSync(join(tmpdir(), 'fournines-bench-'));
const engine = new EmbeddedEngine({ path: join(folder, 'store'), logger: silentLogger });
try {
  await engine.start();
  await migrate(engine);
  const records = messages();
  const wireBytes = records.reduce((sum, { value }) => sum + value.length, 0);
  const rivals = [columnar(records), perMessage(records), decodedJson(records), ...(await otherForms(records))];
  const samples = new Map(rivals.map(({ name }) => [name, [] as Sample[]]));
  for (let repetition = -1; repetition < repetitions; repetition++) {
    for (const rival of rivals) {
      const cpuBefore = cpuMs();
      const stages = await rival.run(repetition);
      const sample = { stages, cpuMs: cpuMs() - cpuBefore };
      await engine.command('TRUNCATE TABLE port_slot');
      await engine.command('TRUNCATE TABLE port_1m');
      // The first round warms files, code and caches.
      if (repetition >= 0) samples.get(rival.name)?.push(sample);
    }
  }
  report(samples, wireBytes);
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}

interface TickRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  readonly value: Uint8Array;
  readonly appendedAtMs: number;
}

/** Messages as a bus would give them: ticks in order, hosts within a tick. Counters run on, rates vary by port. */
function messages(): TickRecord[] {
  const from = Math.floor(Date.now() / 1000) - ticks;
  const builder = new BlockBuilder(portSlot);
  const packets = new BigUint64Array(hosts * ports * 2);
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return seed % below;
  };
  const out: TickRecord[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    for (let h = 0; h < hosts; h++) {
      const host = `compute-${h}`;
      builder.clear();
      for (let i = 0; i < ports * 2; i++) {
        const at = h * ports * 2 + i;
        const increment = BigInt(random(1000 * ((at % 97) + 1)));
        packets[at] = (packets[at] ?? 0n) + increment;
        const total = packets[at] ?? 0n;
        const drops = BigInt(random(50) === 0 ? random(100) : 0);
        builder.add({
          host,
          port: `vhu${(at >> 1).toString(16).padStart(8, '0')}`,
          direction: i % 2 === 0 ? 'toGuest' : 'fromGuest',
          slot: from + tick,
          slots: 1,
          state: 'observed',
          suspect: 0,
          intervalNs: 1_000_000_000n + BigInt(random(200_000)),
          readSpanNs: BigInt(30_000 + random(20_000)),
          lateNs: BigInt(random(400_000)),
          epoch: BigInt(h + 1) << 16n,
          countedIn: '',
          packets: total,
          packetsInc: increment,
          bytes: total * 512n,
          bytesInc: increment * 512n,
          dropsOutside: drops,
          dropsOutsideInc: drops,
          dropsInside: 0n,
          dropsInsideInc: 0n,
        });
      }
      const head = { host, bootId: 'b0', stream: 's0', seq: BigInt(tick), slot: from + tick };
      const value = encodeMessage(head, [builder.block()]);
      out.push({ partition: 0, offset: BigInt(out.length), key: host, value, appendedAtMs: 0 });
    }
  }
  return out;
}

function admitAll(records: readonly TickRecord[]): Admitted[] {
  const admitter = new Admitter();
  return records.map((record) => {
    const admitted = admitter.admit(record);
    if ('error' in admitted) throw admitted.error;
    return admitted;
  });
}

/** What the product does: decode, check, join, write a file, insert it. */
function columnar(records: readonly TickRecord[]): Rival {
  const scratch = new Scratch();
  const path = join(folder, 'joined.native');
  return {
    name: 'Native, joined',
    run: async (repetition) => {
      const t0 = performance.now();
      const blocks = admitAll(records).flatMap(({ message }) => message.blocks);
      const t1 = performance.now();
      await writeBlocks(path, joinBlocks(portSlot, blocks, scratch));
      const t2 = performance.now();
      await engine.insertFile({ table: 'port_slot', columns, path, token: `bench:${repetition}` }, { deadlineMs });
      const t3 = performance.now();
      return { 'decode and check': t1 - t0, 'join and write': t2 - t1, insert: t3 - t2 };
    },
  };
}

/** The same messages without joining: each host's tick a block of its own. */
function perMessage(records: readonly TickRecord[]): Rival {
  const path = join(folder, 'single.native');
  return {
    name: 'Native, a block a message',
    run: async () => {
      const t0 = performance.now();
      const admitted = admitAll(records);
      const t1 = performance.now();
      const blocks = (function* () {
        for (const { message } of admitted) yield* joinBlocks(portSlot, message.blocks);
      })();
      await writeBlocks(path, blocks);
      const t2 = performance.now();
      await engine.insertFile({ table: 'port_slot', columns, path }, { deadlineMs });
      return { 'decode and check': t1 - t0, 'join and write': t2 - t1, insert: performance.now() - t2 };
    },
  };
}

/** The usual way: each message decoded into row objects, written as JSON lines, inserted. Decode and check as above. */
function decodedJson(records: readonly TickRecord[]): Rival {
  const path = join(folder, 'decoded.jsonl');
  const reader = new BlockReader(portSlot);
  const line = (row: RowOf<typeof portSlot>) =>
    JSON.stringify(
      Object.fromEntries(portSlot.columns.map((column, i) => [columns[i], row[column.name as keyof typeof row]])),
      (_, value) => (typeof value === 'bigint' ? String(value) : value),
    );
  return {
    name: 'rows as JSONEachRow',
    run: async () => {
      const t0 = performance.now();
      const admitted = admitAll(records);
      const t1 = performance.now();
      const lines = (function* () {
        for (const { message } of admitted) {
          const rowsOfMessage = message.blocks.flatMap((block) => reader.rows(block));
          yield Buffer.from(rowsOfMessage.map((row) => `${line(row)}\n`).join(''));
        }
      })();
      await writeBlocks(path, lines);
      const t2 = performance.now();
      await engine.command(fileInsert(path, 'JSONEachRow', true), { deadlineMs });
      return { 'decode and check': t1 - t0, 'rows and write': t2 - t1, insert: performance.now() - t2 };
    },
  };
}

/** With a token of its own; `parallel`: the file is parsed by all cores, which the exact insert of the product forgoes. */
function fileInsert(path: string, format: FileFormat, parallel: boolean, table = 'port_slot'): string {
  const sql = insertFileSql({ table, columns, path }, format);
  return parallel ? sql.replace('input_format_parallel_parsing = 0', 'input_format_parallel_parsing = 1') : sql;
}

/**
 * The same rows as files of other forms, written beforehand by the engine itself: only the insert is timed, which
 * favours them.
 */
async function otherForms(records: readonly TickRecord[]): Promise<Rival[]> {
  await columnar(records).run(-2);
  await engine.command('CREATE TABLE nowhere AS port_slot ENGINE = Null');
  const file = (format: FileFormat) => join(folder, `rows.${format.toLowerCase()}`);
  for (const format of ['Native', 'RowBinary', 'ArrowStream', 'JSONCompactEachRow', 'JSONEachRow'] as const) {
    // As the wire has them: plain strings.
    const select = columns.map((column) =>
      ['host', 'port', 'counted_in'].includes(column) ? `toString(${column}) AS ${column}` : column,
    );
    const statement = `SELECT ${select.join(', ')} FROM port_slot INTO OUTFILE '${file(format)}' FORMAT ${format}`;
    await engine.command(statement, { deadlineMs });
  }
  await engine.command('TRUNCATE TABLE port_slot');
  await engine.command('TRUNCATE TABLE port_1m');
  const insert = (name: string, format: FileFormat, parallel: boolean, table?: string): Rival => ({
    name,
    run: async () => {
      const startedAtMs = performance.now();
      await engine.command(fileInsert(file(format), format, parallel, table), { deadlineMs });
      return { insert: performance.now() - startedAtMs };
    },
  });
  return [
    insert('file: Native', 'Native', false),
    insert('file: RowBinary', 'RowBinary', true),
    insert('file: ArrowStream', 'ArrowStream', true),
    insert('file: JSONCompactEachRow', 'JSONCompactEachRow', true),
    insert('file: JSONEachRow', 'JSONEachRow', true),
    insert('file: JSONEachRow, 1 parser', 'JSONEachRow', false),
    insert('read only: Native', 'Native', false, 'nowhere'),
    insert('read only: JSONEachRow', 'JSONEachRow', true, 'nowhere'),
  ];
}

interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

function figureOf(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (i: number) => sorted[Math.min(Math.max(i, 0), sorted.length - 1)] ?? Number.NaN;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1) };
}

function report(samples: ReadonlyMap<string, readonly Sample[]>, wireBytes: number): void {
  const total = ({ stages }: Sample) => Object.values(stages).reduce((sum, ms) => sum + ms, 0);
  const times = (name: string) => (samples.get(name) ?? []).map(total);
  // Ratios pair the repetitions of one round, which met the same noise.
  const ratio = (name: string, base: string) => {
    const below = times(base);
    return figureOf(times(name).map((ms, i) => ms / (below[i] ?? Number.NaN)));
  };
  const forms = [...samples].map(([name, repeated]) => ({
    form: name,
    ms: figureOf(repeated.map(total)),
    cpuMs: figureOf(repeated.map((each) => each.cpuMs)),
    rowsPerSecond: Math.round(rows / (figureOf(repeated.map(total)).median / 1000)),
    stages: Object.fromEntries(
      Object.keys(repeated[0]?.stages ?? {}).map((stage) => [
        stage,
        figureOf(repeated.map((each) => each.stages[stage] ?? 0)),
      ]),
    ),
  }));
  const pairs = [
    ['Native, a block a message', 'Native, joined'],
    ['rows as JSONEachRow', 'Native, joined'],
    ['file: RowBinary', 'file: Native'],
    ['file: ArrowStream', 'file: Native'],
    ['file: JSONCompactEachRow', 'file: Native'],
    ['file: JSONEachRow', 'file: Native'],
    ['file: JSONEachRow, 1 parser', 'file: Native'],
    ['read only: JSONEachRow', 'read only: Native'],
  ] as const;
  const ratios = pairs.map(([name, base]) => {
    const figure = ratio(name, base);
    return { name, base, ratio: figure, resolved: figure.min > 1 || figure.max < 1 };
  });
  if (options.json) {
    say(JSON.stringify({ rows, messages: rows / (ports * 2), wireBytes, repetitions, forms, ratios }));
    return;
  }
  say(
    `${rows} rows of port_slot in ${rows / (ports * 2)} messages, ${(wireBytes / rows).toFixed(0)} bytes a row on the wire`,
  );
  say(`${repetitions} interleaved repetitions: median (least to most); views included, "read only" goes into no table`);
  for (const { form, ms, cpuMs: cpu, rowsPerSecond, stages } of forms) {
    say(
      `${form.padEnd(28)} ${range(ms, 0).padEnd(22)} ms  ${(rowsPerSecond / 1e6).toFixed(2).padStart(6)} M rows/s  CPU ${range(cpu, 0)} ms`,
    );
    if (Object.keys(stages).length > 1) {
      for (const [stage, figure] of Object.entries(stages)) say(`  ${stage.padEnd(26)} ${range(figure, 0)} ms`);
    }
  }
  for (const { name, base, ratio: figure, resolved } of ratios) {
    say(`${name} / ${base}: ${resolved ? '' : 'not resolved, '}x ${range(figure, 2)}`);
  }
  const slowest = Math.max(...times('Native, joined'));
  say(`goal 1 M rows/s: ${verdict(forms[0]?.rowsPerSecond ?? 0, rows / (slowest / 1000), 1e6)}`);
  for (const { name, ratio: figure } of ratios.filter(
    (each) => each.name.includes('JSONEachRow') && !each.name.includes('parser'),
  )) {
    say(`goal 8 x, ${name}: ${verdict(figure.median, figure.min, 8)}`);
  }
}

function range({ median, min, max }: Figure, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}

function verdict(median: number, worst: number, goal: number): string {
  if (worst >= goal) return 'reached in every repetition';
  return median >= goal ? 'not resolved: reached in the median, not in the worst' : 'missed';
}
