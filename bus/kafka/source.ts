import { type Connection, listOffsetsV7 } from '@platformatic/kafka';
import type { LogSource, ReadBatch, ReadRequest } from '../../core/bus/log.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { busError, problemOf } from './kafka-error.ts';
import type { KafkaLink } from './link.ts';
import { PartitionReader } from './partition-reader.ts';

export interface KafkaSourceOptions {
  readonly link: KafkaLink;
  readonly topic: string;
  /** How long one call goes on trying while the broker gives no answer; then FN_BUS_AWAY. */
  readonly patienceMs?: number;
}

const patienceMs = 10_000;
const retryMs = 100;
/** One wait at the broker. A cancelled read leaves at most so long a wait behind on its connection. */
const waitSliceMs = 1000;
const earliestTime = -2n;
const latestTime = -1n;

/**
 * The bus read from Kafka: each partition by fetches of its own at offsets that the reader keeps, without a consumer
 * group. A lost connection, a new leader or a broker that starts again is tried again at the same offset, so nothing is
 * missed and nothing comes twice.
 */
export class KafkaSource implements LogSource {
  readonly #options: KafkaSourceOptions;
  readonly #link: KafkaLink;
  readonly #readers = new Map<number, PartitionReader>();
  readonly #closing = new AbortController();
  #topicId: string | undefined;

  constructor(options: KafkaSourceOptions) {
    this.#options = options;
    this.#link = options.link;
  }

  /**
   * The id of the topic. Offsets mean something only together with it: whoever keeps offsets keeps it beside them, since
   * a topic of the same name that was made anew counts from 0 again.
   */
  async topicId(): Promise<string> {
    return this.#persist('ask for the topic', undefined, () => this.#checkTopic(this.#link));
  }

  async partitions(): Promise<readonly number[]> {
    return this.#persist('ask for the partitions', undefined, async () => {
      await this.#checkTopic(this.#link);
      const { partitions } = await this.#link.places(this.#options.topic);
      return Array.from({ length: partitions }, (_, partition) => partition);
    });
  }

  async earliest(partition: number): Promise<bigint> {
    return this.#persist('ask for the oldest offset', undefined, () => this.#askOffset(partition, earliestTime));
  }

  async latest(partition: number): Promise<bigint> {
    return this.#persist('ask for the newest offset', undefined, () => this.#askOffset(partition, latestTime));
  }

  async read(request: ReadRequest): Promise<ReadBatch> {
    const { partition, signal } = request;
    const reader = this.#readerOf(partition);
    const until = performance.now() + request.waitMs;
    let offset = request.offset;
    for (;;) {
      const leftMs = Math.max(0, until - performance.now());
      const batch = await this.#persist(
        'read',
        signal,
        async () => {
          const topicId = await this.#checkTopic(this.#link);
          const waitMs = Math.round(Math.min(leftMs, waitSliceMs));
          return reader.read({ topicId, offset, maxBytes: request.maxBytes, waitMs });
        },
        async (error) => {
          if (problemOf(error) === 'out-of-range') throw await this.#offsetError(partition, offset);
          reader.forget();
        },
      );
      // Only marks of transactions, or the end of a batch whose last records were compacted away: go on behind them.
      offset = batch.nextOffset;
      if (batch.records.length > 0 || performance.now() >= until) return batch;
    }
  }

  /** Kafka keeps what its retention says, whoever has read it. */
  release(): void {}

  /** Ends waiting reads with FN_BUS_CLOSED and closes all connections. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    await Promise.all([this.#link.close(), ...[...this.#readers.values()].map((reader) => reader.close())]);
  }

  #readerOf(partition: number): PartitionReader {
    const known = this.#readers.get(partition);
    if (known !== undefined) return known;
    const reader = new PartitionReader(this.#link.another(), this.#options.topic, partition);
    this.#readers.set(partition, reader);
    return reader;
  }

  async #checkTopic(link: KafkaLink): Promise<string> {
    const { topic } = this.#options;
    const { topicId } = await link.places(topic);
    this.#topicId ??= topicId;
    if (topicId === this.#topicId) return topicId;
    throw new FourninesError('FN_BUS_TOPIC', 'the topic was deleted and made anew: its offsets mean other records', {
      context: { topic, topicId, formerTopicId: this.#topicId },
    });
  }

  async #askOffset(partition: number, timestamp: bigint): Promise<bigint> {
    await this.#checkTopic(this.#link);
    const { connection } = await this.#link.leaderOf(this.#options.topic, partition);
    return listOffset(connection, this.#options.topic, partition, timestamp);
  }

  async #offsetError(partition: number, offset: bigint): Promise<FourninesError> {
    const [earliest, latest] = [await this.earliest(partition), await this.latest(partition)];
    return new FourninesError('FN_BUS_OFFSET', 'the bus does not hold that offset', {
      context: {
        topic: this.#options.topic,
        partition,
        offset: String(offset),
        earliest: String(earliest),
        latest: String(latest),
      },
    });
  }

  /**
   * Tries until it succeeds, the broker has been silent for too long, or somebody cancels. `failed` may throw to end it.
   */
  async #persist<T>(
    what: string,
    signal: AbortSignal | undefined,
    attempt: () => Promise<T>,
    failed: (error: unknown) => Promise<void> = async () => undefined,
  ): Promise<T> {
    const cancels = signal === undefined ? [this.#closing.signal] : [signal, this.#closing.signal];
    const deadline = performance.now() + (this.#options.patienceMs ?? patienceMs);
    for (;;) {
      for (const cancel of cancels) cancel.throwIfAborted();
      try {
        return await withCancel(attempt(), cancels);
      } catch (error) {
        for (const cancel of cancels) cancel.throwIfAborted();
        await failed(error);
        this.#link.forget();
        const failure = busError(error, `cannot ${what}`, { topic: this.#options.topic });
        // A topic that was just made is unknown to a broker for a moment, and rights are no matter of waiting.
        const isFinal = problemOf(error) === 'refused' || (error instanceof FourninesError && !error.retryable);
        if (isFinal || performance.now() >= deadline) throw failure;
        await sleepMs(retryMs, AbortSignal.any(cancels));
      }
    }
  }
}

/** The promise, or a signal's reason as soon as one is raised; then nobody waits for the promise any more. */
function withCancel<T>(promise: Promise<T>, signals: readonly AbortSignal[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = ({ target }: Event) => reject((target as AbortSignal).reason);
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    });
  });
}

async function listOffset(
  connection: Connection,
  topic: string,
  partition: number,
  timestamp: bigint,
): Promise<bigint> {
  const partitions = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }];
  const { topics } = await listOffsetsV7.api.async(connection, -1, 0, [{ name: topic, partitions }]);
  const offset = topics[0]?.partitions[0]?.offset;
  if (offset !== undefined) return offset;
  throw new FourninesError('FN_BUS_TOPIC', 'the broker does not know the partition', { context: { topic, partition } });
}

function closed(): FourninesError {
  return new FourninesError('FN_BUS_CLOSED', 'the bus is closed');
}
