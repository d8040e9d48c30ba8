import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../core/runtime/logger.ts';
import { formatVersion, type Manifest } from '../../server/backup/format.ts';
import { takeSnapshot } from '../../server/backup/snapshot.ts';
import { WriteGate } from '../../server/backup/write-gate.ts';
import { dumpControl, ledgerFile, settledBlocks } from '../../server/control/backup/dump.ts';
import { checkControlEmpty, loadControl } from '../../server/control/backup/load.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { addMapping, mappingAt } from '../../server/control/identity-mappings.ts';
import { Leases } from '../../server/control/leases.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { objectRevision } from '../../server/control/object-versions.ts';
import { PostgresStore } from '../../server/control/postgres/postgres-store.ts';
import { Objects } from '../../server/objects/objects.ts';
import { EmbeddedEngine } from '../../server/store/embedded/engine.ts';
import { LabPostgres, postgresPrograms } from '../lab/postgres/lab-postgres.ts';
import { all, availability } from '../unit/server/objects/example.ts';
import { openControl } from './control-fixture.ts';

const huge = 2n ** 63n - 1n;
const aMapping = { portKey: 'h/p', tenant: 't "ü\n', owner: 'o', validFromMs: 1, validToMs: null, witness: 'w' };

async function fill(store: ControlStore): Promise<void> {
  await addMapping(store, aMapping);
  await store.query('INSERT INTO ingest_stream (host, stream, highest, floor, gaps) VALUES ($1, $2, $3, 0, $4)', [
    ...['h1', 's1', huge, '4-9'],
  ]);
  await store.query(
    `INSERT INTO ingest_block (topic, partition, first_offset, last_offset, state, epoch, holder, records, left_out, done_at)
     SELECT 'top', p, n * 10, n * 10 + 9, 'done', 1, 'a', 10, '{"duplicate": "4-9"}', clock_timestamp()
     FROM generate_series(0, 1) AS p, generate_series(0, 699) AS n`,
  );
  await new Leases(store, 60_000).acquire('ingest:top:0', 'a');
  const objects = new Objects(store, Date.now, async () => ({ [Symbol.dispose]: () => undefined }));
  for (const text of [all, availability.replace('0.9999 }', '0.9 }')]) {
    await objects.apply({ sources: [{ name: 'a.yaml', text }], from: undefined, dryRun: false, by: 'ann' });
  }
}

/** Every row of every table of ours, but for leases, whose owners are gone. */
async function everything(store: ControlStore): Promise<unknown> {
  const texts: unknown[] = [];
  for (const table of [
    'ingest_block',
    'ingest_stream',
    'ingest_host',
    'letter_replay',
    'identity_mapping',
    'rule',
    'object_apply',
    'object_version',
  ]) {
    texts.push(await store.query(`SELECT to_jsonb(t)::text AS line FROM ${table} t ORDER BY 1`));
  }
  return texts;
}

async function dump(store: ControlStore, folder: string): Promise<Manifest> {
  const { signal } = new AbortController();
  mkdirSync(join(folder, 'control'));
  const told = await dumpControl(store, join(folder, 'control'), signal);
  // Blocks that come while the ledger is being read are of another time.
  await store.query(
    `INSERT INTO ingest_block (topic, partition, first_offset, last_offset, state, epoch, holder, records)
     VALUES ('top', 0, 7000, 7009, 'cut', 1, 'a', 10)`,
  );
  const pieces: Uint8Array[] = [];
  for await (const piece of settledBlocks(store, told.heads, signal)) pieces.push(piece);
  writeFileSync(join(folder, ledgerFile), Buffer.concat(pieces));
  await store.query("DELETE FROM ingest_block WHERE state = 'cut'");
  const control = readdirSync(join(folder, 'control')).map((name) => ({
    table: name.replace('.jsonl', ''),
    rows: readFileSync(join(folder, 'control', name), 'utf8').split('\n').length - 1,
  }));
  return {
    ...{ format: formatVersion, version: 'test', takenAt: '', heldMs: 0, storeSchema: 0, bytes: 0, store: [] },
    ...{ controlSchema: told.schema, sequences: [...told.sequences], control, files: [] },
  };
}

