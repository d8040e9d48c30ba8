import { Command } from 'commander';
import { makeEmbeddedServer } from '../embedded-server.ts';
import { openLog } from '../log.ts';
import { configFrom, configOption, dataOption, portOption, type SharedOptions } from '../options.ts';
import { runUntilSignal } from '../run-until-signal.ts';

export function serverCommand(): Command {
  return new Command('server')
    .description('serve what the data folder holds: API, page and metrics, without a collector')
    .addOption(portOption())
    .addOption(dataOption())
    .addOption(configOption())
    .action(async (options: SharedOptions) => {
      const config = configFrom(options);
      const logger = openLog(config.log.level);
      const { server } = makeEmbeddedServer(config, logger);
      await runUntilSignal(server.parts, logger, () => logger.info({ url: server.url() }, 'serving'));
    });
}
