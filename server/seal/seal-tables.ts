import { createHash } from 'node:crypto';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { direction, host, kind, port } from '../../core/catalogue/kind-parts.ts';
import type { Engine } from '../store/engine.ts';
import { OwnRows } from '../store/own-rows.ts';

/** The two tables of seals, described as kinds are, so that they are written in the same form. No host sends them. */

const day = { name: 'day', type: "DateTime('UTC')", doc: 'First second of the UTC day.' } as const;
const sha256 = { name: 'sha256', type: 'String', doc: 'Hash of the seal, in hex.' } as const;

const sealKind = kind(
  'seal',
  'The seal of a day of a path.',
  [],
  [
    host,
    port,
    direction,
    day,
    { name: 'revision', type: 'UInt32', doc: '1, and one more for each seal that late rows made.' },
    { name: 'entry', type: 'UInt32', doc: 'Number of the seal in the chain of its path, from 1.' },
    sha256,
    { name: 'previous', type: 'String', doc: 'Hash of the entry before; empty: the first.' },
    { name: 'header', type: 'String', doc: 'First line of what is hashed.' },
    { name: 'rawRows', type: 'UInt64', doc: 'Raw rows of the day when it was sealed: more of them are late rows.' },
    { name: 'lines', type: 'UInt32', doc: 'Lines of slots.' },
    { name: 'asides', type: 'UInt32', doc: 'Lines of rows that no slot can hold.' },
    { name: 'offered', type: 'UInt64', doc: 'Packets offered.' },
    { name: 'delivered', type: 'UInt64', doc: 'Packets delivered.' },
    { name: 'offeredMax', type: 'UInt64', doc: 'Most packets offered in one slot.' },
    { name: 'sealedAt', type: "DateTime64(3, 'UTC')", doc: 'When it was sealed.' },
  ],
);
export type SealRow = RowOf<typeof sealKind>;

const sealRowKind = kind(
  'seal_row',
  'A line of a seal.',
  [],
  [
    host,
    port,
    direction,
    day,
    sha256,
    { name: 'n', type: 'UInt32', doc: 'Number of the line behind the header, from 1.' },
    { name: 'part', type: 'Enum8', labels: ['slot', 'aside'], doc: 'What the line is.' },
    { name: 'slot', type: "DateTime('UTC')", doc: 'First slot it covers.' },
    { name: 'slots', type: 'UInt32', doc: 'How many.' },
    { name: 'line', type: 'String', doc: 'The line, without its line break.' },
  ],
);
export type SealLineRow = RowOf<typeof sealRowKind>;

/** Where a process may be killed: the lines of seals are in, and no seal; both are. */
export type SealPoint = 'linesWritten' | 'sealed';

/**
 * Writes seals with their lines. Lines go first: a seal is there only when all of it is. What a kill left without a seal
 * belongs to no hash that is listed, and nobody reads it.
 */
export class SealWriter {
  readonly #rows: OwnRows;
  readonly #reached: ((point: SealPoint) => void) | undefined;

  /** `folder` is the writer's own, and empty when it begins. */
  constructor(engine: Engine, folder: string, reached?: (point: SealPoint) => void) {
    this.#rows = new OwnRows(engine, folder);
    this.#reached = reached;
  }

  clear(): Promise<void> {
    return this.#rows.clear();
  }

  async write(seals: readonly SealRow[], lines: readonly SealLineRow[], signal: AbortSignal): Promise<void> {
    if (seals.length === 0) return;
    // The same seals have the same token, whichever attempt they go in with.
    const names = createHash('sha256');
    for (const seal of seals) names.update(seal.sha256);
    const token = names.digest('hex');
    if (lines.length > 0) await this.#rows.insert(sealRowKind, lines, { token, signal });
    this.#reached?.('linesWritten');
    await this.#rows.insert(sealKind, seals, { token, signal });
    this.#reached?.('sealed');
  }
}
