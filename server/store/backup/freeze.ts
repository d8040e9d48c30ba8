import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FourninesError, systemCode } from '../../../core/runtime/error.ts';
import type { BackupHead } from '../../backup/format.ts';
import type { Engine } from '../engine.ts';

const statementDeadlineMs = 60_000;
/** Made by the migrations, never copied. */
const versionTable = 'schema_migration';
/** Name of the hard links under the store's `shadow` folder; there is one backup at a time. */
const frozenName = 'fournines';

/** A file of the store as it stood when its table was frozen. */
export interface FrozenFile {
  /** In the backup. */
  readonly path: string;
  readonly source: string;
  readonly bytes: number;
}

export interface FrozenStore {
  readonly schema: number;
  readonly tables: BackupHead['store'];
  readonly files: readonly FrozenFile[];
}

export interface StoreTable {
  readonly name: string;
  /** Folder of its parts. */
  readonly folder: string;
}

/** Tables that hold rows, by name. */
export async function storeTables(engine: Engine): Promise<readonly StoreTable[]> {
  const rows = (await engine.query(
    `SELECT name, data_paths[1] AS folder FROM system.tables
     WHERE database = currentDatabase() AND endsWith(engine, 'MergeTree') AND name != '${versionTable}' ORDER BY name`,
    {},
    { deadlineMs: statementDeadlineMs },
  )) as { name: string; folder: string }[];
  return rows;
}

async function storeSchemaOf(engine: Engine): Promise<number> {
  const [row] = (await engine.query(
    `SELECT max(version) AS version FROM
       (SELECT version FROM ${versionTable} GROUP BY version HAVING argMax(up, at) = 1)`,
    {},
    { deadlineMs: statementDeadlineMs },
  )) as { version: number }[];
  return Number(row?.version ?? 0);
}

/** Folder of the files of an embedded store. FN_BACKUP_ELSEWHERE when they are another server's. */
export function folderOf(engine: Engine): string {
  if (engine.folder !== undefined) return engine.folder;
  throw new FourninesError('FN_BACKUP_ELSEWHERE', 'the store is on a server of its own: its files are not here');
}

/** Hard links to every part, by the engine: takes milliseconds a table, and no space until parts are merged away. */
export async function freezeStore(engine: Engine, signal: AbortSignal): Promise<FrozenStore> {
  await thawStore(engine);
  const tables = await storeTables(engine);
  const schema = await storeSchemaOf(engine);
  for (const { name } of tables) {
    await engine.command(`ALTER TABLE ${name} FREEZE WITH NAME '${frozenName}'`, {
      deadlineMs: statementDeadlineMs,
      signal,
    });
  }
  const files: FrozenFile[] = [];
  const counted: { table: string; rows: number }[] = [];
  for (const table of tables) {
    const folder = frozenFolder(engine, table);
    let rows = 0;
    for (const part of await namesIn(folder)) {
      rows += Number(await readFile(join(folder, part, 'count.txt'), 'utf8'));
      for await (const file of walk(join(folder, part), `store/${table.name}/${part}`)) files.push(file);
    }
    counted.push({ table: table.name, rows });
  }
  return { schema, tables: counted, files };
}

/** Removes the links; also those that a killed run left. */
export async function thawStore(engine: Engine): Promise<void> {
  await rm(join(folderOf(engine), 'shadow', frozenName), { recursive: true, force: true });
}

/** The engine keeps the last folders of a table's path: `store/abc/UUID`. */
function frozenFolder(engine: Engine, { folder }: StoreTable): string {
  return join(folderOf(engine), 'shadow', frozenName, ...folder.split('/').filter(Boolean).slice(-3));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    // A table without parts has nothing to link.
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function* walk(folder: string, path: string): AsyncGenerator<FrozenFile> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const [source, inBackup] = [join(folder, entry.name), `${path}/${entry.name}`];
    if (entry.isDirectory()) yield* walk(source, inBackup);
    else yield { path: inBackup, source, bytes: (await stat(source)).size };
  }
}
