import { join } from 'node:path';
import type { LogRecord, LogSink, LogSource } from '../../core/bus/log.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { Ledger, RecordedBlock } from '../control/block-ledger.ts';
import type { Grant } from '../control/leases.ts';
import type { Engine } from '../store/engine.ts';
import { Admitter } from './admit.ts';
import type { BacklogTurns } from './backlog-turns.ts';
import type { Batch } from './batch.ts';
import { BatchFiller } from './batch-filler.ts';
import { BatchWriter, type Written } from './batch-writer.ts';
import { BlockTokens } from './block-tokens.ts';
import { Cutter } from './cutter.ts';
import { InserterCounts, type InserterStats, storeStep } from './inserter-stats.ts';
import type { KeptBlocks } from './kept-block.ts';
import { sendLetter } from './letter-topic.ts';
import { Retry } from './retry.ts';
import type { StreamRules } from './stream-rules.ts';

/** Where a process may be killed; each is reached for every block, in this order. */
export type IngestPoint = 'fetched' | 'cutRecorded' | 'inserted' | 'ledgerAfter';

export interface InserterOptions {
  readonly log: LogSource;
  readonly partition: number;
  /**
   * Names the log for good in the ledger and in deduplication tokens: `[A-Za-z0-9._-]+`. A log whose offsets begin again
   * (one in memory, a topic made anew) needs a new name, or new rows would pass for repeated ones and vanish.
   */
  readonly logId: string;
  readonly engine: Engine;
  readonly ledger: Ledger;
  /** Of the partition; without it no block can be recorded. */
  readonly grant: Grant;
  /** Data folder; files on their way go into its `tmp`. */
  readonly dataFolder: string;
  readonly logger: Logger;
  readonly nowMs?: () => number;
  /** A batch is stored when it has this many rows or bytes, or when its first record is this old and no more is there. */
  readonly rowsMax?: number;
  readonly bytesMax?: number;
  readonly lingerMs?: number;
  readonly insertDeadlineMs?: number;
  /** How long `stop` may go on storing what has been read. */
  readonly stopDeadlineMs?: number;
  readonly rules?: StreamRules;
  /** For a log that ends with its process: blocks are kept here from before they are recorded until they are stored. */
  readonly kept?: KeptBlocks | undefined;
  /** Told of each batch that is recorded: what is in it will be stored, whatever happens to this process. */
  readonly onCut?: ((partition: number, end: bigint) => void) | undefined;
  /** A topic for dead letters, beside the table. */
  readonly letterSink?: LogSink | undefined;
  readonly reached?: ((point: IngestPoint) => void) | undefined;
  /** Asked before each block is recorded; the pass ends when all of the block is stored. Absent: always let. */
  readonly pass?: ((signal: AbortSignal) => Promise<Disposable>) | undefined;
  /** Shared by the partitions of a server: those that are behind take turns. Absent: this one never waits for others. */
  readonly turns?: BacklogTurns | undefined;
}

/**
 * Bounds of a batch when rows wait in the bus. Batches of half the size make twice the parts, and merging them costs the
 * store as much as inserting did. Two of these fit into the default bus.
 */
export const batchRowsMax = 262_144;
export const batchBytesMax = 32 * 1024 * 1024;
export const defaultRules: StreamRules = { fenceSilentSeconds: 5, gapsMax: 256 };

/**
 * Reads one partition from where the ledger says and stores it: batches by size or age, each recorded as a block before
 * any of it is sent and marked when all of it is in, each exactly once, poison to `dead_letter`. What an earlier owner
 * left half done is done first, from the log again.
 *
 * Two stages: while one block is inserted, the next is read, checked, recorded and written to its files; then it waits.
 * So at most two are held, each of at most `bytesMax` and one record, in memory and once more as files. Blocks go in one
 * at a time and in order, and the bus is told of offsets only when all before them are stored.
 *
 * A partition that is behind makes its batches as large as they may be, and takes turns with the others of its server, so
 * that a backlog takes no more memory for being spread over many partitions.
 */
export class Inserter {
  readonly name: string;
  readonly #options: Required<InserterOptions>;
  readonly #admitter = new Admitter();
  readonly #writer: BatchWriter;
  readonly #cutter: Cutter;
  readonly #filler: BatchFiller;
  readonly #counts = new InserterCounts();
  /** Ends reading; what was read is still stored. */
  readonly #reading = new AbortController();
  /** Ends storing too. */
  readonly #storing = new AbortController();
  #run: Promise<void> | undefined;

