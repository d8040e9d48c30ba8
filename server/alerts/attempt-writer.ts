import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { AttemptRecord, DeliveryStore } from '../control/delivery-store.ts';

/** Attempts of one transaction. */
const batchMax = 200;
const firstPauseMs = 50;
const pauseMsMax = 2_000;

interface Waiting {
  readonly record: AttemptRecord;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * Writes attempts down, many in one transaction: what comes while one is under way goes into the next. While the store is
 * away it is tried again; nobody who waits goes on meanwhile, so no more waits than there are lanes.
 */
export class AttemptWriter {
  readonly #store: Pick<DeliveryStore, 'record'>;
  readonly #signal: AbortSignal;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(store: Pick<DeliveryStore, 'record'>, signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
  }

  /** Resolves when it is stored; rejects with the signal's reason, or with what does not pass by itself. */
  write(record: AttemptRecord): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ record, done });
    if (!this.#isWriting) void this.#run();
    return done.promise;
  }

  async #run(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax);
      try {
        await this.#keep(batch.map(({ record }) => record));
        for (const { done } of batch) done.resolve();
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    this.#isWriting = false;
  }

  async #keep(records: readonly AttemptRecord[]): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
      this.#signal.throwIfAborted();
      try {
        await this.#store.record(records);
        return;
      } catch (error) {
        if (!toFourninesError(error).retryable) throw error;
      }
      await sleepMs(pauseMs, this.#signal);
    }
  }
}
