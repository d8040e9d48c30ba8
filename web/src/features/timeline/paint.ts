import type { Line } from '../../charts/columns.ts';
import type { Region } from '../../charts/gaps.ts';
import { hatch } from '../../charts/hatch.ts';
import { isHatched } from '../../charts/loss-colors.ts';
import { type Palette, readPalette } from '../../charts/palette.ts';
import {
  fillRows,
  type HeatView,
  pixelColumns,
  runsOf,
  type StallView,
  stallHeight,
  type TimelineView,
} from './model.ts';

/** Draws the lanes of the timeline, each into a box of its own of CSS pixels; one place for what is not known: hatched. */

/** Faint to strong; tokens of the theme, so that strong is what stands out from its ground in both. */
const heatTokens = ['--heat-1', '--heat-2', '--heat-3', '--heat-4', '--heat-5', '--heat-6'];

export interface Brush {
  readonly ctx: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
  readonly heat: readonly string[];
}

export type Paint = (brush: Brush) => void;

export function brushOf(canvas: HTMLCanvasElement, width: number, height: number): Brush | null {
  const ctx = canvas.getContext('2d');
  if (ctx === null) return null;
  const scale = globalThis.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const heat = heatTokens.map((token) => style.getPropertyValue(token).trim());
  return { ctx, width, height, palette: readPalette(canvas), heat };
}

type Grid = Pick<TimelineView, 'fromSeconds' | 'toSeconds' | 'stepSeconds' | 'at'>;

function scaleOf({ width }: Brush, { fromSeconds, toSeconds }: Grid): (seconds: number) => number {
  return (seconds) => ((seconds - fromSeconds) / (toSeconds - fromSeconds)) * width;
}

/** From pixel to pixel, whole ones, so that steps that follow each other meet. */
function stepBox(brush: Brush, grid: Grid, from: number, to = from + 1): { left: number; width: number } {
  const x = scaleOf(brush, grid);
  const start = grid.at[0] ?? grid.fromSeconds;
  const left = Math.floor(x(start + from * grid.stepSeconds));
  return { left, width: Math.max(1, Math.floor(x(start + to * grid.stepSeconds)) - left) };
}

/** What is not known, behind everything else. */
export function paintUnknown(brush: Brush, grid: Grid, isKnown: (index: number) => boolean): void {
  const { ctx, height, palette } = brush;
  for (const run of runsOf(grid.at.length, (i) => !isKnown(i))) {
    const { left, width } = stepBox(brush, grid, run.from, run.to);
    hatchBox(brush, left, Math.max(2, width));
    ctx.fillStyle = palette.hatch;
    ctx.fillRect(left, 0, 1, height);
  }
}

function hatchBox({ ctx, height, palette }: Brush, left: number, width: number): void {
  ctx.fillStyle = hatch(ctx, palette.hatch) ?? palette.hatch;
  ctx.fillRect(left, 0, width, height);
}

/** As charts paint them: hatched where nothing is known, shaded where only a sum is. */
export function paintGaps(brush: Brush, grid: Grid, regions: readonly Region[]): void {
  const { ctx, height, palette } = brush;
  const x = scaleOf(brush, grid);
  for (const { kind, fromSeconds, toSeconds } of regions) {
    const left = Math.floor(x(fromSeconds));
    const width = Math.max(2, Math.floor(x(toSeconds)) - left);
    if (kind === 'unknown') hatchBox(brush, left, width);
    else {
      ctx.fillStyle = palette.bridge;
      ctx.fillRect(left, 0, width, height);
    }
  }
}

/** Lines at heights, 0 to 1, across the box. */
export function paintGrid({ ctx, width, height, palette }: Brush, heights: readonly number[]): void {
  ctx.fillStyle = palette.grid;
  for (const at of heights) ctx.fillRect(0, Math.round((1 - at) * (height - 1)), width, 1);
}

/** A value stands for its whole step. */
export function paintLine(
  brush: Brush,
  grid: Grid,
  values: readonly (number | null)[],
  max: number,
  color: string,
): void {
  const { ctx, height } = brush;
  const x = scaleOf(brush, grid);
  const y = (value: number) => height - 1 - (value / max) * (height - 3);
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.4;
  ctx.beginPath();
  let isDown = false;
  values.forEach((value, i) => {
    const at = grid.at[i] ?? grid.fromSeconds;
    if (value === null) {
      isDown = false;
      return;
    }
    if (isDown) ctx.lineTo(x(at), y(value));
    else ctx.moveTo(x(at), y(value));
    ctx.lineTo(x(at + grid.stepSeconds), y(value));
    isDown = true;
  });
  ctx.stroke();
}

