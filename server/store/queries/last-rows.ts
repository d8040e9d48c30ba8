import { type TObject, type TSchema, Type } from 'typebox';
import { type Column, columnSqlName, type Kind, type RowOf } from '../../../core/catalogue/columns.ts';
import { kinds } from '../../../core/catalogue/kinds.ts';
import { assert } from '../../../core/runtime/error.ts';
import { defineQuery, type NamedQuery, type QueryContext, runQuery } from '../run-query.ts';
import { instant } from './fragments.ts';

/** How far back a counter may be resumed, seconds. */
export const lastRowsReachSeconds = 86_400;

type LastRowsQuery = NamedQuery<{ readonly host: 'String'; readonly from: 'UInt32' }, TObject>;

/** For each kind with counters: the last row of each key of a host since `from`, all columns, named as in the catalogue. */
export const lastRowsQueries: ReadonlyMap<string, LastRowsQuery> = new Map(
  kinds.filter((kind) => kind.counters.length > 0).map((kind) => [kind.name, queryOf(kind)]),
);

/** A collector that was killed goes on counting from these; the newest by the end of what they cover. */
export async function lastRows<K extends Kind>(
  context: QueryContext,
  kind: K,
  ask: { readonly host: string; readonly from: number },
): Promise<readonly RowOf<K>[]> {
  const query = lastRowsQueries.get(kind.name);
  assert(query !== undefined, `${kind.name} has counters`);
  const rows = await runQuery(context, query, ask);
  return rows.map((row) => rowOf(kind, row as Readonly<Record<string, unknown>>));
}

function queryOf(kind: Kind): LastRowsQuery {
  const names = kind.columns.filter(({ name }) => kind.key.includes(name)).map(columnSqlName);
  const keys = names.map((name) => `t.${name}`).join(', ');
  const plainKeys = names.join(', ');
  const columns = kind.columns.map((column) => `${readingOf(column)} AS ${column.name}`);
  // The inner question reads the key and the slots only; then a few rows are read whole, found by the primary key.
  return defineQuery({
    name: `last-rows-${kind.name.replaceAll('_', '-')}`,
    sql: `SELECT ${columns.join(', ')}
FROM ${kind.name} AS t
WHERE t.host = {host:String} AND t.slot >= ${instant('from')} AND (${keys}, t.slot) IN (
  SELECT ${plainKeys}, argMax(slot, (toUnixTimestamp(slot) + slots, slot)) FROM ${kind.name}
  WHERE host = {host:String} AND slot >= ${instant('from')}
  GROUP BY ${plainKeys}
)
ORDER BY ${keys}, toUnixTimestamp(t.slot) + t.slots DESC
LIMIT 1 BY ${keys}`,
    parameters: { host: 'String', from: 'UInt32' },
    row: Type.Object(Object.fromEntries(kind.columns.map((column) => [column.name, schemaOf(column)]))),
    deadlineMs: 20_000,
    rowsMax: 200_000,
  });
}

const bigTypes = new Set(['UInt64', 'Int64', 'Nullable(UInt64)', 'Nullable(Int64)']);

function readingOf(column: Column): string {
  const name = `t.${columnSqlName(column)}`;
  return column.type === "DateTime('UTC')" ? `toUnixTimestamp(${name})` : name;
}

function schemaOf(column: Column): TSchema {
  switch (column.type) {
    case 'Enum8':
      return Type.Union(column.labels.map((label) => Type.Literal(label)));
    case 'String':
      return Type.String();
    case 'Nullable(UInt64)':
    case 'Nullable(Int64)':
      return Type.Union([Type.String(), Type.Null()]);
    case 'UInt64':
    case 'Int64':
    case "DateTime64(3, 'UTC')":
      return Type.String();
    default:
      return Type.Integer();
  }
}

function rowOf<K extends Kind>(kind: K, row: Readonly<Record<string, unknown>>): RowOf<K> {
  const entries = kind.columns.map((column) => {
    const value = row[column.name];
    return [column.name, bigTypes.has(column.type) && value !== null ? BigInt(value as string) : value];
  });
  return Object.fromEntries(entries) as RowOf<K>;
}
