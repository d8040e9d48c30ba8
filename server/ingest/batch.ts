import type { Kind } from '../../core/catalogue/columns.ts';
import { kinds } from '../../core/catalogue/kinds.ts';
import type { FourninesError } from '../../core/runtime/error.ts';
import type { EncodedBlock } from '../../core/wire/message.ts';
import type { Admitted, Refused } from './admit.ts';

/**
 * Records that go into the store together: one insert a table. Once sealed it never changes, whatever fails on the way:
 * its tokens name its first and last offset, and an insert repeated with its token must carry the same bytes.
 */
export class Batch {
  readonly admitted: Admitted[] = [];
  readonly refused: Refused[] = [];
  /** Runs of messages that the store refused for good, by kind and range, with why: once halved, never tried whole again. */
  readonly refusedRuns = new Map<string, FourninesError>();
  rows = 0;
  bytes = 0;
  first = 0n;
  last = 0n;

  get records(): number {
    return this.admitted.length + this.refused.length;
  }

  /** In offset order. */
  add(item: Admitted | Refused): void {
    const { offset, value } = item.record;
    if (this.records === 0) this.first = offset;
    this.last = offset;
    this.bytes += value.length;
    if ('error' in item) {
      this.refused.push(item);
      return;
    }
    this.admitted.push(item);
    this.rows += item.rows;
  }
}

/** Blocks of one kind in a run of messages: what one insert stores. */
export interface KindBlocks {
  readonly kind: Kind;
  readonly blocks: readonly EncodedBlock[];
  readonly rows: number;
}

/** The kinds that have rows in these messages, in the order of the catalogue. */
export function blocksByKind(messages: readonly Admitted[]): readonly KindBlocks[] {
  const byName = new Map<string, EncodedBlock[]>();
  for (const { message } of messages) {
    for (const block of message.blocks) {
      if (block.rows === 0) continue;
      const blocks = byName.get(block.kind);
      if (blocks === undefined) byName.set(block.kind, [block]);
      else blocks.push(block);
    }
  }
  return kinds.flatMap((kind) => {
    const blocks = byName.get(kind.name);
    if (blocks === undefined) return [];
    return [{ kind, blocks, rows: blocks.reduce((sum, block) => sum + block.rows, 0) }];
  });
}
