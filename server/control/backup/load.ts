import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { Manifest } from '../../backup/format.ts';
import { damaged } from '../../backup/read-backup.ts';
import type { ControlSession, ControlStore } from '../control-store.ts';
import { Leases } from '../leases.ts';
import { migrateControl } from '../migrate.ts';
import { columnsOf, controlTables, quoted } from './tables.ts';

const rowsAnInsert = 200;
/** Of the whole; a statement has the database's own bound. */
const loadDeadlineMs = 4 * 3_600_000;
const checkDeadlineMs = 60_000;

/** FN_USAGE when the control store holds anything. */
export async function checkControlEmpty(store: ControlStore): Promise<void> {
  await store.transaction(
    async (session) => {
      for (const table of await controlTables(session)) {
        const [row] = await session.query(`SELECT EXISTS (SELECT FROM ${quoted(table)}) AS filled`);
        if (row?.['filled'] !== true) continue;
        throw new FourninesError('FN_USAGE', `the control store is not empty: there are rows in ${table}`, {
          context: { table },
          hint: 'Restore into a database of its own (server.control).',
        });
      }
    },
    { deadlineMs: checkDeadlineMs },
  );
}

/** Fills an empty control store, all of it or nothing. Whoever held a lease is gone; epochs go on from where they were. */
export async function loadControl(store: ControlStore, manifest: Manifest, from: string): Promise<void> {
  await migrateControl(store, manifest.controlSchema);
  await store.transaction(
    async (session) => {
      const tables = await controlTables(session);
      const rowsOf = new Map(manifest.control.map(({ table, rows }) => [table, rows]));
      if ([...tables].sort().join() !== [...rowsOf.keys()].sort().join()) {
        throw damaged('control', 'it has other tables than its schema');
      }
      for (const table of tables) {
        const rows = await loadTable(session, table, join(from, 'control', `${table}.jsonl`));
        if (rows !== rowsOf.get(table)) throw damaged(`control/${table}.jsonl`, `${rows} of its rows could be read`);
      }
      for (const { table, column, last } of manifest.sequences) {
        if (!tables.includes(table)) throw damaged('control', `there is no table ${table}`);
        await session.query('SELECT setval(pg_get_serial_sequence($1, $2)::regclass, $3::bigint)', [
          quoted(table),
          column,
          last,
        ]);
      }
    },
    { deadlineMs: loadDeadlineMs },
  );
  await new Leases(store, 1).releaseAll();
}

async function loadTable(session: ControlSession, table: string, path: string): Promise<number> {
  const columns = (await columnsOf(session, table)).map(({ name }) => quoted(name)).join(', ');
  const insert = async (lines: readonly string[]) => {
    const rows = await session.query(
      `WITH added AS (INSERT INTO ${quoted(table)} (${columns}) OVERRIDING SYSTEM VALUE
         SELECT ${columns} FROM jsonb_populate_recordset(NULL::${quoted(table)}, $1::text::jsonb) RETURNING 1)
       SELECT count(*) AS rows FROM added`,
      [`[${lines.join(',')}]`],
    );
    return Number(rows[0]?.['rows']);
  };
  let batch: string[] = [];
  let loaded = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    if (batch.push(line) < rowsAnInsert) continue;
    loaded += await insert(batch);
    batch = [];
  }
  return batch.length === 0 ? loaded : loaded + (await insert(batch));
}
