import { formatTick, type Zone } from '../format/time.ts';

/** Labels of axes. Pure. */

/** Steps between two labels of a time axis, seconds. */
export const timeSteps = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
];

export function timeLabels(splits: readonly number[], stepSeconds: number, zone: Zone): string[] {
  return splits.map((at) => formatTick(at, stepSeconds, zone));
}

const prefixes = ['', 'k', 'M', 'G', 'T'] as const;

/** Round numbers that the axis itself chose, so the nearest decimal is the exact one: 1,500,000 is `1.5M`. */
export function valueLabel(value: number): string {
  if (value === 0) return '0';
  let scaled = value;
  let step = 0;
  while (Math.abs(scaled) >= 1_000 && step < prefixes.length - 1) {
    scaled /= 1_000;
    step += 1;
  }
  return `${Number(scaled.toPrecision(4))}${prefixes[step]}`;
}

/** From zero, because a rate that starts elsewhere lies about its changes; never of no height. */
export function rangeFromZero(max: number | null, leastMax: number): [number, number] {
  if (max === null || !Number.isFinite(max) || max <= 0) return [0, leastMax];
  return [0, Math.max(leastMax, max * 1.08)];
}

/** Zero in the middle, for values of either sign. */
export function rangeAroundZero(min: number | null, max: number | null, leastMax: number): [number, number] {
  const farthest = Math.max(Math.abs(min ?? 0), Math.abs(max ?? 0));
  const [, end] = rangeFromZero(farthest, leastMax);
  return [-end, end];
}
