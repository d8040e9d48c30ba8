import { join } from 'node:path';
import type { LogSource, ReadBatch } from '../../core/bus/log.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { Engine } from '../store/engine.ts';
import { Admitter } from './admit.ts';
import { Batch } from './batch.ts';
import { BatchWriter, type Written } from './batch-writer.ts';
import { Retry } from './retry.ts';

export interface InserterOptions {
  readonly log: LogSource;
  readonly partition: number;
  /**
   * Names the log for good in deduplication tokens: `[A-Za-z0-9._-]+`. A log whose offsets begin again (one in memory)
   * needs a new name each time, or new rows would pass for repeated ones and vanish.
   */
  readonly logId: string;
  readonly engine: Engine;
  /** Data folder; files on their way go into its `tmp`. */
  readonly dataFolder: string;
  readonly logger: Logger;
  readonly nowMs?: () => number;
  /** A batch is stored when it has this many rows or bytes, or when its first record is this old, whichever is first. */
  readonly rowsMax?: number;
  readonly bytesMax?: number;
  readonly lingerMs?: number;
  readonly insertDeadlineMs?: number;
  /** How long `stop` may go on storing what has been read. */
  readonly stopDeadlineMs?: number;
}

export type InserterState = 'stopped' | 'reading' | 'storing' | 'waiting';

export interface InserterStats {
  /** waiting: the store or the disk failed, the same batch is tried again. */
  readonly state: InserterState;
  /** Stored since start. */
  readonly rows: number;
  readonly messages: number;
  readonly bytes: number;
  readonly batches: number;
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Failed attempts by code. */
  readonly retries: Readonly<Record<string, number>>;
  /** Records that the bus forgot before they were read. */
  readonly missedRecords: number;
  /** Age of the newest stored slot when it was stored, ms; undefined: nothing stored yet. */
  readonly lagMs: number | undefined;
  readonly lastFlushMs: number | undefined;
  /** Next offset that is not stored. */
  readonly nextOffset: bigint;
}

const readBytesMax = 8 * 1024 * 1024;
const idleWaitMs = 1_000;

/** Reads one partition and stores it: batches by size or age, each exactly once, poison to `dead_letter`. */
export class Inserter {
  readonly name: string;
  readonly #options: Required<InserterOptions>;
  readonly #admitter = new Admitter();
  readonly #writer: BatchWriter;
  /** Ends reading; what was read is still stored. */
  readonly #reading = new AbortController();
  /** Ends storing too. */
  readonly #storing = new AbortController();
  #run: Promise<void> | undefined;
  #batch = new Batch();
  #batchSinceMs = 0;
  /** A write of the batch has begun: from then on it must not change. */
  #sealed = false;
  #offset = 0n;
  #storedOffset = 0n;
  #state: InserterState = 'stopped';
  #rows = 0;
  #messages = 0;
  #bytes = 0;
  #batches = 0;
  #missedRecords = 0;
  #lagMs: number | undefined;
  #lastFlushMs: number | undefined;
  readonly #deadLetters: Record<string, number> = {};
  readonly #retries: Record<string, number> = {};

