/**
 * The bus: an ordered log of records in partitions, as Kafka keeps it. One adapter lives in the process, others on a
 * network; all pass `test/contract/log.ts`.
 *
 * Order: records of one key keep the order in which their appends were *called*. A reader keeps its own offset, beside
 * what it made of the records; the bus remembers no reader.
 */

export interface LogRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string;
  readonly value: Uint8Array;
  /** Wall clock at append, ms since 1970. */
  readonly appendedAtMs: number;
}

export interface LogSink {
  /**
   * Resolves when the bus holds the record; the bytes must not be changed afterwards.
   * Rejects with FN_BUS_FULL (nothing was kept; may be tried again), FN_BUS_RECORD_TOO_LARGE, FN_BUS_CLOSED.
   */
  append(key: string, value: Uint8Array): Promise<{ readonly partition: number; readonly offset: bigint }>;
}

export interface ReadRequest {
  readonly partition: number;
  /** First offset wanted. */
  readonly offset: bigint;
  /** At most this many bytes of values, but at least one record if there is one. */
  readonly maxBytes: number;
  /** How long to wait for a first record; then an empty batch is given. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export interface ReadBatch {
  /** In offset order, none below the requested offset. */
  readonly records: readonly LogRecord[];
  /** Where to read next. */
  readonly nextOffset: bigint;
  /** One past the newest record of the partition. */
  readonly endOffset: bigint;
}

export interface LogSource {
  partitions(): Promise<readonly number[]>;
  /** Oldest offset still held; equals `latest` when the partition is empty. */
  earliest(partition: number): Promise<bigint>;
  /** One past the newest record. */
  latest(partition: number): Promise<bigint>;
  /** Rejects with FN_BUS_OFFSET when `offset` is below `earliest` or above `latest`, FN_BUS_CLOSED, or the signal's reason. */
  read(request: ReadRequest): Promise<ReadBatch>;
  /**
   * Says that this reader will never ask below `offset` again, so that a bus without retention of its own may forget.
   * A hint: adapters with retention ignore it.
   */
  release(partition: number, offset: bigint): void;
}
