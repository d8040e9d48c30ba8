import type { Stretch } from './track.ts';

/** What was lost to one cause over a stretch of time; which of its seconds had how much is not known. */
export interface CauseInterval extends Stretch {
  readonly cause: string;
  readonly packets: bigint;
}

/** The row of one cause: its intervals over the window. */
export interface Lane {
  readonly cause: string;
  readonly packets: bigint;
  readonly intervals: number;
  /** Outline of the bars in a box of `laneWidth` by `laneHeight`, as SVG path data. */
  readonly path: string;
}

export const laneWidth = 1_000;
export const laneHeight = 16;
/** A loss that is small beside the largest must still be seen. */
const leastHeight = 3;
const leastWidth = 2;

/**
 * One lane a cause, the most packets first. A bar reaches over its true interval and is as high as its mean rate is
 * beside the highest of all lanes. Intervals outside the window are left out, those across its ends are cut by the box.
 *
 * Example: over 10 s, [0, 5) with 100 packets and [5, 10) with 50: bars of half the width, the second half as high.
 */
export function lanesOf(intervals: readonly CauseInterval[], window: Stretch): Lane[] {
  const shown = intervals.filter(
    ({ fromSeconds, toSeconds, packets }) =>
      packets > 0n && toSeconds > fromSeconds && fromSeconds < window.toSeconds && toSeconds > window.fromSeconds,
  );
  const spanSeconds = window.toSeconds - window.fromSeconds;
  const byCause = Map.groupBy(shown, ({ cause }) => cause);
  const lanes = [...byCause].map(([cause, own]) => ({ cause, own, bars: barsOf(own, spanSeconds) }));
  const highest = Math.max(...lanes.flatMap(({ bars }) => bars.map(rateOf)));
  return lanes
    .map(({ cause, own, bars }) => ({
      cause,
      packets: own.reduce((sum, { packets }) => sum + packets, 0n),
      intervals: own.length,
      path: bars.map((bar) => outline(bar, window, highest)).join(''),
    }))
    .sort((a, b) => (a.packets === b.packets ? a.cause.localeCompare(b.cause) : a.packets < b.packets ? 1 : -1));
}

type Bar = Omit<CauseInterval, 'cause'>;

/** Where several intervals begin on the same pixel nobody sees one: they are drawn as their sum. */
function barsOf(intervals: readonly CauseInterval[], spanSeconds: number): Bar[] {
  const leastSeconds = (spanSeconds / laneWidth) * leastWidth;
  const bars: Bar[] = [];
  for (const next of [...intervals].sort((a, b) => a.fromSeconds - b.fromSeconds)) {
    const last = bars.at(-1);
    if (last === undefined || next.fromSeconds - last.fromSeconds >= leastSeconds) bars.push(next);
    else {
      bars[bars.length - 1] = {
        fromSeconds: last.fromSeconds,
        toSeconds: Math.max(last.toSeconds, next.toSeconds),
        packets: last.packets + next.packets,
      };
    }
  }
  return bars;
}

function rateOf({ packets, fromSeconds, toSeconds }: Bar): number {
  return Number(packets) / (toSeconds - fromSeconds);
}

function outline(bar: Bar, window: Stretch, highest: number): string {
  const scale = laneWidth / (window.toSeconds - window.fromSeconds);
  const left = (bar.fromSeconds - window.fromSeconds) * scale;
  const width = Math.max(leastWidth, (bar.toSeconds - bar.fromSeconds) * scale);
  const height = Math.max(leastHeight, (rateOf(bar) / highest) * laneHeight);
  return `M${left.toFixed(1)} ${laneHeight}v-${height.toFixed(1)}h${width.toFixed(1)}v${height.toFixed(1)}z`;
}
