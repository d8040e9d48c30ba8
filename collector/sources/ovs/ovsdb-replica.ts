import {
  applyDifference,
  type ColumnType,
  columnTypeOf,
  type Datum,
  datumOf,
  defaultDatum,
  jsonObject,
  refuse,
} from './ovsdb-values.ts';

export type Row = ReadonlyMap<string, Datum>;
/** Rows by uuid. */
export type Table = ReadonlyMap<string, Row>;
/** Column types by table and column: what is monitored. */
export type Schema = ReadonlyMap<string, ReadonlyMap<string, ColumnType>>;

/** A copy of the monitored columns at one moment. Never changed: an update makes a new one, which shares what stayed. */
export interface Replica {
  readonly schema: Schema;
  readonly tables: ReadonlyMap<string, Table>;
}

/** Rows whose `statistics` an update brought or changed. */
export interface Applied {
  readonly replica: Replica;
  readonly statistics: ReadonlySet<string>;
}

/** More rows than any host has; beyond it something is wrong and memory is worth more. */
const rowsMax = 262_144;

/**
 * The types of the wanted columns, from the answer to get_schema. Tables and columns that this server does not have are
 * left out: older and newer versions differ in them.
 */
export function schemaOf(json: unknown, wanted: Readonly<Record<string, readonly string[]>>): Schema {
  const tables = jsonObject(jsonObject(json)['tables']);
  const schema = new Map<string, ReadonlyMap<string, ColumnType>>();
  for (const [name, columns] of Object.entries(wanted)) {
    if (!Object.hasOwn(tables, name)) continue;
    const present = jsonObject(jsonObject(tables[name])['columns']);
    const known = columns.filter((column) => Object.hasOwn(present, column));
    schema.set(name, new Map(known.map((column) => [column, columnTypeOf(jsonObject(present[column])['type'])])));
  }
  return schema;
}

export function emptyReplica(schema: Schema): Replica {
  return { schema, tables: new Map([...schema.keys()].map((name) => [name, new Map()])) };
}

/**
 * Applies `<table-updates2>`: the answer to monitor_cond or one update2 notification, which is one transaction.
 * Throws FN_OVS_REPLY when it does not fit the replica, which is then to be fetched anew.
 */
export function applyUpdates(replica: Replica, json: unknown): Applied {
  const tables = new Map(replica.tables);
  const statistics = new Set<string>();
  for (const [name, updates] of Object.entries(jsonObject(json))) {
    const types = replica.schema.get(name) ?? refuse('an update of a table that was not asked for');
    const rows = new Map(tables.get(name));
    for (const [uuid, update] of Object.entries(jsonObject(updates))) {
      const change = changeOf(update);
      applyRow(rows, uuid, change, types);
      if (change.row !== undefined && Object.hasOwn(change.row, 'statistics')) statistics.add(uuid);
    }
    tables.set(name, rows);
  }
  let count = 0;
  for (const table of tables.values()) count += table.size;
  if (count > rowsMax) refuse(`more than ${rowsMax} rows`);
  return { replica: { schema: replica.schema, tables }, statistics };
}

interface Change {
  readonly how: 'insert' | 'modify' | 'delete';
  readonly row: Readonly<Record<string, unknown>> | undefined;
}

function changeOf(json: unknown): Change {
  const update = jsonObject(json);
  if (Object.hasOwn(update, 'delete')) return { how: 'delete', row: undefined };
  if (Object.hasOwn(update, 'modify')) return { how: 'modify', row: jsonObject(update['modify']) };
  if (Object.hasOwn(update, 'insert')) return { how: 'insert', row: jsonObject(update['insert']) };
  if (Object.hasOwn(update, 'initial')) return { how: 'insert', row: jsonObject(update['initial']) };
  return refuse('an update of a row says nothing');
}

function applyRow(rows: Map<string, Row>, uuid: string, change: Change, types: ReadonlyMap<string, ColumnType>): void {
  const old = rows.get(uuid);
  if ((change.how === 'insert') === (old !== undefined)) refuse(`${change.how} of a row that does not fit the replica`);
  if (change.row === undefined) {
    rows.delete(uuid);
    return;
  }
  const row = new Map<string, Datum>(old ?? [...types].map(([column, type]) => [column, defaultDatum(type)]));
  for (const [column, json] of Object.entries(change.row)) {
    const type = types.get(column);
    const before = row.get(column);
    if (type === undefined || before === undefined) continue;
    const datum = datumOf(json, type);
    row.set(column, change.how === 'modify' ? applyDifference(before, datum, type) : datum);
  }
  rows.set(uuid, row);
}
