import { join } from 'node:path';
import type { LogSink, LogSource } from '../core/bus/log.ts';
import { assert, FourninesError } from '../core/runtime/error.ts';
import type { Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';
import type { ApiContext, CollectorStatus } from './api/context.ts';
import { ApiPart } from './api/server.ts';
import { Backups } from './backup/backups.ts';
import { WriteGate } from './backup/write-gate.ts';
import type { ServerConfig } from './config.ts';
import { AdviceStore } from './control/advice-store.ts';
import type { ControlPart } from './control/control-part.ts';
import { DiskWatch } from './disk/disk-watch.ts';
import { FolderPart } from './folder-part.ts';
import { Ingest } from './ingest/ingest.ts';
import { defaultRules, type IngestPoint, type InserterOptions } from './ingest/inserter.ts';
import type { InserterStats } from './ingest/inserter-stats.ts';
import { Letters } from './ingest/letters.ts';
import { Fleet } from './live/fleet.ts';
import type { StoredContext } from './live/stored-to.ts';
import { SelfMetrics } from './metrics/self-metrics.ts';
import { Phase } from './phase.ts';
import { makePromised, type PromisedOptions } from './promised.ts';
import { Advisor } from './remediation/advise/advisor.ts';
import { burningPorts } from './remediation/advise/burning-ports.ts';
import { maintainedHosts } from './remediation/advise/maintained-hosts.ts';
import type { SealPoint } from './seal/seal-tables.ts';
import { Sealer } from './seal/sealer.ts';
import type { Engine } from './store/engine.ts';
import { storeId } from './store/queries/store-id.ts';
import { type QueryContext, runQuery } from './store/run-query.ts';
import { makeStores, type Stores } from './stores.ts';
import { makeTold } from './told.ts';

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
  readonly reached?: (point: IngestPoint | SealPoint) => void;
  /** Where ingest is to be more impatient, or its blocks smaller, than by itself. */
  readonly ingest?: Pick<InserterOptions, 'insertDeadlineMs' | 'rowsMax'>;
  readonly logger: Logger;
  readonly version: string;
}

export interface Server {
  /** In starting order. */
  readonly parts: readonly Part[];
  /** Where it listens; empty before it has started. */
  url(): string;
  /** It is going to be stopped: it says so, and begins nothing that takes long. */
  drain(): void;
  /** Asks the store; for measurements. */
  readonly store: QueryContext;
  readonly ingestStats: () => InserterStats;
  /** Health and metrics tell of the collector in this process, too. */
  watchCollector(stats: () => CollectorStatus): void;
}

/** Wires the server; nothing runs before its parts are started. */
export function makeServer(options: ServerOptions): Server {
  const { config, data, heldBytes, logger, version } = options;
  let collectorStats: () => CollectorStatus | undefined = () => undefined;
  const folder = new FolderPart(data);
  const stores = makeStores(config, data, logger);
  const { control, engine } = stores;
  const phase = new Phase();
  const disk = watchDisk(options);
  const gate = new WriteGate();
  const pass = passOf(disk, gate);
  const passOrNot = passOrNotOf(disk, gate);
  const ingest = makeIngest(options, control, engine, pass);
  const fleet = makeFleet(options);
  const busStats = () => (heldBytes === undefined ? null : { heldBytes: heldBytes(), bytesMax: config.busBytesMax });
  const metrics = new SelfMetrics({
    ingest: () => ingest.stats(),
    store: () => engine.stats(),
    disk: () => disk.status,
    bus: busStats,
    live: () => fleet.stats,
    collector: () => collectorStats(),
  });
  const store: QueryContext = { engine, observe: metrics.observeQuery };
  const { sealer, letters, backups } = makeKeepers(options, stores, { store, gate, pass, passOrNot });
  const told = { ...clocks(), staleAfterMs: config.staleAfterMs, fleet, store };
  const writes = { pass: passOrNot, passLater: pass, folder: data };
  const promises = makePromises(options, stores, told, { writes, url: () => api.url });
  const context: ApiContext = {
    ...told,
    ...promises,
    version,
    phase,
    startedAtMs: Date.now(),
    streamsMax: config.streamsMax,
    storeStats: () => engine.stats(),
    ingestStats: () => ingest.stats(),
    control,
    letters,
    backups,
    diskStatus: () => disk.status,
    busStats,
    collectorStats: () => collectorStats(),
    metrics,
  };
  const api = new ApiPart(context, { address: config.address, port: config.port }, logger);
  return {
    // Whoever asks is answered from the beginning to the end: a start may take long (a migration, the store of a killed
    // run), and so may a stop, and a probe must be able to tell both from a server that hangs.
    parts: [folder, disk, api, stores.part, fleet, ingest, sealer, ...promises.parts, letters, backups, phase],
    drain: () => phase.drain(),
    url: () => api.url,
    store,
    ingestStats: () => ingest.stats(),
    watchCollector: (stats) => {
      collectorStats = stats;
    },
  };
}

