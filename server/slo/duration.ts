import { type Duration, durationUnits } from './objective.ts';

/** A count and a unit, such as 1M, 28d or 1w; undefined: it is none. Units are those of OpenSLO v1. */
export function parseDuration(text: string): Duration | undefined {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([a-zA-Z])$/.exec(text) ?? [];
  const known = durationUnits.find((each) => each === unit);
  return known === undefined ? undefined : { count: Number(count), unit: known };
}
