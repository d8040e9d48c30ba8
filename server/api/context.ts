import type { InserterStats } from '../ingest/inserter.ts';
import type { Fleet } from '../live/fleet.ts';
import type { SelfMetrics } from '../metrics/self-metrics.ts';
import type { EngineStats } from '../store/engine.ts';
import type { QueryContext } from '../store/run-query.ts';

/** What the collector in this process says of itself; undefined where there is none. */
export interface CollectorStatus {
  readonly ticks: bigint;
  readonly skipped: bigint;
  readonly refused: bigint;
}

/** What the routes are made of: nothing here is reached in another way. */
export interface ApiContext {
  readonly version: string;
  readonly startedAtMs: number;
  /** On the clock of `monoMs`. */
  readonly startedMonoMs: number;
  /** Wall clock, ms since 1970. */
  readonly nowMs: () => number;
  /** A clock that never steps, ms: how long something has been silent. */
  readonly monoMs: () => number;
  readonly staleAfterMs: number;
  readonly streamsMax: number;
  readonly fleet: Fleet;
  readonly store: QueryContext;
  readonly storeStats: () => EngineStats;
  readonly ingestStats: () => InserterStats;
  readonly busStats: () => { readonly heldBytes: number; readonly bytesMax: number };
  readonly metrics: SelfMetrics;
  readonly collectorStats: () => CollectorStatus | undefined;
}
