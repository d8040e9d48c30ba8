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
 * The whole minutes of a window are read from the rollup, the ragged edges from raw rows. Both together are each slot of
 * the window once.
 */
export const rollupWindow = `t.minute >= ${instant('minuteFrom')} AND t.minute < ${instant('minuteTo')}`;
export const edgesWindow =
  `((t.slot >= ${instant('from')} AND t.slot < ${instant('minuteFrom')}) OR ` +
  `(t.slot >= ${instant('minuteTo')} AND t.slot < ${instant('to')}))`;

/** A bridged row counts in a window when it lies wholly inside: else nobody knows how much of it belongs there. */
export const bridgesInside = `${rawWindow} AND toUnixTimestamp(t.slot) + t.slots <= {to:UInt32}`;

export const windowParameters = { from: 'UInt32', to: 'UInt32' } as const;
export const minuteParameters = { ...windowParameters, minuteFrom: 'UInt32', minuteTo: 'UInt32' } as const;

/** The whole minutes inside [from, to); none: an empty stretch at `from`, so that the edges are the whole window. */
export function wholeMinutes({ from, to }: { readonly from: number; readonly to: number }): {
  readonly from: number;
  readonly to: number;
  readonly minuteFrom: number;
  readonly minuteTo: number;
} {
  const minuteFrom = Math.ceil(from / 60) * 60;
  const minuteTo = Math.floor(to / 60) * 60;
  return minuteFrom < minuteTo ? { from, to, minuteFrom, minuteTo } : { from, to, minuteFrom: from, minuteTo: from };
}

/** Like `wholeMinutes`, but none unless minutes and steps begin together: a minute must not belong to two steps. */
export function wholeMinutesOfSteps(window: { readonly from: number; readonly to: number }, step: number) {
  const aligned = window.from % 60 === 0 && step % 60 === 0;
  return aligned ? wholeMinutes(window) : { ...window, minuteFrom: window.from, minuteTo: window.from };
}
