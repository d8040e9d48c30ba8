import type { ObjectiveReading, WindowReading } from '../judge/reading.ts';
import type { JudgedTerms } from '../judge/terms.ts';
import type { DayReading } from '../judge/window-days.ts';
import { burnRule, type TimedBurnTier } from '../slo/burn.ts';
import { coverageAgainst } from '../slo/coverage-floor.ts';
import { parseDecimal, type Ratio } from '../slo/decimal.ts';
import { exhaustionSeconds } from '../slo/exhaustion.ts';
import { forecast } from '../slo/forecast.ts';
import { isoOf, lastSecond } from '../slo/instant.ts';
import { isOfSlots, type Window } from '../slo/objective.ts';
import { figuresOf } from './figures.ts';
import type { Budget, BudgetDay, Slo, WindowFigures } from './schema/slos.ts';

/** The digits of a decimal, as short as they can be. */
export function digitsOf({ num, den }: Ratio): string {
  const places = String(den).length - 1;
  const digits = String(num).padStart(places + 1, '0');
  const [whole, rest] = [digits.slice(0, digits.length - places), digits.slice(digits.length - places)];
  return rest.replace(/0+$/, '') === '' ? whole : `${whole}.${rest.replace(/0+$/, '')}`;
}

function windowOf({ from, to, zone }: Window) {
  return { from: isoOf(from), to: isoOf(to), zone };
}

/** What the last hour of a window says of the pace, and days of the forecast. */
export interface Paced {
  readonly pace: { readonly bad: bigint; readonly seconds: number } | undefined;
  readonly days: readonly DayReading[];
}

export function windowFigures(terms: JudgedTerms, reading: WindowReading, { pace, days }: Paced): WindowFigures {
  const { window, until, elapsed, evaluation, withoutExclusions } = reading;
  const { target, sli } = terms.objective;
  // Slots yet to come are in the total already; nobody knows the packets yet to come.
  const whole = isOfSlots(sli) ? evaluation.budget : undefined;
  const floor = terms.version.body.coverageFloor;
  const coverage = coverageAgainst(elapsed.slots, parseDecimal(floor));
  const left = pace === undefined ? null : exhaustionSeconds((whole ?? elapsed.budget).remaining, pace);
  // So far away that there is no date for it.
  const seconds = left === null || left > BigInt(lastSecond - until) ? null : left;
  const toCome = evaluation.high.total - elapsed.high.total;
  const told = whole === undefined ? null : forecast({ soFar: elapsed, units: unitsOf(days), toCome, target });
  return {
    window: windowOf(window),
    until: { at: isoOf(until), elapsed: until - window.from, remaining: window.to - until },
    figures: figuresOf(elapsed),
    withoutExclusions: figuresOf(withoutExclusions),
    wholeBudget: whole === undefined ? null : { allowed: String(whole.allowed), remaining: String(whole.remaining) },
    coverage: { num: coverage.num, den: coverage.den, floor, reached: coverage.reached },
    exhaustion: seconds === null ? null : { seconds: String(seconds), at: isoOf(until + Number(seconds)) },
    forecast:
      told === null
        ? null
        : {
            bad: String(told.bad),
            low: String(told.low),
            high: String(told.high),
            allowed: String(told.allowed),
            units: told.units,
          },
  };
}

function unitsOf(days: readonly DayReading[]) {
  return days.flatMap(({ evaluation }) => (evaluation === undefined ? [] : [evaluation.high]));
}

/** T0 to T4 with the lengths of their windows. */
export function burnOf(tiers: readonly TimedBurnTier[]): Slo['burn'] {
  return tiers.map(({ tier, long, short, threshold, state, at }) => {
    const seconds = burnRule(tier);
    return {
      tier,
      at: isoOf(at),
      long: { ...long, seconds: seconds.long },
      short: { ...short, seconds: seconds.short },
      threshold,
      state,
    };
  });
}

export function budgetOf(name: string, reading: WindowReading, days: readonly DayReading[]): Budget {
  let spent = 0n;
  const told = days.map((day): BudgetDay => {
    const { evaluation } = day;
    spent += evaluation?.high.bad ?? 0n;
    return {
      day: day.day,
      from: isoOf(day.from),
      to: isoOf(day.to),
      slots: evaluation?.slots ?? nothingYet,
      bad: String(evaluation?.high.bad ?? 0n),
      lowBad: String(evaluation?.low.bad ?? 0n),
      total: String(evaluation?.high.total ?? 0n),
      spentTo: String(spent),
      isAhead: evaluation === undefined,
    };
  });
  return { name, window: windowOf(reading.window), allowed: String(reading.evaluation.budget.allowed), days: told };
}

const nothingYet = { expected: 0, observed: 0, bridged: 0, unknown: 0, excluded: 0, idle: 0, suspect: 0 };

/** The worst that holds, in one word. */
export function stateOf({ calendar, burn, stale }: ObjectiveReading, floor: string): Slo['state'] {
  const { elapsed, evaluation } = calendar;
  const slots = elapsed.highLoss !== undefined;
  const isOver = calendar.until >= calendar.window.to;
  if (evaluation.verdict === 'breached' && (slots || isOver)) return 'breached';
  if (burn.some(({ state }) => state === 'firing')) return 'burning';
  const { allowed, spent } = (slots ? evaluation : elapsed).budget;
  if (spent > 0n && spent * 2n >= allowed) return 'atRisk';
  if (stale !== null) return 'stale';
  const left = (slots ? evaluation : elapsed).budget.allowed;
  const unproven = elapsed.low.bad > left || !coverageAgainst(elapsed.slots, parseDecimal(floor)).reached;
  if (elapsed.slots.unknown > 0 && unproven) return 'unproven';
  return elapsed.high.total === 0n ? 'noTraffic' : 'kept';
}
