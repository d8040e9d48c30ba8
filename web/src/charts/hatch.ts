const tilePixels = 8;

/** Diagonal strokes as a fill. `ground`: the colour between them; without it what is beneath shows through. */
export function hatch(ctx: CanvasRenderingContext2D, color: string, ground?: string): CanvasPattern | null {
  const tile = document.createElement('canvas');
  tile.width = tilePixels;
  tile.height = tilePixels;
  const pen = tile.getContext('2d');
  if (pen === null) return null;
  if (ground !== undefined) {
    pen.fillStyle = ground;
    pen.fillRect(0, 0, tilePixels, tilePixels);
  }
  pen.strokeStyle = color;
  pen.lineWidth = ground === undefined ? 1.25 : 3;
  pen.beginPath();
  // Three strokes, so that the diagonal meets itself at the corners of the tile.
  for (const shift of [-tilePixels, 0, tilePixels]) {
    pen.moveTo(shift - 1, tilePixels + 1);
    pen.lineTo(shift + tilePixels + 1, -1);
  }
  pen.stroke();
  return ctx.createPattern(tile, 'repeat');
}
