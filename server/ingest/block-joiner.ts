import { columnSqlName, columnType, type Kind } from '../../core/catalogue/columns.ts';
import { partForms } from '../../core/wire/layout.ts';
import type { EncodedBlock } from '../../core/wire/message.ts';
import { nativeBlock, type Scratch } from './native-block.ts';

/**
 * Rows of one joined block. A block costs the engine about 15 us whatever is in it, so one host's 120 rows must not be a
 * block; from 10,000 rows on the cost is gone.
 */
const blockRowsTarget = 65_536;

/** Column names of a kind's table, in the order of the joined blocks. */
export function tableColumns(kind: Kind): readonly string[] {
  return kind.columns.map(columnSqlName);
}

/**
 * Joins checked blocks of one kind into ClickHouse Native blocks of about `blockRowsTarget` rows, by putting each part of
 * a column behind the same part of the block before. No row is decoded. The bytes depend on the blocks and their order
 * only. Each joined block is valid until the next one is asked for, when `scratch` is given.
 */
export function* joinBlocks(
  kind: Kind,
  blocks: readonly EncodedBlock[],
  scratch?: Scratch,
): Generator<Buffer, void, undefined> {
  const columns = columnPlans(kind);
  for (const group of groupsOf(blocks)) {
    const rows = group.reduce((sum, block) => sum + block.rows, 0);
    const joined = columns.map(({ name, type, parts }) => ({
      name,
      type,
      data: parts.flatMap((part) => group.map((block) => block.parts[part] as Uint8Array)),
    }));
    yield nativeBlock(rows, joined, scratch);
  }
}

interface ColumnPlan {
  readonly name: string;
  readonly type: string;
  /** Positions of the column's parts in a block. */
  readonly parts: readonly number[];
}

function columnPlans(kind: Kind): readonly ColumnPlan[] {
  let next = 0;
  return kind.columns.map((column) => ({
    name: columnSqlName(column),
    type: columnType(column),
    parts: partForms(column).map(() => next++),
  }));
}

function groupsOf(blocks: readonly EncodedBlock[]): readonly EncodedBlock[][] {
  const groups: EncodedBlock[][] = [];
  let rows = blockRowsTarget;
  for (const block of blocks) {
    if (block.rows === 0) continue;
    if (rows >= blockRowsTarget) {
      groups.push([]);
      rows = 0;
    }
    groups.at(-1)?.push(block);
    rows += block.rows;
  }
  return groups;
}
