import Value from 'typebox/value';
import { type ServerConfig, ServerConfigSchema } from '../../server/config.ts';

type Over = Partial<Omit<ServerConfig, 'alerts'>> & { readonly alerts?: Partial<ServerConfig['alerts']> };

/** A server's configuration: defaults, on any free port, and what a test says otherwise. */
export function aServerConfig(over: Over = {}): ServerConfig {
  return Value.Default(ServerConfigSchema, { port: 0, ...over }) as ServerConfig;
}
