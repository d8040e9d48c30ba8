import type { Readings } from '../slo/verdict.ts';

/**
 * What an SLI says of one slot. `notExercised`: too little was asked of the service there (no packets, a low rate, few
 * probes); that is no evidence, neither for it nor against it. Excluded slots are not asked at all.
 */
export type SlotVerdict = 'good' | 'bad' | 'notExercised' | 'unknown';

export type SlotTally = Readonly<Record<SlotVerdict, number>>;

export function noSlots(): Record<SlotVerdict, number> {
  return { good: 0, bad: 0, notExercised: 0, unknown: 0 };
}

export function tallyOf(verdicts: Iterable<SlotVerdict>): SlotTally {
  const tally = noSlots();
  for (const verdict of verdicts) tally[verdict]++;
  return tally;
}

/**
 * Bad slots of qualified ones with unknown slots read as good (`high`) and as bad (`low`); what was not exercised is in
 * neither (sla research §4.3).
 *
 * Example: 90 good, 2 bad, 5 not exercised, 3 unknown: high 2 of 95, low 5 of 95.
 */
export function readingsOf({ good, bad, unknown }: SlotTally): Readings {
  const total = BigInt(good + bad + unknown);
  return { high: { total, bad: BigInt(bad) }, low: { total, bad: BigInt(bad + unknown) } };
}

/** The verdict of a slot that several things must vouch for: bad if one is bad, and unknown is never good. */
export function worstOf(verdicts: readonly SlotVerdict[]): SlotVerdict {
  const order = ['bad', 'unknown', 'good'] as const;
  return order.find((verdict) => verdicts.includes(verdict)) ?? (verdicts.length === 0 ? 'unknown' : 'notExercised');
}
