import type { CauseInterval } from '../../charts/lanes.ts';
import { formatCount } from '../../format/count.ts';
import { formatDurationNs } from '../../format/duration.ts';
import { formatPacketRate } from '../../format/rate.ts';
import { formatRatio } from '../../format/ratio.ts';
import { formatInstant, type Zone } from '../../format/time.ts';
import { directionName } from '../ports/model.ts';
import { type BusyView, type FlowView, fillRows, type HeatView, type StallView, type TimelineView } from './model.ts';

/** The timeline in words, for the heads of its lanes, for those who hear it, and for its table. Pure. */

const noData = 'no data';

const eighths = ['⅛', '¼', '⅜', '½', '⅝', '¾', '⅞'];

/** Name of a row of the heat map. */
export function fillName(row: number): string {
  if (row <= 0) return 'empty';
  if (row >= fillRows - 1) return 'full';
  const [below, above] = [eighths[row - 2], eighths[row - 1]];
  if (below === undefined) return `up to ${above}`;
  return above === undefined ? `above ${below}, not full` : `${below} to ${above}`;
}

export function rateText({ packets }: FlowView, index: number, stepSeconds: number): string {
  const value = packets[index];
  return value == null ? noData : formatPacketRate(value, stepSeconds);
}

/** What was lost in a step, by cause; "0" only where that is known. */
export function lossText({ layers, packets }: FlowView, index: number): string {
  if (packets[index] == null) return noData;
  const lost = layers.map(({ label, own }) => ({ label, value: own[index] ?? 0n })).filter(({ value }) => value > 0n);
  if (lost.length === 0) return '0 lost';
  return lost.map(({ label, value }) => `${formatCount(value)} ${label}`).join(', ');
}

/** Stretches that hold a step, each with its own time: no part of it belongs to the step alone. */
export function stretchText(
  intervals: readonly CauseInterval[],
  { fromSeconds, toSeconds }: { readonly fromSeconds: number; readonly toSeconds: number },
  zone: Zone,
): string {
  return intervals
    .filter((item) => item.fromSeconds < toSeconds && item.toSeconds > fromSeconds)
    .map(({ cause, packets, fromSeconds: from, toSeconds: to }) => {
      const length = to - from;
      const when = length <= toSeconds - fromSeconds ? '' : ` in ${length} s from ${clock(from, zone)}`;
      return `${cause} ${formatCount(packets)}${when}`;
    })
    .join(', ');
}

/** The fill of a step: how much of the samples was full, or in the row that is looked at. */
export function fillText({ columns, partial, missed, fullNs }: HeatView, index: number, row: number | null): string {
  const column = columns[index];
  if (column == null) return noData;
  const all = column.reduce((sum, samples) => sum + samples, 0);
  const share = (at: number) => formatRatio(BigInt(column[at] ?? 0), BigInt(all), 1);
  const lost = missed[index] ?? 0;
  const parts =
    row === null
      ? [`full ${share(fillRows - 1)} of samples`, `${formatDurationNs(fullNs[index] ?? 0n)}`, `empty ${share(0)}`]
      : [`${fillName(row)}: ${formatCount(`${column[row] ?? 0}`)} of ${formatCount(`${all}`)} samples, ${share(row)}`];
  if (lost > 0) parts.push(`${formatCount(`${lost}`)} samples missed`);
  if (partial[index] === true) parts.push('not all rings sampled');
  return parts.join(' · ');
}

/** Back-pressure is a time, never packets. */
export function fullText({ columns, partial, fullNs, runNs }: HeatView, index: number): string {
  if (columns[index] == null) return noData;
  const [full, run] = [fullNs[index] ?? 0n, runNs[index] ?? 0n];
  const least = partial[index] === true ? 'at least ' : '';
  if (full === 0n) return partial[index] === true ? '0 ns of what was sampled' : '0 ns full';
  return `${least}${formatDurationNs(full)} full, ${formatDurationNs(run)} at a stretch`;
}

/** Two bounds of a stall; equal ones are said once, and one that is not known is said to be. */
export function stallText({ low, high }: StallView, index: number): string {
  const [least, most] = [low[index], high[index]];
  if (least == null) return noData;
  if (most == null) return `at least ${formatDurationNs(least)}; not all threads sampled`;
  if (most === 0n) return 'none';
  const [from, to] = [formatDurationNs(least), formatDurationNs(most)];
  return from === to ? from : `${from} to ${to}`;
}

export function busyText({ ppm }: BusyView, index: number): string {
  const value = ppm[index];
  return value == null ? noData : formatRatio(value, 1_000_000n, 1);
}

export function stallTitle({ of, threads }: StallView): string {
  const count = `${threads.length} ${threads.length === 1 ? 'thread' : 'threads'}`;
  return of === 'guest' ? `Worst stall, guest: ${count}` : `Worst stall, polling: ${count}`;
}

/** A step in one sentence, as the cursor tells it. */
export function stepWords(view: TimelineView, index: number, row: number | null, zone: Zone): string {
  const at = view.at[index] ?? view.fromSeconds;
  const step = { fromSeconds: at, toSeconds: at + view.stepSeconds };
  const owners = stretchText(
    view.owners.flatMap(({ intervals }) => intervals),
    step,
    zone,
  );
  const causes = stretchText(view.causes, step, zone);
  return [
    `${clock(at, zone)}`,
    ...view.flows.map(
      (flow) => `${directionName(flow.direction)} ${rateText(flow, index, view.stepSeconds)}, ${lossText(flow, index)}`,
    ),
    ...(causes === '' ? [] : [`causes: ${causes}`]),
    ...(owners === '' ? [] : [`owners: ${owners}`]),
    ...view.heats.map((heat) => `ring ${directionName(heat.direction)} ${fillText(heat, index, row)}`),
    ...view.stalls.map((stall) => `${stallTitle(stall)}: ${stallText(stall, index)}`),
    ...view.busy.map((busy) => `PMD ${busy.core} busy ${busyText(busy, index)}`),
  ].join('. ');
}

export function clock(seconds: number, zone: Zone): string {
  return formatInstant(seconds * 1_000, zone).slice(11);
}
