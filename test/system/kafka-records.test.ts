import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { Admin, Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KafkaSource } from '../../bus/kafka/source.ts';
import { decodeMessage } from '../../core/wire/message.ts';
import { KafkaBroker } from '../lab/kafka/broker.ts';
import { skipWithoutKafka } from '../lab/kafka/presence.ts';
import { until } from '../lab/waiting.ts';
import { linkTo, makeTopic, never, openSink, openSource, readAll } from './kafka-fixture.ts';

const MiB = 1024 * 1024;

describe.skipIf(skipWithoutKafka)('records on the bus over Kafka', () => {
  let broker: KafkaBroker;
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };

  beforeAll(async () => {
    broker = await KafkaBroker.start();
  }, 300_000);
  afterEach(async () => {
    broker.proxy.bytesPerSecond = undefined;
    for (const each of opened.splice(0)) await each.close();
  });
  afterAll(() => broker?.stop());

  const admin = () =>
    keep(new Admin({ clientId: 'test', bootstrapBrokers: [`127.0.0.1:${broker.ports.plain}`], retryDelay: 100 }));
  const text = (value: Uint8Array) => Buffer.from(value).toString();

  it('of 8 MiB come back whole, though nothing in them can be compressed', async () => {
    const { topic } = await makeTopic(broker);
    const sink = keep(openSink(broker, topic, { compression: 'zstd' }));
    const value = Buffer.alloc(8 * MiB);
    for (let at = 0, x = 1; at < value.length; at += 4) {
      x = (Math.imul(x, 1664525) + 1013904223) | 0;
      value.writeInt32LE(x, at);
    }
    const { partition, offset } = await sink.append('cn1', value);
    const source = keep(openSource(broker, topic));
    const { records } = await source.read({ partition, offset, maxBytes: 1024, waitMs: 5000, signal: never });
    expect(value.equals(Buffer.from(records[0]?.value ?? []))).toBe(true);
  });

  it('too large for the topic are refused alone; their neighbours in the batch are kept, in order', async () => {
    const { topic } = await makeTopic(broker, { recordBytesMax: 100_000 });
    // The sink believes in more than the topic takes.
    const sink = keep(openSink(broker, topic, { batchBytesMax: 1 << 20, compression: 'none', lingerMs: 20 }));
    const sizes = [10, 90_000, 200_000, 20, 30];
    const answers = await Promise.allSettled(sizes.map((size) => sink.append('cn1', Buffer.alloc(size, 'x'))));
    expect(answers.map((answer) => (answer.status === 'rejected' ? answer.reason.code : 'kept'))).toEqual([
      'kept',
      'kept',
      'FN_BUS_RECORD_TOO_LARGE',
      'kept',
      'kept',
    ]);
    const records = await readAll(keep(openSource(broker, topic)));
    expect(records.map(({ value }) => value.length)).toEqual([10, 90_000, 20, 30]);
  });

  it('wait within the bound while the broker is slow; more are refused', async () => {
    const { topic } = await makeTopic(broker);
    broker.proxy.bytesPerSecond = 4 * MiB;
    const sink = keep(openSink(broker, topic, { bytesMax: 4 * MiB, compression: 'none', batchBytesMax: MiB }));
    const answers: Promise<unknown>[] = [];
    let [accepted, refused, heldMost] = [0, 0, 0];
    for (let i = 0; i < 500; i++) {
      answers.push(
        sink.append('cn1', Buffer.alloc(64 * 1024, i)).then(
          () => accepted++,
          (error: { code: string }) => {
            expect(error.code).toBe('FN_BUS_FULL');
            refused++;
          },
        ),
      );
      heldMost = Math.max(heldMost, sink.heldBytes);
      if (i % 50 === 0) await until({ what: 'the next turn', deadlineMs: 1000, everyMs: 1 }, () => true);
    }
    await Promise.all(answers);
    expect(heldMost).toBeLessThanOrEqual(4 * MiB);
    expect(sink.heldBytes).toBe(0);
    expect(refused).toBeGreaterThan(0);
    expect(await keep(openSource(broker, topic)).latest(0)).toBe(BigInt(accepted));
  });

  it('that retention took away are named: FN_BUS_OFFSET, with what is still there', async () => {
    const { topic } = await makeTopic(broker);
    const sink = keep(openSink(broker, topic));
    for (let i = 0; i < 10; i++) await sink.append('cn1', Buffer.from(`${i}`));
    await admin().deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 6n }] }] });
    const source = keep(openSource(broker, topic));
    expect(await source.earliest(0)).toBe(6n);
    const read = source.read({ partition: 0, offset: 2n, maxBytes: 1024, waitMs: 0, signal: never });
    await expect(read).rejects.toMatchObject({
      code: 'FN_BUS_OFFSET',
      context: { offset: '2', earliest: '6', latest: '10' },
    });
    expect((await readAll(source)).map(({ value }) => text(value))).toEqual(['6', '7', '8', '9']);
  });

  it('of a topic that was made anew are not taken for the old ones; the sink goes on into the new one', async () => {
    const { topic, topicId } = await makeTopic(broker);
    const sink = keep(openSink(broker, topic));
    const source = keep(openSource(broker, topic, { patienceMs: 2000 }));
    for (let i = 0; i < 3; i++) await sink.append('cn1', Buffer.from(`old ${i}`));
    expect(await readAll(source)).toHaveLength(3);
    await admin().deleteTopics({ topics: [topic] });
    await until({ what: 'the name is free', deadlineMs: 10_000 }, async () => {
      const made = await makeTopic(broker, { topic });
      return made.topicId !== topicId;
    });
    await sink.append('cn1', Buffer.from('new'));
    const read = source.read({ partition: 0, offset: 0n, maxBytes: 1024, waitMs: 1000, signal: never });
    await expect(read).rejects.toMatchObject({ code: 'FN_BUS_TOPIC' });
    const next = keep(openSource(broker, topic));
    expect(await next.topicId()).not.toBe(topicId);
    expect((await readAll(next)).map(({ value }) => text(value))).toEqual(['new']);
  });

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('of other writers are read: %s', async (compression) => {
    const { topic } = await makeTopic(broker);
    const producer = keep(
      new Producer({ clientId: 'other', bootstrapBrokers: [`127.0.0.1:${broker.ports.plain}`], retryDelay: 100 }),
    );
    const messages = Array.from({ length: 100 }, (_, i) => ({
      topic,
      key: Buffer.from('cn1'),
      value: Buffer.from(`${i} `.repeat(50)),
      headers: new Map([[Buffer.from('h'), Buffer.from('1')]]),
    }));
    await producer.send({ messages, compression, acks: -1 });
    const records = await readAll(keep(openSource(broker, topic)), 2000);
    expect(records.map(({ value }) => Number.parseInt(text(value), 10))).toEqual(messages.map((_, i) => i));
  });

  it('that were damaged on the disk cost nothing but themselves, and show themselves as damaged', async () => {
    const { topic } = await makeTopic(broker);
    const sink = keep(openSink(broker, topic, { compression: 'none', lingerMs: 0 }));
    for (const value of ['first', 'DAMAGE-ME', 'third']) await sink.append('cn1', Buffer.from(value));
    // After an orderly end the broker does not check what it has.
    await broker.halt();
    flipByte(path.join(broker.dataFolder, `${topic}-0`), 'DAMAGE-ME');
    await broker.restart();
    const source = keep(new KafkaSource({ link: linkTo([broker.plain]), topic }));
    const records = await readAll(source);
    expect(records.map(({ offset }) => offset)).toEqual([0n, 1n, 2n]);
    expect([records[0], records[2]].map((record) => text(record?.value ?? new Uint8Array()))).toEqual([
      'first',
      'third',
    ]);
    expect(() => decodeMessage(records[1]?.value ?? new Uint8Array())).toThrow(
      expect.objectContaining({ code: 'FN_WIRE_DAMAGED' }),
    );
  });
});

/** Turns one bit of the first place where `marker` stands in the segment of a partition. */
function flipByte(folder: string, marker: string): void {
  const segment = readdirSync(folder).find((name) => name.endsWith('.log')) ?? '';
  const file = openSync(path.join(folder, segment), 'r+');
  try {
    const bytes = Buffer.alloc(64 * 1024);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    const at = bytes.subarray(0, length).indexOf(marker);
    expect(at).toBeGreaterThan(0);
    writeSync(file, Buffer.from([(bytes[at] as number) ^ 1]), 0, 1, at);
  } finally {
    closeSync(file);
  }
}
