import type { ActLinks } from '../alerts/act-links.ts';
import type { AlertingDesk } from '../alerts/alerting-desk.ts';
import type { Dispatcher } from '../alerts/dispatcher.ts';
import type { Backups } from '../backup/backups.ts';
import type { AdviceStore } from '../control/advice-store.ts';
import type { ControlPart } from '../control/control-part.ts';
import type { DeliveryLog } from '../control/delivery-log.ts';
import type { DeliveryStore } from '../control/delivery-store.ts';
import type { Credits } from '../credits/credits.ts';
import type { DiskStatus } from '../disk/disk-watch.ts';
import type { Exclusions } from '../exclusions/exclusions.ts';
import type { InserterStats } from '../ingest/inserter-stats.ts';
import type { Letters } from '../ingest/letters.ts';
import type { Judge } from '../judge/judge.ts';
import type { Fleet } from '../live/fleet.ts';
import type { AlertStats } from '../metrics/alert-families.ts';
import type { SelfMetrics } from '../metrics/self-metrics.ts';
import type { Objects } from '../objects/objects.ts';
import type { Phase } from '../phase.ts';
import type { EngineStats } from '../store/engine.ts';
import type { QueryContext } from '../store/run-query.ts';

/** What the collector in this process says of itself; undefined where there is none. */
export interface CollectorStatus {
  readonly ticks: bigint;
  readonly skipped: bigint;
  readonly refused: bigint;
  /** Undefined until the spool is open. */
  readonly spool: SpoolBacklog | undefined;
}

/** What waits on disk for the bus. */
interface SpoolBacklog {
  readonly backlogTicks: number;
  readonly backlogBytes: number;
  readonly bytesMax: number;
  readonly oldestAgeMs: number;
  /** Since start: to damage on the disk, and to a bus that takes nothing so large. */
  readonly lostTicks: number;
}

/** What the routes are made of: nothing here is reached in another way. */
export interface ApiContext {
  readonly version: string;
  readonly phase: Phase;
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
  readonly judge: Judge;
  readonly store: QueryContext;
  readonly storeStats: () => EngineStats;
  readonly ingestStats: () => InserterStats;
  readonly control: ControlPart;
  readonly letters: Letters;
  readonly objects: Objects;
  readonly exclusions: Exclusions;
  readonly credits: Credits;
  readonly deliveries: DeliveryStore;
  readonly deliveryLog: DeliveryLog;
  readonly advice: AdviceStore;
  readonly backups: Backups;
  readonly desk: AlertingDesk;
  readonly links: () => ActLinks | undefined;
  readonly dispatcher: Dispatcher;
  /** Where links in what is told lead: the product's address as others reach it. */
  readonly baseUrl: () => string;
  readonly alertStats: () => AlertStats;
  readonly diskStatus: () => DiskStatus;
  /** Null: the bus is outside this process. */
  readonly busStats: () => { readonly heldBytes: number; readonly bytesMax: number } | null;
  readonly metrics: SelfMetrics;
  readonly collectorStats: () => CollectorStatus | undefined;
}
