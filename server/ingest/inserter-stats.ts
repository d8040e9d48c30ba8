import type { Batch } from './batch.ts';
import type { Written } from './batch-writer.ts';

export type InserterState = 'stopped' | 'reading' | 'storing' | 'waiting';

export interface InserterStats {
  /** waiting: a store or the disk failed, the same block is tried again. */
  readonly state: InserterState;
  /** Stored since start. */
  readonly rows: number;
  readonly messages: number;
  readonly bytes: number;
  readonly batches: number;
  /** Messages left out because they were stored already. */
  readonly duplicates: number;
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

/** The step in which rows go into the store. */
export const storeStep = 'store';

/** What one inserter has done since it started. */
export class InserterCounts {
  running = false;
  storedOffset = 0n;
  #storing = false;
  /** Steps that failed and are tried again. */
  readonly #failing = new Set<string>();
  #rows = 0;
  #messages = 0;
  #bytes = 0;
  #batches = 0;
  #duplicates = 0;
  #missedRecords = 0;
  #lagMs: number | undefined;
  #lastFlushMs: number | undefined;
  readonly #deadLetters: Record<string, number> = {};
  readonly #retries: Record<string, number> = {};

  begin(step: string): void {
    if (step === storeStep) this.#storing = true;
  }

  end(step: string): void {
    this.#failing.delete(step);
    if (step === storeStep) this.#storing = false;
  }

  retry(step: string, code: string): void {
    this.#failing.add(step);
    this.#retries[code] = (this.#retries[code] ?? 0) + 1;
  }

  miss(records: number): void {
    this.#missedRecords += records;
  }

  count(batch: Batch, { rows, deadLetters }: Written, flushMs: number, nowMs: number): void {
    this.storedOffset = batch.last + 1n;
    this.#lastFlushMs = flushMs;
    this.#rows += rows;
    this.#messages += batch.admitted.length;
    this.#bytes += batch.bytes;
    this.#batches++;
    this.#duplicates += batch.duplicates;
    for (const { error } of deadLetters) this.#deadLetters[error.code] = (this.#deadLetters[error.code] ?? 0) + 1;
    if (batch.admitted.length === 0) return;
    const newest = batch.admitted.reduce((slot, { message }) => Math.max(slot, message.slot), 0);
    this.#lagMs = nowMs - (newest + 1) * 1000;
  }

  stats(): InserterStats {
    const live = this.#failing.size > 0 ? 'waiting' : this.#storing ? 'storing' : 'reading';
    return {
      state: this.running ? live : 'stopped',
      rows: this.#rows,
      messages: this.#messages,
      bytes: this.#bytes,
      batches: this.#batches,
      duplicates: this.#duplicates,
      deadLetters: { ...this.#deadLetters },
      retries: { ...this.#retries },
      missedRecords: this.#missedRecords,
      lagMs: this.#lagMs,
      lastFlushMs: this.#lastFlushMs,
      nextOffset: this.storedOffset,
    };
  }
}

/** One answer for several partitions: sums, the worst state, the largest lag. */
export function sumStats(all: readonly InserterStats[]): InserterStats {
  const sum = (of: (stats: InserterStats) => number) => all.reduce((total, stats) => total + of(stats), 0);
  const largest = (of: (stats: InserterStats) => number | undefined) =>
    all.map(of).reduce((most, value) => (value === undefined || (most ?? value) > value ? most : value), undefined);
  const byCode = (of: (stats: InserterStats) => Readonly<Record<string, number>>) => {
    const total: Record<string, number> = {};
    for (const [code, count] of all.flatMap((stats) => Object.entries(of(stats))))
      total[code] = (total[code] ?? 0) + count;
    return total;
  };
  const worst = (['waiting', 'storing', 'reading'] as const).find((state) =>
    all.some((stats) => stats.state === state),
  );
  return {
    state: worst ?? 'stopped',
    rows: sum(({ rows }) => rows),
    messages: sum(({ messages }) => messages),
    bytes: sum(({ bytes }) => bytes),
    batches: sum(({ batches }) => batches),
    duplicates: sum(({ duplicates }) => duplicates),
    deadLetters: byCode(({ deadLetters }) => deadLetters),
    retries: byCode(({ retries }) => retries),
    missedRecords: sum(({ missedRecords }) => missedRecords),
    lagMs: largest(({ lagMs }) => lagMs),
    lastFlushMs: largest(({ lastFlushMs }) => lastFlushMs),
    nextOffset: all.reduce((total, { nextOffset }) => total + nextOffset, 0n),
  };
}
