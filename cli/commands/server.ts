import { Command } from 'commander';
import { openLog } from '../log.ts';
import { configFrom, configOption, dataOption, portOption, type SharedOptions } from '../options.ts';
import { runUntilSignal, serverStopDeadlineMs } from '../run-until-signal.ts';

export function serverCommand(): Command {
  return new Command('server')
    .description('store what the bus brings and serve it: API, page and metrics, without a collector')
    .addOption(portOption())
    .addOption(dataOption())
    .addOption(configOption())
    .action(async (options: SharedOptions) => {
      const config = configFrom(options);
      const logger = openLog(config.log.level);
      // Other commands do not wait for what a server is made of.
      const { makeConfiguredServer } = await import('../configured-server.ts');
      const { server, parts } = await makeConfiguredServer(config, logger);
      await runUntilSignal(parts, logger, {
        started: () => logger.info({ url: server.url() }, 'serving'),
        stopping: () => server.drain(),
        stopDeadlineMs: serverStopDeadlineMs,
      });
    });
}