function watchDisk({ config, data, logger }: ServerOptions): DiskWatch {
  return new DiskWatch({
    ...{ folder: data, lowBytes: config.diskLowBytes, floorBytes: config.diskFloorBytes },
    logger: logger.child({ component: 'disk' }),
  });
}

/** What was promised, and who is told when it is not kept. `url`: where the server listens. */
function makePromises(
  { config, data, logger, version }: ServerOptions,
  stores: Stores,
  told: StoredContext,
  {
    writes,
    url,
  }: { readonly writes: Pick<PromisedOptions, 'pass' | 'passLater' | 'folder'>; readonly url: () => string },
) {
  const promised = makePromised(stores, told, { leaseMs: config.leaseMs, version, ...writes, logger });
  const { objects, indicators } = promised;
  const advice = new AdviceStore(stores.control.store);
  const advisor = new Advisor({
    ...{ ...told, advice, engine: version, pass: writes.passLater, inTurn: stores.turns.forAdvice(config.leaseMs) },
    burning: (at) => burningPorts(promised.judge, at),
    maintained: (at) => maintainedHosts(promised, at),
    ready: (signal) => stores.control.ready(signal),
    logger: logger.child({ component: 'advice' }),
  });
  const telling = makeTold(stores, { config, data, objects, indicators, url, nowMs: told.nowMs, logger });
  const advising = config.remediation.mode === 'advise' ? [advisor] : [];
  return { ...promised, ...telling, advice, parts: [...promised.parts, ...telling.parts, ...advising] };
}

function clocks() {
  return { startedMonoMs: performance.now(), nowMs: Date.now, monoMs: () => performance.now() };
}

function makeFleet({ config, bus, liveBus, logger }: ServerOptions): Fleet {
  return new Fleet({
    source: liveBus ?? bus,
    from: liveBus === undefined ? 'earliest' : 'latest',
    logger,
    liveSeconds: config.liveSeconds,
    monoMs: () => performance.now(),
  });
}

type Pass = (signal: AbortSignal) => Promise<Disposable>;

/** What is new is stored only while there is room, and while no backup is being taken. */
function passOf(disk: DiskWatch, gate: WriteGate): Pass {
  return async (signal) => {
    await disk.room(signal);
    return gate.pass(signal);
  };
}

/** The same where somebody waits for the answer: he is told that there is no room, not kept until there is. */
function passOrNotOf(disk: DiskWatch, gate: WriteGate): Pass {
  return async (signal) => {
    if (disk.status.state !== 'full') return gate.pass(signal);
    throw new FourninesError('FN_DISK_FULL', "the data folder's disk is full");
  };
}

interface Kept {
  readonly store: QueryContext;
  readonly gate: WriteGate;
  readonly pass: Pass;
  readonly passOrNot: Pass;
}

/** Who works on what is stored. */
function makeKeepers(
  { config, data, logger, sink, version, reached }: ServerOptions,
  { control, engine, turns }: Stores,
  { store, gate, pass, passOrNot }: Kept,
) {
  const isReady = () => control.stats().isOpen;
  return {
    sealer: new Sealer({
      store,
      folder: join(data, 'seal'),
      logger: logger.child({ component: 'seal' }),
      nowMs: Date.now,
      inTurn: turns.forSealing(config.leaseMs),
      pass,
      reached,
    }),
    letters: new Letters({ store, control: control.store, engine, dataFolder: data, logger, sink, pass: passOrNot }),
    backups: new Backups({ engine, control: control.store, dataFolder: data, gate, version, isReady }, logger),
  };
}

function makeIngest(options: ServerOptions, control: ControlPart, engine: Engine, pass: Pass): Ingest {
  const { config, data, bus, logger, logId, onCut, reached, letterSink } = options;
  return new Ingest({
    log: bus,
    logId: logId ?? 'volatile',
    control: control.store,
    ready: (signal) => control.ready(signal),
    alone: control.alone,
    leaseMs: config.leaseMs,
    storeId: control.alone ? undefined : (signal) => idOf(engine, signal),
    engine,
    dataFolder: data,
    logger: logger.child({ component: 'ingest' }),
    lingerMs: config.lingerMs,
    // A bus in memory has one collector, which is this process's own: a new stream is always its next life.
    rules: { ...defaultRules, fenceSilentSeconds: logId === undefined ? 0 : config.fenceSilentSeconds },
    letterSink,
    onCut,
    reached,
    pass,
    ...options.ingest,
  });
}

async function idOf(engine: Engine, signal: AbortSignal): Promise<string> {
  const [row] = await runQuery({ engine, signal }, storeId, {});
  assert(row !== undefined, 'a store that was migrated has an id');
  return row.id;
}
