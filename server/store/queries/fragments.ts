import { Type } from 'typebox';
import { directions } from '../../../core/catalogue/kind-parts.ts';
import { dropPlaces } from '../../../core/catalogue/kinds.ts';

/** Pieces of SQL that several questions share. Windows are half open, in unix seconds, on whole slots. */

export const Direction = Type.Union(directions.map((direction) => Type.Literal(direction)));
export const Place = Type.Union(dropPlaces.map((place) => Type.Literal(place)));

/** What a row must be for its increments to count in the slot it names. */
export const observed = "t.state = 'observed' AND t.suspect = 0";

export function instant(parameter: string): string {
  return `toDateTime({${parameter}:UInt32}, 'UTC')`;
}

/** Empty parameters stand for all hosts, all ports. */
export const whose =
  "({host:String} = '' OR t.host = {host:String}) AND ({port:String} = '' OR t.port = {port:String})";

/** First slot of the step that `column` falls in, counted from `from`, as unix seconds. */
export function stepOf(column: string): string {
  return `toUInt32({from:UInt32} + intDiv(toUnixTimestamp(${column}) - {from:UInt32}, {step:UInt32}) * {step:UInt32})`;
}

export const rawWindow = `t.slot >= ${instant('from')} AND t.slot < ${instant('to')}`;

/**
 * The whole hours of a window are read from the hours, the whole minutes around them from the minutes, the ragged edges
 * from raw rows. Together they are each slot of the window once. Hours live longer than minutes, and minutes longer than
 * raw rows: of an old window the edges are unknown.
 */
export const hoursWindow = `t.hour >= ${instant('hourFrom')} AND t.hour < ${instant('hourTo')}`;
export const minutesWindow =
  `((t.minute >= ${instant('minuteFrom')} AND t.minute < ${instant('hourFrom')}) OR ` +
  `(t.minute >= ${instant('hourTo')} AND t.minute < ${instant('minuteTo')}))`;
export const edgesWindow =
  `((t.slot >= ${instant('from')} AND t.slot < ${instant('minuteFrom')}) OR ` +
  `(t.slot >= ${instant('minuteTo')} AND t.slot < ${instant('to')}))`;

/** A bridged row counts in a window when it lies wholly inside: else nobody knows how much of it belongs there. */
export const bridgesInside = `${rawWindow} AND toUnixTimestamp(t.slot) + t.slots <= {to:UInt32}`;

export const windowParameters = { from: 'UInt32', to: 'UInt32' } as const;
export const rollupParameters = {
  ...windowParameters,
  minuteFrom: 'UInt32',
  minuteTo: 'UInt32',
  hourFrom: 'UInt32',
  hourTo: 'UInt32',
} as const;

interface Window {
  readonly from: number;
  readonly to: number;
}

/** A window with its whole minutes and whole hours; none: an empty stretch where the coarser one would begin. */
export function rollupsOf(window: Window) {
  const minutes = wholeUnits(window, 60);
  const hours = wholeUnits(minutes, 3_600);
  return { ...window, minuteFrom: minutes.from, minuteTo: minutes.to, hourFrom: hours.from, hourTo: hours.to };
}

function wholeUnits({ from, to }: Window, unit: number): Window {
  const first = Math.ceil(from / unit) * unit;
  const last = Math.floor(to / unit) * unit;
  return first < last ? { from: first, to: last } : { from, to: from };
}

/** Like `rollupsOf`, but only what steps consist of: a minute or an hour must not belong to two steps. */
export function rollupsOfSteps(window: Window, step: number) {
  const fits = (unit: number) => window.from % unit === 0 && step % unit === 0;
  const { minuteFrom, minuteTo, hourFrom, hourTo } = rollupsOf(window);
  if (!fits(60)) {
    const none = window.from;
    return { ...window, minuteFrom: none, minuteTo: none, hourFrom: none, hourTo: none };
  }
  if (!fits(3_600)) return { ...window, minuteFrom, minuteTo, hourFrom: minuteFrom, hourTo: minuteFrom };
  return { ...window, minuteFrom, minuteTo, hourFrom, hourTo };
}
