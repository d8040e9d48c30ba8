import { formatCount } from '../format/count.ts';
import { formatSpan } from '../format/duration.ts';

/** Stretches of time that are not plainly known; drawn behind the lines and said in words below the chart. Pure. */

/** A gap whose sum is known although its place in the gap is not. Half open, unix seconds. */
export interface Bridge {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly packets: bigint;
  readonly drops: bigint;
}

export interface Region {
  readonly kind: 'unknown' | 'bridged';
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly text: string;
}

/**
 * Every run of steps without a value is a region: `bridged` where a bridge covers it, else `unknown`.
 *
 * Example: steps of 1 s at 0..9, values missing at 3..6, a bridge over [3, 5): bridged [3, 5), unknown [5, 7).
 */
export function regionsOf(options: {
  readonly at: readonly number[];
  readonly stepSeconds: number;
  readonly known: (index: number) => boolean;
  readonly bridges: readonly Bridge[];
}): Region[] {
  const { at, stepSeconds, known, bridges } = options;
  const regions: Region[] = bridges.map(bridgeRegion);
  let openedAt: number | null = null;
  for (let i = 0; i <= at.length; i += 1) {
    const from = at[i];
    const missing = from !== undefined && !known(i) && !covered(from, from + stepSeconds, bridges);
    if (missing && openedAt === null) openedAt = from;
    if (!missing && openedAt !== null) {
      regions.push(unknownRegion(openedAt, (at[i - 1] ?? openedAt) + stepSeconds));
      openedAt = null;
    }
  }
  return regions.sort((a, b) => a.fromSeconds - b.fromSeconds);
}

/** Seconds that nothing is known about. */
export function unknownSeconds(regions: readonly Region[]): number {
  return regions.reduce(
    (sum, { kind, fromSeconds, toSeconds }) => sum + (kind === 'unknown' ? toSeconds - fromSeconds : 0),
    0,
  );
}

function unknownRegion(fromSeconds: number, toSeconds: number): Region {
  return { kind: 'unknown', fromSeconds, toSeconds, text: `no data for ${formatSpan(toSeconds - fromSeconds)}` };
}

function bridgeRegion({ fromSeconds, toSeconds, packets, drops }: Bridge): Region {
  const lost = drops > 0n ? `, ${formatCount(drops)} dropped` : '';
  const text = `sum known, place not: ${formatCount(packets)} packets${lost} over ${formatSpan(toSeconds - fromSeconds)}`;
  return { kind: 'bridged', fromSeconds, toSeconds, text };
}

/** A step that a bridge touches is missing because of the bridge. */
function covered(from: number, to: number, bridges: readonly Bridge[]): boolean {
  return bridges.some((bridge) => bridge.fromSeconds < to && bridge.toSeconds > from);
}
