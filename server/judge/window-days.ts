import { type Evaluation, evaluate } from '../slo/evaluate.ts';
import { daySeconds } from '../slo/instant.ts';
import type { Span, Window } from '../slo/objective.ts';
import type { SlotsFile } from '../slo/slots-reader.ts';
import { addDays, Zone } from '../slo/zone-time.ts';
import type { Facts } from './window-reading.ts';

/** A day by the calendar of a window's zone; 23 or 25 hours where its clock is changed. */
export interface LocalDay extends Span {
  /** YYYY-MM-DD. */
  readonly day: string;
}

/** The days of a window; the first and the last may be cut by its ends. */
function localDays({ from, to, zone: name }: Window): LocalDay[] {
  const zone = new Zone(name);
  const days: LocalDay[] = [];
  for (let local = { ...zone.localOf(from), time: 0 }, at = from; at < to; ) {
    const next = addDays(local, 1);
    const end = Math.min(to, zone.unixOf(next));
    days.push({ day: textOf(local), from: at, to: end });
    local = next;
    at = end;
  }
  return days;
}

export interface DayReading extends LocalDay {
  /** Of what has passed of it; undefined: it is yet to come. */
  readonly evaluation: Evaluation | undefined;
}

/**
 * A window day by day. No promise is made for a day, but its slots are those that the window has there: whatever came before
 * it or comes behind it decides about outages over midnight as it does for the window.
 */
export function dayReadings({ objective, window, until, exclusions, outOfContract, file }: Facts): DayReading[] {
  const all = [...outOfContract, ...exclusions];
  return localDays(window).map((day) => {
    if (day.from >= until) return { ...day, evaluation: undefined };
    const to = Math.min(day.to, until);
    const span = { from: day.from, to, zone: window.zone };
    return { ...day, evaluation: evaluate({ objective, exclusions: all, window: span, file: around(file, span) }) };
  });
}

/** As many rows before and behind a day as a window has: the state at its start, and outages that go on behind it. */
function around(file: SlotsFile, { from, to }: Span): SlotsFile {
  const paths = file.paths.map((path) => {
    const [first, behind] = [
      firstFrom(file, path.order, from - daySeconds),
      firstFrom(file, path.order, to + daySeconds),
    ];
    return { ...path, order: path.order.subarray(first, behind) };
  });
  return { ...file, paths };
}

/** The first row that begins at a slot or later. */
function firstFrom({ rows }: SlotsFile, order: Uint32Array, slot: number): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows.at(order[middle] as number).slot < slot) low = middle + 1;
    else high = middle;
  }
  return low;
}

function textOf({ year, month, day }: { readonly year: number; readonly month: number; readonly day: number }): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)}`;
}
