import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';
import { isBackupPath, type Manifest, manifestName } from './format.ts';
import type { BackupFile, BackupStream } from './frames.ts';

/** Files whose bytes are on their way to the medium. */
const syncsMax = 32;

export type Progress = (doneBytes: number, ofBytes: number) => void;

type Entry = Manifest['files'][number];

/**
 * Writes a backup into a folder that is new or empty, each file synced, the manifest last. FN_USAGE when something is
 * there; FN_BACKUP_FOLDER when the disk is full or refuses; then the folder has no manifest and is no backup.
 */
export async function writeBackup(
  { head, files: incoming }: BackupStream,
  folder: string,
  onProgress: Progress,
): Promise<Manifest> {
  await checkNew(folder);
  await checkRoom(folder, head.bytes);
  const files: Entry[] = [];
  const control: Manifest['control'] = [];
  const syncs = new Set<Promise<void>>();
  const made = new Set<string>();
  let done = 0;
  for await (const file of incoming) {
    if (!isBackupPath(file.path)) throw new FourninesError('FN_BACKUP_DAMAGED', `a backup has no file ${file.path}`);
    const path = join(folder, file.path);
    if (!made.has(dirname(path))) await onDisk(path, () => mkdir(dirname(path), { recursive: true, mode: 0o750 }));
    made.add(dirname(path));
    const { entry, lines } = await writeFile(path, file, syncs, (bytes) => onProgress(done + bytes, head.bytes));
    files.push(entry);
    done += entry.bytes;
    const table = /^control\/(.+)\.jsonl$/.exec(entry.path)?.[1];
    if (table !== undefined) control.push({ table, rows: lines });
  }
  await Promise.all(syncs);
  const manifest: Manifest = { ...head, control, files };
  await writeManifest(folder, manifest);
  return manifest;
}

/** Makes the folder; FN_USAGE when something is in it. */
export async function checkNew(folder: string): Promise<void> {
  const names = await onDisk(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o750 });
    return readdir(folder);
  });
  if (names.length > 0) {
    throw new FourninesError('FN_USAGE', `${folder} is not empty`, {
      context: { folder },
      hint: 'Name a folder that is new or empty: a backup is never written over anything.',
    });
  }
}

async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await onDisk(folder, () => statfs(folder));
  if (bavail * bsize < bytes) {
    throw new FourninesError('FN_BACKUP_FOLDER', `${folder} has ${bavail * bsize} bytes free, ${bytes} are needed`, {
      context: { folder, freeBytes: bavail * bsize, neededBytes: bytes },
    });
  }
}

async function writeFile(
  path: string,
  { path: name, bytes: incoming }: BackupFile,
  syncs: Set<Promise<void>>,
  onBytes: (bytes: number) => void,
): Promise<{ entry: Entry; lines: number }> {
  const hash = createHash('sha256');
  let [bytes, lines] = [0, 0];
  const file = await onDisk(path, () => open(path, 'wx', 0o640));
  try {
    for await (const chunk of incoming) {
      hash.update(chunk);
      await onDisk(path, () => file.writeFile(chunk));
      bytes += chunk.length;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
      onBytes(bytes);
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  if (syncs.size >= syncsMax) await Promise.race(syncs);
  const synced = onDisk(path, () => file.sync())
    .finally(() => file.close())
    .finally(() => syncs.delete(synced));
  // Awaited at the end with all others; until then it is nobody's surprise.
  synced.catch(() => undefined);
  syncs.add(synced);
  return { entry: { path: name, bytes, sha256: hash.digest('hex') }, lines };
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, manifestName);
  await onDisk(path, async () => {
    const draft = await open(`${path}.part`, 'w', 0o640);
    try {
      await draft.writeFile(`${JSON.stringify(manifest, null, 1)}\n`);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(`${path}.part`, path);
    await syncFolder(folder);
  });
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

/** A backup goes to a disk that somebody else may have filled. */
async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : code;
    throw new FourninesError('FN_BACKUP_FOLDER', `${path} cannot be written: ${why}`, {
      cause,
      context: { path, systemCode: code },
    });
  }
}
