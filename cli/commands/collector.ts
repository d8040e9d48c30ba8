import { Command } from 'commander';
import { makeCollector } from '../../collector/app.ts';
import { nothingKept } from '../../collector/resume.ts';
import { openLog } from '../log.ts';
import { NdjsonSink } from '../ndjson-sink.ts';
import { configFrom, configOption, jsonOption, type SharedOptions } from '../options.ts';
import { printGather } from '../print-gather.ts';
import { runUntilSignal } from '../run-until-signal.ts';
import { keepYoungGenerationSmall } from '../young-generation.ts';

interface CollectorOptions extends SharedOptions {
  readonly once?: boolean;
  readonly json?: boolean;
}

export function collectorCommand(): Command {
  return new Command('collector')
    .description('read this host once a second and write each tick to stdout as NDJSON; needs no server')
    .option('--once', 'gather once, print it and end')
    .addOption(jsonOption())
    .addOption(configOption())
    .action(async (options: CollectorOptions) => {
      keepYoungGenerationSmall();
      const config = configFrom(options);
      const logger = openLog(options.once ? 'warn' : config.log.level);
      const sink = new NdjsonSink(process.stdout);
      const collector = makeCollector({ config: config.collector, sink, readResumed: nothingKept, logger });
      if (options.once) {
        const failed = printGather(await collector.once(), options.json === true);
        if (failed) process.exitCode = 1;
        return;
      }
      await runUntilSignal([collector], logger, () => logger.info({ host: config.collector.host }, 'collecting'));
    });
}