  constructor(options: InserterOptions) {
    this.name = `inserter-${options.partition}`;
    this.#options = {
      nowMs: Date.now,
      rowsMax: batchRowsMax,
      bytesMax: batchBytesMax,
      lingerMs: 1_000,
      insertDeadlineMs: 60_000,
      stopDeadlineMs: 5_000,
      rules: defaultRules,
      kept: undefined,
      onCut: undefined,
      letterSink: undefined,
      reached: undefined,
      pass: undefined,
      turns: undefined,
      ...options,
    };
    const { engine, dataFolder, logId, partition, logger, nowMs, insertDeadlineMs, ledger, grant, rules } =
      this.#options;
    this.#writer = new BatchWriter({
      engine,
      // A former owner of the partition may still hold files of its own.
      folder: join(dataFolder, 'tmp', `ingest-${partition}`),
      logId,
      partition,
      logger,
      nowMs,
      insertDeadlineMs,
      onRetry: (code) => this.#counts.retry(storeStep, code),
      onRefused: (batch, run, signal) =>
        this.#persist('record what the store refused', signal, () =>
          ledger.refuse(grant, batch.first, run, { signal }),
        ),
    });
    const tokens = new BlockTokens(logId, partition);
    this.#cutter = new Cutter({ ledger, grant, tokens, admitter: this.#admitter, rules });
    this.#filler = new BatchFiller({
      ...this.#options,
      admitter: this.#admitter,
      onMissed: (missed) => this.#counts.miss(missed),
      signal: this.#reading.signal,
    });
  }

  async start(): Promise<void> {
    await this.#writer.clear();
    this.#counts.running = true;
    this.#run = this.#loop().finally(async () => {
      if (this.#storing.signal.aborted) await this.#writer.clear().catch(() => undefined);
      this.#counts.running = false;
    });
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

  /** Ends at once: somebody else owns the partition. What is on its way into the store is the same there. */
  async abandon(): Promise<void> {
    const lost = new FourninesError('FN_LEASE_LOST', 'another server owns this partition');
    this.#reading.abort(lost);
    this.#storing.abort(lost);
    await this.#run;
  }

  stats(): InserterStats {
    return this.#counts.stats();
  }

  async #loop(): Promise<void> {
    try {
      await this.#takeUp();
    } catch (error) {
      if (!this.#reading.signal.aborted) throw error;
      return;
    }
    let stored = Promise.resolve(true);
    for (;;) {
      const filled = await this.#filler.fill();
      if (filled !== undefined) this.#options.reached?.('fetched');
      const pass = filled === undefined ? undefined : await this.#pass(filled);
      const batch = filled === undefined || pass === undefined ? undefined : await this.#cut(filled);
      if (batch !== undefined) await this.#writer.writeAhead(batch);
      const ended = !(await stored) || batch === undefined;
      if (ended) {
        if (batch !== undefined) this.#giveUp(batch);
        pass?.[Symbol.dispose]();
        break;
      }
      stored = this.#store(batch).finally(() => pass?.[Symbol.dispose]());
    }
  }

  /** Stores the blocks that were recorded and are not known to be stored. Rejects when it is stopped before the end. */
  async settleUndone(): Promise<void> {
    const { ledger, log, partition, kept, logId } = this.#options;
    const { signal } = this.#reading;
    const undone = await this.#persist('read the ledger', signal, () => ledger.undone({ signal }));
    for (const block of undone) {
      const source = await this.#persist('read a kept block', signal, async () =>
        kept === undefined ? log : kept.log(logId, partition, block.first),
      );
      await this.#redo(block, source);
      signal.throwIfAborted();
    }
  }

  /** Finishes what an earlier owner began and finds where to read on. */
  async #takeUp(): Promise<void> {
    const { ledger, log, partition } = this.#options;
    const { signal } = this.#reading;
    await this.settleUndone();
    const position = await this.#persist('read the ledger', signal, () => ledger.position({ signal }));
    const earliest = await this.#persist('read the log', signal, () => log.earliest(partition));
    this.#filler.offset = position ?? earliest;
    this.#counts.storedOffset = this.#filler.offset;
  }

  async #redo(block: RecordedBlock, source: LogSource): Promise<void> {
    const { ledger, partition, logger } = this.#options;
    const { signal } = this.#reading;
    const fields = { partition, first: String(block.first), last: String(block.last) };
    const batch = await this.#persist('make a recorded block again', signal, () =>
      this.#cutter.rebuild(block, source, partition, signal),
    );
    if (batch === undefined) {
      this.#counts.miss(block.records);
      logger.error(fields, 'a recorded block is gone from the log: nobody knows whether it was stored');
      await this.#persist('record a loss', signal, () => ledger.settle(block.first, 'lost', { signal }));
      return;
    }
    logger.info({ ...fields, records: block.records }, 'a block that was recorded before is stored again');
    await this.#store(batch);
  }

  /** Undefined: told to end before the batch may be recorded. */
  async #pass(batch: Batch): Promise<Disposable | undefined> {
    try {
      return (await this.#options.pass?.(this.#storing.signal)) ?? { [Symbol.dispose]: () => undefined };
    } catch {
      this.#giveUp(batch);
      return undefined;
    }
  }

  /** The batch, recorded; undefined: told to end before it was, or somebody else owns the partition. */
  async #cut(batch: Batch): Promise<Batch | undefined> {
    const { kept, logId, partition, onCut, reached } = this.#options;
    const { signal } = this.#storing;
    const records: readonly LogRecord[] = batch.items.map(({ record }) => record);
    try {
      if (kept !== undefined) await this.#persist('keep a block', signal, () => kept.keep(logId, partition, records));
      await this.#persist('record a block', signal, () => this.#cutter.cut(batch, signal));
    } catch {
      this.#giveUp(batch);
      return undefined;
    }
    onCut?.(partition, batch.last + 1n);
    reached?.('cutRecorded');
    return batch;
  }

  /** Tries, with the same batch, until it is in and the ledger says so; false: told to end before. Never rejects. */
  async #store(batch: Batch): Promise<boolean> {
    const { log, partition, ledger, kept, logId, reached } = this.#options;
    const { signal } = this.#storing;
    const startedAtMs = performance.now();
    try {
      const written = await this.#persist(storeStep, signal, () => this.#writer.write(batch, signal));
      reached?.('inserted');
      await this.#send(written.deadLetters, signal);
      await this.#persist('mark a block', signal, () => ledger.settle(batch.first, 'done', { signal }));
      reached?.('ledgerAfter');
      await kept?.drop(logId, partition, batch.first);
      log.release(partition, batch.last + 1n);
      this.#counts.count(batch, written, performance.now() - startedAtMs, this.#options.nowMs());
      return true;
    } catch {
      this.#giveUp(batch);
      return false;
    } finally {
      batch.giveBack();
    }
  }

  async #send(letters: Written['deadLetters'], signal: AbortSignal): Promise<void> {
    const { letterSink, logId, logger } = this.#options;
    if (letterSink === undefined) return;
    for (const letter of letters) {
      try {
        await sendLetter(letterSink, logId, letter, signal);
      } catch (error) {
        signal.throwIfAborted();
        const { code, message } = toFourninesError(error);
        logger.error({ code, reason: message }, 'a letter is in the table only: the topic of letters does not take it');
      }
    }
  }

  #giveUp(batch: Batch): void {
    const { first, last, records } = batch;
    batch.giveBack();
    this.#options.logger.warn(
      { first: String(first), last: String(last), records },
      'stopped before all was stored; the bus still has it',
    );
  }

  /** Tries until it succeeds; rejects when `signal` does, or with FN_LEASE_LOST, which ends this inserter. */
  async #persist<T>(step: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const retry = new Retry();
    for (;;) {
      signal.throwIfAborted();
      this.#counts.begin(step);
      try {
        const result = await attempt();
        this.#counts.end(step);
        return result;
      } catch (error) {
        signal.throwIfAborted();
        const { code, message } = toFourninesError(error);
        if (code === 'FN_LEASE_LOST') this.#lose(error);
        signal.throwIfAborted();
        this.#failed(step, code, message, retry.failures);
        await retry.wait(signal).catch(() => undefined);
      }
    }
  }

  #failed(step: string, code: string, reason: string, failures: number): void {
    const { partition, logger } = this.#options;
    this.#counts.retry(step, code);
    // The first failure and then every sixteenth: an outage is one condition, not a line a second.
    if (failures % 16 === 0)
      logger.error({ partition, step, code, reason }, 'a step of ingest failed; it is tried again');
  }

  #lose(reason: unknown): void {
    this.#options.logger.warn({ partition: this.#options.partition }, 'another server owns this partition now');
    this.#reading.abort(reason);
    this.#storing.abort(reason);
  }
}
