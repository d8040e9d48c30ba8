import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { takeDataFolder } from '../../core/runtime/data-folder.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import { type BackupStream, decodeBackup } from '../../server/backup/frames.ts';
import { refuseUnfinished } from '../../server/backup/restore.ts';
import { takeSnapshot } from '../../server/backup/snapshot.ts';
import { checkNew, writeBackup } from '../../server/backup/write-backup.ts';
import { WriteGate } from '../../server/backup/write-gate.ts';
import { openControlStore } from '../../server/control/control-part.ts';
import { EmbeddedEngine } from '../../server/store/embedded/engine.ts';
import { whenReleased } from '../../server/when-released.ts';
import type { Config } from '../config.ts';
import { openLog } from '../log.ts';
import { configFrom, configOption, dataOption, jsonOption, type SharedOptions } from '../options.ts';
import { progressOn, toldBackup } from '../print-backup.ts';
import { ServerClient, serverOption } from '../server-client.ts';
import { productVersion } from '../version.ts';

interface BackupOptions extends SharedOptions {
  readonly out: string;
  readonly server?: string;
  readonly json?: boolean;
}

export function backupCommand(): Command {
  return new Command('backup')
    .description('copy both stores, as they are at one instant, into a folder')
    .requiredOption('--out <folder>', 'folder for the backup; new or empty')
    .addOption(serverOption())
    .addOption(dataOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nA running server is asked; the folder of a stopped one is read as it is. Spools are not part of it: docs/backup.md.',
    )
    .action(backup);
}

async function backup(options: BackupOptions): Promise<void> {
  const config = configFrom(options);
  // Before anybody is kept waiting for it.
  await checkNew(options.out);
  const write = (stream: BackupStream) => writeBackup(stream, options.out, progressOn(process.stderr, 'backup'));
  const fromServer = async () => {
    const { headers, text } = await new ServerClient(options).stream('backups', 'POST');
    try {
      if (options.server === undefined) checkSame(config.data, headers);
      return await write(await decodeBackup(text));
    } finally {
      await text.return(undefined);
    }
  };
  const manifest = options.server === undefined ? await ofFolder(config, write, fromServer) : await fromServer();
  process.stdout.write(toldBackup(manifest, options.out, options.json === true));
}

/** Two servers on one machine: the one that answered may not be the one that holds the folder. */
function checkSame(data: string, headers: Headers): void {
  const told = decodeURIComponent(headers.get('fournines-data') ?? '');
  if (existsSync(told) && realpathSync(told) === realpathSync(data)) return;
  throw new FourninesError('FN_USAGE', `the server that answers serves ${told}, not ${data}`, {
    context: { data, told },
    hint: "Name the address of the folder's own server with --server.",
  });
}

/** Whoever holds the folder is asked; nobody does: it is opened here. */
async function ofFolder<T>(config: Config, write: (stream: BackupStream) => Promise<T>, ask: () => Promise<T>) {
  if (!existsSync(join(config.data, 'clickhouse'))) {
    throw new FourninesError('FN_USAGE', `there is no store in ${config.data}`, {
      hint: 'Name the data folder with --data, or a running server with --server.',
    });
  }
  let folder: ReturnType<typeof takeDataFolder>;
  try {
    folder = takeDataFolder(config.data);
  } catch (error) {
    if (toFourninesError(error).code === 'FN_FOLDER_LOCKED') return ask();
    throw error;
  }
  try {
    refuseUnfinished(config.data);
    return await ofStopped(config, write);
  } finally {
    folder.release();
  }
}

async function ofStopped<T>({ data, server, log }: Config, write: (stream: BackupStream) => Promise<T>): Promise<T> {
  const logger = openLog(log.level === 'info' ? 'warn' : log.level);
  const engine = new EmbeddedEngine({ path: join(data, 'clickhouse'), logger });
  const control = openControlStore(server.control, data, logger);
  try {
    await whenReleased(() => engine.start(), { logger });
    await whenReleased(() => control.open(), { logger });
    const options = { engine, control, dataFolder: data, gate: new WriteGate(), version: productVersion };
    await using snapshot = await takeSnapshot(options, new AbortController().signal);
    return await write(snapshot);
  } finally {
    await engine.close();
    await control.close();
  }
}
