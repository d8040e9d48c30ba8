import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { LogSource } from '../core/bus/log.ts';
import { sleepMs } from '../core/runtime/clock.ts';
import { toFourninesError } from '../core/runtime/error.ts';
import type { Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';
import type { ApiContext, CollectorStatus } from './api/context.ts';
import { ApiPart } from './api/server.ts';
import type { ServerConfig } from './config.ts';
import { type DataFolder, takeDataFolder } from './data-folder.ts';
import { Inserter } from './ingest/inserter.ts';
import { readStoredHost, type StoredHost } from './kept-rows.ts';
import { Fleet } from './live/fleet.ts';
import { SelfMetrics } from './metrics/self-metrics.ts';
import { EmbeddedEngine } from './store/embedded/engine.ts';
import { migrate } from './store/migrate.ts';
import type { QueryContext } from './store/run-query.ts';

/** A store whose last owner was killed lets go of the folder when its process has ended. */
const storeReleaseWaitMs = 20_000;
const storeRetryMs = 250;

/** A bus that says how full it is. */
interface MeasuredLog extends LogSource {
  readonly heldBytes: number;
}

export interface ServerOptions {
  readonly config: ServerConfig;
  readonly data: string;
  readonly bus: MeasuredLog;
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
  /** What the store last kept of a host; for a collector that goes on counting. */
  readKeptRows(host: string, signal: AbortSignal): Promise<StoredHost | null>;
  /** Health and metrics tell of the collector in this process, too. */
  watchCollector(stats: () => CollectorStatus): void;
}

/** Wires the server on embedded stores; nothing runs before its parts are started. */
export function makeServer({ config, data, bus, logger, version }: ServerOptions): Server {
  let collectorStats: () => CollectorStatus | undefined = () => undefined;
  const folder = new FolderPart(data);
  const engine = new EmbeddedEngine({ path: join(data, 'clickhouse'), logger: logger.child({ component: 'store' }) });
  const inserter = new Inserter({
    log: bus,
    partition: 0,
    // The bus in memory begins at offset 0 in every run: its offsets must not be taken for those of an earlier run.
    logId: `mem-${randomBytes(8).toString('hex')}`,
    engine,
    dataFolder: data,
    logger: logger.child({ component: 'ingest' }),
    lingerMs: config.lingerMs,
  });
  const fleet = new Fleet({ source: bus, logger, liveSeconds: config.liveSeconds, monoMs: () => performance.now() });
  const busStats = () => ({ heldBytes: bus.heldBytes, bytesMax: config.busBytesMax });
  const metrics = new SelfMetrics({
    ingest: () => inserter.stats(),
    store: () => engine.stats(),
    bus: busStats,
    live: () => fleet.stats,
    collector: () => collectorStats(),
  });
  const store: QueryContext = { engine, observe: metrics.observeQuery };
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
    ingestStats: () => inserter.stats(),
    busStats,
    collectorStats: () => collectorStats(),
    metrics,
  };
  const api = new ApiPart(context, { address: config.address, port: config.port }, logger);
  return {
    parts: [folder, storePart(engine, logger), inserter, fleet, api],
    url: () => api.url,
    store,
    readKeptRows: (host, signal) => readStoredHost({ ...store, signal }, host, Date.now(), logger),
    watchCollector: (stats) => {
      collectorStats = stats;
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
