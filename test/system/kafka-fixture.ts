import { KafkaLink, type LinkOptions } from '../../bus/kafka/link.ts';
import { KafkaSink, type KafkaSinkOptions } from '../../bus/kafka/sink.ts';
import { KafkaSource } from '../../bus/kafka/source.ts';
import { ensureTopic, type TopicFacts, type TopicWish, topicDefaults } from '../../bus/kafka/topic.ts';
import type { LogRecord, LogSource } from '../../core/bus/log.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { KafkaBroker } from '../lab/kafka/broker.ts';

export const never = new AbortController().signal;
let topicsMade = 0;

export function linkTo(brokers: LinkOptions['brokers'], more: Partial<LinkOptions> = {}): KafkaLink {
  return new KafkaLink({ brokers, clientId: 'test', ...more });
}

/** A topic of its own on the broker. */
export async function makeTopic(
  broker: KafkaBroker,
  wish: Partial<TopicWish> = {},
): Promise<TopicFacts & { readonly topic: string }> {
  const topic = wish.topic ?? `test-${topicsMade++}`;
  const link = linkTo([broker.plain]);
  try {
    const all = { ...topicDefaults, partitions: 1, ...wish, topic };
    return { topic, ...(await ensureTopic(link, all, { mayCreate: true, signal: never })) };
  } finally {
    await link.close();
  }
}

/** A sink by way of the proxy, impatient so that tests are short. */
export function openSink(broker: KafkaBroker, topic: string, options: Partial<KafkaSinkOptions> = {}): KafkaSink {
  return new KafkaSink({
    link: linkTo([broker.proxied], { requestTimeoutMs: 1500, connectTimeoutMs: 1500 }),
    topic,
    bytesMax: 16 << 20,
    recordBytesMax: 8 << 20,
    compression: 'zstd',
    lingerMs: 2,
    batchBytesMax: 64 * 1024,
    nowMs: Date.now,
    logger: silentLogger,
    ...options,
  });
}

export function openSource(broker: KafkaBroker, topic: string, options: { patienceMs?: number } = {}): KafkaSource {
  return new KafkaSource({ link: linkTo([broker.plain], { requestTimeoutMs: 3000 }), topic, ...options });
}

export interface Load {
  /** Appends acknowledged so far, over all keys. */
  readonly acknowledged: number;
  /** Appends that were refused because the sink was full, and were then repeated. */
  readonly refused: number;
  /** Appends that ended otherwise. */
  readonly failures: readonly unknown[];
  /** Resolves when all are answered. */
  readonly done: Promise<void>;
}

/**
 * Appends `perKey` numbered records for each of `keys`, at most 50 outstanding a key; a record refused as FN_BUS_FULL is
 * appended again, as a spool does.
 */
export function startLoad(sink: KafkaSink, keys: readonly string[], perKey: number, bytes = 200, pauseMs = 0): Load {
  const load = { acknowledged: 0, refused: 0, failures: [] as unknown[], done: Promise.resolve() };
  const padding = ' '.repeat(bytes);
  const feed = async (key: string) => {
    const outstanding = new Set<Promise<void>>();
    for (let seq = 0; seq < perKey; ) {
      if (outstanding.size >= 50) await Promise.race(outstanding);
      let isFull = false;
      const one: Promise<void> = sink
        .append(key, Buffer.from(`${seq}${padding}`))
        .then(() => {
          load.acknowledged++;
        })
        .catch((error: unknown) => {
          if (error instanceof FourninesError && error.code === 'FN_BUS_FULL') isFull = true;
          else load.failures.push(error);
        })
        .finally(() => outstanding.delete(one));
      outstanding.add(one);
      // A refusal is known before anything else happens; the next number must not overtake this one.
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
      if (isFull) {
        load.refused++;
        await new Promise((resolve) => setTimeout(resolve, 20));
      } else seq++;
      if (pauseMs > 0 && seq % 10 === 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    await Promise.all(outstanding);
  };
  load.done = Promise.all(keys.map(feed)).then(() => undefined);
  return load;
}

/** Everything the topic holds, partition by partition. */
export async function readAll(source: LogSource, maxBytes = 1 << 20): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for (const partition of await source.partitions()) {
    const end = await source.latest(partition);
    const signal = AbortSignal.timeout(60_000);
    for (let offset = await source.earliest(partition); offset < end; ) {
      const batch = await source.read({ partition, offset, maxBytes, waitMs: 1000, signal });
      all.push(...batch.records);
      offset = batch.nextOffset;
    }
  }
  return all;
}

export interface Account {
  readonly lost: number;
  readonly doubled: number;
  /** Records that stand before one with a smaller number of their key. */
  readonly disordered: number;
}

/** What became of `perKey` numbered records of each key. */
export function accountOf(records: readonly LogRecord[], keys: readonly string[], perKey: number): Account {
  let [lost, doubled, disordered] = [0, 0, 0];
  for (const key of keys) {
    const numbers = records
      .filter((record) => record.key === key)
      .map(({ value }) => Number.parseInt(Buffer.from(value).toString(), 10));
    const different = new Set(numbers);
    lost += perKey - different.size;
    doubled += numbers.length - different.size;
    disordered += numbers.filter((number, i) => i > 0 && number < (numbers[i - 1] as number)).length;
  }
  return { lost, doubled, disordered };
}

export const nothingWrong: Account = { lost: 0, doubled: 0, disordered: 0 };
