import Value from 'typebox/value';
import { type ServerConfig, ServerConfigSchema } from '../../server/config.ts';

/** A server's configuration: defaults, on any free port, and what a test says otherwise. */
export function aServerConfig(over: Partial<ServerConfig> = {}): ServerConfig {
  return Value.Default(ServerConfigSchema, { port: 0, ...over }) as ServerConfig;
}
