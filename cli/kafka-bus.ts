import { type KafkaConfig, openLink } from '../bus/kafka/config.ts';
import { KafkaSink } from '../bus/kafka/sink.ts';
import { KafkaSource } from '../bus/kafka/source.ts';
import { ensureTopic, type TopicWish, topicDefaults } from '../bus/kafka/topic.ts';
import { toFourninesError } from '../core/runtime/error.ts';
import type { Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';
import { messageBytesMax } from '../core/wire/message.ts';

const lingerMs = 5;
const batchBytesMax = 1024 * 1024;
/** At a stop, what is on its way has so long to arrive; the spool has the rest. */
const closeGraceMs = 2000;
const topicPatienceMs = 5000;

/** The side of the bus that a collector writes to. The part comes before whatever appends. */
export function openKafkaSink(config: KafkaConfig, logger: Logger): Promise<SinkPart> {
  return sinkTo(config.topic, config, topicDefaults.partitions, logger);
}

interface SinkPart {
  readonly sink: KafkaSink;
  readonly part: Part;
}

async function sinkTo(topic: string, config: KafkaConfig, partitions: number, logger: Logger): Promise<SinkPart> {
  const { bytesMax, compression } = config;
  const start = await topicStart({ ...topicDefaults, topic, partitions }, config, logger);
  const sink = new KafkaSink({
    link: await openLink(config),
    topic,
    bytesMax,
    recordBytesMax: messageBytesMax,
    compression,
    lingerMs,
    batchBytesMax,
    nowMs: Date.now,
    logger: logger.child({ component: 'bus' }),
  });
  return { sink, part: { name: 'bus', start, stop: () => sink.close(closeGraceMs) } };
}

export interface KafkaServerBus {
  /** In starting order; before the server's own. */
  readonly part: Part;
  readonly bus: KafkaSource;
  readonly liveBus: KafkaSource;
  readonly sink: KafkaSink;
  readonly letterSink: KafkaSink;
  /** The topic's id: one that is made anew under the same name is another log. */
  readonly logId: () => Promise<string>;
}

/** The side of the bus that a server reads, and writes replayed letters to. */
export async function openKafkaServerBus(config: KafkaConfig, logger: Logger): Promise<KafkaServerBus> {
  const { topic, letterTopic } = config;
  const { sink, part } = await openKafkaSink(config, logger);
  const letters = await sinkTo(letterTopic, config, 1, logger);
  const bus = new KafkaSource({ link: await openLink(config), topic });
  const liveBus = new KafkaSource({ link: await openLink(config), topic });
  return {
    bus,
    liveBus,
    sink,
    letterSink: letters.sink,
    logId: async () => `${topic}.${await bus.topicId()}`,
    part: {
      name: part.name,
      start: async () => {
        await Promise.all([part.start(), letters.part.start()]);
      },
      stop: async () => {
        await Promise.all([bus.close(), liveBus.close(), part.stop(), letters.part.stop()]);
      },
    },
  };
}

/** Looks once whether the topic fits, and makes it where there is none. A broker that is away is waited for by others. */
async function topicStart(wish: TopicWish, config: KafkaConfig, logger: Logger): Promise<() => Promise<void>> {
  const link = await openLink(config);
  return async () => {
    const signal = AbortSignal.timeout(2 * topicPatienceMs);
    try {
      const { weaknesses } = await ensureTopic(link, wish, { mayCreate: true, signal, patienceMs: topicPatienceMs });
      for (const weakness of weaknesses) logger.warn({ topic: wish.topic }, weakness);
    } catch (error) {
      const { code, message } = toFourninesError(error);
      if (code !== 'FN_BUS_AWAY' && !signal.aborted) throw error;
      logger.warn({ topic: wish.topic, code, reason: message }, 'the bus is away; it is tried again');
    } finally {
      await link.close();
    }
  };
}
