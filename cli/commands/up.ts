import { Command } from 'commander';
import { makeSpooledCollector } from '../../collector/app.ts';
import { openLog } from '../log.ts';
import { configFrom, configOption, dataOption, portOption, type SharedOptions } from '../options.ts';
import { runUntilSignal, serverStopDeadlineMs } from '../run-until-signal.ts';

/** The bus answers a tick some seconds later, with its whole block: what has waited must not go one by one. */
const inFlightMax = 1024;

export function upCommand(): Command {
  return new Command('up')
    .description('everything in one process on embedded stores: collector, ingest, API and page')
    .addOption(portOption())
    .addOption(dataOption())
    .addOption(configOption())
    .action(async (options: SharedOptions) => {
      const config = configFrom(options);
      const logger = openLog(config.log.level);
      // Other commands do not wait for what a server is made of.
      const { makeConfiguredServer } = await import('../configured-server.ts');
      const { sink, server, parts: serverParts } = await makeConfiguredServer(config, logger);
      const { agent, spool, parts } = makeSpooledCollector({
        config: config.collector,
        dataFolder: config.data,
        sink,
        logger,
        inFlightMax,
      });
      server.watchCollector(() => ({ ...agent.stats, spool: spool.status() }));
      await runUntilSignal([...serverParts, ...parts], logger, {
        started: () => {
          logger.info({ url: server.url() }, 'everything runs');
          process.stdout.write(`Fournines: ${server.url()}\n`);
        },
        stopping: () => server.drain(),
        stopDeadlineMs: serverStopDeadlineMs,
      });
    });
}
