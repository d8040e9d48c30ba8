import type { StallList } from '../../../../server/api/schema/hosts.ts';
import type { PortTimeline } from '../../../../server/api/schema/timeline.ts';
import { type Line, stackDrops } from '../../charts/columns.ts';
import { type Region, regionsOf } from '../../charts/gaps.ts';
import type { CauseInterval } from '../../charts/lanes.ts';
import { trackOf } from '../../charts/track.ts';
import { causeIntervals, type OwnerName, ownerNames } from '../port/model.ts';
import { directionName } from '../ports/model.ts';

/** What the timeline shows, from the answer of the server; null is not known, never zero. */
export interface TimelineView {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
  readonly at: readonly number[];
  readonly guest: string | null;
  readonly flows: readonly FlowView[];
  /** Causes that were told over longer than a step. */
  readonly causes: readonly CauseInterval[];
  readonly owners: readonly OwnerView[];
  /** Lost packets of the window that no row of a cause tells. */
  readonly untold: bigint;
  readonly heats: readonly HeatView[];
  readonly stalls: readonly StallView[];
  readonly busy: readonly BusyView[];
}

type Values = readonly (bigint | null)[];

/** One direction of the port: what passed, and what was lost of it by cause. */
export interface FlowView {
  readonly direction: string;
  readonly packets: Values;
  readonly layers: readonly Line[];
  readonly regions: readonly Region[];
}

export interface OwnerView {
  readonly owner: OwnerName;
  readonly packets: bigint;
  readonly intervals: readonly CauseInterval[];
}

/** Fill of the rings of one direction: a column a step, ten cells each. */
export interface HeatView {
  readonly direction: string;
  readonly queues: readonly number[];
  readonly size: number;
  readonly columns: readonly (readonly number[] | null)[];
  /** Some ring was not sampled in all of the step: what is there is right, and not all of it. */
  readonly partial: readonly boolean[];
  readonly missed: readonly number[];
  readonly fullNs: Values;
  readonly runNs: Values;
}

/** Bounds of the longest single stall in each step. */
export interface StallView {
  readonly of: 'guest' | 'pmd';
  readonly threads: PortTimeline['stalls'][number]['threads'];
  readonly low: Values;
  readonly high: Values;
}

export interface BusyView {
  readonly core: number;
  readonly queues: readonly number[];
  readonly ppm: Values;
}

/** Rows of the heat map: exactly empty, eighths of the size, exactly full. */
export const fillRows = 10;
const fullRow = fillRows - 1;

const bigints = (values: readonly (string | null)[]) => values.map((value) => (value === null ? null : BigInt(value)));

/** `queue`: the rings are those of this queue alone; null: of all. */
export function viewOf(told: PortTimeline, queue: number | null): TimelineView {
  const { at, stepSeconds, guest, pmds } = told;
  const fromSeconds = Date.parse(told.window.from) / 1_000;
  const untold = told.paths.reduce((sum, path) => sum + BigInt(path.pending) + BigInt(path.unexplained), 0n);
  return {
    fromSeconds,
    toSeconds: Date.parse(told.window.to) / 1_000,
    stepSeconds,
    at,
    guest,
    flows: told.directions.map(({ direction }) => flowOf(told, direction)),
    causes: causesOf(told),
    owners: ownerNames.map((owner) => ownerOf(told, owner)),
    untold,
    heats: told.rings.map((rings) => heatOf(rings, stepSeconds, queue)),
    stalls: told.stalls.map(({ of, threads, lowNs, highNs }) => ({
      of,
      threads,
      low: bigints(lowNs),
      high: bigints(highNs),
    })),
    busy: pmds.map(({ core, queues, busyPpm }) => ({ core, queues, ppm: bigints(busyPpm) })),
  };
}

/** By name; where both directions have some, with the direction before it. */
function causesOf(told: PortTimeline): CauseInterval[] {
  const ways = told.directions.map(({ direction }) => ({ direction, own: causeIntervals(told, direction) }));
  const one = ways.filter(({ own }) => own.length > 0).length < 2;
  const nameOf = (direction: string, cause: string) => (one ? cause : `${directionName(direction)}: ${cause}`);
  return ways.flatMap(({ direction, own }) => own.map((item) => ({ ...item, cause: nameOf(direction, item.cause) })));
}

function flowOf(told: PortTimeline, direction: string): FlowView {
  const track = trackOf(told, direction);
  const { at, stepSeconds, packets, bridges } = track;
  const regions = regionsOf({ at, stepSeconds, known: (i) => packets[i] !== null, bridges });
  return { direction, packets, layers: stackDrops(track), regions };
}

function ownerOf({ owned }: PortTimeline, owner: OwnerName): OwnerView {
  const intervals = owned
    .map((row) => ({
      cause: owner,
      fromSeconds: Date.parse(row.from) / 1_000,
      toSeconds: Date.parse(row.to) / 1_000,
      packets: BigInt(row[owner]),
    }))
    .filter(({ packets }) => packets > 0n);
  return { owner, packets: intervals.reduce((sum, { packets }) => sum + packets, 0n), intervals };
}

