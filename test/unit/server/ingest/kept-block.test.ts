import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogRecord } from '../../../../core/bus/log.ts';
import { KeptBlocks } from '../../../../server/ingest/kept-block.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fournines-kept-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const records: readonly LogRecord[] = [5n, 6n, 9n].map((offset) => ({
  ...{ partition: 2, offset, key: `hé${offset}`, appendedAtMs: 1.5e12 },
  value: Buffer.alloc(Number(offset), Number(offset)),
}));
const request = { partition: 2, offset: 0n, maxBytes: 1, waitMs: 0, signal: new AbortController().signal };

test('a kept block is read back record by record, and is gone when it is dropped', async () => {
  const kept = new KeptBlocks(join(folder, 'made'));
  await kept.keep('mem-1', 2, records);
  const log = await kept.log('mem-1', 2, 5n);
  const { records: found, nextOffset } = await log.read(request);
  expect(found.map((record) => ({ ...record, value: Buffer.from(record.value) }))).toEqual(records);
  expect([await log.earliest(2), await log.latest(2), nextOffset]).toEqual([5n, 10n, 10n]);
  await kept.drop('mem-1', 2, 5n);
  expect(await readdir(join(folder, 'made'))).toEqual([]);
});

test('one that is not whole, at whatever byte it is cut or changed, is a log that has forgotten everything', async () => {
  const kept = new KeptBlocks(folder);
  await kept.keep('mem-1', 2, records);
  const path = join(folder, 'mem-1-2-5.block');
  const whole = await readFile(path);
  for (let at = 0; at < whole.length; at++) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] as number) ^ 1;
    for (const bytes of [whole.subarray(0, at), changed]) {
      await writeFile(path, bytes);
      expect(await (await kept.log('mem-1', 2, 5n)).earliest(2)).toBeGreaterThan(1n << 62n);
      expect(await readdir(folder)).toEqual(['mem-1-2-5.block.damaged']);
    }
  }
});
