import { createTopicsV7, describeConfigsV4 } from '@platformatic/kafka';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import { busError, problemOf } from './kafka-error.ts';
import type { KafkaLink } from './link.ts';

export interface TopicWish {
  readonly topic: string;
  /** For a topic that is made; one that is there may have any number. */
  readonly partitions: number;
  readonly replicas: number;
  readonly retentionMs: number;
  /** Largest value; the topic must take it with its key and head. */
  readonly recordBytesMax: number;
}

export interface TopicFacts {
  readonly topicId: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly batchBytesMax: number;
  /** What fits and is weaker than it could be, in words for an operator. */
  readonly weaknesses: readonly string[];
}

/** Ticks are kept this long at least, or a server that is away over a night would miss some. */
const retentionMsMin = 24 * 3600 * 1000;
const retentionMsDefault = 7 * 24 * 3600 * 1000;
/** Head of a batch, head of a record and the longest key. */
const batchOverheadBytes = 1024;
const createTimeoutMs = 10_000;
const patienceMs = 15_000;
const retryMs = 200;
const topicResource = 2;

export const topicDefaults = {
  partitions: 6,
  replicas: -1,
  retentionMs: retentionMsDefault,
  recordBytesMax: messageBytesMax,
} as const satisfies Omit<TopicWish, 'topic'>;

/**
 * Looks whether the topic is there and fits; makes it when it is not there and `mayCreate`. Call it at the start: it gives
 * up with a clear error where sink and source would go on trying. Throws FN_BUS_TOPIC (what does not fit is in the
 * context), FN_BUS_REFUSED or FN_BUS_AWAY, or the signal's reason.
 */
export async function ensureTopic(
  link: KafkaLink,
  wish: TopicWish,
  options: { readonly mayCreate: boolean; readonly signal: AbortSignal; readonly patienceMs?: number },
): Promise<TopicFacts> {
  const deadline = performance.now() + (options.patienceMs ?? patienceMs);
  let mayCreate = options.mayCreate;
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await readFacts(link, wish);
    } catch (error) {
      link.forget();
      if (error instanceof FourninesError && error.code === 'FN_BUS_TOPIC') throw error;
      const problem = problemOf(error);
      if (problem === 'no-topic' && mayCreate) {
        await create(link, wish);
        mayCreate = false;
      } else if (
        problem === 'refused' ||
        (problem === 'no-topic' && !options.mayCreate) ||
        performance.now() > deadline
      ) {
        throw busError(error, describe(problem), { topic: wish.topic });
      }
    }
    await sleepMs(retryMs, options.signal);
  }
}

function describe(problem: string): string {
  if (problem === 'no-topic') return 'the topic is not there';
  return problem === 'refused' ? 'the broker does not let us in' : 'the broker cannot be reached';
}

async function create(link: KafkaLink, wish: TopicWish): Promise<void> {
  const configs = Object.entries({
    'cleanup.policy': 'delete',
    'retention.ms': String(wish.retentionMs),
    'max.message.bytes': String(wish.recordBytesMax + batchOverheadBytes),
    // The broker's clock decides on age: a host whose clock is wrong can neither be refused nor expire its records early.
    'message.timestamp.type': 'LogAppendTime',
    // A replica that lacks what was acknowledged must not become the leader.
    'unclean.leader.election.enable': 'false',
  }).map(([name, value]) => ({ name, value }));
  const { topic: name, partitions: numPartitions, replicas: replicationFactor } = wish;
  const topic = { name, numPartitions, replicationFactor, assignments: [], configs };
  try {
    await createTopicsV7.api.async(await link.anyConnection(), [topic], createTimeoutMs, false);
  } catch (error) {
    const problem = problemOf(error);
    if (problem === 'refused' || problem === 'misfit')
      throw busError(error, 'the topic cannot be made', { topic: name });
    // Made by somebody else meanwhile, or away: the next look tells.
  }
}

async function readFacts(link: KafkaLink, wish: TopicWish): Promise<TopicFacts> {
  const { topicId, partitions, replicas } = await link.places(wish.topic);
  const configurationKeys = [
    ...['cleanup.policy', 'retention.ms', 'max.message.bytes', 'message.timestamp.type'],
    ...['unclean.leader.election.enable', 'min.insync.replicas'],
  ];
  const resource = { resourceType: topicResource, resourceName: wish.topic, configurationKeys } as const;
  const { results } = await describeConfigsV4.api.async(await link.anyConnection(), [resource], false, false);
  const settings = new Map(results[0]?.configs.map(({ name, value }) => [name, value ?? '']));
  const batchBytesMax = Number(settings.get('max.message.bytes'));
  const retentionMs = Number(settings.get('retention.ms'));
  const misfits: string[] = [];
  if (settings.get('cleanup.policy') !== 'delete') misfits.push('cleanup.policy must be delete');
  if (settings.get('message.timestamp.type') !== 'LogAppendTime')
    misfits.push('message.timestamp.type must be LogAppendTime');
  if (settings.get('unclean.leader.election.enable') !== 'false')
    misfits.push('unclean.leader.election.enable must be false');
  if (!(batchBytesMax >= wish.recordBytesMax + batchOverheadBytes))
    misfits.push(`max.message.bytes must be at least ${wish.recordBytesMax + batchOverheadBytes}`);
  // -1: for ever.
  if (!(retentionMs === -1 || retentionMs >= retentionMsMin))
    misfits.push(`retention.ms must be -1 or at least ${retentionMsMin}`);
  const inSync = Number(settings.get('min.insync.replicas'));
  const isThin = replicas > 2 && !(inSync > 1);
  const weaknesses = isThin
    ? [`with min.insync.replicas ${inSync} of ${replicas} a disk that is lost can take acknowledged ticks`]
    : [];
  if (misfits.length === 0) return { topicId, partitions, retentionMs, batchBytesMax, weaknesses };
  throw new FourninesError('FN_BUS_TOPIC', `the topic does not fit: ${misfits.join('; ')}`, {
    context: { topic: wish.topic, misfits: misfits.join('; ') },
  });
}
