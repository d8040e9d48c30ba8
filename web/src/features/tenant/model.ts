import type { Credit } from '../../../../server/api/schema/credits.ts';
import type { BudgetDay, MonthCalendar } from '../../../../server/api/schema/slos.ts';
import { formatCount } from '../../format/count.ts';
import { unsureOfDay } from '../budget/model.ts';
import { unitOf } from '../slo/model.ts';

type CalendarRow = MonthCalendar['objectives'][number];

/** What a day of the calendar is. Each looks and reads differently from the others. */
export type DayKind = 'ahead' | 'excluded' | 'unknown' | 'noTraffic' | 'good' | 'bad';

export interface DayCell {
  readonly kind: DayKind;
  /** How much of the whole budget this one day took: 1 a little, 2 a tenth, 3 half, 4 all of it. */
  readonly level: 0 | 1 | 2 | 3 | 4;
  /** Some of it nobody knows, besides what is shown. */
  readonly hasUnknown: boolean;
  readonly hasExcluded: boolean;
  readonly runs: boolean;
  /** At most four signs. */
  readonly mark: string;
  /** All of it in words, for those who hear it and for the line under the calendar. */
  readonly words: string;
}

export function dayCell(row: CalendarRow, day: BudgetDay, nowMs: number): DayCell {
  const unit = unitOf(row.sli);
  const unsure = unsureOfDay(day);
  const runs = !day.isAhead && Date.parse(day.to) > nowMs;
  const kind = kindOf(day, unsure);
  const bad = BigInt(day.bad);
  const hasExcluded = day.slots.excluded > 0;
  return {
    ...{ kind, hasExcluded, runs },
    level: kind === 'bad' ? levelOf(bad, BigInt(row.budget.allowed)) : 0,
    hasUnknown: kind !== 'unknown' && unsure > 0n,
    mark: markOf(kind, bad, unsure),
    words: [
      kindWords(kind, bad, unit),
      ...(kind !== 'excluded' && hasExcluded ? [`${formatCount(`${day.slots.excluded}`)} path-seconds excluded`] : []),
      ...(unsure > 0n ? [`${formatCount(unsure)} more ${unit} may have been bad: unknown`] : []),
      ...(runs ? ['the day runs'] : []),
    ].join('; '),
  };
}

function kindOf({ isAhead, slots, total, bad }: BudgetDay, unsure: bigint): DayKind {
  if (isAhead) return 'ahead';
  if (slots.excluded === slots.expected) return 'excluded';
  if (BigInt(bad) > 0n) return 'bad';
  // Nothing of it is known, or it is known good but for a part: neither may look like a good day.
  if (slots.observed + slots.bridged + slots.idle === 0 || unsure > 0n) return 'unknown';
  return total === '0' || slots.observed + slots.bridged === 0 ? 'noTraffic' : 'good';
}

function levelOf(bad: bigint, allowed: bigint): 1 | 2 | 3 | 4 {
  if (bad >= allowed) return 4;
  if (bad * 2n >= allowed) return 3;
  return bad * 10n >= allowed ? 2 : 1;
}

/** Of an unknown day: how much of it may have been bad, as far as there is room. */
function markOf(kind: DayKind, bad: bigint, unsure: bigint): string {
  const unknown = unsure === 0n ? '' : shortCount(unsure);
  const marks: Record<DayKind, string> = {
    ahead: '',
    excluded: 'E',
    unknown: unknown.length > 3 ? '?' : `?${unknown}`,
    noTraffic: '–',
    good: '0',
    bad: shortCount(bad),
  };
  return marks[kind];
}

function kindWords(kind: DayKind, bad: bigint, unit: string): string {
  const words: Record<DayKind, string> = {
    ahead: 'yet to come',
    excluded: 'all of it excluded',
    unknown: 'unknown, none known to be bad',
    noTraffic: 'no traffic',
    good: `no bad ${unit}`,
    bad: `${formatCount(bad)} bad ${unit}`,
  };
  return words[kind];
}

const steps = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** Cut to four signs: 9999, 12k, 1.2M. */
export function shortCount(count: bigint): string {
  if (count < 10_000n) return `${count}`;
  let step = 0;
  let divisor = 1n;
  while (step < steps.length - 1 && count >= divisor * 1_000n) {
    divisor *= 1_000n;
    step += 1;
  }
  const whole = count / divisor;
  const tenths = ((count * 10n) / divisor) % 10n;
  return `${whole}${whole < 10n ? `.${tenths}` : ''}${steps[step]}`;
}

/** `2026-12` is one after `2026-11`. */
export function shiftMonth(month: string, by: 1 | -1): string {
  const [year = 0, index = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, index - 1 + by, 1)).toISOString().slice(0, 7);
}

const monthNames = 'January February March April May June July August September October November December'.split(' ');

export function monthName(month: string): string {
  return `${monthNames[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`;
}

export interface CellPlace {
  readonly row: number;
  readonly day: number;
}

/** Where a key leads from a cell; null: the key is not of the calendar. */
export function moveBy(key: string, { row, day }: CellPlace, rows: number, days: number): CellPlace | null {
  const within = (value: number, count: number) => Math.max(0, Math.min(count - 1, value));
  switch (key) {
    case 'ArrowLeft':
      return { row, day: within(day - 1, days) };
    case 'ArrowRight':
      return { row, day: within(day + 1, days) };
    case 'ArrowUp':
      return { row: within(row - 1, rows), day };
    case 'ArrowDown':
      return { row: within(row + 1, rows), day };
    case 'Home':
      return { row, day: 0 };
    case 'End':
      return { row, day: days - 1 };
    default:
      return null;
  }
}

/** A line of the ledger, and whether a later one about the same event has taken its place. */
export interface CreditRow {
  readonly credit: Credit;
  readonly replacedBy: number | null;
}

/** The youngest first. */
export function creditRows(credits: readonly Credit[]): CreditRow[] {
  const last = lastEntries(credits);
  return [...credits]
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || b.entry - a.entry)
    .map((credit) => {
      const standing = last.get(credit.id) ?? credit.entry;
      return { credit, replacedBy: standing === credit.entry ? null : standing };
    });
}

/** What is owed, by currency: the last line of each event, but for those taken back. */
export function creditSums(credits: readonly Credit[]): { readonly currency: string; readonly amount: string }[] {
  const last = lastEntries(credits);
  const sums = new Map<string, bigint>();
  for (const { entry, id, state, currency, amount } of credits) {
    if (last.get(id) !== entry || state === 'reversed') continue;
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amount));
  }
  return [...sums].map(([currency, amount]) => ({ currency, amount: `${amount}` }));
}

function lastEntries(credits: readonly Credit[]): Map<string, number> {
  const last = new Map<string, number>();
  for (const { id, entry } of credits) last.set(id, Math.max(entry, last.get(id) ?? 0));
  return last;
}
