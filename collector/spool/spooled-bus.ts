import type { LogSink } from '../../core/bus/log.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { CollectorConfig } from '../config.ts';
import type { KeptRows } from '../resume.ts';
import { type Checkpoint, encodeCheckpoint } from './checkpoint.ts';
import { Publisher, type PublisherStats, type SpoolPoint } from './publisher.ts';
import { readKept } from './read-kept.ts';
import { Spool, type SpoolStats } from './spool.ts';

export interface SpooledBusOptions {
  readonly config: Omit<CollectorConfig['spool'], 'folder'>;
  readonly folder: string;
  readonly host: string;
  readonly bootId: string;
  /** Where the ticks go. An append must be answered only when the record outlives this process. */
  readonly sink: LogSink;
  readonly logger: Logger;
  /** Ticks that may wait for the bus's answer at once; more where answers come late, as from a bus that stores first. */
  readonly inFlightMax?: number;
  readonly reached?: ((point: SpoolPoint) => void) | undefined;
}

/** What health and metrics tell of the spool. */
export type SpoolStatus = SpoolStats & PublisherStats & { readonly oldestAgeMs: number };

/** The spool and its publisher as one part: before the agent in starting order. */
export class SpooledBus implements Part, LogSink {
  readonly name = 'spool';
  readonly #options: SpooledBusOptions;
  readonly #logger: Logger;
  #open: { readonly spool: Spool; readonly publisher: Publisher } | undefined;

  constructor(options: SpooledBusOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ component: 'spool', host: options.host });
  }

  /** Throws FN_FOLDER_LOCKED, FN_SPOOL_FOREIGN, FN_FOLDER or FN_SPOOL. */
  async start(): Promise<void> {
    const { config, sink, folder, host, bootId, inFlightMax, reached } = this.#options;
    const logger = this.#logger;
    const { bytesMax, segmentBytes, fsyncMs } = config;
    const spool = await Spool.open({ folder, host, bootId, bytesMax, segmentBytes, fsyncMs, logger, nowMs: Date.now });
    spool.onAppend(() => reached?.('spooled'));
    const publisher = new Publisher({
      spool,
      sink,
      bytesPerSecondMax: config.drainBytesPerSecondMax,
      logger,
      clock: { monoMs: () => performance.now(), sleep: sleepMs },
      nowMs: Date.now,
      random: Math.random,
      reached,
      ...(inFlightMax === undefined ? {} : { inFlightMax }),
    });
    publisher.start();
    this.#open = { spool, publisher };
  }

  async stop(): Promise<void> {
    await this.#open?.publisher.stop();
    await this.#open?.spool.close();
  }

  append(key: string, value: Uint8Array): Promise<{ readonly partition: number; readonly offset: bigint }> {
    return this.#spool.append(key, value);
  }

  /** Spool id: `stream` of every message. */
  get id(): string {
    return this.#spool.id;
  }

  get nextSeq(): bigint {
    return this.#spool.nextSeq;
  }

  keepStates(checkpoint: Checkpoint): Promise<void> {
    return this.#spool.keepCheckpoint(encodeCheckpoint(checkpoint));
  }

  /** Where the counters of the former run stood; null: begin anew. Ask before the first append. */
  readKept(signal: AbortSignal): Promise<KeptRows | null> {
    return readKept(this.#spool, this.#logger, signal);
  }

  /** Undefined before it has started. */
  status(): SpoolStatus | undefined {
    if (this.#open === undefined) return undefined;
    const published = this.#open.publisher.stats();
    const oldestAgeMs = published.oldestAtMs === undefined ? 0 : Math.max(0, Date.now() - published.oldestAtMs);
    return { ...this.#open.spool.stats(), ...published, oldestAgeMs };
  }

  get #spool(): Spool {
    if (this.#open === undefined) throw new FourninesError('FN_BUS_CLOSED', 'the spool has not been opened');
    return this.#open.spool;
  }
}
