import type uPlot from 'uplot';
import type { Region } from './gaps.ts';
import { hatch } from './hatch.ts';
import type { Palette } from './palette.ts';

/** Paints what is not known behind the lines: hatched where nothing is, shaded where only the sum is. */
export function paintRegions(plot: uPlot, regions: readonly Region[], palette: Palette): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { kind, fromSeconds, toSeconds } of regions) {
    const left = Math.round(plot.valToPos(fromSeconds, 'x', true));
    // A gap of one second on a chart of a day is less than a pixel, and must still be seen.
    const width = Math.max(2, Math.round(plot.valToPos(toSeconds, 'x', true)) - left);
    ctx.fillStyle = kind === 'bridged' ? palette.bridge : (hatch(ctx, palette.hatch) ?? palette.hatch);
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = palette.hatch;
    ctx.fillRect(left, bbox.top, 1, bbox.height);
    ctx.fillRect(left + width - 1, bbox.top, 1, bbox.height);
  }
  ctx.restore();
}
