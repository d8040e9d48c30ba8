import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { ControlSession, ControlStore } from './control-store.ts';

/** Files `NNNN_name.up.sql` and `NNNN_name.down.sql`, numbered from 1 without holes; each runs whole or not at all. */
export interface ControlMigration {
  readonly version: number;
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

const folder = fileURLToPath(new URL('./migrations/', import.meta.url));
const fileName = /^(\d{4})_([a-z0-9_]+)\.up\.sql$/;
const deadlineMs = 60_000;
/** Any number that nobody else locks: servers that start together migrate one after another. */
const advisoryLock = 4_009_001;

export function readControlMigrations(): readonly ControlMigration[] {
  const names = readdirSync(folder).filter((name) => fileName.test(name));
  return names.sort().map((file, i) => {
    const [, digits = '', name = ''] = fileName.exec(file) ?? [];
    const version = Number(digits);
    if (version !== i + 1)
      throw new FourninesError('FN_INTERNAL', `migration ${i + 1} of the control store is missing`);
    const read = (path: string) => readFileSync(`${folder}${path}`, 'utf8');
    return { version, name, up: read(file), down: read(file.replace('.up.sql', '.down.sql')) };
  });
}

/**
 * Brings the control store to `target` (default: the newest version this program knows) in one transaction, and returns
 * the versions it passed. FN_MIGRATION when the store is newer than this program.
 */
export async function migrateControl(
  store: ControlStore,
  target?: number,
  migrations: readonly ControlMigration[] = readControlMigrations(),
): Promise<readonly number[]> {
  const newest = migrations.length;
  const wanted = target ?? newest;
  await store.transaction(
    async (session) => {
      await session.query('SELECT pg_advisory_xact_lock($1::bigint)', [advisoryLock]);
      await session.script(
        'CREATE TABLE IF NOT EXISTS control_migration ' +
          '(version integer PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())',
      );
    },
    { deadlineMs },
  );
  return store.transaction(
    async (session) => {
      // A lock of a table, unlike one taken by a SELECT, is there before this transaction's view of the data is fixed.
      await session.script('LOCK TABLE control_migration IN ACCESS EXCLUSIVE MODE');
      const rows = await session.query('SELECT version FROM control_migration ORDER BY version');
      const applied = rows.map(({ version }) => Number(version));
      const found = applied.at(-1) ?? 0;
      if (found > newest) {
        throw new FourninesError('FN_MIGRATION', `the control store is at ${found}, this program knows ${newest}`, {
          context: { found, known: newest },
        });
      }
      const downward = migrations.filter(({ version }) => version > wanted && applied.includes(version)).reverse();
      const upward = migrations.filter(({ version }) => version <= wanted && !applied.includes(version));
      for (const migration of downward) await run(session, migration, 'down');
      for (const migration of upward) await run(session, migration, 'up');
      return [...downward, ...upward].map(({ version }) => version);
    },
    { deadlineMs },
  );
}

async function run(session: ControlSession, migration: ControlMigration, direction: 'up' | 'down'): Promise<void> {
  const { version, name } = migration;
  try {
    await session.script(migration[direction]);
    if (direction === 'down') await session.query('DELETE FROM control_migration WHERE version = $1', [version]);
    else await session.query('INSERT INTO control_migration (version, name) VALUES ($1, $2)', [version, name]);
  } catch (error) {
    const cause = toFourninesError(error);
    if (cause.retryable) throw cause;
    const message = `migration ${version} (${name}) ${direction} of the control store failed: ${cause.message}`;
    throw new FourninesError('FN_MIGRATION', message, { cause, context: { version, direction } });
  }
}
