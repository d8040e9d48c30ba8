import type { Budget } from '../../../../server/api/schema/slos.ts';
import { formatCount } from '../../format/count.ts';
import { type Sli, unitOf } from '../slo/model.ts';

type Day = Budget['days'][number];

/** What may have been bad on a day, as far as it has come. */
export function unsureOfDay({ bad, lowBad }: Day): bigint {
  return BigInt(lowBad) - BigInt(bad);
}

/** One day for the picture and its table. */
export interface BudgetRow {
  readonly day: string;
  /** Day of the month. */
  readonly label: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly bad: bigint;
  readonly unsure: bigint;
  readonly total: string;
  readonly excluded: number;
  readonly spentTo: string;
  readonly left: bigint;
  readonly isAhead: boolean;
  readonly isBlind: boolean;
}

export function budgetRows({ allowed, days }: Budget): BudgetRow[] {
  return days.map((day) => ({
    day: day.day,
    label: day.day.slice(8),
    fromSeconds: Date.parse(day.from) / 1_000,
    toSeconds: Date.parse(day.to) / 1_000,
    bad: BigInt(day.bad),
    unsure: unsureOfDay(day),
    total: day.total,
    excluded: day.slots.excluded,
    spentTo: day.spentTo,
    left: BigInt(allowed) - BigInt(day.spentTo),
    isAhead: day.isAhead,
    isBlind: !day.isAhead && day.slots.unknown === day.slots.expected,
  }));
}

/** The picture in words. */
export function budgetSummary({ allowed }: Budget, rows: readonly BudgetRow[], sli: Sli): string {
  const unit = unitOf(sli);
  const begun = rows.filter(({ isAhead }) => !isAhead);
  const last = begun.at(-1);
  if (last === undefined) return `Budget of ${formatCount(allowed)} bad ${unit}; no day has begun.`;
  const worst = begun.reduce((a, b) => (b.bad > a.bad ? b : a));
  const unsure = begun.reduce((sum, row) => sum + row.unsure, 0n);
  const parts = [
    `Budget of ${formatCount(allowed)} bad ${unit}: ${formatCount(last.spentTo)} spent after ${begun.length} of ${rows.length} days, ${formatCount(last.left)} left.`,
  ];
  if (worst.bad > 0n) parts.push(`Most on ${worst.day}: ${formatCount(worst.bad)}.`);
  if (unsure > 0n) parts.push(`${formatCount(unsure)} more may have been bad: unknown.`);
  return parts.join(' ');
}
