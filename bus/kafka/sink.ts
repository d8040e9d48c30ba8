import type { CompressionAlgorithmValue } from '@platformatic/kafka';
import type { LogSink } from '../../core/bus/log.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { busError } from './kafka-error.ts';
import { partitionOfKey } from './key-partition.ts';
import type { KafkaLink } from './link.ts';
import { closed, type Entry, retryDelayMs, SinkLane } from './sink-lane.ts';

export interface KafkaSinkOptions {
  /** The sink's own; closed with it. */
  readonly link: KafkaLink;
  readonly topic: string;
  /** Bytes of keys and values accepted and not yet answered; an append beyond is refused. */
  readonly bytesMax: number;
  readonly recordBytesMax: number;
  readonly compression: CompressionAlgorithmValue;
  /** How long a first record waits for others, ms. */
  readonly lingerMs: number;
  /** A batch is closed when it has so many bytes, before compression. */
  readonly batchBytesMax: number;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/**
 * The bus written to Kafka. What was accepted is held, in order, until the broker has it on all its in-sync replicas,
 * however long the broker is away; each append is answered exactly once. Within one sink nothing is appended twice: a
 * repeated batch carries the identity of the first attempt.
 */
export class KafkaSink implements LogSink {
  readonly #options: KafkaSinkOptions;
  readonly #lanes: SinkLane[] = [];
  readonly #unplaced: Entry[] = [];
  readonly #ending = new AbortController();
  readonly #emptied = new Set<() => void>();
  /** Learnt once: with another number of partitions a key would change its own, and its order would be lost. */
  #partitions: number | undefined;
  #isFinding = false;
  #heldBytes = 0;
  #heldRecords = 0;
  #isClosed = false;
  #trouble: FourninesError | undefined;

  constructor(options: KafkaSinkOptions) {
    this.#options = options;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get heldRecords(): number {
    return this.#heldRecords;
  }

  /** Why nothing goes out just now; undefined after the last attempt succeeded. */
  get trouble(): FourninesError | undefined {
    return this.#trouble;
  }

  /**
   * The offset is -1 in the one case that the broker says it holds the record and no longer knows where; see SinkLane.
   */
  append(key: string, value: Uint8Array): Promise<{ readonly partition: number; readonly offset: bigint }> {
    const keyBytes = Buffer.from(key);
    const bytes = keyBytes.length + value.length;
    const refusal = this.#refusal(key, value.length, bytes);
    if (refusal !== undefined) return Promise.reject(refusal);
    this.#heldBytes += bytes;
    this.#heldRecords++;
    let isAnswered = false;
    // A lane that closes between two halves of a batch refuses the first half once more.
    const once = () => {
      if (!isAnswered) this.#answered(bytes);
      isAnswered = true;
    };
    return new Promise((resolve, reject) => {
      this.#place({
        key: keyBytes,
        value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
        appendedAtMs: this.#options.nowMs(),
        resolve: (place) => {
          once();
          resolve(place);
        },
        reject: (error) => {
          once();
          reject(error);
        },
      });
    });
  }

  /**
   * Takes nothing more, and waits at most `graceMs` for what it holds. The rest is rejected with FN_BUS_CLOSED; of a
   * batch that was on its way nobody knows then whether the broker has it.
   */
  async close(graceMs = 0): Promise<void> {
    this.#isClosed = true;
    if (this.#heldRecords > 0 && graceMs > 0) {
      const enough = new AbortController();
      this.#emptied.add(() => enough.abort());
      await sleepMs(graceMs, enough.signal).catch(() => undefined);
    }
    this.#ending.abort(closed());
    for (const entry of this.#unplaced.splice(0)) entry.reject(closed());
    await this.#options.link.close();
  }

  #refusal(key: string, valueBytes: number, bytes: number): FourninesError | undefined {
    const { recordBytesMax, bytesMax } = this.#options;
    if (this.#isClosed) return closed();
    if (valueBytes > recordBytesMax) {
      return new FourninesError('FN_BUS_RECORD_TOO_LARGE', `a record of ${valueBytes} bytes is too large`, {
        context: { bytes: valueBytes, bytesMax: recordBytesMax, key },
      });
    }
    if (this.#heldBytes + bytes <= bytesMax) return undefined;
    return new FourninesError('FN_BUS_FULL', 'the bus is full', {
      context: { heldBytes: this.#heldBytes, bytesMax, away: this.#trouble?.code ?? 'no' },
    });
  }

  #place(entry: Entry): void {
    if (this.#partitions !== undefined) {
      this.#laneOf(partitionOfKey(entry.key, this.#partitions)).push(entry);
      return;
    }
    this.#unplaced.push(entry);
    if (this.#isFinding) return;
    this.#isFinding = true;
    void this.#findPartitions().catch(() => undefined);
  }

  /** Tries until the broker says how many there are; ends otherwise only with the sink. */
  async #findPartitions(): Promise<void> {
    const { link, topic } = this.#options;
    for (let attempt = 0; this.#partitions === undefined; attempt++) {
      this.#ending.signal.throwIfAborted();
      try {
        const { partitions } = await link.places(topic);
        if (partitions > 0) this.#partitions = partitions;
      } catch (error) {
        this.#onAttempt(busError(error, 'cannot find the topic', { topic }));
        link.forget();
        await sleepMs(retryDelayMs(attempt), this.#ending.signal);
      }
    }
    for (const entry of this.#unplaced.splice(0)) this.#place(entry);
  }

  #laneOf(partition: number): SinkLane {
    const { link, topic, compression, lingerMs, batchBytesMax } = this.#options;
    this.#lanes[partition] ??= new SinkLane({
      link,
      topic,
      partition,
      compression,
      lingerMs,
      batchBytesMax,
      signal: this.#ending.signal,
      onAttempt: (error) => this.#onAttempt(error),
    });
    return this.#lanes[partition];
  }

  #onAttempt(error?: FourninesError): void {
    const before = this.#trouble;
    this.#trouble = error;
    const { logger, topic } = this.#options;
    if (error === undefined && before !== undefined) {
      logger.info({ topic, heldRecords: this.#heldRecords }, 'the bus takes records again');
    } else if (error !== undefined && error.code !== before?.code) {
      logger.warn(
        { topic, code: error.code, ...error.context, heldRecords: this.#heldRecords },
        'the bus takes no records',
      );
    }
  }

  #answered(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#heldRecords--;
    if (this.#heldRecords > 0) return;
    for (const emptied of this.#emptied) emptied();
  }
}
