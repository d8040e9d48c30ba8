import type { Kind } from '../core/catalogue/columns.ts';
import { groupKey, type KeptState } from './counter-states.ts';
import { slotNs } from './slot.ts';

/** A row as the catalogue describes it, of whatever kind. */
type AnyRow = Readonly<Record<string, unknown>>;

/** The rows of one host that are certain to be kept: the last tick, and the last row of each key of each kind. */
export interface KeptRows {
  readonly tick: { readonly bootId: string; readonly wallNs: bigint; readonly monoNs: bigint } | null;
  readonly rows: ReadonlyMap<string, readonly AnyRow[]>;
}

/** Reads what was last kept of this host; null: nothing is. */
export type ReadResumed = (signal: AbortSignal) => Promise<KeptRows | null>;

export const nothingKept: ReadResumed = async () => null;

/**
 * Where each counter stood in the last row that is certain to be kept. What was read after it and died with the process
 * is in the next difference: the state is never kept apart from the rows, so the two cannot disagree.
 */
export function resumeStates(sourceKinds: readonly Kind[], kept: KeptRows, bootId: string): Map<string, KeptState> {
  const states = new Map<string, KeptState>();
  const { tick } = kept;
  // Another boot has other counters; their identities would say so too.
  if (tick === null || tick.bootId !== bootId) return states;
  const monoLessWallNs = tick.monoNs - tick.wallNs;
  for (const kind of sourceKinds.filter(({ counters }) => counters.length > 0)) {
    for (const row of kept.rows.get(kind.name) ?? []) {
      const boundary = (row['slot'] as number) + (row['slots'] as number);
      const wallNs = BigInt(boundary) * slotNs + (row['lateNs'] as bigint);
      const values = kind.counters.map((name) => row[name] as bigint | null).filter((value) => value !== null);
      states.set(groupKey(kind, row), {
        placed: { boundary, wallNs, monoNs: wallNs + monoLessWallNs, coveredTo: boundary },
        epoch: row['epoch'] as bigint,
        values,
        written: true,
      });
    }
  }
  return states;
}
