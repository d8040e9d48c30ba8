import { useMemo, useSyncExternalStore } from 'react';
import { valueLabel } from '../../charts/axis.ts';
import { type Region, regionsOf } from '../../charts/gaps.ts';
import { dropSwatch } from '../../charts/loss-colors.ts';
import { lineColor } from '../../charts/palette.ts';
import { summaryOf } from '../../charts/summary.ts';
import { formatCount } from '../../format/count.ts';
import { formatDurationNs } from '../../format/duration.ts';
import { formatPacketRate } from '../../format/rate.ts';
import { formatRatio } from '../../format/ratio.ts';
import { directionName } from '../ports/model.ts';
import type { CursorStore } from './cursor.ts';
import { Lane, Readout } from './lane.tsx';
import { type FlowView, type HeatView, type StallView, stallHeight, stepAt, type TimelineView } from './model.ts';
import {
  heatRow,
  paintGaps,
  paintGrid,
  paintHeat,
  paintLine,
  paintStack,
  paintStalls,
  paintTimes,
  paintUnknown,
} from './paint.ts';
import { busyText, fillText, fullText, lossText, rateText, stallText, stallTitle } from './words.ts';

interface LaneProps {
  readonly view: TimelineView;
  readonly cursor: CursorStore;
}

const most = (values: readonly (number | null)[]) =>
  values.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);

function gapsOf({ at, stepSeconds }: TimelineView, known: (index: number) => boolean): Region[] {
  return regionsOf({ at, stepSeconds, known, bridges: [] });
}

export function RateLane({ view, cursor }: LaneProps) {
  const { flows, stepSeconds } = view;
  const lines = useMemo(
    () => flows.map(({ packets }) => packets.map((sum) => (sum === null ? null : Number(sum) / stepSeconds))),
    [flows, stepSeconds],
  );
  const max = Math.max(1, ...lines.map(most)) * 1.05;
  return (
    <Lane
      name="Packets per second"
      height={84}
      summary={flows.map((flow) => flowSummary(flow, stepSeconds)).join(' ')}
      swatches={flows.map(({ direction }, i) => [lineColor(i), directionName(direction)] as const)}
      marks={[
        [0, '0'],
        [1 / 1.05, valueLabel(max / 1.05)],
      ]}
      paint={(brush) => {
        for (const { regions } of flows) paintGaps(brush, view, regions);
        paintGrid(brush, [0, 1 / 1.05]);
        lines.forEach((values, i) => {
          paintLine(brush, view, values, max, brush.palette.lines[i] ?? brush.palette.text);
        });
      }}
      readout={
        <Readout
          {...{ view, cursor }}
          say={(i) =>
            flows.map((flow) => `${directionName(flow.direction)} ${rateText(flow, i, stepSeconds)}`).join(', ')
          }
        />
      }
    />
  );
}

function flowSummary({ direction, packets, regions }: FlowView, stepSeconds: number): string {
  const say = (sum: bigint, seconds: number) => formatPacketRate(sum, seconds);
  return summaryOf({ name: `Packets ${directionName(direction)}`, say, values: packets, stepSeconds, regions });
}

/** Losses of one direction; causes have the same colours in all lanes. */
export function LossLane({ view, cursor, flow }: LaneProps & { readonly flow: FlowView }) {
  const labels = useMemo(
    () => [...new Set(view.flows.flatMap(({ layers }) => layers.map(({ label }) => label)))].sort(),
    [view.flows],
  );
  const top = most(flow.layers.flatMap(({ drawn }) => drawn));
  const max = Math.max(1, top) * 1.05;
  const name = `Lost ${directionName(flow.direction)} per second`;
  const all = flow.packets.map((known, i) =>
    known === null ? null : flow.layers.reduce((sum, { own }) => sum + (own[i] ?? 0n), 0n),
  );
  const { stepSeconds } = view;
  return (
    <Lane
      name={name}
      height={top > 0 ? 58 : 26}
      summary={summaryOf({
        ...{ name, values: all, stepSeconds, regions: flow.regions },
        say: (sum, seconds) => formatPacketRate(sum, seconds),
      })}
      swatches={flow.layers
        .filter(({ own }) => own.some((value) => value !== null && value > 0n))
        .map(({ label }) => [dropSwatch(labels.indexOf(label)), label] as const)}
      marks={
        top > 0
          ? [
              [0, '0'],
              [1 / 1.05, valueLabel(top)],
            ]
          : [[0, '0']]
      }
      paint={(brush) => {
        paintGaps(brush, view, flow.regions);
        paintGrid(brush, top > 0 ? [0, 1 / 1.05] : [0]);
        paintStack(brush, view, flow.layers, { max, colorOf: (label) => labels.indexOf(label) });
      }}
      readout={<Readout {...{ view, cursor }} say={(i) => lossText(flow, i)} />}
    />
  );
}

const heatHeight = 92;

export function HeatLane({ view, cursor, heat }: LaneProps & { readonly heat: HeatView }) {
  const direction = directionName(heat.direction);
  const queues = heat.queues.length === 1 ? '1 queue' : `${heat.queues.length} queues`;
  return (
    <div data-heat={heat.direction}>
      <Lane
        name={`Ring ${direction}: how full, by eighths of ${formatCount(`${heat.size}`)} · ${queues}`}
        height={heatHeight}
        summary={heatSummary(heat)}
        marks={[
          [0, 'empty'],
          [0.48, '½'],
          [0.9, 'full'],
        ]}
        paint={(brush) => paintHeat(brush, view, heat)}
        readout={<Readout {...{ view, cursor }} say={(i, row) => fillText(heat, i, row)} />}
      >
        <CellMark {...{ view, cursor, heat }} />
      </Lane>
    </div>
  );
}

