import type { ChartSource, Frame } from './source.ts';

/**
 * `line`: lines from zero. `stack`: layers on each other. `band`: the first line, of either sign, over a band that
 * reaches as far as the second line says above and below zero.
 */
export type PaneKind = 'line' | 'stack' | 'band';

export interface Pane {
  readonly name: string;
  /** The sum of a step in words: as a rate with its unit. */
  readonly say: (sum: bigint, stepSeconds: number) => string;
  readonly kind: PaneKind;
  readonly losses?: boolean;
  readonly source: ChartSource;
  readonly height: number;
  readonly leastMax: number;
}

export function valueText(pane: Pane, frame: Frame, value: bigint | null | undefined): string {
  if (value === null || value === undefined) return 'no data';
  return pane.say(value, frame.stepSeconds);
}
