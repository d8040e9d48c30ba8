import type { LogSink } from '../core/bus/log.ts';
import { FourninesError } from '../core/runtime/error.ts';
import type { Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';
import { makeServer, type Server } from '../server/app.ts';
import type { Config } from './config.ts';
import { makeEmbeddedServer } from './embedded-server.ts';
import { productVersion } from './version.ts';

export interface ConfiguredServer {
  readonly server: Server;
  /** The bus's part and the server's, in starting order. */
  readonly parts: readonly Part[];
  /** Where a collector of this process appends: answered when a tick outlives the process. */
  readonly sink: LogSink;
}

/** The server on the bus that the configuration names. */
export async function makeConfiguredServer(config: Config, logger: Logger): Promise<ConfiguredServer> {
  const { kafka } = config.bus;
  refuseWhatCannotBeRight(config);
  if (kafka === undefined) {
    const { server, sink } = makeEmbeddedServer(config, logger);
    return { server, sink, parts: server.parts };
  }
  if (config.server.control.kind === 'postgres' && config.server.store.kind === 'embedded') {
    const why =
      "the store is this server's own: a second server on this topic stays out; server.store.kind: clickhouse is shared";
    logger.warn({}, why);
  }
  const { openKafkaServerBus } = await import('./kafka-bus.ts');
  const { part, ...bus } = await openKafkaServerBus(kafka, logger);
  const server = makeServer({ config: config.server, data: config.data, ...bus, logger, version: productVersion });
  return { server, sink: bus.sink, parts: [part, ...server.parts] };
}

/** Combinations in which a second server, or this one, would count wrongly. */
function refuseWhatCannotBeRight({ bus: { kafka }, server: { control, store } }: Config): void {
  if (kafka === undefined && control.kind === 'postgres') {
    throw new FourninesError('FN_CONFIG', 'server.control.kind: postgres needs bus.kafka', {
      hint: "A bus inside the process is no other server's: leave server.control.kind at embedded.",
    });
  }
  if (kafka !== undefined && store.kind === 'clickhouse' && control.kind === 'embedded') {
    throw new FourninesError(
      'FN_CONFIG',
      'server.store.kind: clickhouse on bus.kafka needs server.control.kind: postgres',
      {
        hint: 'What was stored is remembered in the control store: two servers that do not share it would store each tick twice.',
      },
    );
  }
}
