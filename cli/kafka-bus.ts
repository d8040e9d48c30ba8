import { type KafkaConfig, openLink } from '../bus/kafka/config.ts';
import { KafkaSink } from '../bus/kafka/sink.ts';
import { KafkaSource } from '../bus/kafka/source.ts';
import { ensureTopic, topicDefaults } from '../bus/kafka/topic.ts';
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
export async function openKafkaSink(config: KafkaConfig, logger: Logger): Promise<{ sink: KafkaSink; part: Part }> {
  const topic = await topicPart(config, logger);
  const sink = new KafkaSink({
    link: await openLink(config),
    topic: config.topic,
    bytesMax: config.bytesMax,
    recordBytesMax: messageBytesMax,
    compression: config.compression,
    lingerMs,
    batchBytesMax,
    nowMs: Date.now,
    logger: logger.child({ component: 'bus' }),
  });
  return { sink, part: { ...topic, stop: () => sink.close(closeGraceMs) } };
}

export interface KafkaServerBus {
  /** In starting order; before the server's own. */
  readonly part: Part;
  readonly bus: KafkaSource;
  readonly liveBus: KafkaSource;
  readonly sink: KafkaSink;
  /** The topic's id: one that is made anew under the same name is another log. */
  readonly logId: () => Promise<string>;
}

/** The side of the bus that a server reads, and writes replayed letters to. */
export async function openKafkaServerBus(config: KafkaConfig, logger: Logger): Promise<KafkaServerBus> {
  const { sink, part } = await openKafkaSink(config, logger);
  const { topic } = config;
  const bus = new KafkaSource({ link: await openLink(config), topic });
  const liveBus = new KafkaSource({ link: await openLink(config), topic });
  return {
    bus,
    liveBus,
    sink,
    logId: async () => `${topic}.${await bus.topicId()}`,
    part: {
      ...part,
      stop: async () => {
        await Promise.all([bus.close(), liveBus.close(), part.stop()]);
      },
    },
  };
}

/** Looks once whether the topic fits, and makes it where there is none. A broker that is away is waited for by others. */
async function topicPart(config: KafkaConfig, logger: Logger): Promise<Pick<Part, 'name' | 'start'>> {
  const link = await openLink(config);
  return {
    name: 'bus',
    start: async () => {
      const wish = { ...topicDefaults, topic: config.topic };
      const signal = AbortSignal.timeout(2 * topicPatienceMs);
      try {
        await ensureTopic(link, wish, { mayCreate: true, signal, patienceMs: topicPatienceMs });
      } catch (error) {
        const { code, message } = toFourninesError(error);
        if (code !== 'FN_BUS_AWAY' && !signal.aborted) throw error;
        logger.warn({ topic: config.topic, code, reason: message }, 'the bus is away; it is tried again');
      } finally {
        await link.close();
      }
    },
  };
}
