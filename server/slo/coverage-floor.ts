import type { Ratio } from './decimal.ts';
import type { SlotCounts } from './slot-counts.ts';

/** Below it nothing is called proven (sla research §4.3); agreements may name another. */
const floorDefault: Ratio = { num: 999n, den: 1000n };

export interface WindowCoverage {
  /** Slots observed, bridged or idle. */
  readonly num: number;
  /** Slots that were to be known. */
  readonly den: number;
  readonly reached: boolean;
}

/**
 * How much of a window is known, against a floor. `aheadSlots` of the expected ones are yet to come; excluded ones were
 * never to be known, and idle ones are known to be idle. Where nothing was to be known, nothing is reached.
 *
 * Example: of 2,592,000 slots 2,591,000 are observed, 40 bridged, 960 unknown: 2,591,040 of 2,592,000, above 0.999
 * (2,589,408 would do).
 */
export function coverageAgainst(slots: SlotCounts, floor: Ratio = floorDefault, aheadSlots = 0): WindowCoverage {
  const num = slots.observed + slots.bridged + slots.idle;
  const den = slots.expected - slots.excluded - aheadSlots;
  return { num, den, reached: den > 0 && BigInt(num) * floor.den >= floor.num * BigInt(den) };
}
