import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Value from 'typebox/value';
import { type KafkaConfig, KafkaConfigSchema } from '../../bus/kafka/config.ts';
import { partitionOfKey } from '../../bus/kafka/key-partition.ts';
import { type BrokerAddress, KafkaLink } from '../../bus/kafka/link.ts';
import { KafkaSink } from '../../bus/kafka/sink.ts';
import { ensureTopic, topicDefaults } from '../../bus/kafka/topic.ts';
import { portSlot, tick } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { decodeMessage, messageBytesMax } from '../../core/wire/message.ts';
import { writeBlocks } from '../../server/ingest/batch-writer.ts';
import { joinBlocks } from '../../server/ingest/block-joiner.ts';
import { batchBytesMax, batchRowsMax } from '../../server/ingest/inserter.ts';
import type { KafkaBroker } from '../../test/lab/kafka/broker.ts';
import type { FilledFile } from './protocol.ts';

const { partitions } = topicDefaults;
const { compression } = Value.Default(KafkaConfigSchema, { brokers: ['-:1'] }) as KafkaConfig;
const outstandingMax = 1024;

export interface Keyed {
  readonly key: string;
  readonly value: Uint8Array;
}

/**
 * live: each message is a batch of its own, since on a collector's second nothing else waits; the next goes out a second
 * later. spool: as a collector sends that was cut off for a while.
 */
export const batchings = { live: { lingerMs: 0, batchBytesMax: 1 }, spool: { lingerMs: 5, batchBytesMax: 1 << 20 } };
export type Batching = keyof typeof batchings;

export function openSink(broker: KafkaBroker, topic: string, batching: Batching): KafkaSink {
  return openSinkAt(broker.plain, topic, batching);
}

export function openSinkAt(broker: BrokerAddress, topic: string, batching: Batching): KafkaSink {
  return new KafkaSink({
    link: new KafkaLink({ brokers: [broker], clientId: 'bench-load' }),
    topic,
    bytesMax: 2 ** 30,
    recordBytesMax: messageBytesMax,
    compression,
    ...batchings[batching],
    nowMs: Date.now,
    logger: silentLogger,
  });
}

/** A topic as the product makes it. */
export async function makeTopic(broker: KafkaBroker, topic: string): Promise<void> {
  const link = new KafkaLink({ brokers: [broker.plain], clientId: 'bench-load' });
  try {
    const signal = AbortSignal.timeout(30_000);
    await ensureTopic(link, { ...topicDefaults, topic }, { mayCreate: true, signal });
  } finally {
    await link.close();
  }
}

/** Appends all, with a bounded number on their way; resolves when the broker has them. */
export async function fill(sink: KafkaSink, messages: Iterable<Keyed>): Promise<number> {
  const outstanding = new Set<Promise<unknown>>();
  let count = 0;
  for (const { key, value } of messages) {
    if (outstanding.size >= outstandingMax) await Promise.race(outstanding);
    const one: Promise<unknown> = sink.append(key, value).finally(() => outstanding.delete(one));
    outstanding.add(one);
    count++;
  }
  await Promise.all(outstanding);
  return count;
}

/** Bytes of a topic's records on the broker's disk. */
export function bytesInKafka(broker: KafkaBroker, topic: string): number {
  const folders = readdirSync(broker.dataFolder).filter((name) => name.replace(/-\d+$/, '') === topic);
  return folders.reduce((sum, name) => {
    const folder = join(broker.dataFolder, name);
    const segments = readdirSync(folder).filter((file) => file.endsWith('.log'));
    return sum + segments.reduce((bytes, file) => bytes + statSync(join(folder, file)).size, 0);
  }, 0);
}

/** The blocks that ingest cuts of these messages, as files of the product's own making, in turn of their partitions. */
export async function writeStraightFiles(folder: string, messages: readonly Keyed[]): Promise<readonly FilledFile[]> {
  const byPartition = Map.groupBy(messages, ({ key }) => partitionOfKey(Buffer.from(key), partitions));
  const files: FilledFile[] = [];
  for (const batch of [...byPartition.values()].flatMap(cut)) {
    const blocks = batch.flatMap(({ value }) => decodeMessage(value).blocks);
    for (const kind of [portSlot, tick] as const) {
      const path = join(folder, `straight-${files.length}.native`);
      const own = blocks.filter((block) => block.kind === kind.name);
      await writeBlocks(path, joinBlocks(kind, own));
      files.push({ table: kind.name as FilledFile['table'], path });
    }
  }
  return files;
}

function cut(messages: readonly Keyed[]): Keyed[][] {
  const batches: Keyed[][] = [];
  let [rows, bytes] = [batchRowsMax, 0];
  for (const message of messages) {
    if (rows >= batchRowsMax || bytes >= batchBytesMax) {
      batches.push([]);
      [rows, bytes] = [0, 0];
    }
    batches.at(-1)?.push(message);
    rows += decodeMessage(message.value).blocks.reduce((sum, block) => sum + block.rows, 0);
    bytes += message.value.length;
  }
  return batches;
}
