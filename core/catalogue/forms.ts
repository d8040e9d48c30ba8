import { assert } from '../runtime/error.ts';
import type { Column, Kind } from './columns.ts';

/**
 * Every form that a kind has had, the present one first. A kind grows: form n has the columns that came up to n, and of an
 * enumeration the labels it had then. So collectors that are older than their server are understood.
 */
export function formsOf(kind: Kind): readonly Kind[] {
  const changes = kind.columns.flatMap((column) => [
    column.since ?? 1,
    ...labelSteps(column).map(([last]) => last + 1),
  ]);
  const newest = Math.max(1, ...changes);
  const earlier = Array.from({ length: newest - 1 }, (_, i) => formAt(kind, newest - 1 - i));
  return [kind, ...earlier];
}

function formAt(kind: Kind, form: number): Kind {
  const columns = kind.columns.filter(({ since = 1 }) => since <= form).map((column) => columnAt(column, form));
  const names = new Set(columns.map(({ name }) => name));
  return { ...kind, columns, counters: kind.counters.filter((name) => names.has(name)) };
}

function columnAt(column: Column, form: number): Column {
  if (column.type !== 'Enum8') return column;
  const then = labelSteps(column).find(([last]) => form <= last);
  return then === undefined ? column : { ...column, labels: column.labels.slice(0, then[1]) };
}

function labelSteps(column: Column): readonly (readonly [number, number])[] {
  return column.type === 'Enum8' ? (column.had ?? []) : [];
}

/** What stands in a column for rows that were made before it: unknown, unless the column says what they meant. */
export function valueBefore(column: Column): bigint | number | string | null {
  if (column.before !== undefined) return column.before;
  const isNullable = column.type.startsWith('Nullable');
  assert(isNullable || column.type === 'String', `${column.name} says what it was before it came`);
  return isNullable ? null : '';
}
