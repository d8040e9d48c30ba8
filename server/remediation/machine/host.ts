/** A datapath as its host read it at one instant, in one go. */
export interface HostReading {
  /** Process and start of the switch, its options, its threads: whatever must be as it was, as one text. */
  readonly identity: string;
  /** By id. */
  readonly queues: readonly QueuePlace[];
  readonly pmds: readonly PmdState[];
  /** How long the switch took to answer. */
  readonly unixctlMs: number;
}

export interface QueuePlace {
  readonly id: string;
  readonly numa: number;
  /** Where it is polled; null: nobody polls it. */
  readonly core: number | null;
  /** Who nailed it there. */
  readonly pin: 'operator' | 'ours' | null;
}

export interface PmdState {
  readonly core: number;
  readonly numa: number;
  /** Time that it was ready to run and did not, after involuntary switches and by interrupts; null: not read. */
  readonly runDelayPpm: number | null;
}

export interface Move {
  readonly rxq: string;
  readonly from: number;
  readonly to: number;
}

export type Likeness = 'asPlanned' | 'asBefore' | 'moot' | 'mixed';

/**
 * What became of a change: every queue that was there before counts, and so does everyone that nobody polls now. Queues that
 * came or went meanwhile are nobody's doing; without any of the moved ones there is nothing left to judge.
 */
export function likenessTo(
  { preImage, moves }: { readonly preImage: HostReading; readonly moves: readonly Move[] },
  now: HostReading,
): Likeness {
  const cores = new Map(now.queues.map(({ id, core }) => [id, core]));
  if ([...cores.values()].includes(null)) return 'mixed';
  const targets = new Map(moves.map(({ rxq, to }) => [rxq, to]));
  const known = preImage.queues.filter(({ id }) => cores.has(id));
  const moved = known.filter(({ id }) => targets.has(id));
  if (moved.length === 0) return known.every(({ id, core }) => cores.get(id) === core) ? 'moot' : 'mixed';
  if (known.every(({ id, core }) => cores.get(id) === core)) return 'asBefore';
  return known.every(({ id, core }) => cores.get(id) === (targets.get(id) ?? core)) ? 'asPlanned' : 'mixed';
}

/** Same switch, same threads, same places, same pins. */
export function isSameHost(a: HostReading, b: HostReading): boolean {
  return (
    a.identity === b.identity &&
    JSON.stringify(a.queues) === JSON.stringify(b.queues) &&
    JSON.stringify(a.pmds.map(({ core }) => core)) === JSON.stringify(b.pmds.map(({ core }) => core))
  );
}

/** Threads that a change would reload. */
export function affectedCores(moves: readonly Move[]): ReadonlySet<number> {
  return new Set(moves.flatMap(({ from, to }) => [from, to]));
}
