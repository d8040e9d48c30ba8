import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Zone } from '../format/time.ts';
import { useTheme } from '../theme/theme.ts';
import { rangeAroundZero, rangeFromZero, timeLabels, timeSteps, valueLabel } from './axis.ts';
import type { Drawn } from './columns.ts';
import { hatch } from './hatch.ts';
import { isHatched } from './loss-colors.ts';
import { type Palette, readPalette } from './palette.ts';
import type { PaneKind } from './pane.ts';
import { paintRegions } from './regions.ts';
import type { ChartSource, Frame } from './source.ts';

export interface ChartProps {
  readonly source: ChartSource;
  readonly kind: PaneKind;
  readonly height: number;
  readonly zone: Zone;
  /** Charts with the same key share their cursor. */
  readonly syncKey: string;
  readonly timeAxis: boolean;
  /** The scale of values never ends below this. */
  readonly leastMax: number;
  readonly summary: string;
  /** Takes the colours of losses instead of those of lines. */
  readonly losses?: boolean;
  /** Index of the step under the cursor; null: none. */
  onCursor(index: number | null): void;
  onSelect(fromSeconds: number, toSeconds: number): void;
}

const valueAxisPixels = 54;
const stepsPerPixelMax = 4;
/** A label centred closer to the edge than half of this would be cut. */
const labelPixels = 52;

