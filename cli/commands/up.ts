import { Command } from 'commander';
import { makeCollector } from '../../collector/app.ts';
import { makeEmbeddedServer } from '../embedded-server.ts';
import { openLog } from '../log.ts';
import { configFrom, configOption, dataOption, portOption, type SharedOptions } from '../options.ts';
import { runUntilSignal } from '../run-until-signal.ts';

export function upCommand(): Command {
  return new Command('up')
    .description('everything in one process on embedded stores: collector, ingest, API and page')
    .addOption(portOption())
    .addOption(dataOption())
    .addOption(configOption())
    .action(async (options: SharedOptions) => {
      const config = configFrom(options);
      const logger = openLog(config.log.level);
      const { bus, server } = makeEmbeddedServer(config, logger);
      const collector = makeCollector({
        config: config.collector,
        sink: bus,
        readResumed: (signal) => server.readKeptRows(config.collector.host, signal),
        logger,
      });
      server.watchCollector(() => collector.stats);
      await runUntilSignal([...server.parts, collector], logger, () => {
        logger.info({ url: server.url() }, 'everything runs');
        process.stdout.write(`Fournines: ${server.url()}\n`);
      });
    });
}
