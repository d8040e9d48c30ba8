import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toFourninesError } from '../../../../core/runtime/error.ts';
import { type BackupHead, isBackupPath } from '../../../../server/backup/format.ts';
import { decodeBackup, encodeBackup, pieceBytesMax } from '../../../../server/backup/frames.ts';

const head: BackupHead = {
  ...{ format: 1, version: 'test', takenAt: 'now', heldMs: 1, storeSchema: 5, controlSchema: 1, bytes: 3 },
  ...{ store: [{ table: 'tick', rows: 2 }], sequences: [] },
};
const contents = [Buffer.alloc(0), Buffer.from('abc\n'), randomBytes(2 * pieceBytesMax + 17)];

async function* filesOf() {
  for (const [n, bytes] of contents.entries()) {
    yield {
      path: `control/t${n}.jsonl`,
      bytes: (async function* () {
        yield bytes;
      })(),
    };
  }
}

async function encoded(): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of encodeBackup({ head, files: filesOf() })) parts.push(part);
  return Buffer.concat(parts);
}

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decode(bytes: Buffer, size: number) {
  const stream = await decodeBackup(inPieces(bytes, size));
  const files: [string, Buffer][] = [];
  for await (const file of stream.files) {
    const parts: Uint8Array[] = [];
    for await (const part of file.bytes) parts.push(part);
    files.push([file.path, Buffer.concat(parts)]);
  }
  return { head: stream.head, files };
}

describe('a backup as a stream', () => {
  test('comes back byte for byte, however it is cut on its way', async () => {
    const bytes = await encoded();
    for (const size of [7_919, 65_536, bytes.length]) {
      const back = await decode(bytes, size);
      expect(back.head).toEqual(head);
      expect(back.files.map(([path]) => path)).toEqual(contents.map((_, n) => `control/t${n}.jsonl`));
      expect(back.files.every(([, found], n) => found.equals(contents[n] as Buffer))).toBe(true);
    }
  });

  test('that ends early is damaged, wherever it ends', async () => {
    const bytes = await encoded();
    for (const end of [0, 3, 10, 300, bytes.length - 5, bytes.length - 1]) {
      await expect(decode(bytes.subarray(0, end), 65_536).catch(toFourninesError)).resolves.toMatchObject({
        code: 'FN_BACKUP_DAMAGED',
      });
    }
  });

  test('that is something else is told so', async () => {
    const other = Buffer.concat([Buffer.from([0, 0, 0, 2]), Buffer.from('{}')]);
    for (const bytes of [other, Buffer.from('<!doctype html><html></html>')]) {
      await expect(decode(bytes, 64)).rejects.toMatchObject({ code: 'FN_BACKUP_DAMAGED' });
    }
  });
});

describe('a path in a backup', () => {
  test('lies below one of its folders and leads nowhere else', () => {
    const paths = ['store/tick/20260101_1_1_0/data.bin', 'store/tick/all_1_1_0/p.proj/data.bin', 'control/lease.jsonl'];
    expect(paths.map(isBackupPath)).toEqual([true, true, true]);
    const others = [
      'manifest.json',
      'store/tick/x',
      '/etc/passwd',
      'control/../x',
      'control/a/b',
      'store/a/../../../x',
    ];
    expect([...others, '', 'control/', 'constructor/a'].map(isBackupPath)).toEqual(Array(9).fill(false));
  });
});
