import { useSyncExternalStore } from 'react';
import type { ChartSource, Frame } from '../charts/source.ts';

/** What a chart shows, for the words around it: at most once a second; the plot itself is fed without it. */
export function useFrame(source: ChartSource): Frame {
  return useSyncExternalStore(source.subscribe, source.read);
}
