import { InvalidArgumentError, Option } from 'commander';
import { FourninesError } from '../core/runtime/error.ts';
import { parseInstant } from '../server/slo/instant.ts';
import type { Config } from './config.ts';
import { loadConfig } from './config.ts';

/** Options that every long-running command shares. */
export interface SharedOptions {
  readonly config?: string;
  readonly data?: string;
  readonly port?: number;
}

export const configOption = () => new Option('--config <file>', 'configuration file (YAML)').env('FOURNINES_CONFIG');
export const dataOption = () => new Option('--data <folder>', 'data folder').env('FOURNINES_DATA');
export const portOption = () =>
  new Option('--port <number>', 'HTTP port; 0: any free one').env('FOURNINES_PORT').argParser(parsePort);
export const jsonOption = () => new Option('--json', 'print JSON');

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 0 && port <= 65_535)) throw new InvalidArgumentError('It is a number from 0 to 65535.');
  return port;
}

export function configFrom(options: SharedOptions): Config {
  return loadConfig(options.config, { port: options.port, data: options.data });
}

/** Unix seconds of an option that is an instant in UTC. */
export function instantOf(text: string, option: string): number {
  const instant = parseInstant(text);
  if (instant?.whole === true) return instant.second;
  throw new FourninesError('FN_USAGE', `${option} ${text} is no whole second in UTC`, {
    hint: 'Write it as RFC 3339 with a Z, such as 2026-11-30T17:00:00Z.',
  });
}
