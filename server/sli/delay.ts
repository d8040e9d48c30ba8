import type { Ratio } from '../slo/decimal.ts';
import type { Readings } from '../slo/verdict.ts';
import { type DelayHistogram, delaysOf, delaysUpTo } from './delay-histogram.ts';
import type { SlotVerdict } from './slot-verdict.ts';

/**
 * Delay against a threshold T (sla research §C.4): good are probes answered within the waiting time (RFC 7679) with a delay
 * of at most T; the total is what was answered. Probes without an answer are loss, not delay, and not in it. With T on an
 * edge of the histogram both readings are one; elsewhere `low` takes the bucket around T as late.
 *
 * Example, edges 100, 200, 400 and counts 5, 3, 2, 1: T = 200: 3 of 11 are bad. T = 300: 1 of 11 (high), 3 of 11 (low).
 */
export function delayReadings(histogram: DelayHistogram, limitNs: number): Readings {
  const total = delaysOf(histogram);
  const within = delaysUpTo(histogram, limitNs);
  return { high: { total, bad: total - within.high }, low: { total, bad: total - within.low } };
}

/** With fewer answers a slot says nothing. */
const answersMin = 10n;

export interface DelayTerms {
  readonly limitNs: number;
  /** Share of probes that may be later: 1 - q. */
  readonly lateRatioMax: Ratio;
}

/**
 * One slot of a path by its delays: bad when the share of late probes is above 1 - q; at least 10 answers. undefined is a slot
 * without a histogram: unknown. Gaps cannot be bridged: no counter keeps delays.
 *
 * Example, T = 200, 1 - q = 0.1: of 20 answers 2 late are good, 3 bad. Of 9 answers nothing is said.
 */
export function delaySlot(
  histogram: DelayHistogram | undefined,
  { limitNs, lateRatioMax: { num, den } }: DelayTerms,
): SlotVerdict {
  if (histogram === undefined) return 'unknown';
  const { high, low } = delayReadings(histogram, limitNs);
  if (high.total < answersMin) return 'notExercised';
  if (high.bad * den > num * high.total) return 'bad';
  return low.bad * den > num * low.total ? 'unknown' : 'good';
}

export interface ClockState {
  readonly isSynchronised: boolean;
  /** Error estimate of RFC 8762. */
  readonly errorNs: number;
}

/** A tenth of the threshold. */
const clockErrorShare = 10;

/**
 * Whether a one-way delay may be told: both clocks synchronised, errors together at most 10 % of T. Else the round trip is,
 * and half of it is never called one-way.
 *
 * Example, T = 200 us: errors of 12 us and 8 us are within 20 us, 12 us and 9 us are not.
 */
export function isOneWayTold(sender: ClockState, reflector: ClockState, limitNs: number): boolean {
  const isSynchronised = sender.isSynchronised && reflector.isSynchronised;
  return isSynchronised && (sender.errorNs + reflector.errorNs) * clockErrorShare <= limitNs;
}
