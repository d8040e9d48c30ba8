import type { LossRow } from './loss-stretches.ts';

/** A time in which a ring was full, or its piece in one second, as the sampler tells it. */
export interface RunPiece {
  readonly queue: number;
  /** Unix second. */
  readonly slot: number;
  /** From the start of the second. */
  readonly fromNs: bigint;
  readonly lengthNs: bigint;
  readonly lengthNsMin: bigint;
  readonly lengthNsMax: bigint;
  readonly beganBefore: boolean;
}

/**
 * A time in which rings of a port were full, ns since 1970. It began between `earliestNs` and `fromNs` and ended between `toNs` and
 * `latestNs`; each sample from `fromNs` to `toNs` found some ring full, or lies between two times that overlap.
 */
export interface FullPeriod {
  readonly queues: readonly number[];
  readonly earliestNs: bigint;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly latestNs: bigint;
}

const secondNs = 1_000_000_000n;

/**
 * Pieces of one direction as periods, in order of time: those of a run that goes on from second to second are one, and so are runs
 * of several queues whose bounds overlap. How much earlier a run may have begun, and later have ended, is told together: both
 * bounds are widened by all of it.
 *
 * Example: full samples from 10 to 14 ms, the first that was not at 15 ms, the last before at 9 ms: length 5, at least 4, at most
 * 6 ms. Earliest 9, from 10, to 14, latest 16 ms: 1 ms may lie on either side.
 */
export function fullPeriods(pieces: readonly RunPiece[]): FullPeriod[] {
  const runs = joinedRuns(pieces).sort((a, b) =>
    a.earliestNs < b.earliestNs ? -1 : Number(a.earliestNs > b.earliestNs),
  );
  const periods: FullPeriod[] = [];
  for (const run of runs) {
    const last = periods.at(-1);
    if (last === undefined || run.earliestNs > last.latestNs) periods.push(run);
    else periods[periods.length - 1] = merged(last, run);
  }
  return periods;
}

function joinedRuns(pieces: readonly RunPiece[]): FullPeriod[] {
  const runs: FullPeriod[] = [];
  const open = new Map<number, number>();
  for (const piece of pieces) {
    const run = boundsOf(piece);
    const index = open.get(piece.queue);
    const before = index === undefined ? undefined : runs[index];
    // The piece before ended with its second, where this one begins.
    const isJoined = piece.beganBefore && before !== undefined && before.toNs === run.fromNs;
    if (isJoined && index !== undefined) runs[index] = merged(before, run);
    else open.set(piece.queue, runs.push(run) - 1);
  }
  return runs;
}

function boundsOf({ queue, slot, fromNs, lengthNs, lengthNsMin, lengthNsMax }: RunPiece): FullPeriod {
  const from = BigInt(slot) * secondNs + fromNs;
  const slack = lengthNsMax > lengthNs ? lengthNsMax - lengthNs : 0n;
  return {
    queues: [queue],
    earliestNs: from - slack,
    fromNs: from,
    toNs: from + lengthNsMin,
    latestNs: from + lengthNs + slack,
  };
}

function merged(one: FullPeriod, other: FullPeriod): FullPeriod {
  const least = (a: bigint, b: bigint) => (a < b ? a : b);
  const most = (a: bigint, b: bigint) => (a > b ? a : b);
  return {
    queues: [...new Set([...one.queues, ...other.queues])].sort((a, b) => a - b),
    earliestNs: least(one.earliestNs, other.earliestNs),
    fromNs: least(one.fromNs, other.fromNs),
    toNs: most(one.toNs, other.toNs),
    latestNs: most(one.latestNs, other.latestNs),
  };
}

/** Packets that a port lost while a period lasted: at least, and at most; null: seconds that touch it are not known. */
export interface LostWithin {
  readonly low: bigint;
  readonly high: bigint | null;
}

/** A counter is read at most so long before or after the second ends that it is told for (collector/slot.ts). */
const readSlackNs = secondNs / 2n;

/** Seconds, half open, of which what is told may belong to a period. */
export function secondsTouching({ earliestNs, latestNs }: Pick<FullPeriod, 'earliestNs' | 'latestNs'>) {
  return {
    from: Number((earliestNs - readSlackNs) / secondNs),
    to: Number((latestNs + readSlackNs - 1n) / secondNs) + 1,
  };
}

/**
 * Nothing is interpolated: at least what seconds lost that lie wholly where the ring was surely full, at most what all seconds did
 * that touch where it may have been, each widened by how late it may have been read. Whatever the cause: a bound of a time, not of a reason. Rows that do not touch the
 * period may be left out.
 *
 * Example: full from 10.2 s to 13.9 s, 10 lost in each second. What is told of second 11 was lost between 10.5 and 12.5 s: at least
 * the 20 of seconds 11 and 12, at most the 60 of seconds 9 to 14.
 */
export function lostWithin(period: Omit<FullPeriod, 'queues'>, rows: readonly LossRow[]): LostWithin {
  const { fromNs, toNs } = period;
  const { from, to } = secondsTouching(period);
  let low = 0n;
  let high: bigint | null = 0n;
  let told = 0;
  for (const { slot, slots, isKnown, lost } of rows) {
    const shared = Math.min(slot + slots, to) - Math.max(slot, from);
    if (shared <= 0) continue;
    told += shared;
    const begin = BigInt(slot) * secondNs - readSlackNs;
    const end = BigInt(slot + slots) * secondNs + readSlackNs;
    if (isKnown && begin >= fromNs && end <= toNs) low += lost;
    high = high === null || !isKnown ? null : high + lost;
  }
  // Every second that touches it must be told by some row, or nobody knows what it lost.
  return { low, high: told < to - from ? null : high };
}
