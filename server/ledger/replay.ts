import type { Direction } from '../../core/catalogue/kind-parts.ts';

/** A sum of drops, as the store has it or as a map of counters makes it. */
export interface CausePacketsAt {
  readonly direction: Direction;
  readonly cause: string;
  readonly place: string;
  readonly packets: bigint;
}

export interface ReplayedCause {
  readonly direction: Direction;
  readonly cause: string;
  readonly place: string;
  readonly stored: bigint;
  readonly replayed: bigint;
  /** Names the map added, and with `-` before them took off. */
  readonly counters: readonly string[];
}

/** Stored and replayed sums side by side, those that are nothing in both left out; what differs most comes first. */
export function compareCauses(
  stored: readonly CausePacketsAt[],
  replayed: readonly (CausePacketsAt & { readonly counters: readonly string[] })[],
): ReplayedCause[] {
  const byKey = new Map<string, ReplayedCause>();
  const entry = ({ direction, cause, place }: CausePacketsAt): ReplayedCause =>
    byKey.get(`${direction} ${cause} ${place}`) ?? { direction, cause, place, stored: 0n, replayed: 0n, counters: [] };
  const put = (changed: ReplayedCause) => byKey.set(`${changed.direction} ${changed.cause} ${changed.place}`, changed);
  for (const sum of stored) {
    const was = entry(sum);
    put({ ...was, stored: was.stored + sum.packets });
  }
  for (const sum of replayed) {
    const was = entry(sum);
    put({ ...was, replayed: was.replayed + sum.packets, counters: [...was.counters, ...sum.counters] });
  }
  const apart = ({ stored: a, replayed: b }: ReplayedCause) => (a > b ? a - b : b - a);
  return [...byKey.values()]
    .filter((cause) => cause.stored > 0n || cause.replayed > 0n)
    .sort((a, b) => (apart(a) === apart(b) ? 0 : apart(a) > apart(b) ? -1 : 1));
}
