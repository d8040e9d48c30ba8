import { allowedOf, type Ratio } from './decimal.ts';

/** The same facts read twice: `high` is kind to what nobody knows, `low` is not. */
export interface Reading {
  readonly total: bigint;
  readonly bad: bigint;
}

export interface Readings {
  readonly high: Reading;
  readonly low: Reading;
}

export type Verdict = 'met' | 'breached' | 'undetermined' | 'noTraffic';

/** Signed: more may have been spent than there was. */
export interface Budget {
  readonly allowed: bigint;
  readonly spent: bigint;
  readonly remaining: bigint;
}

export function budgetOf({ high }: Readings, target: Ratio): Budget {
  const allowed = allowedOf(high.total, target);
  return { allowed, spent: high.bad, remaining: allowed - high.bad };
}

/**
 * Met when even the low reading is within what is allowed, breached when even the high one is not.
 *
 * Example, 0.9999 of 2,592,000 slots: allowed 259. Bad 12 and 972: undetermined. 12 and 259: met. 260 and 972: breached.
 */
export function verdictOf(
  { high, low }: Readings,
  target: Ratio,
  unknown: { readonly slots: number; readonly bounded: boolean },
): Verdict {
  // Without traffic, but with loss further up that may have been this traffic, low has a total.
  if (high.total === 0n) return unknown.slots === 0 && low.total === 0n ? 'noTraffic' : 'undetermined';
  if (high.bad > allowedOf(high.total, target)) return 'breached';
  return unknown.bounded && low.bad <= allowedOf(low.total, target) ? 'met' : 'undetermined';
}
