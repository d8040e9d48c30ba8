import { allowedOf, type Ratio } from './decimal.ts';
import type { Reading, Readings } from './verdict.ts';

/** Fewer say too little of how much they differ. */
const unitsMin = 7;

export interface Forecasting {
  /** Of the part of the window that has passed. */
  readonly soFar: Readings;
  /** That part, or more of the past, in hours or days: each with what is known of it. */
  readonly units: readonly Reading[];
  /** Slots, or packets, yet to come. */
  readonly toCome: bigint;
  readonly target: Ratio;
}

/** Bad ones at the end of the window. An estimate, and never a verdict. */
export interface Forecast {
  readonly bad: bigint;
  /** An interval of about 95 %. */
  readonly low: bigint;
  readonly high: bigint;
  readonly allowed: bigint;
  /** How many units it rests on. */
  readonly units: number;
  /** `met`: even `high` is allowed; `breached`: not even `low` is; `open`: both may come. */
  readonly outlook: 'met' | 'breached' | 'open';
}

/**
 * Where a window will end if what is to come is like the units that were. Loss comes in clusters, so the hour or the day is
 * the sampling unit, not the packet: a binomial interval would be far too narrow. Ratio estimator over m units (sla research
 * §4.5): R = D/N, D = Σ d, N = Σ n, e = d - R n,
 *
 *   Var(R) = m/(m-1) Σ e² / N²
 *
 * and what is to come, f times as much as was seen, scatters around R as the units did: its sum has the variance
 * m/(m-1) Σ e² f (1 + f). Integers all the way; ends are rounded outwards. Slots that nobody knows widen the interval upwards.
 *
 * null: fewer than 7 units with anything in them, or nothing bad in any: then they do not differ, and there is no pace.
 *
 * Example: 8 hours of 100, bad 0 0 4 0 0 0 0 4, and 800 to come. R = 8/800; Σ e² = 6 x 1 + 2 x 9 = 24; variance
 * 8/7 x 24 x 1 x 2 = 54.9; Student's factor at most 2.39; 2.39 x 7.41 = 17.7. So 8 + 8 = 16, from 8 (not fewer than so far)
 * to 34; of 1,600 at 0.98 are 32 allowed: open.
 */
export function forecast({ soFar, units, toCome, target }: Forecasting): Forecast | null {
  const used = units.filter(({ total }) => total > 0n);
  const bad = sum(used.map((unit) => unit.bad));
  if (used.length < unitsMin || bad === 0n) return null;
  const total = sum(used.map((unit) => unit.total));
  const squares = sum(used.map((unit) => (unit.bad * total - bad * unit.total) ** 2n));
  const { num, den } = studentOf(used.length - 1);
  // t² x m/(m-1) x squares/N² x f (1 + f), with f = toCome/N.
  const spreadNum = num ** 2n * BigInt(used.length) * squares * toCome * (total + toCome);
  const spread = ceilSqrt(spreadNum, den ** 2n * BigInt(used.length - 1) * total ** 4n);
  const coming = bad * toCome;
  const low = max(soFar.high.bad, soFar.high.bad + coming / total - spread);
  const high = soFar.low.bad + ceilDivide(coming, total) + spread;
  const allowed = allowedOf(soFar.high.total + toCome, target);
  const outlook = high <= allowed ? 'met' : low > allowed ? 'breached' : 'open';
  return { bad: soFar.high.bad + coming / total, low, high, allowed, units: used.length, outlook };
}

/** 1.96 + 3/ν: from six degrees of freedom on never below Student's t for 95 %, and at most 0.04 above it. */
function studentOf(freedom: number): Ratio {
  return { num: 196n * BigInt(freedom) + 300n, den: 100n * BigInt(freedom) };
}

function sum(of: readonly bigint[]): bigint {
  return of.reduce((a, b) => a + b, 0n);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function ceilDivide(num: bigint, den: bigint): bigint {
  return (num + den - 1n) / den;
}

/** The smallest integer whose square is num/den or more. */
function ceilSqrt(num: bigint, den: bigint): bigint {
  const square = ceilDivide(num, den);
  if (square < 2n) return square;
  // Newton's method from above: falls until it is the floor of the root.
  let root = 1n << BigInt((square.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) break;
    root = next;
  }
  return root * root < square ? root + 1n : root;
}
