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
  /** How long the newest stored batch took from its first insert to its last, retries included. */
  readonly lastFlushMs: number | undefined;
  /** Next offset that is not stored. */
  readonly nextOffset: bigint;
}

/**
 * Bounds of a batch when rows wait in the bus. Batches of half the size make twice the parts, and merging them costs the
 * store as much as inserting did. Two of these fit into the default bus.
 */
export const batchRowsMax = 262_144;
export const batchBytesMax = 32 * 1024 * 1024;
const readBytesMax = 8 * 1024 * 1024;
const idleWaitMs = 1_000;

/**
 * Reads one partition and stores it: batches by size or age, each exactly once, poison to `dead_letter`.
 *
 * Two stages: while one batch is inserted, the next is read, checked and written to its files; then it waits. So at most
 * two batches are held, each of at most `bytesMax` and one record, in memory and once more as files. Batches go in one
 * at a time and in order, and the bus is told of offsets only when all before them are stored.
 */
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
  #running = false;
  /** Of the second stage; undefined: no batch is in it. */
  #storeState: 'storing' | 'waiting' | undefined;
  /** Next offset to read. */
  #offset = 0n;
  #storedOffset = 0n;
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
      rowsMax: batchRowsMax,
      bytesMax: batchBytesMax,
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
        this.#storeState = 'waiting';
        this.#retries[code] = (this.#retries[code] ?? 0) + 1;
      },
    });
  }

  async start(): Promise<void> {
    await this.#writer.clear();
    this.#offset = await this.#options.log.earliest(this.#options.partition);
    this.#storedOffset = this.#offset;
    this.#running = true;
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
  }

  stats(): InserterStats {
    return {
      state: this.#running ? (this.#storeState ?? 'reading') : 'stopped',
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
    let stored = Promise.resolve(true);
    for (;;) {
      const batch = await this.#fill();
      if (batch !== undefined) await this.#writer.writeAhead(batch);
      const ended = !(await stored) || batch === undefined;
      if (ended) {
        if (batch !== undefined) this.#giveUp(batch);
        break;
      }
      stored = this.#store(batch);
    }
    if (this.#storing.signal.aborted) await this.#writer.clear().catch(() => undefined);
    this.#running = false;
  }

  /** Reads until the batch is large or old enough, or reading ends; undefined: it has ended, and there is no more. */
  async #fill(): Promise<Batch | undefined> {
    const { rowsMax, bytesMax, lingerMs, logger, partition } = this.#options;
    const batch = new Batch();
    const retry = new Retry();
    // On a clock that never steps: an hour back must not keep rows waiting for an hour.
    let sinceMs = 0;
    while (!this.#reading.signal.aborted && batch.rows < rowsMax && batch.bytes < bytesMax) {
      const empty = batch.records === 0;
      const leftMs = empty ? idleWaitMs : sinceMs + lingerMs - performance.now();
      if (leftMs <= 0) break;
      try {
        const { records, nextOffset } = await this.#read(bytesMax - batch.bytes, leftMs);
        if (empty && records.length > 0) sinceMs = performance.now();
        for (const record of records) batch.add(this.#admitter.admit(record));
        this.#offset = nextOffset;
        retry.failures = 0;
      } catch (error) {
        const { code, message } = toFourninesError(error);
        if (this.#reading.signal.aborted || code === 'FN_BUS_CLOSED') break;
        logger.error({ partition, code, reason: message }, 'ingest cannot read');
        await retry.wait(this.#reading.signal).catch(() => undefined);
      }
    }
    return batch.records === 0 ? undefined : batch;
  }

  async #read(bytesMax: number, waitMs: number): Promise<ReadBatch> {
    const { log, partition } = this.#options;
    const maxBytes = Math.min(readBytesMax, bytesMax);
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

  /** Tries, with the same batch, until it is in; false: told to end before it was. Never rejects. */
  async #store(batch: Batch): Promise<boolean> {
    const { log, partition, logger } = this.#options;
    const retry = new Retry();
    const startedAtMs = performance.now();
    while (!this.#storing.signal.aborted) {
      try {
        this.#storeState = 'storing';
        const written = await this.#writer.write(batch, this.#storing.signal);
        this.#storeState = undefined;
        this.#storedOffset = batch.last + 1n;
        log.release(partition, this.#storedOffset);
        this.#lastFlushMs = performance.now() - startedAtMs;
        this.#count(batch, written);
        return true;
      } catch (error) {
        if (this.#storing.signal.aborted) break;
        const { code, message } = toFourninesError(error);
        logger.error({ partition, code, reason: message }, 'ingest cannot store');
        this.#storeState = 'waiting';
        await retry.wait(this.#storing.signal).catch(() => undefined);
      }
    }
    this.#giveUp(batch);
    return false;
  }

  #giveUp(batch: Batch): void {
    const { first, last, records } = batch;
    this.#options.logger.warn(
      { first: String(first), last: String(last), records },
      'stopped before all was stored; the bus still has it',
    );
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
