import type { Version } from '../objects/object.ts';
import { daySeconds } from '../slo/instant.ts';
import { addMonths, type Zone } from '../slo/zone-time.ts';
import { common, monthSpan } from './month-pieces.ts';

/** So long after its end a month is computed again, for late rows and exclusions, s. */
const againSeconds = 40 * daySeconds;
/** And at least so long after it is final, however late that is: a server may be away when it comes, s. */
const finalAgainSeconds = 10 * daySeconds;

/** What is due may have held so long ago: a month before the latest end, for agreements that are final after a year, s. */
export const dueBackSeconds = 366 * daySeconds + finalAgainSeconds + 32 * daySeconds;

/**
 * Months (YYYY-MM by the clocks of `zone`, oldest first) whose credit under a version of an agreement is to be computed at
 * `now`, unix seconds: it held in some second of the month, and the month is final, but not for long. For an agreement that
 * is final after up to 30 days these are at most the last two that ended.
 *
 * Example: final after 3 days, in Asia/Ho_Chi_Minh: 2026-11 is due from 2026-12-03T17:00:00Z to 2027-01-09T17:00:00Z.
 */
export function monthsDue(version: Version<'agreement'>, zone: Zone, now: number): readonly string[] {
  const { credits, finalAfterDays } = version.body;
  if (credits === null) return [];
  const finalSeconds = finalAfterDays * daySeconds;
  const dueSeconds = Math.max(againSeconds, finalSeconds + finalAgainSeconds);
  const present = { ...zone.localOf(now), day: 1, time: 0 };
  const due: string[] = [];
  for (let back = 1; ; back++) {
    const { year, month } = addMonths(present, -back);
    const name = `${year}-${String(month).padStart(2, '0')}`;
    const span = monthSpan(name, zone);
    if (span === undefined || now >= span.to + dueSeconds) return due;
    if (now >= span.to + finalSeconds && common(span, version) !== undefined) due.unshift(name);
  }
}
