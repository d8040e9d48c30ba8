import {
  type CompressionAlgorithmValue,
  initProducerIdV4,
  NumericMap,
  ProtocolError,
  produceV9,
} from '@platformatic/kafka';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { busError, problemOf } from './kafka-error.ts';
import type { KafkaLink } from './link.ts';

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly appendedAtMs: number;
  readonly resolve: (place: { partition: number; offset: bigint }) => void;
  readonly reject: (error: FourninesError) => void;
}

export interface LaneOptions {
  readonly link: KafkaLink;
  readonly topic: string;
  readonly partition: number;
  readonly compression: CompressionAlgorithmValue;
  readonly lingerMs: number;
  readonly batchBytesMax: number;
  /** Raised when the sink closes for good. */
  readonly signal: AbortSignal;
  /** Called after each attempt: with its error, or without when the broker has answered. */
  readonly onAttempt: (error?: FourninesError) => void;
}

interface Identity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  nextSequence: number;
}

const retryFirstMs = 100;
const retryMaxMs = 1000;
/** How long a broker may wait for its followers before it says that it could not. */
const replicationMs = 10_000;
/** Sequences are 31 bits and begin again at 0. */
const sequenceMask = 0x7fffffff;
const recordOverhead = 32;

/**
 * Appends to one partition, one batch at a time: the next is sent once the broker has answered for this one, so order is
 * kept over any failure. A batch keeps its producer id and sequence until there is an answer, whatever fails in between,
 * and the broker knows a repeated one by them. (The client's own producer takes a new identity after an error that it
 * thinks final, for instance rights withdrawn while an acknowledgement was lost, and would then append twice.)
 */
export class SinkLane {
  readonly #options: LaneOptions;
  #waiting: Entry[] = [];
  #isRunning = false;
  #identity: Identity | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  push(entry: Entry): void {
    this.#waiting.push(entry);
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** Ends only when all is answered; when the sink closes, everything left is refused. */
  async #run(): Promise<void> {
    let batch: Entry[] = [];
    try {
      while (this.#waiting.length > 0) {
        // The first record waits for company; while a batch is on its way the next one gathers by itself.
        if (this.#options.lingerMs > 0) await sleepMs(this.#options.lingerMs, this.#options.signal);
        do {
          batch = this.#cut();
          await this.#deliver(batch);
          batch = [];
        } while (this.#waiting.length > 0);
      }
    } catch {
      for (const entry of [...batch, ...this.#waiting.splice(0)]) entry.reject(closed());
    } finally {
      this.#isRunning = false;
    }
  }

  /** At least one record, at most `batchBytesMax` beyond that. */
  #cut(): Entry[] {
    let bytes = 0;
    let count = 0;
    for (const { key, value } of this.#waiting) {
      bytes += key.length + value.length + recordOverhead;
      if (count > 0 && bytes > this.#options.batchBytesMax) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Throws only when the sink closes. */
  async #deliver(batch: readonly Entry[]): Promise<void> {
    const { link, topic, partition, signal } = this.#options;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        const offset = await this.#produce(batch);
        this.#settle(batch, offset);
        return;
      } catch (error) {
        const problem = problemOf(error);
        const failure = busError(error, 'cannot append to the topic', { topic, partition });
        if (problem === 'already-held') {
          // Cannot be with one batch at a time, unless the broker has forgotten the batches before.
          this.#settle(batch, undefined);
          return;
        }
        if (problem === 'too-large' && (await this.#split(batch, failure))) return;
        if (problem === 'identity-lost') this.#identity = undefined;
        this.#options.onAttempt(failure);
        link.forget();
        await sleepMs(retryDelayMs(attempt), signal);
      }
    }
  }

  /** Nothing of a batch that is too large was kept: smaller ones may fit, and a single record never will. */
  async #split(batch: readonly Entry[], failure: FourninesError): Promise<boolean> {
    if (batch.length === 1) {
      this.#options.onAttempt();
      batch[0]?.reject(failure);
      return true;
    }
    const half = batch.length >> 1;
    await this.#deliver(batch.slice(0, half));
    await this.#deliver(batch.slice(half));
    return true;
  }

  #settle(batch: readonly Entry[], offset: bigint | undefined): void {
    this.#options.onAttempt();
    if (this.#identity !== undefined) {
      this.#identity.nextSequence = (this.#identity.nextSequence + batch.length) & sequenceMask;
    }
    const { partition } = this.#options;
    batch.forEach((entry, i) => {
      entry.resolve({ partition, offset: offset === undefined ? -1n : offset + BigInt(i) });
    });
  }

  async #produce(batch: readonly Entry[]): Promise<bigint> {
    const { link, topic, partition, compression } = this.#options;
    const identity = await this.#ownIdentity();
    const { connection } = await link.leaderOf(topic, partition);
    const messages = batch.map(({ key, value, appendedAtMs }) => ({
      topic,
      partition,
      key,
      value,
      timestamp: BigInt(appendedAtMs),
    }));
    const sequences = new NumericMap();
    sequences.set(`${topic}:${partition}`, identity.nextSequence);
    const { producerId, producerEpoch } = identity;
    const how = { compression, producerId, producerEpoch, sequences };
    const answer = await produceV9.api.async(connection, -1, replicationMs, messages, how);
    const offset = typeof answer === 'boolean' ? undefined : answer.responses[0]?.partitionResponses[0]?.baseOffset;
    if (offset === undefined) throw new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION');
    return offset;
  }

  async #ownIdentity(): Promise<Identity> {
    if (this.#identity !== undefined) return this.#identity;
    const connection = await this.#options.link.anyConnection();
    const { producerId, producerEpoch } = await initProducerIdV4.api.async(connection, null, 60_000, -1n, -1);
    this.#identity = { producerId, producerEpoch, nextSequence: 0 };
    return this.#identity;
  }
}

/** Doubling, and spread by a fifth so that a fleet does not come back in step. */
export function retryDelayMs(attempt: number): number {
  const delayMs = Math.min(retryMaxMs, retryFirstMs * 2 ** Math.min(attempt, 10));
  return delayMs * (0.8 + 0.4 * Math.random());
}

export function closed(): FourninesError {
  return new FourninesError('FN_BUS_CLOSED', 'the bus is closed');
}
