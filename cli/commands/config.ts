import { Command } from 'commander';
import { stringify } from 'yaml';
import { configFrom, configOption, dataOption, jsonOption, portOption, type SharedOptions } from '../options.ts';

interface PrintOptions extends SharedOptions {
  readonly json?: boolean;
}

export function configCommand(): Command {
  const check = new Command('check')
    .description('check a configuration; every mistake is listed')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: PrintOptions) => {
      configFrom(options);
      process.stdout.write(options.json ? '{"ok":true}\n' : 'the configuration is right\n');
    });
  const print = new Command('print')
    .description('print the configuration in effect, defaults included')
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(portOption())
    .addOption(jsonOption())
    .action((options: PrintOptions) => {
      const config = configFrom(options);
      process.stdout.write(options.json ? `${JSON.stringify(config, null, 2)}\n` : stringify(config));
    });
  return new Command('config').description('check or print the configuration').addCommand(check).addCommand(print);
}
