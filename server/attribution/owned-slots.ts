import type { Owner } from './evidence.ts';

/** A row of causes; `owner` null: its packets are of several owners, or unknown, or the row itself is not known. */
export interface ToldLoss {
  readonly slot: number;
  readonly slots: number;
  readonly cause: string;
  readonly packets: bigint;
  readonly owner: Exclude<Owner, 'unknown'> | null;
}

/** Whose all losses of one slot are. */
export interface OwnedSlot {
  readonly owner: Exclude<Owner, 'unknown'>;
  /** Undefined: one of several causes. */
  readonly cause: string | undefined;
}

/** Packets that a path lost in one slot; undefined: not observed. */
export type LossAt = (slot: number) => bigint | undefined;

/**
 * Whose the losses of single slots are where causes are told over several slots at once (Open vSwitch: about five). Nothing is
 * spread: a slot has an owner only where each interval of which its packets can have been told was given to that owner with
 * all of its packets. Causes and totals are not read at one instant, so that also holds for the slots beside it:
 *
 * - told around: the slot and both its neighbours lie in intervals that are all of that owner; or
 * - told alone: a neighbour lies in no interval and lost nothing, the intervals tell exactly what their slots lost, and
 *   nothing was lost in the slots before and behind them.
 *
 * In both, intervals tell at least what was surely lost inside them.
 *
 * Example: 100 packets lost in slot 3, and all 100 of the interval 0 to 4 are the tenant's: those of slot 3 are. Had slot 5
 * lost one more, nobody would know in which interval it was told, and slot 4 would have no owner.
 */
export function ownedSlots(told: readonly ToldLoss[], lossAt: LossAt): Map<number, OwnedSlot> {
  const rows = [...told].sort((a, b) => a.slot - b.slot);
  const owned = new Map<number, OwnedSlot>();
  const longest = rows.reduce((most, { slots }) => Math.max(most, slots), 0);
  let first = 0;
  for (const slot of slotsOf(rows)) {
    while (first < rows.length && (rows[first] as ToldLoss).slot + longest < slot - 1) first++;
    if ((lossAt(slot) ?? 0n) === 0n) continue;
    const near: ToldLoss[] = [];
    for (let i = first; i < rows.length && (rows[i] as ToldLoss).slot < slot + 2; i++) {
      const row = rows[i] as ToldLoss;
      if (endOf(row) > slot - 1) near.push(row);
    }
    const found = ownerOf(slot, near, lossAt);
    if (found !== undefined) owned.set(slot, found);
  }
  return owned;
}

/** Every slot that a row of several slots covers, once, in order. */
function* slotsOf(rows: readonly ToldLoss[]): Generator<number> {
  let next = 0;
  for (const row of rows) {
    if (row.slots < 2 || row.owner === null) continue;
    for (let slot = Math.max(next, row.slot); slot < endOf(row); slot++) yield slot;
    next = Math.max(next, endOf(row));
  }
}

function ownerOf(slot: number, near: readonly ToldLoss[], lossAt: LossAt): OwnedSlot | undefined {
  const owner = near[0]?.owner;
  if (owner === undefined || owner === null || near.some((row) => row.owner !== owner)) return undefined;
  // A row of this very slot names its own packets; what is left beside it nobody told.
  if (near.some((row) => row.slots === 1 && row.slot === slot)) return undefined;
  const covered = (at: number) => near.some((row) => row.slot <= at && at < endOf(row));
  const packets = near.reduce((sum, row) => sum + row.packets, 0n);
  if (!covered(slot) || lostWithin(near, lossAt) > packets) return undefined;
  const bare = [slot - 1, slot + 1].filter((at) => !covered(at));
  if (bare.length > 0 && !isAlone(near, packets, lossAt)) return undefined;
  const causes = new Set(near.map(({ cause }) => cause));
  return { owner, cause: causes.size === 1 ? near[0]?.cause : undefined };
}

/**
 * What was surely lost between the first and the last reading of these rows: their slots but the outermost. More than they
 * tell cannot be; where it is, something else lost packets there that no cause was told for.
 */
function lostWithin(near: readonly ToldLoss[], lossAt: LossAt): bigint {
  const from = Math.min(...near.map((row) => row.slot)) + 1;
  const to = Math.max(...near.map(endOf)) - 1;
  let lost = 0n;
  for (let slot = from; slot < to; slot++) lost += lossAt(slot) ?? 0n;
  return lost;
}

/** The rows tell what their slots lost, and around them nothing was lost. */
function isAlone(near: readonly ToldLoss[], packets: bigint, lossAt: LossAt): boolean {
  const slots = new Set(near.flatMap((row) => Array.from({ length: row.slots }, (_, i) => row.slot + i)));
  let lost = 0n;
  for (const slot of slots) {
    const own = lossAt(slot);
    if (own === undefined) return false;
    lost += own;
  }
  const around = [...slots].flatMap((slot) => [slot - 1, slot + 1]).filter((slot) => !slots.has(slot));
  return lost === packets && around.every((slot) => lossAt(slot) === 0n);
}

function endOf({ slot, slots }: ToldLoss): number {
  return slot + slots;
}
