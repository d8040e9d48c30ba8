import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { CollectorStatus } from '../api/context.ts';
import type { DiskStatus } from '../disk/disk-watch.ts';
import type { InserterStats } from '../ingest/inserter-stats.ts';
import type { EngineStats } from '../store/engine.ts';
import type { QueryObserver } from '../store/run-query.ts';

export interface SelfStats {
  readonly ingest: () => InserterStats;
  readonly store: () => EngineStats;
  readonly disk: () => DiskStatus;
  readonly bus: () => { readonly heldBytes: number; readonly bytesMax: number } | null;
  readonly live: () => { readonly messages: bigint; readonly unreadable: bigint; readonly missed: bigint };
  readonly collector: () => CollectorStatus | undefined;
}

/** Metrics of this process. Gauges are read when they are asked for. */
export class SelfMetrics {
  readonly #registry = new Registry();
  readonly #queries: Histogram<'query' | 'code'>;
  readonly truncated: Gauge;

  constructor(stats: SelfStats) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, prefix: 'fournines_' });
    this.#queries = new Histogram({
      name: 'fournines_store_query_seconds',
      help: 'How long named queries took, waiting included; code is empty when they went well.',
      labelNames: ['query', 'code'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
    this.truncated = new Gauge({
      name: 'fournines_series_truncated',
      help: 'Series of the fleet left out of this page because of its bound.',
      registers,
    });
    gaugesOf(stats, registers);
    countersOf(stats, registers);
  }

  readonly observeQuery: QueryObserver = ({ name, durationMs, code }) => {
    this.#queries.observe({ query: name, code }, durationMs / 1000);
  };

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** Gauges that are read when they are asked for; NaN: not known. */
function gaugesOf(stats: SelfStats, registers: Registry[]): void {
  const gauge = (name: string, help: string, read: () => number) => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge(
    'fournines_bus_held_bytes',
    'Bytes of ticks that wait for the store.',
    () => stats.bus()?.heldBytes ?? Number.NaN,
  );
  gauge('fournines_bus_bytes_max', 'Bytes of ticks that may wait.', () => stats.bus()?.bytesMax ?? Number.NaN);
  gauge(
    'fournines_disk_free_bytes',
    "Free bytes of the data folder's disk.",
    () => stats.disk().freeBytes ?? Number.NaN,
  );
  gauge('fournines_disk_floor_bytes', 'Free bytes below which nothing new is stored.', () => stats.disk().floorBytes);
  gauge('fournines_disk_full', '1: nothing new is stored until there is room.', () =>
    stats.disk().state === 'full' ? 1 : 0,
  );
  gauge(
    'fournines_spool_backlog_bytes',
    'Bytes of ticks that wait on disk for the bus.',
    () => stats.collector()?.spool?.backlogBytes ?? Number.NaN,
  );
  gauge(
    'fournines_spool_oldest_seconds',
    'How long the first tick on disk has waited for the bus.',
    () => (stats.collector()?.spool?.oldestAgeMs ?? Number.NaN) / 1000,
  );
  gauge(
    'fournines_ingest_lag_seconds',
    'Age of the newest stored slot when it was stored.',
    () => (stats.ingest().lagMs ?? Number.NaN) / 1000,
  );
  gauge(
    'fournines_store_insert_wait_seconds',
    'How long the first waiting insert has waited.',
    () => stats.store().lanes.insert.oldestWaitMs / 1000,
  );
  gauge(
    'fournines_store_query_wait_seconds',
    'How long the first waiting query has waited.',
    () => stats.store().lanes.query.oldestWaitMs / 1000,
  );
  gauge(
    'fournines_store_insert_wait_seconds_max',
    'Longest any insert has waited.',
    () => stats.store().lanes.insert.waitedMsMax / 1000,
  );
  gauge(
    'fournines_store_queued',
    'Statements that wait.',
    () => stats.store().lanes.insert.queued + stats.store().lanes.query.queued,
  );
}

/** Counters that others keep: told as they stand. */
function countersOf(stats: SelfStats, registers: Registry[]): void {
  const counter = (name: string, help: string, read: () => number | bigint) => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(Number(read()));
      },
    });
  };
  counter('fournines_ingest_rows_total', 'Rows stored.', () => stats.ingest().rows);
  counter('fournines_ingest_messages_total', 'Messages stored.', () => stats.ingest().messages);
  counter('fournines_ingest_duplicates_total', 'Messages left out because they were stored already.', () => {
    return stats.ingest().duplicates;
  });
  counter(
    'fournines_ingest_missed_records_total',
    'Records that left the bus before they were stored.',
    () => stats.ingest().missedRecords,
  );
  counter('fournines_ingest_retries_total', 'Inserts that failed and were tried again.', () =>
    sum(stats.ingest().retries),
  );
  counter('fournines_ingest_dead_letters_total', 'Messages kept as dead letters.', () =>
    sum(stats.ingest().deadLetters),
  );
  counter(
    'fournines_store_restarts_total',
    'Times the embedded store was started again.',
    () => stats.store().restarts,
  );
  counter('fournines_live_messages_total', 'Messages read into the live windows.', () => stats.live().messages);
  counter(
    'fournines_live_missed_total',
    'Messages that left the bus before the live windows read them.',
    () => stats.live().missed,
  );
  counter(
    'fournines_live_unreadable_total',
    'Messages the live windows could not read.',
    () => stats.live().unreadable,
  );
  counter('fournines_collector_ticks_total', 'Ticks the spool has taken.', () => stats.collector()?.ticks ?? 0n);
  counter(
    'fournines_collector_skipped_total',
    'Ticks not taken: overrun or late wake-up.',
    () => stats.collector()?.skipped ?? 0n,
  );
  counter(
    'fournines_collector_refused_total',
    'Ticks the spool refused; their slots are bridged.',
    () => stats.collector()?.refused ?? 0n,
  );
}

function sum(byCode: Readonly<Record<string, number>>): number {
  return Object.values(byCode).reduce((total, count) => total + count, 0);
}
