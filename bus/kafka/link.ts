import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { type Connection, ConnectionPool, metadataV12, ResponseError, type SASLOptions } from '@platformatic/kafka';
import { FourninesError } from '../../core/runtime/error.ts';

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

export interface LinkOptions {
  /** Where to ask first; the others are learnt from these. */
  readonly brokers: readonly BrokerAddress[];
  readonly clientId: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SASLOptions;
  readonly connectTimeoutMs?: number;
  /** A request without an answer for so long ends its connection, and with it a black hole. */
  readonly requestTimeoutMs?: number;
}

/** Where the partitions of a topic are. */
export interface TopicPlaces {
  /** Made anew, a topic of the same name has another id and other offsets. */
  readonly topicId: string;
  readonly partitions: number;
  /** Of the partition that has the fewest. */
  readonly replicas: number;
  /** Leader of each partition; undefined while it has none. */
  readonly leaders: readonly (BrokerAddress | undefined)[];
}

const connectTimeoutMs = 5000;
/** The client's own default, and Kafka's. */
const requestTimeoutMs = 30_000;
const closeDeadlineMs = 1000;

/**
 * Connections to the brokers of one cluster, one to each, and what they say of a topic. It repeats nothing: whoever asks
 * knows whether to ask again. Requests of one connection are answered in their order, so a reader that waits has a link of
 * its own.
 */
export class KafkaLink {
  readonly #options: LinkOptions;
  readonly #pool: ConnectionPool;
  readonly #places = new Map<string, TopicPlaces>();
  #known: readonly BrokerAddress[];
  #turn = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#known = options.brokers;
    this.#pool = new ConnectionPool(options.clientId, {
      connectTimeout: options.connectTimeoutMs ?? connectTimeoutMs,
      requestTimeout: options.requestTimeoutMs ?? requestTimeoutMs,
      maxInflights: 256,
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
    });
    this.#pool.on('connecting', ({ connection }) => quieten(connection));
  }

  /** A second link to the same brokers. */
  another(): KafkaLink {
    return new KafkaLink(this.#options);
  }

  connectionTo(broker: BrokerAddress): Promise<Connection> {
    return this.#pool.get({ ...broker });
  }

  /** A connection to any broker. Each call begins with the next one, so that one that hangs is passed over. */
  anyConnection(): Promise<Connection> {
    const first = this.#turn++ % this.#known.length;
    const brokers = [...this.#known.slice(first), ...this.#known.slice(0, first)];
    return this.#pool.getFirstAvailable(brokers.map((broker) => ({ ...broker })));
  }

  /** Remembered until `forget`. */
  async places(topic: string): Promise<TopicPlaces> {
    const remembered = this.#places.get(topic);
    if (remembered !== undefined) return remembered;
    const places = await this.#askPlaces(topic);
    this.#places.set(topic, places);
    return places;
  }

  /** After an error: the next `places` asks again. */
  forget(): void {
    this.#places.clear();
  }

  async leaderOf(topic: string, partition: number): Promise<{ connection: Connection; places: TopicPlaces }> {
    const places = await this.places(topic);
    const leader = places.leaders[partition];
    if (leader === undefined) {
      const isThere = partition < places.partitions;
      throw new FourninesError(isThere ? 'FN_BUS_AWAY' : 'FN_BUS_TOPIC', `partition ${partition} has no leader`, {
        context: { topic, partition, partitions: places.partitions },
      });
    }
    return { connection: await this.connectionTo(leader), places };
  }

  /** Ends all connections; what is on its way gets an error. Bounded in time. */
  async close(): Promise<void> {
    const sockets = [...this.#pool].map(([, connection]) => connection.socket);
    const closed = this.#pool.close();
    // The client waits until all is written, which a peer that reads nothing can delay for ever.
    const late = setTimeout(() => {
      for (const socket of sockets) socket?.destroy();
    }, closeDeadlineMs);
    await closed.catch(() => undefined);
    clearTimeout(late);
  }

  async #askPlaces(topic: string): Promise<TopicPlaces> {
    const connection = await this.anyConnection();
    const { brokers, topics } = await metadataV12.api.async(connection, [topic], false, false).catch(partlyGood);
    const found = topics[0];
    if (found === undefined)
      throw new FourninesError('FN_BUS_TOPIC', 'the broker does not know the topic', { context: { topic } });
    const addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    if (addresses.size > 0) this.#known = mergeAddresses(this.#options.brokers, [...addresses.values()]);
    const leaders: (BrokerAddress | undefined)[] = [];
    for (const { partitionIndex, leaderId } of found.partitions) leaders[partitionIndex] = addresses.get(leaderId);
    const replicas = Math.min(...found.partitions.map(({ replicaNodes }) => replicaNodes.length));
    return { topicId: found.topicId, partitions: found.partitions.length, replicas, leaders };
  }
}

/** One partition without a leader is an error of the whole answer to the client; the other partitions are good. */
function partlyGood(error: unknown): Awaited<ReturnType<typeof metadataV12.api.async>> {
  if (error instanceof ResponseError) {
    const response = error['response' as keyof ResponseError] as Awaited<ReturnType<typeof metadataV12.api.async>>;
    if (response.topics.every(({ errorCode }) => errorCode === 0)) return response;
  }
  throw error;
}

function mergeAddresses(given: readonly BrokerAddress[], learnt: readonly BrokerAddress[]): BrokerAddress[] {
  const all = new Map([...learnt, ...given].map((broker) => [`${broker.host}:${broker.port}`, broker]));
  return [...all.values()];
}

/**
 * The client listens to the first error of a connection and of its socket; a second one (seen with TLS) would be thrown
 * into the process.
 */
function quieten(connection: Connection): void {
  connection.on('error', () => undefined);
  connection.on('connecting', () => queueMicrotask(() => connection.socket?.on('error', () => undefined)));
}