async function comesBack(from: ControlStore, to: ControlStore): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fn-backup-control-'));
  try {
    await fill(from);
    const manifest = await dump(from, folder);
    expect(manifest.control.find(({ table }) => table === 'ingest_block')?.rows).toBe(1400);
    await checkControlEmpty(to);
    await loadControl(to, manifest, folder);
    expect(await everything(to)).toEqual(await everything(from));
    expect(await mappingAt(to, 'h/p', 5)).toMatchObject({ owner: 'o', tenant: aMapping.tenant });
    expect(await objectRevision(to)).toBe(await objectRevision(from));
    expect(await objectRevision(to)).toBeGreaterThan(1);
    // Numbers go on, and so do epochs; whoever held a lease is gone.
    expect(await addMapping(to, { ...aMapping, portKey: 'h/q' })).toBe(2n);
    expect(await new Leases(to, 60_000).acquire('ingest:top:0', 'b')).toMatchObject({ epoch: 2n });
    await expect(checkControlEmpty(to)).rejects.toMatchObject({ code: 'FN_USAGE' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('a backup of the control store', () => {
  test('brings every row back as it was, from an embedded one to another', async () => {
    await using from = await openControl();
    await using to = await openControl();
    await comesBack(from.store, to.store);
  });

  test('is none while a block is recorded and not known to be stored: a killed server left it', async () => {
    await using control = await openControl();
    await control.store.query(
      `INSERT INTO ingest_block (topic, partition, first_offset, last_offset, state, epoch, holder, records)
       VALUES ('top', 0, 0, 9, 'cut', 1, 'a', 10)`,
    );
    const dataFolder = mkdtempSync(join(tmpdir(), 'fn-backup-busy-'));
    const engine = new EmbeddedEngine({ path: join(dataFolder, 'clickhouse'), logger: silentLogger });
    const taken = takeSnapshot(
      { ...{ engine, control: control.store, dataFolder, gate: new WriteGate(), version: 'test' } },
      new AbortController().signal,
    );
    await expect(taken).rejects.toMatchObject({ code: 'FN_BACKUP_BUSY', context: { blocks: 1 } });
    expect(readdirSync(dataFolder)).toEqual([]);
    rmSync(dataFolder, { recursive: true });
  });

  test('is none when a writer does not come to its end in time', async () => {
    await using control = await openControl();
    const dataFolder = mkdtempSync(join(tmpdir(), 'fn-backup-busy-'));
    const engine = new EmbeddedEngine({ path: join(dataFolder, 'clickhouse'), logger: silentLogger });
    const gate = new WriteGate();
    using _writer = await gate.pass(new AbortController().signal);
    const taken = takeSnapshot(
      { ...{ engine, control: control.store, dataFolder, gate, version: 'test' }, holdDeadlineMs: 50 },
      new AbortController().signal,
    );
    await expect(taken).rejects.toMatchObject({ code: 'FN_BACKUP_BUSY' });
    // And lets everybody go on.
    using _next = await gate.pass(AbortSignal.timeout(1_000));
    rmSync(dataFolder, { recursive: true });
  });

  test.skipIf(postgresPrograms() === undefined)('and from an embedded one to PostgreSQL and back', async () => {
    await using lab = await LabPostgres.start();
    await using embedded = await openControl();
    await using back = await openControl();
    const postgres = new PostgresStore({ ...lab.options, logger: silentLogger });
    try {
      await migrateControl(postgres);
      await comesBack(embedded.store, postgres);
      await postgres.query('TRUNCATE ingest_block, ingest_stream, lease, identity_mapping RESTART IDENTITY');
      await comesBack(postgres, back.store);
    } finally {
      await postgres.close();
    }
  });
});
