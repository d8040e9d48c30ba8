import type { ControlSession } from '../control-store.ts';

/** Holds the version itself: made by the migrations, never copied. */
const versionTable = 'control_migration';

/** Every table of ours, those that others refer to first: in this order they can be filled. */
export async function controlTables(session: ControlSession): Promise<readonly string[]> {
  const rows = await session.query(
    `SELECT table_name::text AS name FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> $1 ORDER BY table_name`,
    [versionTable],
  );
  const references = await session.query(
    `SELECT conrelid::regclass::text AS name, confrelid::regclass::text AS target FROM pg_constraint
     WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conrelid <> confrelid`,
  );
  const left = new Set(rows.map(({ name }) => String(name)));
  const ordered: string[] = [];
  while (left.size > 0) {
    const waits = (table: string) => references.some(({ name, target }) => name === table && left.has(String(target)));
    const free = [...left].filter((table) => !waits(table));
    // Tables that refer to each other in a circle: there is no right order, the database will say so.
    for (const table of free.length > 0 ? free : [...left]) {
      ordered.push(table);
      left.delete(table);
    }
  }
  return ordered;
}

export interface Column {
  readonly name: string;
  readonly isIdentity: boolean;
}

/** Columns that hold something of their own. */
export async function columnsOf(session: ControlSession, table: string): Promise<readonly Column[]> {
  const rows = await session.query(
    `SELECT column_name::text AS name, is_identity = 'YES' AS is_identity FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position`,
    [table],
  );
  return rows.map((row) => ({ name: String(row['name']), isIdentity: row['is_identity'] === true }));
}

export async function controlSchemaOf(session: ControlSession): Promise<number> {
  const [row] = await session.query('SELECT max(version) AS version FROM control_migration');
  return Number(row?.['version'] ?? 0);
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
