import type { ChartSource, Frame } from './source.ts';

export interface Pane {
  readonly name: string;
  /** The sum of a step in words: as a rate with its unit. */
  readonly say: (sum: bigint, stepSeconds: number) => string;
  readonly kind: 'line' | 'stack';
  readonly losses?: boolean;
  readonly source: ChartSource;
  readonly height: number;
  readonly leastMax: number;
}

export function valueText(pane: Pane, frame: Frame, value: bigint | null | undefined): string {
  if (value === null || value === undefined) return 'no data';
  return pane.say(value, frame.stepSeconds);
}
