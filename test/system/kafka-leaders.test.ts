import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KafkaBroker } from '../lab/kafka/broker.ts';
import { skipWithoutKafka } from '../lab/kafka/presence.ts';
import { until } from '../lab/waiting.ts';
import {
  accountOf,
  linkTo,
  makeTopic,
  nothingWrong,
  openSink,
  openSource,
  readAll,
  startLoad,
} from './kafka-fixture.ts';

const keys = Array.from({ length: 8 }, (_, i) => `cn${i}`);

describe.skipIf(skipWithoutKafka)('a cluster of two brokers', () => {
  let first: KafkaBroker;
  let second: KafkaBroker;
  beforeAll(async () => {
    first = await KafkaBroker.start();
    second = await KafkaBroker.start({ joins: first });
  }, 300_000);
  afterAll(async () => {
    await second?.stop();
    await first?.stop();
  });

  const leadersOf = async (topic: string): Promise<(number | undefined)[]> => {
    const link = linkTo([first.plain]);
    try {
      return (await link.places(topic)).leaders.map((leader) => leader?.port);
    } finally {
      await link.close();
    }
  };

  it('loses and doubles nothing when a leader is killed and the other takes over', async () => {
    const { topic } = await makeTopic(first, { partitions: 4, replicas: 2 });
    expect(new Set(await leadersOf(topic))).toEqual(new Set([first.ports.plain, second.ports.plain]));
    const link = linkTo([first.plain, second.plain], { requestTimeoutMs: 1500, connectTimeoutMs: 1500 });
    const sink = openSink(first, topic, { link });
    const source = openSource(first, topic);
    const load = startLoad(sink, keys, 3000, 200, 5);
    await until({ what: 'the load runs', deadlineMs: 30_000, everyMs: 5 }, () => load.acknowledged > 3000);
    await second.kill();
    await until({ what: 'the first leads all', deadlineMs: 30_000 }, async () =>
      (await leadersOf(topic)).every((port) => port === first.ports.plain),
    );
    expect(load.acknowledged).toBeLessThan(24_000);
    await load.done;
    expect(load.failures).toEqual([]);
    expect(accountOf(await readAll(source), keys, 3000)).toEqual(nothingWrong);
    await second.restart();
    await Promise.all([sink.close(), source.close()]);
  });
});
