import { setImmediate } from 'node:timers/promises';
import type { LogRecord, ReadBatch } from '../../core/bus/log.ts';
import { fetchPartition } from './fetch.ts';
import type { KafkaLink } from './link.ts';
import { batchAt, hasBatchAt, recordsOf } from './record-batch.ts';

interface Rest {
  /** The next offset that would be given. */
  next: bigint;
  /** Decoded records that did not fit into the answer. */
  records: readonly LogRecord[];
  at: number;
  /** One past the batch those records come from. */
  batchEnd: bigint;
  readonly bytes: Buffer;
  bytesAt: number;
  endOffset: bigint;
}

export interface PartitionRead {
  readonly topicId: string;
  readonly offset: bigint;
  readonly maxBytes: number;
  readonly waitMs: number;
}

/** The broker sends at most this many encoded bytes at once. */
const fetchBytesMax = 8 * 1024 * 1024;

/**
 * Reads one partition. Batches come whole, so what does not fit into one answer is kept for the next: at most one fetch,
 * of which one batch is unpacked at a time.
 */
export class PartitionReader {
  readonly #link: KafkaLink;
  readonly #topic: string;
  readonly #partition: number;
  #rest: Rest | undefined;

  constructor(link: KafkaLink, topic: string, partition: number) {
    this.#link = link;
    this.#topic = topic;
    this.#partition = partition;
  }

  /** One look: what is left from before, else one fetch. Throws what the client and the broker throw. */
  async read({ topicId, offset, maxBytes, waitMs }: PartitionRead): Promise<ReadBatch> {
    if (this.#rest === undefined || this.#rest.next !== offset || this.#isSpent()) {
      this.#rest = undefined;
      const { connection } = await this.#link.leaderOf(this.#topic, this.#partition);
      const encodedMax = Math.max(1, Math.min(maxBytes, fetchBytesMax));
      const order = { topicId, partition: this.#partition, offset, maxBytes: encodedMax, waitMs };
      const { bytes, endOffset } = await fetchPartition(connection, order);
      this.#rest = { next: offset, records: [], at: 0, batchEnd: offset, bytes, bytesAt: 0, endOffset };
    } else {
      // Nothing was waited for: a reader that is behind would keep everything else in this process waiting for a whole fetch.
      await setImmediate();
    }
    return this.#take(this.#rest, maxBytes);
  }

  close(): Promise<void> {
    this.#rest = undefined;
    return this.#link.close();
  }

  forget(): void {
    this.#rest = undefined;
    this.#link.forget();
  }

  #isSpent(): boolean {
    const rest = this.#rest;
    return rest === undefined || (rest.at >= rest.records.length && !hasBatchAt(rest.bytes, rest.bytesAt));
  }

  #take(rest: Rest, maxBytes: number): ReadBatch {
    const records: LogRecord[] = [];
    let bytes = 0;
    for (;;) {
      const record = rest.records[rest.at];
      if (record !== undefined) {
        if (records.length > 0 && bytes + record.value.length > maxBytes) break;
        records.push(record);
        bytes += record.value.length;
        rest.at++;
        rest.next = rest.at < rest.records.length ? record.offset + 1n : rest.batchEnd;
      } else if (!this.#unpack(rest)) break;
    }
    // What was kept from before may be newer than the end that was told with it.
    if (rest.next > rest.endOffset) rest.endOffset = rest.next;
    return { records, nextOffset: rest.next, endOffset: rest.endOffset };
  }

  /** Unpacks the next batch; false when there is none. */
  #unpack(rest: Rest): boolean {
    const found = batchAt(rest.bytes, rest.bytesAt);
    if (found === undefined) {
      rest.bytesAt = rest.bytes.length;
      return false;
    }
    rest.bytesAt = found.end;
    const { isDamaged, lastOffset } = found.batch;
    // The first batch may begin below the offset that was asked for. A damaged one that seems to end there, too, is what
    // stands at that offset: passed over, it would be fetched again for ever.
    const isBelow = lastOffset < rest.next;
    if (isBelow && !isDamaged) return true;
    rest.records = recordsOf(found.batch, this.#partition, rest.next);
    rest.at = 0;
    rest.batchEnd = (isBelow ? rest.next : lastOffset) + 1n;
    if (rest.records.length === 0) rest.next = rest.batchEnd;
    return true;
  }
}
