import { Command } from 'commander';
import { makeCollector, makeSpooledCollector } from '../../collector/app.ts';
import { nothingKept } from '../../collector/resume.ts';
import { openLog } from '../log.ts';
import { NdjsonSink } from '../ndjson-sink.ts';
import { configFrom, configOption, dataOption, jsonOption, type SharedOptions } from '../options.ts';
import { printGather } from '../print-gather.ts';
import { runUntilSignal } from '../run-until-signal.ts';
import { keepYoungGenerationSmall } from '../young-generation.ts';

interface CollectorOptions extends SharedOptions {
  readonly once?: boolean;
  readonly json?: boolean;
}

export function collectorCommand(): Command {
  return new Command('collector')
    .description('read this host once a second and send each tick to the bus; without one, to stdout as NDJSON')
    .option('--once', 'gather once, print it and end')
    .addOption(jsonOption())
    .addOption(dataOption())
    .addOption(configOption())
    .action(async (options: CollectorOptions) => {
      keepYoungGenerationSmall();
      const config = configFrom(options);
      const logger = openLog(options.once ? 'warn' : config.log.level);
      const started = () => logger.info({ host: config.collector.host }, 'collecting');
      if (config.bus.kafka !== undefined && options.once !== true) {
        const { openKafkaSink } = await import('../kafka-bus.ts');
        const { sink, part } = await openKafkaSink(config.bus.kafka, logger);
        const { collector, data: dataFolder } = config;
        const { parts } = makeSpooledCollector({ config: collector, dataFolder, sink, logger });
        await runUntilSignal([part, ...parts], logger, { started });
        return;
      }
      const sink = new NdjsonSink(process.stdout);
      const collector = makeCollector({ config: config.collector, sink, readResumed: nothingKept, logger });
      if (options.once) {
        const failed = printGather(await collector.once(), options.json === true);
        if (failed) process.exitCode = 1;
        return;
      }
      await runUntilSignal([collector], logger, { started });
    });
}
