import type { Ratio } from '../slo/decimal.ts';
import type { SlotVerdict } from './slot-verdict.ts';

/** Frames whose mean size matters: their bytes over their number. */
export interface Frames {
  readonly packets: bigint;
  readonly bytes: bigint;
  /** Whether `bytes` has the frame check sequence of 4 bytes, as on the wire; counters of most drivers have not. */
  readonly withFcs: boolean;
}

/** Preamble, start of frame and the gap between frames: on the wire, in no counter (IEEE 802.3). */
const gapBytes = 20n;
const fcsBytes = 4n;

/** Where a slot loads the link this much, it says what the link can carry. */
const exercised: Ratio = { num: 9n, den: 10n };

/**
 * Packets a second that a link carries at a mean frame size (sla research §C.3): R = bits/s / (8 (S + 20)), S with the frame
 * check sequence; 24 where it is not counted. Exact; undefined: no frames, no size.
 *
 * Example: 10 Gbit/s and 1,000 frames of 64 bytes are 10^10 x 1,000 / (8 x (64,000 + 20,000)) = 14,880,952.38 a second.
 */
export function lineRatePps(bitsPerSecond: bigint, { packets, bytes, withFcs }: Frames): Ratio | undefined {
  if (packets === 0n) return undefined;
  const onWire = bytes + packets * (withFcs ? gapBytes : gapBytes + fcsBytes);
  return { num: bitsPerSecond * packets, den: 8n * onWire };
}

/**
 * Acceptance (ITU-T Y.1564, ETSI TST 009): TL = 1 - NDR/R <= `lossRatioMax`, 0.10 in a clause of at most 10 %. NDR is the
 * highest rate without loss, measured at this frame size.
 *
 * Example: at 14,880,952.38 pps a link of 10 Gbit/s may lose 10 %: 13,392,858 pps are enough, 13,392,857 are not.
 */
export function acceptsThroughput(ndrPps: bigint, line: Ratio, { num, den }: Ratio): boolean {
  return ndrPps * line.den * den >= line.num * (den - num);
}

export interface ThroughputTerms {
  readonly line: Ratio;
  readonly committedPps: bigint | undefined;
  readonly lossRatioMax: Ratio;
}

/**
 * One observed second in service: TL = 1 - V / min(O, R), bad above `lossRatioMax`. It says something only where the link was
 * put to the test, O >= 0.9 R, or the contract was, O >= CIR; elsewhere it is not exercised, and no evidence of capacity.
 * Gaps are not judged: their peaks are unknown.
 *
 * Example, R = 14,880,952.38 and 10 %: 14,000,000 offered and 12,600,000 delivered are good (0.10), 12,599,999 are bad.
 * 10,000,000 offered and delivered are not exercised, unless the contract commits to no more.
 */
export function throughputSlot(
  { offered, delivered }: { readonly offered: bigint; readonly delivered: bigint },
  { line, committedPps, lossRatioMax: { num, den } }: ThroughputTerms,
): SlotVerdict {
  const loadsLink = offered * line.den * exercised.den >= line.num * exercised.num;
  const loadsContract = committedPps !== undefined && offered >= committedPps;
  if (offered === 0n || !(loadsLink || loadsContract)) return 'notExercised';
  const isAboveLine = offered * line.den > line.num;
  const due: Ratio = isAboveLine ? line : { num: offered, den: 1n };
  return delivered * due.den * den < due.num * (den - num) ? 'bad' : 'good';
}
