import { isKnown, type SlotCounts } from './coverage.ts';

/** Sums of one port and direction over known slots; `dropsBeside` are drops at a queueing discipline. */
export interface PathSums {
  readonly direction: 'rx' | 'tx' | 'toGuest' | 'fromGuest';
  readonly packets: bigint;
  readonly dropsOutside: bigint;
  readonly dropsInside: bigint;
  readonly dropsBeside: bigint;
}

export interface Delivery {
  readonly offered: bigint;
  readonly delivered: bigint;
  readonly drops: bigint;
}

/**
 * Offered and delivered packets at a measuring point (sla research §C.0): what the port counted as passed plus what was
 * lost before that count is offered; less all that was lost is delivered. Filtered frames are in neither.
 *
 * A queueing discipline loses before the port counts on the way out, and after it on the way in. What was lost after
 * the count cannot be more than was counted: a driver that says so does not count those packets, and the excess was
 * offered beside them.
 *
 * Example: rx with 1,000 packets, 3 missed by the NIC (outside), 2 dropped by the host (inside):
 * offered 1,003, delivered 998, drops 5.
 */
export function delivery(sums: PathSums): Delivery {
  const { counted, drops } = tallyOf(sums);
  const offered = offeredOf(counted, drops);
  return { offered, delivered: offered - drops, drops };
}

/** What a measuring point has seen come and what was lost. Tallies of slots add up to the tally of all of them. */
export interface Tally {
  readonly counted: bigint;
  readonly drops: bigint;
}

export function tallyOf(sums: PathSums): Tally {
  const outgoing = sums.direction === 'tx' || sums.direction === 'toGuest';
  return {
    counted: sums.packets + sums.dropsOutside + (outgoing ? sums.dropsBeside : 0n),
    drops: sums.dropsOutside + sums.dropsInside + sums.dropsBeside,
  };
}

/** Offered packets of a tally, in whichever integers it is kept. */
export function offeredOf<N extends number | bigint>(counted: N, drops: N): N {
  return counted > drops ? counted : drops;
}

export type DeliveryVerdict = 'measured' | 'noTraffic' | 'unknown';

/** Delivered over offered, as two integers; the quotient is made only for display. */
export interface PacketDelivery extends Delivery {
  readonly bad: bigint;
  readonly verdict: DeliveryVerdict;
}

/**
 * Packet delivery ratio (sla research §C.1; complement of the IP loss ratio of ITU-T Y.1540). No owner is known yet, so
 * every drop counts as bad: unknown is never good.
 *
 * A window without traffic has no ratio; it is idle only when every slot of it is known, else it is unknown.
 */
export function packetDelivery(sums: PathSums, slots: SlotCounts): PacketDelivery {
  const result = delivery(sums);
  return { ...result, bad: result.drops, verdict: verdictOf(result.offered, slots) };
}

function verdictOf(offered: bigint, slots: SlotCounts): DeliveryVerdict {
  if (offered > 0n && isKnown(slots)) return 'measured';
  return slots.unknown > 0 ? 'unknown' : 'noTraffic';
}

/**
 * floor(num x 10^9 / den) for display, or null when den is 0.
 *
 * Example: 998 of 1,003 is 995,014,955 parts in a billion.
 */
export function partsPerBillion(num: bigint, den: bigint): bigint | null {
  return den === 0n ? null : (num * 1_000_000_000n) / den;
}
