import { Command } from 'commander';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import { makeServer } from '../../server/app.ts';
import { openLog } from '../log.ts';
import { configFrom, configOption, dataOption, portOption, type SharedOptions } from '../options.ts';
import { runUntilSignal } from '../run-until-signal.ts';
import { productVersion } from '../version.ts';

export function serverCommand(): Command {
  return new Command('server')
    .description('serve what the data folder holds: API, page and metrics, without a collector')
    .addOption(portOption())
    .addOption(dataOption())
    .addOption(configOption())
    .action(async (options: SharedOptions) => {
      const config = configFrom(options);
      const logger = openLog(config.log.level);
      const bus = new InProcessLog({
        bytesMax: config.server.busBytesMax,
        recordBytesMax: messageBytesMax,
        nowMs: Date.now,
      });
      const server = makeServer({ config: config.server, data: config.data, bus, logger, version: productVersion });
      await runUntilSignal(server.parts, logger, () => logger.info({ url: server.url() }, 'serving'));
    });
}
