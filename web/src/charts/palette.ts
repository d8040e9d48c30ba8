import { dropTokens } from './loss-colors.ts';

/** Colours of charts, read from the theme's tokens at the moment of drawing. */
export interface Palette {
  readonly text: string;
  readonly grid: string;
  readonly surface: string;
  readonly hatch: string;
  readonly bridge: string;
  readonly bandFill: string;
  readonly bandLine: string;
  readonly lines: readonly string[];
  readonly drops: readonly string[];
}

/** Names of the tokens, in the order in which series take them. */
const lineTokens = ['--line-1', '--line-2', '--line-3', '--line-4', '--line-5', '--line-6'];

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (token: string) => style.getPropertyValue(token).trim();
  return {
    text: read('--text-muted'),
    grid: read('--chart-grid'),
    surface: read('--surface'),
    hatch: read('--unknown-line'),
    bridge: read('--bridged-fill'),
    bandFill: read('--band-fill'),
    bandLine: read('--band-line'),
    lines: lineTokens.map(read),
    drops: dropTokens.map(read),
  };
}

/** The same tokens for legends, which are styled and not drawn. */
export function lineColor(index: number): string {
  return `var(${lineTokens[index % lineTokens.length]})`;
}
