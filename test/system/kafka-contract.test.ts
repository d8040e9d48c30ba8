import { afterAll, beforeAll, describe } from 'vitest';
import { logContract } from '../contract/log.ts';
import { KafkaBroker } from '../lab/kafka/broker.ts';
import { skipWithoutKafka } from '../lab/kafka/presence.ts';
import { makeTopic, openSink, openSource } from './kafka-fixture.ts';

describe.skipIf(skipWithoutKafka)('on a real broker', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await KafkaBroker.start();
  }, 300_000);
  afterAll(() => broker?.stop());

  for (const compression of ['zstd', 'lz4', 'none'] as const) {
    logContract(`the bus over Kafka (${compression})`, {
      open: async ({ recordBytesMax }) => {
        const { topic } = await makeTopic(broker, { recordBytesMax });
        const sink = openSink(broker, topic, { recordBytesMax, compression });
        const source = openSource(broker, topic);
        return {
          sink,
          source,
          close: async () => {
            await Promise.all([sink.close(), source.close()]);
          },
        };
      },
    });
  }
});