/** The cell under the cursor, with what it holds beside it. */
function CellMark({ view, cursor, heat }: LaneProps & { readonly heat: HeatView }) {
  const { atSeconds, row } = useSyncExternalStore(cursor.subscribe, cursor.read);
  const index = atSeconds === null ? null : stepAt(view, atSeconds);
  if (index === null || row === null) return null;
  const { top, height } = heatRow(row, heatHeight);
  const left = (index / view.at.length) * 100;
  return (
    <div
      className="tl-cell"
      aria-hidden="true"
      style={{ left: `${left}%`, width: `${100 / view.at.length}%`, top, height }}
    >
      <span className={left > 50 ? 'tl-tip tl-tip-before' : 'tl-tip'}>{fillText(heat, index, row)}</span>
    </div>
  );
}

function heatSummary({ direction, columns }: HeatView): string {
  const name = `Fill of the ring ${directionName(direction)}`;
  const known = columns.filter((column) => column !== null);
  if (known.length === 0) return `${name}: no data in this window.`;
  const sum = (row: number) => known.reduce((all, column) => all + (column[row] ?? 0), 0);
  const all = known.reduce((total, column) => total + column.reduce((a, b) => a + b, 0), 0);
  const share = (row: number) => formatRatio(BigInt(sum(row)), BigInt(Math.max(1, all)), 2);
  const missing = columns.length - known.length;
  const gaps = missing === 0 ? '' : ` No data for ${missing} of ${columns.length} steps.`;
  return `${name}: full in ${share(9)} of all samples, empty in ${share(0)}.${gaps}`;
}

/** How long a guest could not send: a time, never packets. */
export function PressureLane({ view, cursor, heat }: LaneProps & { readonly heat: HeatView }) {
  const top = most(heat.fullNs.map((value) => (value === null ? null : Number(value))));
  const name = 'Back-pressure: the guest could not send';
  const regions = gapsOf(view, (i) => heat.columns[i] != null && heat.partial[i] !== true);
  return (
    <Lane
      name={name}
      height={top > 0 ? 44 : 26}
      summary={summaryOf({
        ...{ name, values: heat.fullNs, stepSeconds: view.stepSeconds, regions },
        say: (sum) => `${formatDurationNs(sum)} full in a step`,
      })}
      marks={
        top > 0
          ? [
              [0, '0'],
              [1 / 1.05, formatDurationNs(BigInt(top))],
            ]
          : [[0, '0']]
      }
      paint={(brush) => {
        paintGrid(brush, [0]);
        paintTimes(brush, view, heat, Math.max(1, top) * 1.05);
      }}
      readout={<Readout {...{ view, cursor }} say={(i) => fullText(heat, i)} />}
    />
  );
}

const stallMarks = [
  [stallHeight(1_000_000n), '1 ms'],
  [stallHeight(100_000_000n), '100 ms'],
  [stallHeight(10_000_000_000n) * 0.97, '10 s'],
] as const;

export function StallLane({ view, cursor, stall }: LaneProps & { readonly stall: StallView }) {
  return (
    <Lane
      name={stallTitle(stall)}
      height={52}
      summary={stallSummary(stall)}
      marks={stallMarks}
      paint={(brush) => {
        paintGrid(brush, [0, stallHeight(1_000_000n), stallHeight(100_000_000n)]);
        paintStalls(brush, view, stall);
      }}
      readout={<Readout {...{ view, cursor }} say={(i) => stallText(stall, i)} />}
    />
  );
}

function stallSummary(stall: StallView): string {
  const worst = stall.low.reduce<number | null>((best, value, i) => {
    if (value === null) return best;
    return best === null || value > (stall.low[best] ?? 0n) ? i : best;
  }, null);
  if (worst === null) return `${stallTitle(stall)}: no data in this window.`;
  const missing = stall.high.filter((value) => value === null).length;
  const gaps = missing === 0 ? '' : ` Not all sampled in ${missing} of ${stall.high.length} steps.`;
  return `${stallTitle(stall)}: the longest ${stallText(stall, worst)}.${gaps}`;
}

/** Busy for three seconds at 95 % and more is a queue (docs/slis.md). */
const busyLimit = 0.95;

export function BusyLane({ view, cursor }: LaneProps) {
  const { busy } = view;
  const nameOf = (core: number, queues: readonly number[]) => `core ${core} (queue ${queues.join(', ')})`;
  const values = busy.map(({ ppm }) => ppm.map((share) => (share === null ? null : Number(share) / 1e6)));
  return (
    <Lane
      name="Busy polling threads"
      height={64}
      summary={busy
        .map(({ core, ppm }) =>
          summaryOf({
            ...{
              name: `Core ${core}`,
              values: ppm,
              stepSeconds: view.stepSeconds,
              regions: gapsOf(view, (i) => ppm[i] != null),
            },
            say: (share) => formatRatio(share, 1_000_000n, 1),
          }),
        )
        .join(' ')}
      swatches={busy.map(({ core, queues }, i) => [lineColor(i + 2), nameOf(core, queues)] as const)}
      marks={[
        [0, '0 %'],
        [busyLimit, '95 %'],
      ]}
      paint={(brush) => {
        paintUnknown(brush, view, (i) => values.some((line) => line[i] != null));
        paintGrid(brush, [0, busyLimit]);
        values.forEach((line, i) => {
          const { lines, text } = brush.palette;
          paintLine(brush, view, line, 1.04, lines[(i + 2) % lines.length] ?? text);
        });
      }}
      readout={
        <Readout
          {...{ view, cursor }}
          say={(i) => busy.map((one) => `core ${one.core} ${busyText(one, i)}`).join(', ')}
        />
      }
    />
  );
}
