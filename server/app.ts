import { join } from 'node:path';
import type { LogSink, LogSource } from '../core/bus/log.ts';
import { sleepMs } from '../core/runtime/clock.ts';
import { type DataFolder, takeDataFolder } from '../core/runtime/data-folder.ts';
import { toFourninesError } from '../core/runtime/error.ts';
import type { Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';
import type { ApiContext, CollectorStatus } from './api/context.ts';
import { ApiPart } from './api/server.ts';
import type { ServerConfig } from './config.ts';
import { ControlPart } from './control/control-part.ts';
import { Ingest } from './ingest/ingest.ts';
import { defaultRules, type IngestPoint } from './ingest/inserter.ts';
import type { InserterStats } from './ingest/inserter-stats.ts';
import { Letters } from './ingest/letters.ts';
import { Fleet } from './live/fleet.ts';
import { SelfMetrics } from './metrics/self-metrics.ts';
import { Sealer } from './seal/sealer.ts';
import { EmbeddedEngine } from './store/embedded/engine.ts';
import { migrate } from './store/migrate.ts';
import type { QueryContext } from './store/run-query.ts';

/** A store whose last owner was killed lets go of the folder when its process has ended. */
const storeReleaseWaitMs = 20_000;
const storeRetryMs = 250;

export interface ServerOptions {
  readonly config: ServerConfig;
  readonly data: string;
  readonly bus: LogSource;
  /** Bytes that wait in `bus` for the store; absent: it is outside this process. */
  readonly heldBytes?: () => number;
  /** What the live windows read, from its newest record on. Absent: `bus`, from its beginning. */
  readonly liveBus?: LogSource;
  /** Names the log that `bus` reads for good; absent: the bus is in memory and ends with this process. */
  readonly logId?: () => Promise<string>;
  /** Where letters that are sent again go: the same log. */
  readonly sink?: LogSink;
  /** A topic for dead letters, beside the table. */
  readonly letterSink?: LogSink;
  /** Told of each batch that will be stored whatever happens to this process: up to where, in the partition. */
  readonly onCut?: (partition: number, end: bigint) => void;
  readonly reached?: (point: IngestPoint) => void;
  readonly logger: Logger;
  readonly version: string;
}

export interface Server {
  /** In starting order. */
  readonly parts: readonly Part[];
  /** Where it listens; empty before it has started. */
  url(): string;
  /** Asks the store; for measurements. */
  readonly store: QueryContext;
  readonly ingestStats: () => InserterStats;
  /** Health and metrics tell of the collector in this process, too. */
  watchCollector(stats: () => CollectorStatus): void;
}

/** Wires the server; nothing runs before its parts are started. */
export function makeServer(options: ServerOptions): Server {
  const { config, data, bus, heldBytes, liveBus, logger, version } = options;
  let collectorStats: () => CollectorStatus | undefined = () => undefined;
  const folder = new FolderPart(data);
  const engine = new EmbeddedEngine({ path: join(data, 'clickhouse'), logger: logger.child({ component: 'store' }) });
  const control = new ControlPart(config.control, data, logger.child({ component: 'control' }));
  const ingest = makeIngest(options, control, engine);
  const fleet = new Fleet({
    source: liveBus ?? bus,
    from: liveBus === undefined ? 'earliest' : 'latest',
    logger,
    liveSeconds: config.liveSeconds,
    monoMs: () => performance.now(),
  });
  const busStats = () => (heldBytes === undefined ? null : { heldBytes: heldBytes(), bytesMax: config.busBytesMax });
  const metrics = new SelfMetrics({
    ingest: () => ingest.stats(),
    store: () => engine.stats(),
    bus: busStats,
    live: () => fleet.stats,
    collector: () => collectorStats(),
  });
  const store: QueryContext = { engine, observe: metrics.observeQuery };
  const sealer = new Sealer({
    store,
    folder: join(data, 'seal'),
    logger: logger.child({ component: 'seal' }),
    nowMs: Date.now,
  });
  const letters = new Letters({ store, control: control.store, engine, dataFolder: data, logger, sink: options.sink });
  const context: ApiContext = {
    version,
    startedAtMs: Date.now(),
    startedMonoMs: performance.now(),
    nowMs: Date.now,
    monoMs: () => performance.now(),
    staleAfterMs: config.staleAfterMs,
    streamsMax: config.streamsMax,
    fleet,
    store,
    storeStats: () => engine.stats(),
    ingestStats: () => ingest.stats(),
    control,
    letters,
    busStats,
    collectorStats: () => collectorStats(),
    metrics,
  };
  const api = new ApiPart(context, { address: config.address, port: config.port }, logger);
  return {
    parts: [folder, bothStores(control, storePart(engine, logger)), ingest, sealer, fleet, api],
    url: () => api.url,
    store,
    ingestStats: () => ingest.stats(),
    watchCollector: (stats) => {
      collectorStats = stats;
    },
  };
}

function makeIngest(options: ServerOptions, control: ControlPart, engine: EmbeddedEngine): Ingest {
  const { config, data, bus, logger, logId, onCut, reached, letterSink } = options;
  return new Ingest({
    log: bus,
    logId: logId ?? 'volatile',
    control: control.store,
    ready: (signal) => control.ready(signal),
    alone: control.alone,
    leaseMs: config.leaseMs,
    engine,
    dataFolder: data,
    logger: logger.child({ component: 'ingest' }),
    lingerMs: config.lingerMs,
    // A bus in memory has one collector, which is this process's own: a new stream is always its next life.
    rules: { ...defaultRules, fenceSilentSeconds: logId === undefined ? 0 : config.fenceSilentSeconds },
    letterSink,
    onCut,
    reached,
  });
}

/** Both stores open side by side; they are closed one after the other. */
function bothStores(control: Part, store: Part): Part {
  return {
    name: 'stores',
    start: async () => {
      const [first, second] = await Promise.allSettled([store.start(), control.start()]);
      const failed = [first, second].find(({ status }) => status === 'rejected');
      if (failed?.status !== 'rejected') return;
      await Promise.allSettled([store.stop(), control.stop()]);
      throw failed.reason;
    },
    stop: async () => {
      await control.stop();
      await store.stop();
    },
  };
}

/** The data folder, held while the server runs. */
class FolderPart implements Part {
  readonly name = 'data folder';
  readonly #path: string;
  #folder: DataFolder | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async start(): Promise<void> {
    this.#folder = takeDataFolder(this.#path);
  }

  async stop(): Promise<void> {
    this.#folder?.release();
  }
}

/** Opens the store and brings its schema up to date. */
function storePart(engine: EmbeddedEngine, logger: Logger): Part {
  return {
    name: 'store',
    start: async () => {
      await openStore(engine, logger);
      const passed = await migrate(engine);
      if (passed.length > 0) logger.info({ versions: passed.join(',') }, 'schema migrated');
    },
    stop: () => engine.close(),
  };
}

async function openStore(engine: EmbeddedEngine, logger: Logger): Promise<void> {
  const deadline = AbortSignal.timeout(storeReleaseWaitMs);
  for (let attempt = 0; ; attempt++) {
    try {
      await engine.start();
      return;
    } catch (error) {
      const { code } = toFourninesError(error);
      // Our lock on the folder is held: whoever has the store still is the rest of a killed run, and ends soon.
      if (code !== 'FN_FOLDER_LOCKED' || deadline.aborted) throw error;
      if (attempt === 0) logger.info({}, 'waiting for the store of a killed run to end');
      await sleepMs(storeRetryMs, deadline).catch(() => undefined);
    }
  }
}