/** The one place that knows the plotting library: makes a plot in an effect, resizes it, takes it down. */
export function Chart(props: ChartProps) {
  const { source, kind, height, zone, syncKey, timeAxis, leastMax, losses = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const [labels, setLabels] = useState(() => labelsOf(source.read()));
  // Read at the moment of the event, so that a new function of the parent does not rebuild the plot.
  const events = useRef(props);
  events.current = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: theme and labels change what is read from the page and the source.
  useEffect(() => {
    const container = box.current;
    if (container === null) return;
    let frame = source.read();
    const options = optionsOf({
      kind,
      height,
      zone,
      syncKey,
      timeAxis,
      leastMax,
      losses,
      width: container.clientWidth,
      palette: readPalette(container),
      frame: () => frame,
      onCursor: (index) => events.current.onCursor(index),
      onSelect: (from, to) => events.current.onSelect(from, to),
    });
    const plot = new uPlot(options, alignedOf(frame, kind), container);
    const resize = new ResizeObserver(() => plot.setSize({ width: container.clientWidth, height }));
    resize.observe(container);
    const stop = source.subscribe(() => {
      frame = source.read();
      if (labelsOf(frame) === labels) plot.setData(alignedOf(frame, kind));
      else setLabels(labelsOf(frame));
    });
    return () => {
      stop();
      resize.disconnect();
      plot.destroy();
    };
  }, [source, kind, height, zone, syncKey, timeAxis, leastMax, losses, theme, labels]);

  return <div ref={box} className="chart" role="img" aria-label={props.summary} style={{ height }} />;
}

function labelsOf(frame: Frame): string {
  return frame.lines.map(({ label }) => label).join('\n');
}

/**
 * A stack is drawn from its top down, each layer over the foot of the one above. A value is that of its whole step, so
 * the last one is drawn to the end of its step too, by a point that repeats it there.
 */
function alignedOf(frame: Frame, kind: PaneKind): uPlot.AlignedData {
  const drawn = frame.lines.map((line) => line.drawn);
  const columns = kind === 'band' ? bandColumns(drawn) : kind === 'stack' ? drawn.toReversed() : drawn;
  const last = frame.at.at(-1);
  if (last === undefined) return [[], ...columns.map(() => [])];
  return [frame.at.concat(last + frame.stepSeconds), ...columns.map((column) => column.concat(column.at(-1) ?? null))];
}

/** The edges of the band first, so that the line is drawn over it. */
function bandColumns([value = [], bound = []]: readonly Drawn[]): Drawn[] {
  return [bound, bound.map((edge) => (edge === null ? null : -edge)), value];
}

interface PlotOptions extends Omit<ChartProps, 'source' | 'summary'> {
  readonly losses: boolean;
  readonly width: number;
  readonly palette: Palette;
  frame(): Frame;
}

function optionsOf(options: PlotOptions): uPlot.Options {
  const { width, height, zone, syncKey, palette, frame, leastMax } = options;
  return {
    width,
    height,
    padding: [8, 10, options.timeAxis ? 0 : 6, 0],
    legend: { show: false },
    tzDate: (seconds) =>
      zone === 'utc' ? uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC') : new Date(seconds * 1_000),
    cursor: {
      y: false,
      sync: { key: syncKey },
      drag: { x: true, y: false, setScale: false },
      points: { size: 5, width: 1 },
    },
    scales: {
      x: { time: true, range: () => [frame().fromSeconds, frame().toSeconds] },
      y: {
        range: (_plot, min, max) =>
          options.kind === 'band' ? rangeAroundZero(min, max, leastMax) : rangeFromZero(max, leastMax),
      },
    },
    axes: axesOf(options),
    series: [{}, ...(options.kind === 'band' ? bandSeries(options) : seriesOf(options))],
    ...(options.kind === 'band' ? { bands: [{ series: [1, 2], fill: palette.bandFill }] } : {}),
    hooks: {
      drawAxes: [(plot) => paintRegions(plot, frame().regions, palette)],
      setCursor: [(plot) => options.onCursor(stepUnder(plot.cursor.idx, frame()))],
      setSelect: [
        (plot) => {
          const { left, width: selected } = plot.select;
          if (selected < 4) return;
          options.onSelect(plot.posToVal(left, 'x'), plot.posToVal(left + selected, 'x'));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** The point at the end of the last step stands for that step. */
function stepUnder(index: number | null | undefined, { at }: Frame): number | null {
  return index == null || at.length === 0 ? null : Math.min(index, at.length - 1);
}

function axesOf({ palette, timeAxis, zone, height }: PlotOptions): uPlot.Axis[] {
  const font = '11px "Inter", system-ui, sans-serif';
  const lines = { stroke: palette.grid, width: 1 };
  return [
    {
      show: true,
      size: timeAxis ? 26 : 0,
      font,
      stroke: palette.text,
      grid: lines,
      ticks: { show: false },
      space: 76,
      incrs: timeSteps,
      values: (plot, splits, _axis, _space, step) => {
        const inside = (split: number) => plot.valToPos(split, 'x') < plot.width - valueAxisPixels - labelPixels / 2;
        return timeLabels(splits, step, zone).map((label, i) => (timeAxis && inside(splits[i] ?? 0) ? label : ''));
      },
    },
    {
      size: valueAxisPixels,
      font,
      stroke: palette.text,
      grid: lines,
      ticks: { show: false },
      space: height > 140 ? 34 : 24,
      values: (_plot, splits) => splits.map(valueLabel),
    },
  ];
}

/**
 * Steps, because a value is that of its whole step. Where several steps share a pixel nobody sees one, and the plain
 * line draws the least and the most of each pixel instead of every point.
 */
function pathsOf(): uPlot.Series.PathBuilder {
  const stepped = uPlot.paths.stepped?.({ align: 1, alignGaps: 1 });
  const linear = uPlot.paths.linear?.();
  return (plot, series, first, last) => {
    const builder = last - first > stepsPerPixelMax * plot.width ? linear : stepped;
    return builder?.(plot, series, first, last) ?? null;
  };
}

function seriesOf({ frame, kind, losses, palette }: PlotOptions): uPlot.Series[] {
  const colors = losses ? palette.drops : palette.lines;
  const paths = pathsOf();
  const series = frame().lines.map(({ label }, i): uPlot.Series => {
    const color = colors[i % colors.length] ?? palette.text;
    return {
      label,
      stroke: color,
      width: kind === 'stack' ? 1 : 1.4,
      ...(kind === 'stack' ? { fill: layerFill(i, colors, palette) } : {}),
      paths,
      points: { show: false },
      spanGaps: false,
    };
  });
  return kind === 'stack' ? series.reverse() : series;
}

/** Opaque, because a layer is drawn over the feet of those above it. */
function layerFill(index: number, colors: readonly string[], palette: Palette): uPlot.Series.Fill {
  const color = colors[index % colors.length] ?? palette.text;
  return isHatched(index, colors.length) ? ({ ctx }) => hatch(ctx, color, palette.surface) ?? color : color;
}

function bandSeries({ frame, palette }: PlotOptions): uPlot.Series[] {
  const [value, bound] = frame().lines;
  const base = { paths: pathsOf(), points: { show: false }, spanGaps: false };
  const edge = { ...base, stroke: palette.bandLine, width: 1, dash: [4, 3] };
  return [
    { ...edge, label: bound?.label ?? '' },
    { ...edge, label: bound?.label ?? '' },
    { ...base, label: value?.label ?? '', stroke: palette.lines[0] ?? palette.text, width: 1.6 },
  ];
}
