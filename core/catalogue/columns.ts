/**
 * How a kind's columns are described, and the row types that follow from the description.
 *
 * One description serves the collector (which builds columns), the wire (fingerprints), the server (tables, live
 * windows) and the documents. Types are ClickHouse's names, because the wire carries ClickHouse's own column layout.
 */

type ScalarType =
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Int64'
  | 'String'
  | 'Nullable(UInt64)'
  | 'Nullable(Int64)'
  | "DateTime('UTC')"
  | "DateTime64(3, 'UTC')";

/** A column that came in a later form of its kind; see forms.ts. */
interface Later {
  /** The first form that has it; left out: 1. */
  readonly since?: number;
  /** What it is in rows made before it came; left out: NULL, or empty text. The table's DEFAULT is the same. */
  readonly before?: bigint | number | string;
}

export interface ScalarColumn extends Later {
  readonly name: string;
  readonly type: ScalarType;
  readonly doc: string;
}

/** An Enum8 column; the code of a label is its position plus one and never changes: labels are only appended. */
export interface EnumColumn extends Later {
  readonly name: string;
  readonly type: 'Enum8';
  readonly labels: readonly string[];
  /** Last form and number of labels, for each time that labels were added afterwards; oldest first. */
  readonly had?: readonly (readonly [lastForm: number, labels: number])[];
  readonly doc: string;
}

export type Column = ScalarColumn | EnumColumn;

/** One kind of row; one table. `key` names the columns that, with `slot`, identify a row of one host. */
export interface Kind<C extends readonly Column[] = readonly Column[]> {
  readonly name: string;
  readonly doc: string;
  readonly key: readonly string[];
  /** Names of the raw counters; each `x` has an increment column `xInc` beside it. */
  readonly counters: readonly string[];
  readonly columns: C;
}

type ValueOf<C extends Column> = C extends EnumColumn
  ? C['labels'][number]
  : C['type'] extends 'UInt64' | 'Int64' | "DateTime64(3, 'UTC')"
    ? bigint
    : C['type'] extends 'Nullable(UInt64)' | 'Nullable(Int64)'
      ? bigint | null
      : C['type'] extends 'String'
        ? string
        : number;

type Flatten<T> = { readonly [P in keyof T]: T[P] };

/** The row object of a kind: `bigint` for 64-bit integers, `null` for an increment nobody knows. */
export type RowOf<K extends Kind> = Flatten<{
  readonly [C in K['columns'][number] as C['name']]: ValueOf<C>;
}>;

/** The ClickHouse type of a column, as it stands in a Native block and in a table. */
export function columnType(column: Column): string {
  if (column.type !== 'Enum8') return column.type;
  return `Enum8(${column.labels.map((label, i) => `'${label}' = ${i + 1}`).join(', ')})`;
}

/** `packetsInc` in TypeScript is `packets_inc` in SQL and on the wire. */
export function columnSqlName(column: Column): string {
  return column.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
