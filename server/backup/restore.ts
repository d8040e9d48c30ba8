import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { takeDataFolder } from '../../core/runtime/data-folder.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { ControlConfig } from '../config.ts';
import { checkControlEmpty, loadControl } from '../control/backup/load.ts';
import { openControlStore } from '../control/control-part.ts';
import { copySynced, fillStore } from '../store/backup/fill.ts';
import { EmbeddedEngine } from '../store/embedded/engine.ts';
import type { Manifest } from './format.ts';
import { verifyBackup } from './read-backup.ts';
import { type Progress, syncFolder } from './write-backup.ts';

export interface RestoreOptions {
  readonly from: string;
  readonly dataFolder: string;
  readonly control: ControlConfig;
  readonly logger: Logger;
  readonly onProgress: Progress;
}

const markName = 'restore-unfinished';

/** FN_RESTORE_UNFINISHED when a restore into this folder was cut off: what is there is a part of the truth only. */
export function refuseUnfinished(dataFolder: string): void {
  if (!existsSync(join(dataFolder, markName))) return;
  throw new FourninesError('FN_RESTORE_UNFINISHED', `a restore into ${dataFolder} was cut off`, {
    context: { folder: dataFolder },
  });
}

/**
 * Makes the data folder (new or empty) what it was when the backup was taken. Everything is read and checked before
 * anything is written; from the first byte to the last a mark keeps servers away.
 */
export async function restore(options: RestoreOptions): Promise<Manifest> {
  const { from, dataFolder, onProgress } = options;
  const manifest = await verifyBackup(from, onProgress);
  const folder = takeDataFolder(dataFolder);
  try {
    await checkEmpty(dataFolder);
    await writeFile(join(dataFolder, markName), '', { flush: true });
    await syncFolder(dataFolder);
    try {
      await fill(options, manifest);
    } catch (error) {
      await empty(dataFolder);
      throw error;
    }
    await rm(join(dataFolder, markName));
    await syncFolder(dataFolder);
    return manifest;
  } finally {
    folder.release();
  }
}

async function fill({ from, dataFolder, control, logger }: RestoreOptions, manifest: Manifest): Promise<void> {
  const controlStore = openControlStore(control, dataFolder, logger);
  const engine = new EmbeddedEngine({ path: join(dataFolder, 'clickhouse'), logger });
  try {
    // An embedded one is made here, and empty; a PostgreSQL may be somebody's.
    if (control.kind === 'postgres') await checkControlEmpty(controlStore);
    await engine.start();
    await fillStore(engine, manifest, from);
    for (const { path } of manifest.files) {
      if (path.startsWith('dead-letters/')) await copySynced(join(from, path), join(dataFolder, path));
    }
    await controlStore.open();
    await loadControl(controlStore, manifest, from);
  } finally {
    await engine.close();
    await controlStore.close();
  }
}

const isLock = (name: string) => name === 'lock' || name.startsWith('lock.');

async function checkEmpty(dataFolder: string): Promise<void> {
  const [found] = (await readdir(dataFolder)).filter((name) => !isLock(name));
  if (found === undefined) return;
  throw new FourninesError('FN_USAGE', `the data folder ${dataFolder} is not empty: there is ${found}`, {
    context: { folder: dataFolder },
    hint: 'Move it away, or name another one with --data.',
  });
}

/** It was empty before: all that is there is ours. */
async function empty(dataFolder: string): Promise<void> {
  for (const name of await readdir(dataFolder)) {
    if (!isLock(name)) await rm(join(dataFolder, name), { recursive: true, force: true });
  }
}
