import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Engine } from './engine.ts';

/**
 * Migrations are files `NNNN_name.up.sql` and `NNNN_name.down.sql`, numbered from 1 without holes. A statement ends with
 * a semicolon at the end of a line, and can be repeated (IF NOT EXISTS, IF EXISTS): ClickHouse has no transactions over
 * DDL, so a migration that was cut off is simply run again. It is recorded when all its statements have run.
 */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
}

const folder = fileURLToPath(new URL('./migrations/', import.meta.url));
const fileName = /^(\d{4})_([a-z0-9_]+)\.up\.sql$/;
const deadlineMs = 60_000;

export function readMigrations(): readonly Migration[] {
  const names = readdirSync(folder).filter((name) => fileName.test(name));
  return names.sort().map((file, i) => {
    const [, digits = '', name = ''] = fileName.exec(file) ?? [];
    const version = Number(digits);
    if (version !== i + 1) throw new FourninesError('FN_INTERNAL', `migration ${i + 1} is missing`);
    const down = file.replace('.up.sql', '.down.sql');
    return { version, name, up: statementsOf(file), down: statementsOf(down) };
  });
}

/** Brings the store to `target` (default: the newest version this program knows) and returns the versions it passed. */
export async function migrate(
  engine: Engine,
  target?: number,
  migrations: readonly Migration[] = readMigrations(),
): Promise<readonly number[]> {
  const newest = migrations.length;
  const wanted = target ?? newest;
  await recordTable(engine);
  const applied = await appliedVersions(engine);
  const beyond = applied.filter((version) => version > newest);
  if (beyond.length > 0) {
    throw new FourninesError(
      'FN_MIGRATION',
      `the store's schema is at ${beyond.at(-1)}, this program knows ${newest}`,
      {
        context: { found: beyond.at(-1) ?? 0, known: newest },
      },
    );
  }
  const upward = migrations.filter(({ version }) => version <= wanted && !applied.includes(version));
  const downward = migrations.filter(({ version }) => version > wanted && applied.includes(version)).reverse();
  for (const migration of downward) await run(engine, migration, 'down');
  for (const migration of upward) await run(engine, migration, 'up');
  return [...downward, ...upward].map(({ version }) => version);
}

/** True when the store is at the newest version this program knows, or beyond. */
export async function isMigrated(engine: Engine): Promise<boolean> {
  await recordTable(engine);
  const applied = await appliedVersions(engine);
  return readMigrations().every(({ version }) => applied.includes(version));
}

async function recordTable(engine: Engine): Promise<void> {
  await engine.command(
    'CREATE TABLE IF NOT EXISTS schema_migration ' +
      "(version UInt32, name String, up UInt8, at DateTime64(6, 'UTC') DEFAULT now64(6)) " +
      'ENGINE = MergeTree ORDER BY (version, at)',
  );
}

async function appliedVersions(engine: Engine): Promise<number[]> {
  const rows = await engine.query(
    'SELECT version FROM schema_migration GROUP BY version HAVING argMax(up, at) = 1 ORDER BY version',
    {},
    { deadlineMs },
  );
  return (rows as { version: number }[]).map(({ version }) => version);
}

async function run(engine: Engine, migration: Migration, direction: 'up' | 'down'): Promise<void> {
  const { version, name } = migration;
  try {
    for (const statement of migration[direction]) await engine.command(statement, { deadlineMs });
    const up = direction === 'up' ? 1 : 0;
    await engine.command(`INSERT INTO schema_migration (version, name, up) VALUES (${version}, '${name}', ${up})`);
  } catch (error) {
    const cause = toFourninesError(error);
    if (cause.retryable) throw cause;
    throw new FourninesError('FN_MIGRATION', `migration ${version} (${name}) ${direction} failed: ${cause.message}`, {
      cause,
      context: { version, direction, ...cause.context },
    });
  }
}

function statementsOf(file: string): readonly string[] {
  return readFileSync(`${folder}${file}`, 'utf8')
    .replaceAll(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
