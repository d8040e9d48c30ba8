import { FourninesError } from '../../core/runtime/error.ts';
import { daySeconds, isoOf, lastSecond } from './instant.ts';
import type { CalendarWindow, Duration, Objective, RollingWindow, Window } from './objective.ts';
import { windowSlotsMax } from './objective.ts';
import { addDays, addMonths, type LocalTime, Zone } from './zone-time.ts';

/** The window to judge, and the instant at which the windows of burn rates end. */
export interface Judged {
  readonly window: Window;
  readonly at: number;
}

const monthsOf = { M: 1, Q: 3, Y: 12 } as const;
const daysOfUnit = { d: 1, w: 7 } as const;
const secondsOf = { m: 60, h: 3600 } as const;

/**
 * The window of an objective at an instant.
 *
 * - Rolling: ends at `at`, which must be told. Minutes, hours, days of 24 hours and weeks are lengths; months, quarters
 *   and years go back by the calendar of UTC.
 * - Calendar: periods follow each other from the start on by the zone's calendar, counted from the start (31 January, 28
 *   February, 31 March); hours and minutes are lengths. The period in which the slot before `at` lies, so that the end of
 *   a month still means this month; without `at` the first one, and burn rates at its end.
 */
export function judgedAt({ window, name }: Objective, at: number | undefined): Judged {
  if (window.rolling) {
    if (at === undefined) {
      throw new FourninesError(
        'FN_USAGE',
        `${name} has a rolling window, which ends at an instant that --at must name`,
        {
          hint: 'Add --at with an instant such as 2026-11-30T17:00:00Z: the same files then give the same verdict at any time.',
        },
      );
    }
    return { window: bounded(name, { from: rollingFrom(window, at), to: at, zone: 'UTC' }), at };
  }
  const zone = window.zone.name;
  const period = (k: number) => ({ from: periodStart(window, k), to: periodStart(window, k + 1), zone });
  const first = bounded(name, period(0));
  if (at === undefined) return { window: first, at: first.to };
  if (at < first.from) {
    throw new FourninesError('FN_USAGE', `--at ${isoOf(at)} lies before ${name} begins, ${isoOf(first.from)}`, {
      hint: 'Choose a later instant, or an objective with an earlier startTime.',
    });
  }
  let k = Math.max(0, Math.floor((at - first.from) / longestOf(window.duration)) - 1);
  while (periodStart(window, k + 1) < at) k++;
  return { window: bounded(name, period(k)), at };
}

/** At least as long as any period: a guess that never lands behind the right one. */
function longestOf({ count, unit }: Duration): number {
  if (unit === 'm' || unit === 'h') return count * secondsOf[unit];
  if (unit === 'd' || unit === 'w') return count * daysOfUnit[unit] * daySeconds + daySeconds;
  return count * monthsOf[unit] * 31 * daySeconds + daySeconds;
}

function periodStart({ start, zone, duration }: CalendarWindow, k: number): number {
  const { unit } = duration;
  const count = duration.count * k;
  if (unit === 'm' || unit === 'h') return zone.unixOf(start) + count * secondsOf[unit];
  return zone.unixOf(localAfter(start, count, unit));
}

function localAfter(start: LocalTime, count: number, unit: 'd' | 'w' | 'M' | 'Q' | 'Y'): LocalTime {
  if (unit === 'd' || unit === 'w') return addDays(start, count * daysOfUnit[unit]);
  return addMonths(start, count * monthsOf[unit]);
}

function rollingFrom({ duration: { count, unit } }: RollingWindow, at: number): number {
  if (unit === 'm' || unit === 'h') return at - count * secondsOf[unit];
  if (unit === 'd' || unit === 'w') return at - count * daysOfUnit[unit] * daySeconds;
  const date = new Date(at * 1000);
  const day = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
  return new Zone('UTC').unixOf(addMonths({ ...day, time: at % daySeconds }, -count * monthsOf[unit]));
}

function bounded(name: string, window: Window): Window {
  if (window.to - window.from > windowSlotsMax) {
    throw new FourninesError(
      'FN_OBJECTIVE_FILE',
      `the window of ${name} is longer than ${windowSlotsMax / daySeconds} days`,
    );
  }
  if (window.from < 0 || window.to > lastSecond) {
    throw new FourninesError('FN_OBJECTIVE_FILE', `the window of ${name} does not lie between 1970 and 2106`);
  }
  return window;
}
