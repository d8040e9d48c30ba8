import { randomUUID } from 'node:crypto';
import { assert } from '../../core/runtime/error.ts';
import type { InsertFile } from './engine.ts';

const identifier = /^[a-z_][a-z0-9_]*$/;
const plainToken = /^[A-Za-z0-9:._-]*$/;

/** Native, or one of the forms that the bench measures it against. */
export type FileFormat = 'Native' | 'RowBinary' | 'ArrowStream' | 'JSONEachRow' | 'JSONCompactEachRow';

/**
 * One token must cover the whole file with its views. So the engine may not cut the file into blocks by chance: one
 * reading thread, one inserting thread, and blocks squashed up to a bound far above ours. The engine numbers the blocks
 * of one insert behind the token, hence even a file beyond that bound is cut the same way each time.
 */
const exactlyOnce = {
  insert_deduplicate: 1,
  // A server of today collects what comes over HTTP into blocks of its own making, and tokens are none of them.
  async_insert: 0,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  max_insert_threads: 1,
  input_format_parallel_parsing: 0,
  min_insert_block_size_rows: 1_048_449,
  min_insert_block_size_bytes: 512 * 1024 * 1024,
  // A host whose clock is wrong writes into another day; that must not fail the hosts beside it.
  max_partitions_per_insert_block: 0,
} as const;

/** A server that does not know all of these cannot be trusted with a token. */
export const exactlyOnceSettings: readonly string[] = [...Object.keys(exactlyOnce), 'insert_deduplication_token'];

/** The engine opens the file itself. */
export function insertFileSql(insert: InsertFile, format: FileFormat = 'Native'): string {
  // INFILE would take these for a pattern over several files.
  assert(!/[*?{}]/.test(insert.path), 'a path without wildcards');
  return insertSql(insert, `FROM INFILE ${quote(insert.path)} `, format);
}

/** The bytes of the file follow the statement. */
export function insertBytesSql(insert: InsertFile): string {
  return insertSql(insert, '', 'Native');
}

function insertSql({ table, columns, token }: InsertFile, from: string, format: FileFormat): string {
  assert(
    [table, ...columns].every((name) => identifier.test(name)),
    'plain names of table and columns',
  );
  assert(token === undefined || plainToken.test(token), 'a plain token');
  // Without a token the engine would compare contents, and drop a file that equals an earlier one.
  const settings = Object.entries({ ...exactlyOnce, insert_deduplication_token: `'${token ?? randomUUID()}'` });
  const clause = settings.map(([name, value]) => `${name} = ${value}`).join(', ');
  return `INSERT INTO ${table} (${columns.join(', ')}) ${from}SETTINGS ${clause} FORMAT ${format}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
