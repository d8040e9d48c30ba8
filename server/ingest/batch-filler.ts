import type { LogSource, ReadBatch } from '../../core/bus/log.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { Ledger } from '../control/block-ledger.ts';
import type { Grant } from '../control/leases.ts';
import type { Admitter } from './admit.ts';
import type { BacklogTurns } from './backlog-turns.ts';
import { Batch } from './batch.ts';
import { Retry } from './retry.ts';

const readBytesMax = 8 * 1024 * 1024;
/** Of a batch's first read, which every partition may hold while it waits for its turn. */
const firstReadBytesMax = 1024 * 1024;
const idleWaitMs = 1_000;
const turnWaitMs = 30_000;

export interface BatchFillerOptions {
  readonly log: LogSource;
  readonly partition: number;
  readonly ledger: Ledger;
  readonly grant: Grant;
  readonly admitter: Admitter;
  readonly logger: Logger;
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly lingerMs: number;
  readonly turns: BacklogTurns | undefined;
  /** Told of records that the log forgot before they were read. */
  readonly onMissed: (records: number) => void;
  /** Ends reading. */
  readonly signal: AbortSignal;
}

/** Reads one partition into batches. */
export class BatchFiller {
  /** Next offset to read. */
  offset = 0n;
  readonly #options: BatchFillerOptions;

  constructor(options: BatchFillerOptions) {
    this.#options = options;
  }

  /** Reads until the batch is large or old enough, or reading ends; undefined: it has ended, and there is no more. */
  async fill(): Promise<Batch | undefined> {
    const { rowsMax, bytesMax, lingerMs, logger, partition, admitter, signal } = this.#options;
    const batch = new Batch();
    const retry = new Retry();
    // On a clock that never steps: an hour back must not keep rows waiting for an hour.
    let sinceMs = 0;
    let caughtUp = true;
    while (!signal.aborted && batch.rows < rowsMax && batch.bytes < bytesMax) {
      const empty = batch.records === 0;
      const ageMs = performance.now() - sinceMs;
      // Its rows have waited in the log before they were read: at the end of a backlog there is nothing to wait for.
      const waitedMs = caughtUp ? Math.max(ageMs, batch.spanMs) : ageMs;
      const leftMs = empty ? idleWaitMs : lingerMs - waitedMs;
      if (leftMs <= 0) break;
      try {
        const { records, nextOffset, endOffset } = await this.#read(bytesMax - batch.bytes, leftMs, empty);
        for (const record of records) batch.add(admitter.admit(record));
        this.offset = nextOffset;
        retry.failures = 0;
        caughtUp = nextOffset >= endOffset || records.length === 0;
        if (empty && records.length > 0) {
          if (!caughtUp) batch.giveBack = await this.#turn();
          sinceMs = performance.now();
        }
      } catch (error) {
        const { code, message } = toFourninesError(error);
        if (signal.aborted || code === 'FN_BUS_CLOSED') break;
        // What has been read goes in first: a read that fails for long must not keep it waiting.
        if (!empty) break;
        logger.error({ partition, code, reason: message }, 'ingest cannot read');
        await retry.wait(signal).catch(() => undefined);
      }
    }
    return batch.records === 0 ? undefined : batch;
  }

  /** Waits until few enough others hold a whole batch of a backlog; what has been read waits with it. */
  async #turn(): Promise<() => void> {
    const { turns, signal } = this.#options;
    const nothing = () => undefined;
    if (turns === undefined) return nothing;
    // Told to end, it has no need of a turn: nothing more is read. And partitions that cannot store for reasons of their
    // own must not stop all others.
    const enough = AbortSignal.any([signal, AbortSignal.timeout(turnWaitMs)]);
    return turns.take(enough).catch(() => nothing);
  }

  async #read(bytesMax: number, waitMs: number, isFirst: boolean): Promise<ReadBatch> {
    const { log, partition, ledger, grant, logger, onMissed, signal } = this.#options;
    const maxBytes = Math.min(isFirst ? firstReadBytesMax : readBytesMax, bytesMax);
    try {
      return await log.read({ partition, offset: this.offset, maxBytes, waitMs, signal });
    } catch (error) {
      if (toFourninesError(error).code !== 'FN_BUS_OFFSET' || !isFirst) throw error;
      const earliest = await log.earliest(partition);
      // A log that ends before what the ledger says is another log: to go on would take new records for old ones.
      if (earliest <= this.offset) throw error;
      const missed = Number(earliest - this.offset);
      const range = { first: this.offset, last: earliest - 1n, records: missed };
      await ledger.lose(grant, range, { signal });
      onMissed(missed);
      logger.error({ partition, missed, earliest: String(earliest) }, 'the bus forgot records before they were stored');
      return { records: [], nextOffset: earliest, endOffset: earliest };
    }
  }
}
