import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Kind } from '../core/catalogue/columns.ts';
import { kinds } from '../core/catalogue/kinds.ts';
import { silentLogger } from '../core/runtime/logger.ts';
import { BlockBuilder } from '../core/wire/block-builder.ts';
import { writeBlocks } from '../server/ingest/batch-writer.ts';
import { joinBlocks, tableColumns } from '../server/ingest/block-joiner.ts';
import { Sealer } from '../server/seal/sealer.ts';
import { EmbeddedEngine } from '../server/store/embedded/engine.ts';
import { migrate } from '../server/store/migrate.ts';
import { HostRows } from './storage/rows.ts';

/**
 * Bytes on disk of a row of each table, and of each of its columns, with the codecs of the migrations, after all parts
 * are merged. Then each column of numbers with other codecs, to see whether ours is the right one.
 *
 *     node bench/storage.ts [--hosts 10] [--seconds 3600] [--tables port_slot,...] [--columns]
 */

const { values: options } = parseArgs({
  options: {
    hosts: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '3600' },
    tables: { type: 'string', default: '' },
    columns: { type: 'boolean', default: false },
  },
});
const hosts = Number(options.hosts);
const seconds = Number(options.seconds);
const chosen = kinds.filter(({ name }) => options.tables === '' || options.tables.split(',').includes(name));
const say = (line: string) => process.stdout.write(`${line}\n`);
const deadline = { deadlineMs: 600_000 };
const rowsOfBlock = 20_000;
/** Yesterday, so that its rows can be sealed; whole hours. */
const from = Math.floor(Date.now() / 86_400_000) * 86_400 - 86_400;
const rivals = ['ZSTD(1)', 'Delta, ZSTD(1)', 'DoubleDelta, ZSTD(1)', 'T64, ZSTD(1)', 'GCD, ZSTD(1)'];

interface ColumnBytes {
  readonly column: string;
  readonly type: string;
  readonly codec: string;
  readonly bytes: number;
  readonly rows: number;
}

const folder = mkdtempSync(join(tmpdir(), 'fournines-storage-'));
const engine = new EmbeddedEngine({ path: join(folder, 'store'), logger: silentLogger });
try {
  await engine.start();
  await migrate(engine);
  const rollups = ['port_1m', 'port_1h', 'drop_1m', 'drop_1h', 'seal', 'seal_row'];
  for (const table of [...chosen.map(({ name }) => name), ...rollups]) await byColumn(table);
  for (const kind of chosen) await fill(kind);
  await seal();
  say(`${hosts} hosts, ${seconds} s; bytes a row on disk, all parts merged`);
  for (const table of [...chosen.map(({ name }) => name), ...rollups]) await tell(table);
  if (options.columns) for (const kind of chosen) await compare(kind.name);
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Small parts keep all columns in one file, where nobody can tell them apart. */
async function byColumn(table: string): Promise<void> {
  await engine.command(`ALTER TABLE ${table} MODIFY SETTING min_bytes_for_wide_part = 0, min_rows_for_wide_part = 0`);
}

async function fill(kind: Kind): Promise<void> {
  const sources = Array.from({ length: hosts }, (_, host) => new HostRows(kind, host));
  let builder = new BlockBuilder(kind);
  const flush = async () => {
    if (builder.rows === 0) return;
    const path = join(folder, 'rows.native');
    await writeBlocks(path, joinBlocks(kind, [builder.block()]));
    await engine.insertFile({ table: kind.name, columns: tableColumns(kind), path }, deadline);
    builder = new BlockBuilder(kind);
  };
  for (let second = 0; second < seconds; second++) {
    for (const source of sources) for (const row of source.rowsOf(from + second)) builder.add(row);
    if (builder.rows >= rowsOfBlock) await flush();
  }
  await flush();
}

async function seal(): Promise<void> {
  const sealer = new Sealer({
    store: { engine },
    folder: join(folder, 'seal'),
    logger: silentLogger,
    nowMs: () => (from + 3 * 86_400) * 1000,
  });
  const startedMs = performance.now();
  await sealer.look(AbortSignal.timeout(600_000));
  say(`sealed ${sealer.stats.seals} days of paths in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}

async function bytesOf(table: string): Promise<readonly ColumnBytes[]> {
  await engine.command(`OPTIMIZE TABLE ${table} FINAL`, deadline);
  const rows = await engine.query(
    `SELECT p.column AS column, any(c.type) AS type, any(c.compression_codec) AS codec,
      toFloat64(sum(p.column_data_compressed_bytes)) AS bytes, toFloat64(sum(p.rows)) AS rows
    FROM system.parts_columns AS p
    LEFT JOIN system.columns AS c ON c.database = p.database AND c.table = p.table AND c.name = p.column
    WHERE p.table = {table:String} AND p.active
    GROUP BY column ORDER BY bytes DESC, column`,
    { table },
    deadline,
  );
  return rows as readonly ColumnBytes[];
}

async function tell(table: string): Promise<void> {
  const columns = await bytesOf(table);
  const rows = columns[0]?.rows ?? 0;
  if (rows === 0) return;
  const each = (bytes: number) => (bytes / rows).toFixed(2);
  const all = columns.reduce((sum, { bytes }) => sum + bytes, 0);
  const largest = columns.slice(0, 6).map(({ column, bytes }) => `${column} ${each(bytes)}`);
  say(`| \`${table}\` | ${rows} | ${each(all)} | ${largest.join(', ')} |`);
}

/** The same numbers under every rival, a table a codec; told where a rival is a tenth of a byte a row better. */
async function compare(table: string): Promise<void> {
  const ours = (await bytesOf(table)).filter(({ type }) => /^(Nullable\()?U?Int(32|64)|^DateTime/.test(type));
  const best = new Map(ours.map(({ column, bytes, codec }) => [column, { bytes, codec: codec || 'LZ4 (default)' }]));
  for (const [i, codec] of rivals.entries()) {
    const name = `rival_${i}`;
    await engine.command(`CREATE TABLE ${name} AS ${table}`, deadline);
    const wanted = ours.map(({ column, type }) => `MODIFY COLUMN ${column} ${type} CODEC(${codec})`).join(', ');
    await engine.command(`ALTER TABLE ${name} ${wanted}`, deadline);
    await engine.command(`INSERT INTO ${name} SELECT * FROM ${table}`, deadline);
    for (const { column, bytes } of await bytesOf(name)) {
      const known = best.get(column);
      if (known !== undefined && bytes < known.bytes) best.set(column, { bytes, codec });
    }
    await engine.command(`DROP TABLE ${name}`, deadline);
  }
  for (const { column, bytes, codec, rows } of ours) {
    const winner = best.get(column);
    if (winner === undefined || (bytes - winner.bytes) / rows < 0.1) continue;
    const [mine, other] = [(bytes / rows).toFixed(2), (winner.bytes / rows).toFixed(2)];
    say(`${table}.${column}: ${codec || 'LZ4'} ${mine} bytes, ${winner.codec} ${other}`);
  }
}
