import type { Ratio } from '../slo/decimal.ts';

export interface ConservationLimits {
  /** Share of what was offered that reading counters at different instants may explain. */
  readonly readErrorRatio: Ratio;
  /** What queues and rings between the counters can hold. */
  readonly inFlightPackets: bigint;
}

/**
 * Whether the counters of a slot fit together (sla research §C.1): |O - V - ΣD| <= max(ε O, in flight). If not the slot is
 * suspect: nothing uses its numbers.
 *
 * Example, ε = 0.0001 and 32 packets in flight: 10,000 offered, 9,970 delivered, 5 lost leave 25, within 32. 10,040
 * delivered leave -45: suspect. Of 1,000,000 offered 100 may be left.
 */
export function isConserved(
  { offered, delivered, drops }: { readonly offered: bigint; readonly delivered: bigint; readonly drops: bigint },
  { readErrorRatio: { num, den }, inFlightPackets }: ConservationLimits,
): boolean {
  const left = offered - delivered - drops;
  const size = left < 0n ? -left : left;
  return size <= inFlightPackets || size * den <= num * offered;
}
