import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KafkaConfig, openLink } from '../../bus/kafka/config.ts';
import { KafkaSource } from '../../bus/kafka/source.ts';
import { ensureTopic, type TopicWish, topicDefaults } from '../../bus/kafka/topic.ts';
import { KafkaBroker, labPassword, labUser } from '../lab/kafka/broker.ts';
import { skipWithoutKafka } from '../lab/kafka/presence.ts';
import { linkTo, makeTopic, never, openSink, readAll } from './kafka-fixture.ts';

const wrongPassword = 'guessed-77aa';
const secrets = new RegExp(`${labPassword}|${wrongPassword}`);

describe.skipIf(skipWithoutKafka)('getting in', () => {
  let broker: KafkaBroker;
  let folder: string;

  beforeAll(async () => {
    broker = await KafkaBroker.start({ isSecure: true });
    folder = mkdtempSync(path.join(os.tmpdir(), 'fournines-kafka-access-'));
  }, 300_000);
  afterAll(async () => {
    await broker?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const config = (part: { password?: string; user?: string; caFile?: string | undefined } = {}): KafkaConfig => {
    const passwordFile = path.join(folder, part.password === undefined ? 'right' : 'other');
    writeFileSync(passwordFile, `${part.password ?? labPassword}\n`, { mode: 0o600 });
    const caFile = 'caFile' in part ? part.caFile : broker.certificates?.caFile;
    return {
      brokers: [`${broker.secure.host}:${broker.secure.port}`],
      topic: 'secure',
      letterTopic: 'letters',
      clientId: 'test',
      compression: 'zstd',
      bytesMax: 16 << 20,
      tls: caFile === undefined ? {} : { caFile },
      sasl: { mechanism: 'SCRAM-SHA-512', user: part.user ?? labUser, passwordFile },
    };
  };
  const ensure = async (from: KafkaConfig, wish: Partial<TopicWish> = {}) => {
    const link = await openLink(from);
    try {
      const all = { ...topicDefaults, topic: from.topic, partitions: 1, ...wish };
      return await ensureTopic(link, all, { mayCreate: true, signal: never, patienceMs: 3000 });
    } finally {
      await link.close();
    }
  };

  it('works over TLS with SCRAM: a topic is made, written and read', async () => {
    expect(await ensure(config())).toMatchObject({ partitions: 1 });
    const sink = openSink(broker, 'secure', { link: await openLink(config()) });
    const source = new KafkaSource({ link: await openLink(config()), topic: 'secure' });
    await sink.append('cn1', Buffer.from('secret'));
    expect((await readAll(source)).map(({ value }) => Buffer.from(value).toString())).toEqual(['secret']);
    await Promise.all([sink.close(), source.close()]);
  });

  it.each([
    ['a wrong password', () => config({ password: wrongPassword })],
    ['an unknown user', () => config({ user: 'nobody' })],
    ['an authority that signed something else', () => config({ caFile: broker.certificates?.otherCaFile })],
    ["the system's authorities, which do not know the lab's", () => config({ caFile: undefined })],
    [
      'a name that the certificate does not have',
      () => ({ ...config(), brokers: [`127.0.0.1:${broker.ports.secure}`] }),
    ],
    ['no TLS on a port with TLS', () => plainOf(config())],
  ])('%s is refused with FN_BUS_REFUSED, at once and without the password', async (_, make) => {
    const began = performance.now();
    const error = await ensure(make()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'FN_BUS_REFUSED', retryable: false });
    expect(performance.now() - began).toBeLessThan(3000);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(secrets);
  });

  it('a sink with a wrong password keeps what it took and says why nothing goes out', async () => {
    const warnings: object[] = [];
    const logger = {
      error() {},
      info() {},
      debug() {},
      warn: (fields: object) => warnings.push(fields),
      child: () => logger,
    };
    const link = await openLink(config({ password: wrongPassword }));
    const sink = openSink(broker, 'secure', { link, logger });
    const append = sink.append('cn1', Buffer.from('x'));
    await expect.poll(() => sink.trouble?.code, { timeout: 5000 }).toBe('FN_BUS_REFUSED');
    expect(warnings[0]).toMatchObject({ code: 'FN_BUS_REFUSED' });
    expect(inspect(warnings, { depth: 20, showHidden: true })).not.toMatch(secrets);
    const closing = sink.close();
    await expect(append).rejects.toMatchObject({ code: 'FN_BUS_CLOSED' });
    await closing;
  });

  it('a broker that is not there is FN_BUS_AWAY once the patience has ended', async () => {
    const away = { ...config(), brokers: ['127.0.0.1:1'] };
    await expect(ensure(away)).rejects.toMatchObject({ code: 'FN_BUS_AWAY', retryable: true });
  });

  it.each([
    ['compacts', { 'cleanup.policy': 'compact' }, /cleanup\.policy/],
    ['keeps for an hour', { 'retention.ms': '3600000' }, /retention\.ms/],
    ['takes small records only', { 'max.message.bytes': '1000000' }, /max\.message\.bytes/],
    ['may elect a leader that lacks ticks', { 'unclean.leader.election.enable': 'true' }, /unclean\.leader/],
    ["believes the writer's clock", { 'message.timestamp.type': 'CreateTime' }, /message\.timestamp\.type/],
  ])('a topic that %s does not fit: FN_BUS_TOPIC says what', async (name, settings, misfit) => {
    const admin = new Admin({
      clientId: 'test',
      bootstrapBrokers: [`127.0.0.1:${broker.ports.plain}`],
      retryDelay: 100,
    });
    const topic = `misfit-${name.replaceAll(/[^a-z]/g, '-')}`;
    const fitting = { 'max.message.bytes': '9000000', 'message.timestamp.type': 'LogAppendTime' };
    const configs = Object.entries({ ...fitting, ...settings }).map(([key, value]) => ({ name: key, value }));
    await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1, configs });
    await admin.close();
    const error = await ensure({ ...config(), topic }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'FN_BUS_TOPIC', context: { misfits: expect.stringMatching(misfit) } });
  });

  it('a topic that is not there and may not be made is FN_BUS_TOPIC; making it twice at once is no error', async () => {
    const link = linkTo([broker.plain]);
    const wish = { ...topicDefaults, topic: 'not-there', partitions: 3 };
    const refusal = ensureTopic(link, wish, { mayCreate: false, signal: never });
    await expect(refusal).rejects.toMatchObject({ code: 'FN_BUS_TOPIC' });
    const both = await Promise.all([1, 2].map(() => makeTopic(broker, { topic: 'twice', partitions: 3 })));
    expect(both[0]).toEqual(both[1]);
    await link.close();
  });
});

function plainOf({ tls: _, ...rest }: KafkaConfig): KafkaConfig {
  return rest;
}
