import type { Column } from '../catalogue/columns.ts';

/**
 * How a column lies in a block: one or two *parts*, each a run of bytes that can be put behind the same part of another
 * block to give the column of both. That is ClickHouse's Native layout, cut where it can be joined:
 *
 * - fixed width: the values, little endian;
 * - String: for each value its length as a LEB128 number, then its bytes;
 * - Nullable(UInt64), Nullable(Int64): first part one byte a row (1 = NULL), second part the values (0 where NULL).
 */
export type PartForm = { readonly bytesPerRow: 1 | 2 | 4 | 8 } | 'strings';

const fixed = {
  Enum8: 1,
  UInt8: 1,
  UInt16: 2,
  UInt32: 4,
  "DateTime('UTC')": 4,
  UInt64: 8,
  Int64: 8,
  "DateTime64(3, 'UTC')": 8,
} as const;

export function partForms(column: Column): readonly PartForm[] {
  if (column.type === 'String') return ['strings'];
  if (column.type === 'Nullable(UInt64)' || column.type === 'Nullable(Int64)')
    return [{ bytesPerRow: 1 }, { bytesPerRow: 8 }];
  return [{ bytesPerRow: fixed[column.type] }];
}
