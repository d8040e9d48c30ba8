import { copyFile, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Manifest } from '../../backup/format.ts';
import { damaged } from '../../backup/read-backup.ts';
import type { Engine } from '../engine.ts';
import { migrate } from '../migrate.ts';
import { storeTables } from './freeze.ts';

const statementDeadlineMs = 60_000;

/** Fills an empty store: the schema that the backup had, then its parts, then the rows are counted. */
export async function fillStore(engine: Engine, manifest: Manifest, from: string): Promise<void> {
  await migrate(engine, manifest.storeSchema);
  const tables = await storeTables(engine);
  const names = tables.map(({ name }) => name);
  const backedUp = manifest.store.map(({ table }) => table);
  if (names.join() !== [...backedUp].sort().join()) throw damaged('store', 'it has other tables than its schema');
  const partsOf = partsByTable(manifest);
  for (const { name, folder } of tables) {
    // Merges would change the number of rows before they are counted; the next process has them again.
    await command(engine, `SYSTEM STOP MERGES ${name}`);
    for (const [part, files] of partsOf.get(name) ?? []) {
      for (const path of files) {
        await copySynced(join(from, path), join(folder, 'detached', path.split('/').slice(2).join('/')));
      }
      await command(engine, `ALTER TABLE ${name} ATTACH PART '${part}'`);
    }
    await compare(engine, name, manifest);
  }
}

async function compare(engine: Engine, table: string, manifest: Manifest): Promise<void> {
  const [row] = (await engine.query(
    `SELECT count() AS rows FROM ${table}`,
    {},
    { deadlineMs: statementDeadlineMs },
  )) as {
    rows: string;
  }[];
  const expected = manifest.store.find((counted) => counted.table === table)?.rows;
  if (Number(row?.rows) === expected) return;
  throw damaged(`store/${table}`, `it has ${row?.rows} rows, not ${expected}`);
}

/** Files of each part of each table. */
function partsByTable({ files }: Manifest): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  const tables = new Map<string, Map<string, string[]>>();
  for (const { path } of files) {
    const [top, table = '', part = ''] = path.split('/');
    if (top !== 'store') continue;
    // It goes into a statement: names of parts have nothing but these.
    if (!/^[A-Za-z0-9_-]+$/.test(part)) throw damaged(path, 'it has no place in a backup');
    const parts = tables.get(table) ?? new Map<string, string[]>();
    tables.set(table, parts.set(part, [...(parts.get(part) ?? []), path]));
  }
  return tables;
}

function command(engine: Engine, sql: string): Promise<void> {
  return engine.command(sql, { deadlineMs: statementDeadlineMs });
}

export async function copySynced(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  const file = await open(to, 'r');
  await file.sync().finally(() => file.close());
}
