import type { Version } from '../objects/object.ts';
import { readObjective } from '../openslo/objective-file.ts';
import type { Objective, Window } from '../slo/objective.ts';
import { judgedAt } from '../slo/window.ts';
import { Zone } from '../slo/zone-time.ts';

const shortestMonthSeconds = 27 * 86_400;
const monthPattern = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** The month that a clock of a zone shows at an instant, unix seconds. */
export function monthAt(at: number, zone: string): string {
  const { year, month } = new Zone(zone).localOf(at);
  return `${year}-${String(month).padStart(2, '0')}`;
}

/** A calendar month of a zone; undefined: the text is none. */
export function monthOf(text: string, zoneName: string): Window | undefined {
  const [, year, month] = monthPattern.exec(text) ?? [];
  if (year === undefined || month === undefined || Number(year) < 1970 || Number(year) > 2100) return undefined;
  const zone = new Zone(zoneName);
  const first = (y: number, m: number) => zone.unixOf({ year: y, month: m, day: 1, time: 0 });
  const [y, m] = [Number(year), Number(month)];
  return { from: first(y, m), to: m === 12 ? first(y + 1, 1) : first(y, m + 1), zone: zoneName };
}

/**
 * The window of an objective that holds the middle of a month: where windows are months of the same zone, that month. Where
 * they are shorter, the month as one. Undefined: the objective begins later.
 */
export function windowIn(objective: Objective, month: Window): Window | undefined {
  const first = judgedAt(objective, undefined).window;
  if (first.to - first.from < shortestMonthSeconds) return month.to <= first.from ? undefined : month;
  const middle = Math.floor((month.from + month.to) / 2);
  return middle <= first.from ? undefined : judgedAt(objective, middle).window;
}

/** The version that held last in a month: a target of today says nothing of yesterday. Undefined: none held. */
export function heldIn(
  versions: readonly Version<'objective'>[],
  { from, to }: Window,
): Version<'objective'> | undefined {
  return versions.findLast(
    (version) => version.from < to && (version.to === null || version.to > Math.max(from, version.from)),
  );
}

/** An objective as one of its versions has it. */
export function objectiveIn({ name, body }: Version<'objective'>): Objective {
  return { ...readObjective(name, body.openslo), name };
}
