/** Colours of losses in the order in which causes take them, as names of the theme's tokens. Pure. */
export const dropTokens = ['--drop-1', '--drop-2', '--drop-3', '--drop-4', '--drop-5', '--drop-6'];

/** Losses beyond the last colour take the colours again, hatched: a chart of twelve causes has no two that look alike. */
export function isHatched(index: number, colors: number): boolean {
  return Math.floor(index / colors) % 2 === 1;
}

/** The colour of losses without its hatching, for marks that have a name beside them. */
export function dropColor(index: number): string {
  return `var(${dropTokens[index % dropTokens.length]})`;
}

/** Background of a swatch in the legend of losses. */
export function dropSwatch(index: number): string {
  const color = dropColor(index);
  return isHatched(index, dropTokens.length)
    ? `repeating-linear-gradient(135deg, ${color} 0 2px, var(--surface) 2px 4px)`
    : color;
}
