import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { BackupHead } from '../../server/backup/format.ts';
import { writeBackup } from '../../server/backup/write-backup.ts';

const head: BackupHead = {
  ...{ format: 1, version: 'test', takenAt: 'now', heldMs: 0, storeSchema: 1, controlSchema: 1, bytes: 0 },
  ...{ store: [], sequences: [] },
};

async function* bytes(megabytes: number) {
  for (let n = 0; n < megabytes; n++) yield Buffer.alloc(1 << 20, n);
}

async function* files(megabytes: number) {
  yield { path: 'control/rule.jsonl', bytes: bytes(megabytes) };
}

describe.skipIf(process.getuid?.() !== 0)('a backup onto a disk of 2 MiB', () => {
  test('is refused before a byte is written, or ends with a clear error and no manifest when it grew beyond', async () => {
    const mountPoint = mkdtempSync(join(tmpdir(), 'fn-backup-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mountPoint], { stdio: 'ignore' });
    try {
      const write = (name: string, megabytes: number, told: number) =>
        writeBackup(
          { head: { ...head, bytes: told }, files: files(megabytes) },
          join(mountPoint, name),
          () => undefined,
        ).catch(toFourninesError);
      const early = await write('early', 3, 3 << 20);
      expect(early).toMatchObject({ code: 'FN_BACKUP_FOLDER', context: { neededBytes: 3 << 20 } });
      expect(existsSync(join(mountPoint, 'early', 'control'))).toBe(false);
      const late = await write('late', 3, 0);
      expect(late).toMatchObject({ code: 'FN_BACKUP_FOLDER', context: { systemCode: 'ENOSPC' } });
      expect(existsSync(join(mountPoint, 'late', 'manifest.json'))).toBe(false);
      rmSync(join(mountPoint, 'late'), { recursive: true });
      expect(await write('fits', 1, 1 << 20)).toMatchObject({ control: [{ table: 'rule' }] });
    } finally {
      execFileSync('umount', [mountPoint]);
      rmSync(mountPoint, { recursive: true });
    }
  });
});
