import { InProcessLog } from '../core/bus/in-process.ts';
import type { Logger } from '../core/runtime/logger.ts';
import { messageBytesMax } from '../core/wire/message.ts';
import { makeServer, type Server } from '../server/app.ts';
import type { Config } from './config.ts';
import { productVersion } from './version.ts';

/** The server on the bus inside this process. */
export function makeEmbeddedServer(config: Config, logger: Logger): { bus: InProcessLog; server: Server } {
  const { server: slice, data } = config;
  const bus = new InProcessLog({ bytesMax: slice.busBytesMax, recordBytesMax: messageBytesMax, nowMs: Date.now });
  return { bus, server: makeServer({ config: slice, data, bus, logger, version: productVersion }) };
}
