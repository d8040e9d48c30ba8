import { assert } from '../../core/runtime/error.ts';
import type { Ratio } from '../slo/decimal.ts';

/**
 * Delays of answered probes in buckets with fixed edges, so that histograms of slots, hours and paths add up exactly (sla
 * research §4.6). Bucket i holds delays above edge i-1 up to and with edge i; behind the last edge is one more bucket.
 */
export interface DelayHistogram {
  /** Ascending, above 0. Every delay that a contract names should be one of them. */
  readonly edgesNs: readonly number[];
  /** One more than edges. */
  readonly counts: readonly bigint[];
}

/** A delay, or a difference of two, known as far as buckets tell. */
export interface DelayBounds {
  readonly lowNs: number;
  /** null: behind the last edge. */
  readonly highNs: number | null;
}

/** Adds histograms of the same edges; an order does not matter. */
export function mergeDelays(a: DelayHistogram, b: DelayHistogram): DelayHistogram {
  const fits = a.edgesNs.length === b.edgesNs.length && a.edgesNs.every((edge, i) => edge === b.edgesNs[i]);
  assert(fits, 'only histograms with the same edges can be added');
  return { edgesNs: a.edgesNs, counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0n)) };
}

export function delaysOf({ counts }: DelayHistogram): bigint {
  return counts.reduce((sum, count) => sum + count, 0n);
}

/**
 * How many delays were at most `limitNs`: exact where that is an edge, else between the buckets that lie below and those
 * that begin below.
 *
 * Example, edges 100, 200, 400 and counts 5, 3, 2, 1: at most 200: 8. At most 300: 8 to 10. At most 900: 10 to 11.
 */
export function delaysUpTo({ edgesNs, counts }: DelayHistogram, limitNs: number): { low: bigint; high: bigint } {
  let low = 0n;
  let high = 0n;
  counts.forEach((count, i) => {
    if ((edgesNs[i] ?? Number.POSITIVE_INFINITY) <= limitNs) low += count;
    if ((edgesNs[i - 1] ?? 0) < limitNs) high += count;
  });
  return { low, high };
}

/** Ten of the samples shall lie beyond a quantile that is told: 1,000 for p99, 10,000 for p99.9 (sla research §C.4). */
const beyondMin = 10n;

/**
 * The bucket of a quantile (nearest rank: the delay that at least the share `of` does not exceed); its upper edge is what is
 * told. undefined: too few samples.
 *
 * Example, edges 100, 200, 400 and counts 600, 395, 5, 0: p50 is the 500th of 1,000, in (0, 100]; p99 the 990th, in
 * (100, 200]. p99.9 would need 10,000.
 */
export function delayQuantile(histogram: DelayHistogram, of: Ratio): DelayBounds | undefined {
  const samples = delaysOf(histogram);
  if (samples * (of.den - of.num) < beyondMin * of.den) return undefined;
  const rank = (samples * of.num + of.den - 1n) / of.den;
  return boundsOfRank(histogram, rank > 0n ? rank : 1n);
}

/** Bounds of the rank-th smallest delay, from 1; undefined: there are fewer. */
function boundsOfRank({ edgesNs, counts }: DelayHistogram, rank: bigint): DelayBounds | undefined {
  let seen = 0n;
  for (const [i, count] of counts.entries()) {
    seen += count;
    if (seen >= rank) return { lowNs: edgesNs[i - 1] ?? 0, highNs: edgesNs[i] ?? null };
  }
  return undefined;
}

const p999: Ratio = { num: 999n, den: 1000n };

/**
 * Delay variation: PDV99.9 = D99.9 - Dmin (RFC 5481, RFC 8219), between the bounds that both buckets leave. undefined: fewer
 * than 10,000 samples.
 *
 * Example, edges 100, 200, 400 and counts 9,000, 980, 20, 0: D99.9 is the 9,990th, in (200, 400]; Dmin in (0, 100]. The
 * variation lies between 100 and 400.
 */
export function delayVariation(histogram: DelayHistogram): DelayBounds | undefined {
  const high = delayQuantile(histogram, p999);
  const low = boundsOfRank(histogram, 1n);
  if (high === undefined || low?.highNs === undefined) return undefined;
  // Both behind the last edge: nothing is known of their distance.
  const lowNs = low.highNs === null ? 0 : Math.max(0, high.lowNs - low.highNs);
  return { lowNs, highNs: high.highNs === null ? null : high.highNs - low.lowNs };
}
