import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaSink } from '../../bus/kafka/sink.ts';
import type { KafkaSource } from '../../bus/kafka/source.ts';
import { KafkaBroker } from '../lab/kafka/broker.ts';
import { skipWithoutKafka } from '../lab/kafka/presence.ts';
import { until } from '../lab/waiting.ts';
import {
  accountOf,
  makeTopic,
  never,
  nothingWrong,
  openSink,
  openSource,
  readAll,
  startLoad,
} from './kafka-fixture.ts';

const keys = ['cn1', 'cn2', 'cn3', 'cn4'];
/** How long the broker is away: ten requests' time, or what FOURNINES_KAFKA_AWAY_SECONDS says (the long form: 120). */
const awayMs = Number(process.env['FOURNINES_KAFKA_AWAY_SECONDS'] ?? 15) * 1000;

describe.skipIf(skipWithoutKafka)('the bus over Kafka loses and doubles nothing', () => {
  let broker: KafkaBroker;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    broker = await KafkaBroker.start();
  }, 300_000);
  afterEach(async () => {
    broker.proxy.mode = 'pass';
    broker.proxy.bytesPerSecond = undefined;
    for (const each of opened.splice(0)) await each.close();
  });
  afterAll(() => broker?.stop());

  const fresh = async (options: { partitions?: number; bytesMax?: number } = {}) => {
    const { partitions = 2, ...sinkOptions } = options;
    const { topic } = await makeTopic(broker, { partitions });
    const sink: KafkaSink = openSink(broker, topic, sinkOptions);
    const source: KafkaSource = openSource(broker, topic);
    opened.push(sink, source);
    return { topic, sink, source };
  };
  const someAcknowledged = (load: { acknowledged: number }, count: number) =>
    until({ what: `${count} acknowledged`, deadlineMs: 30_000, everyMs: 5 }, () => load.acknowledged >= count);

  it('when the broker is killed under load, twice', async () => {
    const { sink, source } = await fresh();
    const load = startLoad(sink, keys, 3000, 200, 5);
    for (const count of [1000, 4000]) {
      await someAcknowledged(load, count);
      await broker.kill();
      await broker.restart();
    }
    await load.done;
    expect(load.failures).toEqual([]);
    expect(accountOf(await readAll(source), keys, 3000)).toEqual(nothingWrong);
  });

  it('when acknowledgements are swallowed and the connections then cut', async () => {
    const { sink, source } = await fresh();
    const load = startLoad(sink, keys, 3000, 200, 5);
    for (let round = 1; round <= 8; round++) {
      await someAcknowledged(load, round * 800);
      const before = broker.proxy.swallowedBytes;
      broker.proxy.mode = 'swallow-answers';
      const what = 'an acknowledgement was swallowed';
      await until({ what, deadlineMs: 10_000, everyMs: 2 }, () => broker.proxy.swallowedBytes > before);
      broker.proxy.mode = 'pass';
      broker.proxy.cut();
    }
    await load.done;
    expect(load.failures).toEqual([]);
    expect(accountOf(await readAll(source), keys, 3000)).toEqual(nothingWrong);
  });

  it('when an acknowledgement never comes and the connection stays', async () => {
    const { sink, source } = await fresh();
    const load = startLoad(sink, keys, 1000, 200, 5);
    await someAcknowledged(load, 500);
    const before = broker.proxy.swallowedBytes;
    broker.proxy.mode = 'swallow-answers';
    const what = 'an acknowledgement was swallowed';
    await until({ what, deadlineMs: 10_000, everyMs: 2 }, () => broker.proxy.swallowedBytes > before);
    const connections = broker.proxy.accepted;
    broker.proxy.mode = 'pass';
    await load.done;
    expect(broker.proxy.accepted).toBeGreaterThan(connections);
    expect(accountOf(await readAll(source), keys, 1000)).toEqual(nothingWrong);
  });

  it('when connections are cut in the middle, thirty times', async () => {
    const { sink, source } = await fresh();
    const load = startLoad(sink, keys, 3000, 2000, 5);
    for (let cut = 1; cut <= 30; cut++) {
      await someAcknowledged(load, cut * 300);
      broker.proxy.cut();
    }
    await load.done;
    expect(load.failures).toEqual([]);
    expect(accountOf(await readAll(source), keys, 3000)).toEqual(nothingWrong);
  });

  it('when the network is a black hole for longer than a request may take', async () => {
    const { sink, source } = await fresh();
    const load = startLoad(sink, keys, 1000, 200, 5);
    await someAcknowledged(load, 500);
    broker.proxy.mode = 'black-hole';
    // A request may take 1.5 s here: two in a row have failed before it ends.
    await until({ what: 'the sink is in trouble', deadlineMs: 10_000 }, () => sink.trouble?.code === 'FN_BUS_AWAY');
    await delay(2000);
    broker.proxy.mode = 'pass';
    await load.done;
    expect(sink.trouble).toBeUndefined();
    expect(accountOf(await readAll(source), keys, 1000)).toEqual(nothingWrong);
  });

  it(`when the broker is away for ${awayMs / 1000} s; what does not fit meanwhile is refused, not lost`, async () => {
    const { sink, source } = await fresh({ bytesMax: 64 * 1024 });
    const load = startLoad(sink, keys, 2000, 500, 5);
    await someAcknowledged(load, 500);
    await broker.kill();
    await until({ what: 'the sink is full', deadlineMs: 10_000 }, () => load.refused > 0);
    expect(sink.heldBytes).toBeLessThanOrEqual(64 * 1024);
    await delay(awayMs);
    expect(sink.trouble?.code).toBe('FN_BUS_AWAY');
    const acknowledged = load.acknowledged;
    await broker.restart();
    await someAcknowledged(load, acknowledged + 1);
    await load.done;
    expect(load.failures).toEqual([]);
    expect(accountOf(await readAll(source), keys, 2000)).toEqual(nothingWrong);
  }, 300_000);

  it('when the reader is in the middle and the broker is killed: it goes on where it was', async () => {
    const { sink, source } = await fresh({ partitions: 1 });
    const load = startLoad(sink, keys, 2000, 200, 5);
    const read: string[] = [];
    const signal = AbortSignal.timeout(60_000);
    let isKilled = false;
    for (let offset = 0n; read.length < 8000; ) {
      const batch = await source.read({ partition: 0, offset, maxBytes: 50_000, waitMs: 500, signal });
      read.push(
        ...batch.records.map(({ key, value }) => `${key} ${Number.parseInt(Buffer.from(value).toString(), 10)}`),
      );
      offset = batch.nextOffset;
      if (!isKilled && read.length > 2000) {
        isKilled = true;
        await broker.kill();
        await broker.restart();
      }
    }
    await load.done;
    expect(isKilled).toBe(true);
    expect(new Set(read).size).toBe(8000);
  });

  it('a reader says FN_BUS_AWAY once its patience has ended, and is cancelled at once', async () => {
    const { topic } = await fresh({ partitions: 1 });
    const source = openSource(broker, topic, { patienceMs: 500 });
    opened.push(source);
    expect(await source.latest(0)).toBe(0n);
    await broker.kill();
    try {
      const order = { partition: 0, offset: 0n, maxBytes: 1024, waitMs: 60_000 };
      await expect(source.read({ ...order, signal: never })).rejects.toMatchObject({
        code: 'FN_BUS_AWAY',
        retryable: true,
      });
      const cancel = new AbortController();
      const waiting = openSource(broker, topic, { patienceMs: 60_000 });
      opened.push(waiting);
      const read = waiting.read({ ...order, signal: cancel.signal });
      cancel.abort(new Error('enough'));
      await expect(read).rejects.toThrow('enough');
    } finally {
      await broker.restart();
    }
  });

  it('closing answers every append, once, while the broker is away', async () => {
    const { sink } = await fresh();
    await sink.append('cn1', Buffer.from('0'));
    await broker.kill();
    try {
      const appends = Array.from({ length: 100 }, (_, i) => sink.append(`cn${i}`, Buffer.from('x')));
      const answers = Promise.allSettled(appends);
      await sink.close(200);
      const codes = (await answers).map((answer) => answer.status === 'rejected' && answer.reason.code);
      expect(new Set(codes)).toEqual(new Set(['FN_BUS_CLOSED']));
      expect(sink.heldBytes).toBe(0);
    } finally {
      await broker.restart();
    }
  });
});