function heatOf(rings: PortTimeline['rings'][number], stepSeconds: number, queue: number | null): HeatView {
  const { direction, queues, size, known, missed, fills, fullNs, runNs } = rings;
  const expected = stepSeconds * (queue === null ? queues.length : 1);
  return {
    direction,
    queues,
    size,
    columns: fills,
    partial: known.map((seconds) => seconds > 0 && seconds < expected),
    missed,
    fullNs: bigints(fullNs),
    runNs: bigints(runNs),
  };
}

/** Whether anything at all of the window is known. */
export function isBlind({ flows, heats, stalls }: TimelineView): boolean {
  const some = (values: readonly unknown[]) => values.some((value) => value !== null);
  return (
    !flows.some(({ packets, regions }) => some(packets) || regions.some(({ kind }) => kind === 'bridged')) &&
    !heats.some(({ columns }) => some(columns)) &&
    !stalls.some(({ low }) => some(low))
  );
}

/** Stretches of steps, half open, in which something holds. */
export function runsOf(steps: number, holds: (index: number) => boolean): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (let i = 0; i < steps; i += 1) {
    if (!holds(i)) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.to === i) last.to = i + 1;
    else runs.push({ from: i, to: i + 1 });
  }
  return runs;
}

/** A share smaller than this is drawn as faintly as the faintest. */
const leastShare = 1e-3;

/**
 * How strong a cell is, from 0 to 1; null: no sample was there. By the logarithm of its share: a ring that was full in one sample
 * of a thousand must be seen.
 *
 * Example: one of 1,000 samples 0, 100 of them 2/3, all of them 1.
 */
export function strengthOf(samples: number, all: number): number | null {
  if (samples <= 0 || all <= 0) return null;
  return Math.max(0, 1 - Math.log10(Math.max(samples / all, leastShare)) / Math.log10(leastShare));
}

/** Columns as they are drawn where several steps share a pixel: the strongest cell of them, so that a lone full ring stays. */
export function pixelColumns(
  columns: HeatView['columns'],
  pixels: number,
): readonly { readonly from: number; readonly to: number; readonly cells: readonly (number | null)[] }[] {
  const wide = pixels / Math.max(1, columns.length);
  const drawn = new Map<number, { from: number; to: number; cells: (number | null)[] }>();
  columns.forEach((column, i) => {
    if (column === null) return;
    const from = Math.floor(i * wide);
    const all = column.reduce((sum, samples) => sum + samples, 0);
    const cells = column.map((samples) => strengthOf(samples, all));
    const before = drawn.get(from);
    const to = Math.max(from + 1, Math.floor((i + 1) * wide));
    drawn.set(from, {
      from,
      to,
      cells: before === undefined ? cells : cells.map((one, row) => most(one, before.cells[row])),
    });
  });
  return [...drawn.values()];
}

function most(a: number | null, b: number | null | undefined): number | null {
  if (a === null) return b ?? null;
  return b == null ? a : Math.max(a, b);
}

const leastNs = 1e4;
const mostNs = 1e10;

/** Height of a stall on its logarithmic scale, from 0 at 10 us and less to 1 at 10 s. */
export function stallHeight(ns: bigint): number {
  const value = Math.min(Math.max(Number(ns), leastNs), mostNs);
  return Math.log10(value / leastNs) / Math.log10(mostNs / leastNs);
}

/** The step that holds an instant; null: none of them. */
export function stepAt({ at, stepSeconds }: Pick<TimelineView, 'at' | 'stepSeconds'>, seconds: number): number | null {
  const first = at[0];
  if (first === undefined) return null;
  const index = Math.floor((seconds - first) / stepSeconds);
  return index >= 0 && index < at.length ? index : null;
}

/** Where keys take the cursor; null: a key that does not. */
export function stepAfter(key: string, index: number | null, steps: number): number | null {
  const here = index ?? steps - 1;
  const to = {
    ArrowLeft: index === null ? here : here - 1,
    ArrowRight: index === null ? here : here + 1,
    PageUp: here - 10,
    PageDown: here + 10,
    Home: 0,
    End: steps - 1,
  }[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), steps - 1);
}

/** Where keys take the row of the heat maps. */
export function rowAfter(key: string, row: number | null): number | null {
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return null;
  if (row === null) return fullRow;
  return Math.min(Math.max(row + (key === 'ArrowUp' ? 1 : -1), 0), fullRow);
}

/** Stalls of these threads that may lie in a stretch of time, at least partly. */
export function stallsOf(
  stalls: StallList['stalls'],
  threads: StallView['threads'],
  { fromSeconds, toSeconds }: { readonly fromSeconds: number; readonly toSeconds: number },
): StallList['stalls'] {
  const own = new Set(threads.map(({ pid, tid }) => `${pid} ${tid}`));
  const [from, to] = [BigInt(fromSeconds) * 1_000_000_000n, BigInt(toSeconds) * 1_000_000_000n];
  return stalls.filter(
    ({ pid, tid, fromNs, toNs }) => own.has(`${pid} ${tid}`) && BigInt(fromNs) < to && BigInt(toNs) > from,
  );
}

const steps = [1, 5, 10, 30, 60, 300] as const;
const stepsMax = 1_200;
/** Rings and threads are kept second by second: the server tells no more at once. */
export const longestSeconds = 86_400;

/** The shortest step with which a window is a picture's width; a second up to twenty minutes. */
export function timelineStep(lengthSeconds: number): number {
  return steps.find((step) => lengthSeconds / step <= stepsMax) ?? 300;
}
