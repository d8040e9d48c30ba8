import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Value } from 'typebox/value';
import { afterAll, describe, expect, it } from 'vitest';
import { type KafkaConfig, KafkaConfigSchema, linkOptions } from '../../../../bus/kafka/config.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'fournines-kafka-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(path.join(folder, name), text);
  return path.join(folder, name);
};
const base: KafkaConfig = {
  brokers: ['kafka-1:9092', '[::1]:9093'],
  topic: 't',
  letterTopic: 'l',
  clientId: 'c',
  compression: 'zstd',
  bytesMax: 64 << 20,
};

describe('the configuration of the bus over Kafka', () => {
  it('reads names with ports, IPv6 too, and secrets from their files', async () => {
    const passwordFile = file('password', 'se cret\n');
    const options = await linkOptions({ ...base, sasl: { mechanism: 'SCRAM-SHA-512', user: 'u', passwordFile } });
    expect(options).toMatchObject({
      brokers: [
        { host: 'kafka-1', port: 9092 },
        { host: '::1', port: 9093 },
      ],
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'u', password: 'se cret' },
    });
    expect(options.tls).toBeUndefined();
  });

  it.each([
    ['a password file that is not there', { sasl: sasl('SCRAM-SHA-512', 'nowhere') }, /passwordFile/],
    ['an empty password file', { sasl: sasl('SCRAM-SHA-512', file('empty', '\n')) }, /passwordFile/],
    ['PLAIN without TLS', { sasl: sasl('PLAIN', file('p', 'x')) }, /PLAIN/],
    ['a certificate without its key', { tls: { certFile: file('c', 'x') } }, /keyFile/],
    ['an authority that cannot be read', { tls: { caFile: 'nowhere' } }, /caFile/],
    ['letters in the topic of the ticks', { letterTopic: 't' }, /letterTopic/],
    ['a port that cannot be', { brokers: ['kafka:99999'] }, /brokers/],
  ])('%s is FN_CONFIG and names its key', async (_, part: Partial<KafkaConfig>, key) => {
    await expect(linkOptions({ ...base, ...part })).rejects.toMatchObject({
      code: 'FN_CONFIG',
      message: expect.stringMatching(key),
    });
  });

  it.each([
    ['no broker', { brokers: [] }],
    ['a broker without a port', { brokers: ['kafka'] }],
    ['a password in the configuration', { sasl: { ...sasl('PLAIN', 'x'), password: 'x' } }],
    ['a compression that we do not write', { compression: 'snappy' }],
    ['less room than one record takes', { bytesMax: 1000 }],
    ['a key that nobody knows', { topics: 'x' }],
  ])('%s does not fit the schema', (_, part) => {
    expect(Value.Check(KafkaConfigSchema, base)).toBe(true);
    expect(Value.Check(KafkaConfigSchema, { ...base, ...part })).toBe(false);
  });
});

function sasl(mechanism: 'PLAIN' | 'SCRAM-SHA-512', passwordFile: string) {
  return { mechanism, user: 'u', passwordFile };
}
