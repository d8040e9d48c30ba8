import { InProcessLog } from '../core/bus/in-process.ts';
import type { LogSink } from '../core/bus/log.ts';
import type { Logger } from '../core/runtime/logger.ts';
import { messageBytesMax } from '../core/wire/message.ts';
import { makeServer, type Server } from '../server/app.ts';
import { CutAcknowledged } from '../server/ingest/cut-acknowledged.ts';
import type { Config } from './config.ts';
import { productVersion } from './version.ts';

/** The server on a bus in this process, whose sink answers a tick when it can no longer be lost. */
export function makeEmbeddedServer(config: Config, logger: Logger): { sink: LogSink; server: Server } {
  const { server: slice, data } = config;
  const bus = new InProcessLog({ bytesMax: slice.busBytesMax, recordBytesMax: messageBytesMax, nowMs: Date.now });
  const sink = new CutAcknowledged(bus);
  const server = makeServer({
    config: slice,
    data,
    bus,
    heldBytes: () => bus.heldBytes,
    sink,
    onCut: (partition, end) => sink.cut(partition, end),
    logger,
    version: productVersion,
  });
  return { sink, server };
}
