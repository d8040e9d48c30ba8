import type { Line } from './columns.ts';
import type { Region } from './gaps.ts';

/** What a chart shows at one moment. */
export interface Frame {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  readonly regions: readonly Region[];
}

/** Where a chart looks; it is told when to look again, so that no component renders for a new second. */
export interface ChartSource {
  read(): Frame;
  subscribe(listener: () => void): () => void;
}

export function constantSource(frame: Frame): ChartSource {
  return { read: () => frame, subscribe: () => () => undefined };
}
