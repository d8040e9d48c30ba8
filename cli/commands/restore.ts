import { Command } from 'commander';
import { verifyBackup } from '../../server/backup/read-backup.ts';
import { restore } from '../../server/backup/restore.ts';
import { openLog } from '../log.ts';
import { configFrom, configOption, dataOption, jsonOption, type SharedOptions } from '../options.ts';
import { progressOn, toldBackup } from '../print-backup.ts';

interface RestoreOptions extends SharedOptions {
  readonly from: string;
  readonly verify?: boolean;
  readonly json?: boolean;
}

export function restoreCommand(): Command {
  return new Command('restore')
    .description('make an empty data folder what it was when a backup was taken')
    .requiredOption('--from <folder>', 'folder that fournines backup wrote')
    .option('--verify', 'read every file and compare its hash; write nothing')
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .action(run);
}

async function run(options: RestoreOptions): Promise<void> {
  const { data, server, log } = configFrom(options);
  const { from, json = false } = options;
  const onProgress = progressOn(process.stderr, 'verify');
  const logger = openLog(log.level === 'info' ? 'warn' : log.level);
  const manifest = options.verify
    ? await verifyBackup(from, onProgress)
    : await restore({ from, dataFolder: data, control: server.control, logger, onProgress });
  process.stdout.write(toldBackup(manifest, options.verify ? from : data, json));
}
