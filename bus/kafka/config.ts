import { readFile } from 'node:fs/promises';
import { type Static, Type } from 'typebox';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import type { KafkaLink, LinkOptions } from './link.ts';

const MiB = 1024 * 1024;
const file = (description: string) => Type.String({ minLength: 1, maxLength: 4096, description });

/** The bus over Kafka: where it is and how to get in. Secrets are read from files, never written here. */
export const KafkaConfigSchema = Type.Object(
  {
    brokers: Type.Array(
      Type.String({ minLength: 3, maxLength: 300, pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9._-]+):[0-9]{1,5}$' }),
      { minItems: 1, maxItems: 64, description: 'Brokers to ask first, as host:port.' },
    ),
    topic: Type.String({
      minLength: 1,
      maxLength: 249,
      pattern: '^[A-Za-z0-9._-]+$',
      default: 'fournines.ticks',
      description: 'Topic of the ticks.',
    }),
    letterTopic: Type.String({
      minLength: 1,
      maxLength: 249,
      pattern: '^[A-Za-z0-9._-]+$',
      default: 'fournines.dead-letters',
      description: 'Topic where the server tells of messages that it could not store; they are in the store as well.',
    }),
    clientId: Type.String({
      minLength: 1,
      maxLength: 127,
      pattern: '^[A-Za-z0-9._-]+$',
      default: 'fournines',
      description: "Our name in the broker's logs and quotas.",
    }),
    tls: Type.Optional(
      Type.Object(
        {
          caFile: Type.Optional(file("Certificates of the authority, PEM. Default: the system's.")),
          certFile: Type.Optional(file('Our certificate, PEM, where the broker asks for one.')),
          keyFile: Type.Optional(file('The key of our certificate, PEM.')),
        },
        { additionalProperties: false, description: 'Present: connections are encrypted.' },
      ),
    ),
    sasl: Type.Optional(
      Type.Object(
        {
          mechanism: Type.Union([Type.Literal('SCRAM-SHA-512'), Type.Literal('SCRAM-SHA-256'), Type.Literal('PLAIN')], {
            default: 'SCRAM-SHA-512',
            description: 'How to log in. PLAIN needs tls.',
          }),
          user: Type.String({ minLength: 1, maxLength: 255, description: 'User name.' }),
          passwordFile: file('File with the password; a line end is left out.'),
        },
        { additionalProperties: false, description: 'Present: we log in.' },
      ),
    ),
    compression: Type.Union([Type.Literal('zstd'), Type.Literal('lz4'), Type.Literal('none')], {
      default: 'zstd',
      description: 'Compression of batches.',
    }),
    bytesMax: Type.Integer({
      minimum: messageBytesMax + 1024,
      maximum: 4096 * MiB,
      default: 64 * MiB,
      description: 'Bytes of ticks that may be on their way to the broker.',
    }),
  },
  { additionalProperties: false },
);

export type KafkaConfig = Static<typeof KafkaConfigSchema>;

/** Reads the files that the configuration names. Throws FN_CONFIG with the key of the one that cannot be used. */
export async function linkOptions(config: KafkaConfig): Promise<LinkOptions> {
  const { sasl, tls } = config;
  if (config.letterTopic === config.topic) {
    throw new FourninesError(
      'FN_CONFIG',
      'bus.kafka.letterTopic is the topic of the ticks: letters would be read as ticks',
    );
  }
  if (sasl?.mechanism === 'PLAIN' && tls === undefined) {
    throw new FourninesError('FN_CONFIG', 'bus.kafka.sasl: PLAIN would send the password unencrypted; it needs tls');
  }
  if ((tls?.certFile === undefined) !== (tls?.keyFile === undefined)) {
    throw new FourninesError('FN_CONFIG', 'bus.kafka.tls: certFile and keyFile go together');
  }
  const password = sasl && (await readSecret('bus.kafka.sasl.passwordFile', sasl.passwordFile)).replace(/\r?\n$/, '');
  const pem = async (key: string, name: string | undefined) =>
    name === undefined ? undefined : readSecret(`bus.kafka.tls.${key}`, name);
  const [ca, cert, key] = await Promise.all([
    pem('caFile', tls?.caFile),
    pem('certFile', tls?.certFile),
    pem('keyFile', tls?.keyFile),
  ]);
  return {
    brokers: config.brokers.map(parseBroker),
    clientId: config.clientId,
    ...(tls === undefined
      ? {}
      : { tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), minVersion: 'TLSv1.2' as const } }),
    ...(sasl === undefined || password === undefined
      ? {}
      : { sasl: { mechanism: sasl.mechanism, username: sasl.user, password } }),
  };
}

/** A link of its own: give each sink and each source one. */
export async function openLink(config: KafkaConfig): Promise<KafkaLink> {
  // Whoever only reads a configuration does not wait for the client, which takes half a second to load.
  const { KafkaLink } = await import('./link.ts');
  return new KafkaLink(await linkOptions(config));
}

function parseBroker(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (port < 1 || port > 65_535) throw new FourninesError('FN_CONFIG', `bus.kafka.brokers: ${text} has no such port`);
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

async function readSecret(key: string, name: string): Promise<string> {
  try {
    const text = await readFile(name, 'utf8');
    if (text.trim() !== '') return text;
  } catch (error) {
    throw new FourninesError('FN_CONFIG', `${key}: ${name} cannot be read`, {
      cause: error,
      context: { key, file: name, system: systemCode(error) ?? '' },
    });
  }
  throw new FourninesError('FN_CONFIG', `${key}: ${name} is empty`, { context: { key, file: name } });
}
