import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { BackupHead } from '../../backup/format.ts';
import type { ControlSession, ControlStore } from '../control-store.ts';
import { columnsOf, controlSchemaOf, controlTables, quoted } from './tables.ts';

/** Large, and settled rows of it never change: those are read after the hold. */
const ledgerTable = 'ingest_block';
const rowsAFetch = 500;
const dumpDeadlineMs = 60_000;

/** Where each partition stood. */
type Heads = readonly { readonly topic: string; readonly partition: number; readonly last: string }[];

export interface ControlDump {
  readonly schema: number;
  /** Files that were written, by table. */
  readonly tables: readonly string[];
  readonly sequences: BackupHead['sequences'];
  /** Blocks that were recorded and are not known to be stored. */
  readonly unsettled: number;
  readonly heads: Heads;
}

/**
 * Writes every table but the ledger of blocks into `folder`, from one serializable transaction. The database writes its
 * rows as JSON itself, so that a number of any size and a time to the microsecond stay what they are.
 */
export function dumpControl(store: ControlStore, folder: string, signal: AbortSignal): Promise<ControlDump> {
  return store.transaction(
    async (session) => {
      const tables = (await controlTables(session)).filter((table) => table !== ledgerTable);
      for (const table of tables) await dumpTable(session, table, join(folder, `${table}.jsonl`));
      const [undone] = await session.query(`SELECT count(*) AS blocks FROM ${ledgerTable} WHERE state = 'cut'`);
      const heads = await session.query(
        `SELECT topic, partition, max(last_offset)::text AS last FROM ${ledgerTable} GROUP BY topic, partition`,
      );
      return {
        schema: await controlSchemaOf(session),
        tables,
        sequences: await sequencesOf(session, tables),
        unsettled: Number(undone?.['blocks']),
        heads: heads as unknown as Heads,
      };
    },
    { deadlineMs: dumpDeadlineMs, signal },
  );
}

async function dumpTable(session: ControlSession, table: string, path: string): Promise<void> {
  const file = createWriteStream(path, { mode: 0o640 });
  await once(file, 'open');
  try {
    await session.query(
      `DECLARE backup NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS line FROM ${quoted(table)} AS t`,
    );
    for (;;) {
      const rows = await session.query(`FETCH ${rowsAFetch} FROM backup`);
      if (rows.length === 0) break;
      if (!file.write(linesOf(rows))) await once(file, 'drain');
    }
    await session.query('CLOSE backup');
  } finally {
    file.end();
    await finished(file);
  }
}

async function sequencesOf(session: ControlSession, tables: readonly string[]): Promise<BackupHead['sequences']> {
  const sequences: { table: string; column: string; last: string }[] = [];
  for (const table of tables) {
    for (const { name, isIdentity } of await columnsOf(session, table)) {
      if (!isIdentity) continue;
      const [row] = await session.query(
        `SELECT pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass)::text AS last`,
        [quoted(table), name],
      );
      // Never used: there is no last value.
      if (typeof row?.['last'] === 'string') sequences.push({ table, column: name, last: row['last'] });
    }
  }
  return sequences;
}

/**
 * The ledger up to `heads`. All of it was settled then, and nobody changes a settled block: no transaction is needed, and
 * ingest cuts its blocks in between.
 */
export async function* settledBlocks(
  store: ControlStore,
  heads: Heads,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const { topic, partition, last } of heads) {
    for (let after = -1n; ; ) {
      // Not given to the query itself: to cancel one costs an embedded store its process.
      signal.throwIfAborted();
      // One partition, by its key: a page costs the same wherever it begins.
      const rows = await store.query(
        `SELECT b.first_offset, to_jsonb(b)::text AS line FROM ${ledgerTable} AS b
         WHERE topic = $1 AND partition = $2::integer AND first_offset > $3::bigint AND first_offset <= $4::bigint
         ORDER BY first_offset LIMIT ${rowsAFetch}`,
        [topic, partition, after, last],
        { deadlineMs: dumpDeadlineMs },
      );
      const end = rows.at(-1);
      if (end === undefined) break;
      yield Buffer.from(linesOf(rows));
      after = end['first_offset'] as bigint;
    }
  }
}

export const ledgerFile = `control/${ledgerTable}.jsonl`;

function linesOf(rows: readonly Readonly<Record<string, unknown>>[]): string {
  return rows.map(({ line }) => `${line}\n`).join('');
}