/** A loss that is small beside the largest must still be seen. */
const leastPixels = 2;

/** Layers on each other, a bar a step. `colorOf`: the place of a label among the colours of losses. */
export function paintStack(
  brush: Brush,
  grid: Grid,
  layers: readonly Line[],
  { max, colorOf }: { readonly max: number; readonly colorOf: (label: string) => number },
): void {
  const { ctx, height, palette } = brush;
  const colors = palette.drops;
  for (const { label, own, drawn } of [...layers].reverse()) {
    const index = colorOf(label);
    const color = colors[index % colors.length] ?? palette.text;
    ctx.fillStyle = isHatched(index, colors.length) ? (hatch(ctx, color, palette.surface) ?? color) : color;
    drawn.forEach((value, i) => {
      if (value === null || (own[i] ?? 0n) === 0n) return;
      const { left, width } = stepBox(brush, grid, i);
      const tall = Math.max(leastPixels, (value / max) * (height - 2));
      ctx.fillRect(left, height - tall, width, tall);
    });
  }
}

/** Exactly full and exactly empty stand a little apart from the eighths. */
const apartPixels = 2;

export function heatRow(row: number, height: number): { readonly top: number; readonly height: number } {
  const one = (height - 2 * apartPixels) / fillRows;
  const shift = row === fillRows - 1 ? 0 : row === 0 ? 2 * apartPixels : apartPixels;
  const top = (fillRows - 1 - row) * one + shift;
  return { top, height: one };
}

export function paintHeat(brush: Brush, grid: Grid, heat: HeatView): void {
  const { ctx, width, height } = brush;
  const strongest = brush.heat.length - 1;
  paintUnknown(brush, grid, (i) => heat.columns[i] != null);
  for (const { from, to, cells } of pixelColumns(heat.columns, width)) {
    ctx.fillStyle = brush.palette.surface;
    ctx.fillRect(from, 0, to - from, height);
    cells.forEach((strength, row) => {
      if (strength === null) return;
      const box = heatRow(row, height);
      ctx.fillStyle = brush.heat[Math.round(strength * strongest)] ?? brush.palette.text;
      ctx.fillRect(from, Math.round(box.top), to - from, Math.ceil(box.height));
    });
  }
  // What is there of a ring that was not sampled throughout is marked along the foot.
  for (const run of runsOf(heat.partial.length, (i) => heat.partial[i] === true)) {
    const { left, width: wide } = stepBox(brush, grid, run.from, run.to);
    ctx.fillStyle = hatch(ctx, brush.palette.hatch, brush.palette.surface) ?? brush.palette.hatch;
    ctx.fillRect(left, height - 5, wide, 5);
  }
}

/** Solid up to the lower bound, pale up to the upper one, hatched to the top where nobody knows one. */
export function paintStalls(brush: Brush, grid: Grid, { low, high }: StallView): void {
  const { ctx, height, palette } = brush;
  paintUnknown(brush, grid, (i) => low[i] != null && high[i] != null);
  const color = palette.lines[3] ?? palette.text;
  for (const [values, alpha] of [
    [high, 0.35],
    [low, 1],
  ] as const) {
    ctx.globalAlpha = alpha;
    ctx.fillStyle = color;
    values.forEach((value, i) => {
      if (value === null || value === 0n) return;
      const { left, width } = stepBox(brush, grid, i);
      const tall = stallHeight(value) * height;
      ctx.fillRect(left, height - tall, width, tall);
    });
  }
  ctx.globalAlpha = 1;
}

/** A time of each step as a bar, `mostNs` to the top. */
export function paintTimes(brush: Brush, grid: Grid, heat: HeatView, mostNs: number): void {
  const { ctx, height, palette } = brush;
  paintUnknown(brush, grid, (i) => heat.columns[i] != null && heat.partial[i] !== true);
  ctx.fillStyle = palette.drops[4] ?? palette.text;
  heat.fullNs.forEach((value, i) => {
    if (value === null || value === 0n) return;
    const { left, width } = stepBox(brush, grid, i);
    const tall = Math.max(leastPixels, (Number(value) / mostNs) * (height - 2));
    ctx.fillRect(left, height - tall, width, tall);
  });
}
