import { mkdir, mkdtemp, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tick } from '../../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { BlockBuilder } from '../../../../core/wire/block-builder.ts';
import { encodeMessage } from '../../../../core/wire/message.ts';
import { Admitter } from '../../../../server/ingest/admit.ts';
import { Batch } from '../../../../server/ingest/batch.ts';
import { BatchWriter } from '../../../../server/ingest/batch-writer.ts';
import type { Engine, InsertFile } from '../../../../server/store/engine.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fournines-writer-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function aBatch(messages: number, first = 0): Batch {
  const batch = new Batch();
  const admitter = new Admitter();
  for (let seq = first; seq < first + messages; seq++) {
    const builder = new BlockBuilder(tick);
    const beat = { wallNs: 1n, monoNs: 1n, gatherNs: 1n, skipped: 0, cpuNs: 1n, rssBytes: 1n };
    builder.add({ host: 'h', slot: 1000 + seq, bootId: 'b', stream: 's', seq: BigInt(seq), ...beat });
    const value = encodeMessage({ host: 'h', bootId: 'b', stream: 's', seq: BigInt(seq), slot: 1000 + seq }, [
      builder.block(),
    ]);
    batch.add(admitter.admit({ partition: 0, offset: BigInt(seq), key: 'h', value, appendedAtMs: 0 }));
  }
  return batch;
}

async function aWriter(insertFile: (insert: InsertFile, bytes: Buffer) => void, retries: string[] = []) {
  const engine: Pick<Engine, 'insertFile'> = {
    insertFile: async (insert) => insertFile(insert, await readFile(insert.path)),
  };
  const writer = new BatchWriter({
    engine: engine as Engine,
    folder: join(folder, 'tmp', 'w'),
    logId: 'log',
    partition: 0,
    logger: silentLogger,
    nowMs: () => 1,
    insertDeadlineMs: 1_000,
    onRetry: (code) => retries.push(code),
  });
  await writer.clear();
  return writer;
}

test('repeats what may pass with the same token and the same bytes', async () => {
  const seen: string[] = [];
  const retries: string[] = [];
  const writer = await aWriter((insert, bytes) => {
    seen.push(`${insert.token} ${bytes.toString('base64')}`);
    if (seen.length < 3) throw new FourninesError('FN_STORE_AWAY', 'away');
  }, retries);
  expect(await writer.write(aBatch(3), new AbortController().signal)).toMatchObject({ rows: 3, deadLetters: [] });
  expect(seen).toHaveLength(3);
  expect(new Set(seen).size).toBe(1);
  expect(seen[0]).toMatch(/^log:0:0-2:tick:[0-9a-f]+ /);
  expect(retries).toEqual(['FN_STORE_AWAY', 'FN_STORE_AWAY']);
});

test('halves a batch that is refused for good down to each poisonous message', async () => {
  const stored: string[] = [];
  const writer = await aWriter(({ table, token }, bytes) => {
    // seq 2 and 5 are poison: their slots 1002 and 1005 stand in the file as four bytes.
    const poison = [1002, 1005].some((slot) => bytes.includes(Buffer.from(Uint32Array.of(slot).buffer)));
    if (table === 'tick' && poison) throw new FourninesError('FN_STORE', 'no');
    stored.push(token?.split(':').slice(2, 4).join(' ') ?? '');
  });
  const { rows, deadLetters } = await writer.write(aBatch(8), new AbortController().signal);
  expect(rows).toBe(6);
  expect(deadLetters.map(({ record }) => record.offset)).toEqual([2n, 5n]);
  expect(stored).toEqual(['0-1 tick', '3-3 tick', '4-4 tick', '6-7 tick', '0-7 dead_letter']);
});

test('never tries a run whole again that it has halved, so that no half is stored twice', async () => {
  const stored: string[] = [];
  const stop = new AbortController();
  let wholeRefused = false;
  const writer = await aWriter(({ table, token }) => {
    const range = token?.split(':')[2] ?? '';
    // Refused once as a whole; then the left half goes in, and the right one meets a stop.
    if (table === 'tick' && range === '0-3' && !wholeRefused) {
      wholeRefused = true;
      throw new FourninesError('FN_STORE', 'no');
    }
    if (range === '2-3' && !stop.signal.aborted) {
      stop.abort(new Error('stopping'));
      throw new FourninesError('FN_STORE_AWAY', 'away');
    }
    stored.push(range);
  });
  const batch = aBatch(4);
  await expect(writer.write(batch, stop.signal)).rejects.toThrow('stopping');
  expect(await writer.write(batch, new AbortController().signal)).toMatchObject({ rows: 4, deadLetters: [] });
  // 0-1 again with its own token, which the store knows: it is not doubled.
  expect(stored).toEqual(['0-1', '0-1', '2-3']);
});

test('keeps letters in a file when the store refuses even those', async () => {
  const writer = await aWriter(() => {
    throw new FourninesError('FN_STORE', 'no');
  });
  const { deadLetters } = await writer.write(aBatch(1), new AbortController().signal);
  expect(deadLetters).toHaveLength(1);
  expect((await readFile(join(folder, 'dead-letters', 'log-0-0.native'))).length).toBeGreaterThan(100);
});

test('gives up only when told to', async () => {
  const stop = new AbortController();
  const writer = await aWriter(() => {
    stop.abort(new Error('stopping'));
    throw new FourninesError('FN_STORE_AWAY', 'away');
  });
  await expect(writer.write(aBatch(1), stop.signal)).rejects.toThrow('stopping');
});

test('inserts the file that was written ahead, and joins nothing again', async () => {
  const seen: string[] = [];
  const writer = await aWriter(({ path }, bytes) => seen.push(`${path} ${bytes.toString('base64')}`));
  const batch = aBatch(3);
  await writer.writeAhead(batch);
  const path = join(folder, 'tmp', 'w', '0-2-tick.native');
  const ahead = await readFile(path);
  await writer.write(batch, new AbortController().signal);
  expect(seen).toEqual([`${path} ${ahead.toString('base64')}`]);
  expect(await readdir(join(folder, 'tmp', 'w'))).toEqual([]);
});

test('a batch written ahead gives the disk to the one before it, and is written again when it is due', async () => {
  const tmp = join(folder, 'tmp', 'w');
  const blocked = join(tmp, '0-2-tick.native');
  const stored: number[] = [];
  const retries: string[] = [];
  const writer = await aWriter((_, bytes) => stored.push(bytes.length), retries);
  const [first, second] = [aBatch(3), aBatch(5, 3)];
  await mkdir(blocked);
  await writer.writeAhead(first);
  await writer.writeAhead(second);
  expect(await readdir(tmp)).toEqual(['0-2-tick.native', '3-7-tick.native']);
  const { signal } = new AbortController();
  const written = writer.write(first, signal);
  await expect.poll(() => retries.length).toBeGreaterThan(0);
  expect(await readdir(tmp)).toEqual(['0-2-tick.native']);
  await rmdir(blocked);
  expect(await written).toMatchObject({ rows: 3 });
  expect(await writer.write(second, signal)).toMatchObject({ rows: 5 });
  expect(stored).toHaveLength(2);
  expect(new Set(retries)).toEqual(new Set(['FN_FOLDER']));
});
