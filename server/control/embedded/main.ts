import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { takeDataFolder } from '../../../core/runtime/data-folder.ts';
import { toFourninesError } from '../../../core/runtime/error.ts';
import { rawSqlErrorOf } from '../sql-error.ts';
import type { Reply, Request, StatementRequest } from './protocol.ts';

/**
 * Entry of the embedded control store's own process: PostgreSQL compiled to WebAssembly (PGlite). A statement runs in
 * one piece on its thread, so here it holds up nobody's event loop; and only a process can be ended in mid-statement.
 *
 * `main.ts FOLDER create` makes the database and ends: making takes 530 MB, which a process never gives back.
 */
const [, , folder, task] = process.argv;
if (folder === undefined || process.send === undefined) process.exit(2);

// Ctrl-C reaches the whole process group; the parent has blocks to record first and closes us by message.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

// The parent is gone: hold the folder no longer. The write-ahead log survives a kill at any point.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

/**
 * PGlite runs a single session, so buffers for one: 4 MB instead of 128. `-F` (no fsync) is PGlite's own default and is
 * left out: what is acknowledged here decides what is never sent again.
 */
const startParams = PGlite.defaultStartParams.filter((parameter) => parameter !== '-F');
const postgresqlconf = ['shared_buffers=4MB', 'wal_buffers=256kB', 'max_connections=5', 'min_wal_size=32MB'];

const int8 = 20;
const parsers = { [int8]: (text: string) => BigInt(text) };

const reply = (message: Reply) => {
  if (process.connected) process.send?.(message);
};

async function create(path: string): Promise<void> {
  const draft = `${path}.new`;
  rmSync(draft, { recursive: true, force: true });
  const database = new PGlite(draft, { postgresqlconf });
  await database.waitReady;
  await database.close();
  // Whole or not there: a process killed while it makes one leaves a draft.
  renameSync(draft, path);
}

async function open(path: string): Promise<PGlite> {
  const database = new PGlite(path, { startParams, parsers });
  await database.waitReady;
  return database;
}

async function run(database: PGlite, { id, sql, values }: StatementRequest): Promise<void> {
  try {
    if (values === undefined) {
      await database.exec(sql);
      reply({ type: 'done', id, rows: [] });
      return;
    }
    const { rows } = await database.query<Record<string, unknown>>(sql, [...values]);
    reply({ type: 'done', id, rows });
  } catch (error) {
    reply({ type: 'failed', id, error: rawSqlErrorOf(error) });
  }
}

async function serve(path: string): Promise<void> {
  const database = await open(path);
  const { rows } = await database.query<{ version: string }>('SELECT version() AS version');
  process.on('message', (message: Request) => {
    if (message.type === 'run') void run(database, message);
    else void database.close().finally(() => process.exit(0));
  });
  reply({ type: 'ready', version: String(rows[0]?.version) });
}

try {
  takeDataFolder(folder);
  const path = join(folder, 'pg');
  if (task !== 'create') await serve(path);
  else if (!existsSync(path)) await create(path);
  if (task === 'create') process.send?.({ type: 'ready', version: '' } satisfies Reply, () => process.exit(0));
} catch (error) {
  const { code, message } = toFourninesError(error);
  const told: Reply = { type: 'unopened', code, message };
  process.send?.(told, () => process.exit(1));
}
