import { createReadStream } from 'node:fs';
import { link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FourninesError, systemCode, toFourninesError } from '../../core/runtime/error.ts';
import { dumpControl, ledgerFile, settledBlocks } from '../control/backup/dump.ts';
import type { ControlStore } from '../control/control-store.ts';
import { type FrozenFile, folderOf, freezeStore, thawStore } from '../store/backup/freeze.ts';
import type { Engine } from '../store/engine.ts';
import { formatVersion } from './format.ts';
import type { BackupFile, BackupStream } from './frames.ts';
import type { WriteGate } from './write-gate.ts';

export interface SnapshotOptions {
  readonly engine: Engine;
  readonly control: ControlStore;
  readonly dataFolder: string;
  readonly gate: WriteGate;
  readonly version: string;
  /** How long ingest may take to come to the end of a block, and the stores to be frozen. */
  readonly holdDeadlineMs?: number;
}

const holdDeadlineMs = 30_000;

/** Both stores at one instant. The files are there until it is disposed. */
export type Snapshot = BackupStream & AsyncDisposable;

/**
 * Stops writers at the end of their blocks, freezes both stores and lets them go on. In between no block is half stored
 * and everything that the ledger says is in a block is in the store, so the pair can be gone on with exactly where it
 * stood, without the store's memory of insert tokens, which is not part of a backup.
 *
 * Rejects with FN_BACKUP_BUSY when a block does not come to its end in time, or was left half stored by a killed server.
 */
export async function takeSnapshot(options: SnapshotOptions, signal: AbortSignal): Promise<Snapshot> {
  const { engine, control, dataFolder, gate, version } = options;
  folderOf(engine);
  const scratch = scratchOf(dataFolder);
  const dispose = async () => {
    await thawStore(engine);
    await rm(scratch, { recursive: true, force: true });
  };
  const late = AbortSignal.timeout(options.holdDeadlineMs ?? holdDeadlineMs);
  const both = AbortSignal.any([signal, late]);
  try {
    await rm(scratch, { recursive: true, force: true });
    await mkdir(join(scratch, 'control'), { recursive: true });
    await mkdir(join(scratch, 'dead-letters'));
    const { taken, takenAt, heldMs } = await inHold(gate, both, async () => {
      const dump = await dumpControl(control, join(scratch, 'control'), both);
      if (dump.unsettled > 0) throw unsettled(dump.unsettled);
      const frozen = await freezeStore(engine, both);
      await linkLetters(dataFolder, join(scratch, 'dead-letters'));
      return { dump, frozen };
    });
    const { dump, frozen } = taken;
    const files = [
      ...frozen.files,
      ...(await filesIn(scratch, 'control')),
      ...(await filesIn(scratch, 'dead-letters')),
    ];
    const head = {
      format: formatVersion,
      version,
      takenAt,
      heldMs,
      storeSchema: frozen.schema,
      controlSchema: dump.schema,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      store: frozen.tables,
      sequences: dump.sequences,
    };
    const ledger = { path: ledgerFile, bytes: settledBlocks(control, dump.heads, signal) };
    return { head, files: inOrder(files, ledger), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    // What went wrong is told, not that clearing up did, too.
    await dispose().catch(() => undefined);
    if (isFull(error)) throw new FourninesError('FN_DISK_FULL', "the data folder's disk is full", { cause: error });
    if (signal.aborted || !late.aborted) throw error;
    throw new FourninesError('FN_BACKUP_BUSY', 'ingest did not come to the end of a block in time', {
      cause: toFourninesError(error),
    });
  }
}

async function inHold<T>(gate: WriteGate, signal: AbortSignal, work: () => Promise<T>) {
  using _hold = await gate.hold(signal);
  const startedMs = performance.now();
  const takenAt = new Date().toISOString();
  return { taken: await work(), takenAt, heldMs: Math.round(performance.now() - startedMs) };
}

/** Removes what a backup left behind whose process was killed. */
export async function clearSnapshots(engine: Engine, dataFolder: string): Promise<void> {
  if (engine.folder !== undefined) await thawStore(engine);
  await rm(scratchOf(dataFolder), { recursive: true, force: true });
}

function scratchOf(dataFolder: string): string {
  return join(dataFolder, 'backup');
}

async function* inOrder(files: readonly FrozenFile[], ledger: BackupFile): AsyncGenerator<BackupFile> {
  for (const { path, source } of files) yield { path, bytes: createReadStream(source) };
  yield ledger;
}

async function linkLetters(dataFolder: string, target: string): Promise<void> {
  const folder = join(dataFolder, 'dead-letters');
  const names = await readdir(folder).catch(() => []);
  for (const name of names) await link(join(folder, name), join(target, name));
}

async function filesIn(scratch: string, folder: string): Promise<readonly FrozenFile[]> {
  const files: FrozenFile[] = [];
  for (const name of (await readdir(join(scratch, folder))).sort()) {
    const source = join(scratch, folder, name);
    files.push({ path: `${folder}/${name}`, source, bytes: (await stat(source)).size });
  }
  return files;
}

/** The rows of the control store are written beside the stores first: some megabytes. */
function isFull(error: unknown): boolean {
  const cause = error instanceof FourninesError ? error.cause : error;
  return ['ENOSPC', 'EDQUOT'].includes(systemCode(cause) ?? '');
}

function unsettled(blocks: number): FourninesError {
  return new FourninesError('FN_BACKUP_BUSY', `${blocks} blocks were recorded and are not known to be stored`, {
    context: { blocks },
    hint: 'Start the server; it stores them first. If it does not, see /api/v1/health.',
  });
}
