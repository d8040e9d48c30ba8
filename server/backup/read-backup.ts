import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';
import { readControlMigrations } from '../control/migrate.ts';
import { readMigrations } from '../store/migrate.ts';
import { formatVersion, isBackupPath, type Manifest, manifestName, manifestOf } from './format.ts';
import type { Progress } from './write-backup.ts';

/**
 * The manifest of a whole backup: every file is read and has the hash that it had. Rejects with FN_BACKUP_DAMAGED, or
 * with FN_MIGRATION when it is of a newer program.
 */
export async function verifyBackup(folder: string, onProgress: Progress): Promise<Manifest> {
  const manifest = manifestOf(await readManifest(folder));
  checkVersions(manifest);
  const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const seen = new Set<string>();
  let done = 0;
  for (const { path, bytes, sha256 } of manifest.files) {
    if (!isBackupPath(path) || seen.has(path)) throw damaged(path, 'it has no place in a backup');
    seen.add(path);
    const found = await hashOf(join(folder, path), path);
    if (found.bytes !== bytes || found.sha256 !== sha256) throw damaged(path, 'it is not what it was');
    done += bytes;
    onProgress(done, total);
  }
  for (const { table } of manifest.control) {
    if (!seen.has(`control/${table}.jsonl`)) throw damaged(`control/${table}.jsonl`, 'it is missing');
  }
  return manifest;
}

async function readManifest(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, manifestName), 'utf8');
  } catch (cause) {
    const code = systemCode(cause) ?? '';
    const why = code === 'ENOENT' ? 'it has no manifest.json: it was never finished, or is none' : code;
    throw new FourninesError('FN_BACKUP_DAMAGED', `${folder} is no backup: ${why}`, { cause, context: { folder } });
  }
}

function checkVersions({ format, storeSchema, controlSchema, version }: Manifest): void {
  const known = { store: readMigrations().length, control: readControlMigrations().length };
  if (format <= formatVersion && storeSchema <= known.store && controlSchema <= known.control) return;
  throw new FourninesError('FN_MIGRATION', `the backup is of a newer program (${version})`, {
    context: { format, storeSchema, controlSchema, version },
    hint: `Restore it with Fournines ${version} or later.`,
  });
}

async function hashOf(file: string, path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file)) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
  } catch (cause) {
    throw damaged(path, systemCode(cause) === 'ENOENT' ? 'it is missing' : 'it cannot be read', cause);
  }
  return { bytes, sha256: hash.digest('hex') };
}

export function damaged(path: string, why: string, cause?: unknown): FourninesError {
  return new FourninesError('FN_BACKUP_DAMAGED', `${path} of the backup: ${why}`, { cause, context: { path } });
}
