import type { Track } from './track.ts';

/** From sums to what is drawn: numbers, because pixels need no more. Pure. */

export type Drawn = (number | null)[];

/** One line or layer: exact sums for text, numbers for pixels. */
export interface Line {
  readonly label: string;
  /** Sum of each step, this line alone. */
  readonly own: readonly (bigint | null)[];
  /** Per second; in a stack with all layers under it. */
  readonly drawn: Drawn;
}

/** A sum per step as a rate per second. */
function ratesOf(values: readonly (bigint | null)[], stepSeconds: number): Drawn {
  return values.map((value) => (value === null ? null : Number(value) / stepSeconds));
}

export function lineOf(label: string, own: readonly (bigint | null)[], stepSeconds: number): Line {
  return { label, own, drawn: ratesOf(own, stepSeconds) };
}

export const notExplained = 'not explained';
/** Their causes are known as sums over longer stretches; which second had which nobody can say. */
export const toldWhole = 'cause told over longer';

/**
 * Drops by cause, one on another, in a fixed order of names so that a colour keeps its place. What the total has and
 * no cause has is a layer too, on top; a step whose total is unknown is null in every layer.
 *
 * Example: total 10, causes a 3 and b 5: layers a 3 (to 3), b 5 (to 8), not explained 2 (to 10).
 */
export function stackDrops(track: Track): Line[] {
  const { stepSeconds, drops } = track;
  const layers: Line[] = [];
  let under: readonly (bigint | null)[] = drops.map((total) => (total === null ? null : 0n));
  const add = (label: string, own: readonly (bigint | null)[]) => {
    under = under.map((base, i) => (base === null ? null : base + (own[i] ?? 0n)));
    layers.push({ label, own, drawn: ratesOf(under, stepSeconds) });
  };
  for (const [cause, values] of [...track.causes].sort(([a], [b]) => a.localeCompare(b))) {
    // Known over longer stretches alone: a layer of zeroes would say that it took nothing.
    if (values.every((value) => value === null)) continue;
    add(
      cause,
      drops.map((total, i) => (total === null ? null : (values[i] ?? 0n))),
    );
  }
  const rest = drops.map((total, i) => (total === null ? null : leftOver(track, total, i)));
  if (layers.length === 0) {
    add('drops', rest);
    return layers;
  }
  const inStretch = track.at.map((at) => isInside(track, at));
  const within = (wanted: boolean) =>
    rest.map((value, i) => (value === null ? null : inStretch[i] === wanted ? value : 0n));
  for (const [label, own] of [
    [toldWhole, within(true)],
    [notExplained, within(false)],
  ] as const) {
    if (own.some((value) => value !== null && value > 0n)) add(label, own);
  }
  return layers;
}

function isInside({ toldWhole: stretches, stepSeconds }: Track, at: number): boolean {
  return stretches.some(({ fromSeconds, toSeconds }) => fromSeconds < at + stepSeconds && toSeconds > at);
}

function leftOver(track: Track, total: bigint, index: number): bigint {
  let rest = total;
  for (const values of track.causes.values()) rest -= values[index] ?? 0n;
  return rest > 0n ? rest : 0n;
}