  constructor(options: InserterOptions) {
    this.name = `inserter-${options.partition}`;
    this.#options = {
      nowMs: Date.now,
      rowsMax: 131_072,
      bytesMax: 16 * 1024 * 1024,
      lingerMs: 1_000,
      insertDeadlineMs: 60_000,
      stopDeadlineMs: 5_000,
      ...options,
    };
    const { engine, dataFolder, logId, partition, logger, nowMs, insertDeadlineMs } = this.#options;
    this.#writer = new BatchWriter({
      engine,
      folder: join(dataFolder, 'tmp', `ingest-${partition}`),
      logId,
      partition,
      logger,
      nowMs,
      insertDeadlineMs,
      onRetry: (code) => {
        this.#state = 'waiting';
        this.#retries[code] = (this.#retries[code] ?? 0) + 1;
      },
    });
  }

  async start(): Promise<void> {
    await this.#writer.prepare();
    this.#offset = await this.#options.log.earliest(this.#options.partition);
    this.#storedOffset = this.#offset;
    this.#run = this.#loop();
  }

  /** Stores what has been read, at most for `stopDeadlineMs`; the rest stays in the bus. */
  async stop(): Promise<void> {
    this.#reading.abort(new FourninesError('FN_BUS_CLOSED', 'the inserter is stopping'));
    const timer = setTimeout(
      () => this.#storing.abort(new FourninesError('FN_STORE_AWAY', 'the inserter is stopping')),
      this.#options.stopDeadlineMs,
    );
    await this.#run;
    clearTimeout(timer);
    this.#state = 'stopped';
  }

  stats(): InserterStats {
    return {
      state: this.#state,
      rows: this.#rows,
      messages: this.#messages,
      bytes: this.#bytes,
      batches: this.#batches,
      deadLetters: { ...this.#deadLetters },
      retries: { ...this.#retries },
      missedRecords: this.#missedRecords,
      lagMs: this.#lagMs,
      lastFlushMs: this.#lastFlushMs,
      nextOffset: this.#storedOffset,
    };
  }

  async #loop(): Promise<void> {
    const retry = new Retry();
    while (!this.#reading.signal.aborted) {
      try {
        this.#state = 'reading';
        if (!this.#sealed) await this.#fill();
        await this.#flush();
        retry.failures = 0;
      } catch (error) {
        if (this.#reading.signal.aborted) break;
        const { code, message } = toFourninesError(error);
        if (code === 'FN_BUS_CLOSED') break;
        this.#options.logger.error({ partition: this.#options.partition, code, reason: message }, 'ingest failed');
        await retry.wait(this.#reading.signal).catch(() => undefined);
      }
    }
    await this.#flush().catch((error: unknown) => {
      const { code, message } = toFourninesError(error);
      this.#options.logger.warn(
        { code, reason: message, records: this.#batch.records },
        'stopped before all was stored',
      );
    });
    this.#state = 'stopped';
  }

  /** Reads until the batch is large or old enough. */
  async #fill(): Promise<void> {
    const { rowsMax, bytesMax, lingerMs, nowMs } = this.#options;
    for (;;) {
      const empty = this.#batch.records === 0;
      const leftMs = empty ? idleWaitMs : this.#batchSinceMs + lingerMs - nowMs();
      if (leftMs <= 0 || this.#batch.rows >= rowsMax || this.#batch.bytes >= bytesMax) return;
      const { records, nextOffset } = await this.#read(leftMs);
      if (empty && records.length > 0) this.#batchSinceMs = nowMs();
      for (const record of records) this.#batch.add(this.#admitter.admit(record));
      this.#offset = nextOffset;
    }
  }

  async #read(waitMs: number): Promise<ReadBatch> {
    const { log, partition, bytesMax } = this.#options;
    const maxBytes = Math.min(readBytesMax, Math.max(1, bytesMax - this.#batch.bytes));
    try {
      return await log.read({ partition, offset: this.#offset, maxBytes, waitMs, signal: this.#reading.signal });
    } catch (error) {
      if (toFourninesError(error).code !== 'FN_BUS_OFFSET') throw error;
      const earliest = await log.earliest(partition);
      const missed = earliest > this.#offset ? Number(earliest - this.#offset) : 0;
      this.#missedRecords += missed;
      this.#options.logger.error(
        { partition, missed, earliest: String(earliest) },
        'the bus forgot records before they were stored',
      );
      return { records: [], nextOffset: earliest, endOffset: earliest };
    }
  }

  /** A batch that could not be stored stays, unchanged, for the next try. */
  async #flush(): Promise<void> {
    const batch = this.#batch;
    if (batch.records === 0) return;
    this.#sealed = true;
    this.#state = 'storing';
    const startedAtMs = performance.now();
    const written = await this.#writer.write(batch, this.#storing.signal);
    this.#batch = new Batch();
    this.#sealed = false;
    this.#storedOffset = batch.last + 1n;
    this.#options.log.release(this.#options.partition, this.#storedOffset);
    this.#lastFlushMs = performance.now() - startedAtMs;
    this.#count(batch, written);
  }

  #count(batch: Batch, { rows, deadLetters }: Written): void {
    this.#rows += rows;
    this.#messages += batch.admitted.length;
    this.#bytes += batch.bytes;
    this.#batches++;
    for (const { error } of deadLetters) this.#deadLetters[error.code] = (this.#deadLetters[error.code] ?? 0) + 1;
    if (batch.admitted.length === 0) return;
    const newest = batch.admitted.reduce((slot, { message }) => Math.max(slot, message.slot), 0);
    this.#lagMs = this.#options.nowMs() - (newest + 1) * 1000;
  }
}
