import { readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { parseDocument } from 'yaml';
import { KafkaConfigSchema } from '../bus/kafka/config.ts';
import { CollectorConfigSchema } from '../collector/config.ts';
import { FourninesError } from '../core/runtime/error.ts';
import { ServerConfigSchema } from '../server/config.ts';
import { configProblems } from './config-problems.ts';

/** The whole configuration: each part's slice, and what belongs to the process. docs/configuration.md is made from it. */
export const ConfigSchema = Type.Object(
  {
    data: Type.String({
      minLength: 1,
      default: './data',
      description: 'Folder of the embedded stores. One process at a time.',
    }),
    log: Type.Object(
      {
        level: Type.Union([Type.Literal('error'), Type.Literal('warn'), Type.Literal('info'), Type.Literal('debug')], {
          default: 'info',
          description: 'Least important log lines to write.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    bus: Type.Object(
      {
        kafka: Type.Optional(
          Type.Object(KafkaConfigSchema.properties, {
            additionalProperties: false,
            description: 'Present: the bus is a Kafka topic. Absent: it is inside the process of `fournines up`.',
          }),
        ),
      },
      { additionalProperties: false, default: {} },
    ),
    collector: CollectorConfigSchema,
    server: ServerConfigSchema,
  },
  { additionalProperties: false },
);

export type Config = Static<typeof ConfigSchema>;

/** What the command line and the environment say, which goes over the file. */
export interface ConfigOverlay {
  readonly port?: number | undefined;
  readonly data?: string | undefined;
}

/**
 * Reads the YAML file (none: defaults), lays the overlay over it and checks the whole. Throws FN_CONFIG that lists every
 * mistake with its key, or FN_USAGE when there is no such file.
 */
export function loadConfig(path: string | undefined, overlay: ConfigOverlay): Config {
  const fromFile = path === undefined ? {} : parseYaml(path, readConfigFile(path));
  const laid = layOver(fromFile, overlay);
  const config = Value.Default(ConfigSchema, laid);
  const problems = configProblems(ConfigSchema, config);
  if (problems.length > 0) {
    const list = problems.map(({ key, problem }) => `  ${key}: ${problem}`).join('\n');
    throw new FourninesError('FN_CONFIG', `${path ?? 'the configuration'} has ${count(problems.length)}:\n${list}`);
  }
  return deepFreeze(config as Config);
}

function count(problems: number): string {
  return problems === 1 ? 'one mistake' : `${problems} mistakes`;
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new FourninesError('FN_USAGE', `the configuration file ${path} cannot be read`, {
      cause: error,
      hint: 'Check the path given with --config.',
    });
  }
}

function parseYaml(path: string, text: string): Record<string, unknown> {
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0) {
    const list = document.errors.map((error) => `  ${error.message.split('\n')[0]}`).join('\n');
    throw new FourninesError('FN_CONFIG', `${path} is not YAML:\n${list}`);
  }
  const value: unknown = document.toJS({ maxAliasCount: 10 });
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new FourninesError('FN_CONFIG', `${path} must hold keys and values at its top`);
  }
  return value as Record<string, unknown>;
}

function layOver(file: Record<string, unknown>, overlay: ConfigOverlay): Record<string, unknown> {
  const laid = structuredClone(file);
  if (overlay.data !== undefined) laid['data'] = overlay.data;
  if (overlay.port !== undefined) {
    const server = laid['server'];
    laid['server'] = { ...(typeof server === 'object' && server !== null ? server : {}), port: overlay.port };
  }
  return laid;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
