import { formatSpan } from '../format/duration.ts';
import { type Region, unknownSeconds } from './gaps.ts';

/** A chart in one sentence, for those who hear it instead of seeing it. Pure. */
export function summaryOf(options: {
  readonly name: string;
  /** The sum of a step in words. */
  readonly say: (sum: bigint, stepSeconds: number) => string;
  readonly values: readonly (bigint | null)[];
  readonly stepSeconds: number;
  readonly regions: readonly Region[];
}): string {
  const { name, values, stepSeconds, regions } = options;
  const known = values.filter((value) => value !== null);
  const first = known[0];
  if (first === undefined) return `${name}: no data in this window.`;
  const say = (value: bigint) => options.say(value, stepSeconds);
  let least = first;
  let most = first;
  for (const value of known) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const parts = [`${name}: last ${say(known.at(-1) ?? first)}, highest ${say(most)}, lowest ${say(least)}.`];
  const unknown = unknownSeconds(regions);
  if (unknown > 0) parts.push(`No data for ${formatSpan(unknown)}.`);
  for (const { kind, text } of regions) {
    if (kind === 'bridged') parts.push(`A gap: ${text}.`);
  }
  return parts.join(' ');
}
