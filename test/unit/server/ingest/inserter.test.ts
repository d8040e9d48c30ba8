import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { InProcessLog } from '../../../../core/bus/in-process.ts';
import { tick } from '../../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { BlockBuilder } from '../../../../core/wire/block-builder.ts';
import { encodeMessage } from '../../../../core/wire/message.ts';
import { BacklogTurns } from '../../../../server/ingest/backlog-turns.ts';
import { Inserter, type InserterOptions } from '../../../../server/ingest/inserter.ts';
import { KeptBlocks } from '../../../../server/ingest/kept-block.ts';
import type { CallOptions, Engine, InsertFile } from '../../../../server/store/engine.ts';
import { aGrant, MemoryLedger } from '../../../fakes/memory-ledger.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fournines-inserter-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** All of one size. */
function aMessage(seq: number): Uint8Array {
  const builder = new BlockBuilder(tick);
  const beat = { wallNs: 1n, monoNs: 1n, gatherNs: 1n, skipped: 0, cpuNs: 1n, rssBytes: 1n };
  builder.add({ host: 'h', slot: 1000 + seq, bootId: 'b', stream: 's', seq: BigInt(seq), ...beat });
  return encodeMessage({ host: 'h', bootId: 'b', stream: 's', seq: BigInt(seq), slot: 1000 + seq }, [builder.block()]);
}

type InsertHook = (insert: InsertFile, options: CallOptions) => Promise<void>;

/** A log of `messages`, read in batches of two, and an engine that does with each insert what `hook` does. */
async function aRoad(messages: number, hook: InsertHook, over: Partial<InserterOptions> = {}) {
  const log = new InProcessLog({ bytesMax: 1 << 20, recordBytesMax: 1 << 20, nowMs: Date.now });
  for (let seq = 0; seq < messages; seq++) await log.append('h', aMessage(seq));
  /** What happened, in order: `insert 0-1`, `stored 0-1`, `release 2`. */
  const told: string[] = [];
  const release = log.release.bind(log);
  log.release = (partition, offset) => {
    told.push(`release ${offset}`);
    release(partition, offset);
  };
  const engine: Pick<Engine, 'insertFile'> = {
    insertFile: async (insert, options) => {
      const range = insert.token?.split(':')[2];
      told.push(`insert ${range}`);
      await hook(insert, options);
      told.push(`stored ${range}`);
    },
  };
  const ledger = new MemoryLedger();
  const inserter = new Inserter({
    log,
    partition: 0,
    logId: 'log',
    ledger,
    grant: aGrant,
    engine: engine as Engine,
    dataFolder: folder,
    logger: silentLogger,
    bytesMax: 2 * aMessage(0).length,
    lingerMs: 20,
    ...over,
  });
  await inserter.start();
  return { log, told, ledger, inserter, files: () => readdir(join(folder, 'tmp', 'ingest-0')) };
}

const inOrder = ['0-1', '2-3', '4-5'].flatMap((range) => [
  `insert ${range}`,
  `stored ${range}`,
  `release ${Number(range.slice(2)) + 1}`,
]);

describe('two stages', () => {
  test('while a batch is inserted the next is written to its file, and no third is read', async () => {
    const gate = Promise.withResolvers<void>();
    const first = { before: Buffer.alloc(0), after: Buffer.alloc(0) };
    let inserts = 0;
    const { log, told, inserter, files } = await aRoad(6, async ({ path }) => {
      if (inserts++ > 0) return;
      first.before = await readFile(path);
      await gate.promise;
      first.after = await readFile(path);
    });
    const read = vi.spyOn(log, 'read');
    await expect.poll(files).toEqual(['0-1-tick.native', '2-3-tick.native']);
    await delay(100);
    expect(await files()).toEqual(['0-1-tick.native', '2-3-tick.native']);
    expect(read.mock.calls.filter(([{ offset }]) => offset >= 4n)).toEqual([]);
    expect(told).toEqual(['insert 0-1']);
    expect(inserter.stats()).toMatchObject({ state: 'storing', batches: 0, nextOffset: 0n });
    expect(log.heldRecords).toBe(6);

    gate.resolve();
    await expect.poll(() => inserter.stats().messages).toBe(6);
    await inserter.stop();
    expect(first.before.length).toBeGreaterThan(0);
    expect(first.after).toEqual(first.before);
    expect(told).toEqual(inOrder);
    expect(inserter.stats()).toMatchObject({ state: 'stopped', rows: 6, batches: 3, nextOffset: 6n });
    expect(await files()).toEqual([]);
  });

  test('offsets are released in order, each after its own batch is stored', async () => {
    const waits = [60, 0, 20];
    const { told, inserter } = await aRoad(6, async () => void (await delay(waits.shift() ?? 0)));
    await expect.poll(() => inserter.stats().nextOffset).toBe(6n);
    await inserter.stop();
    expect(told).toEqual(inOrder);
  });

  test('a first batch that fails holds back the second, and is repeated as it was', async () => {
    const seen: string[] = [];
    const { told, inserter, files } = await aRoad(6, async ({ token, path }) => {
      seen.push(`${token} ${(await readFile(path)).toString('base64')}`);
      if (seen.length < 4) throw new FourninesError('FN_STORE_AWAY', 'away');
    });
    await expect.poll(() => inserter.stats().state).toBe('waiting');
    await expect.poll(files).toContain('2-3-tick.native');
    expect(inserter.stats()).toMatchObject({ messages: 0, nextOffset: 0n });
    await expect.poll(() => inserter.stats().messages).toBe(6);
    await inserter.stop();
    expect(new Set(seen.slice(0, 4)).size).toBe(1);
    expect(new Set(seen).size).toBe(3);
    expect(told).toEqual(['insert 0-1', 'insert 0-1', 'insert 0-1', ...inOrder]);
    expect(inserter.stats().retries).toEqual({ FN_STORE_AWAY: 3 });
  });

  test('stop stores both batches that are held', async () => {
    const gate = Promise.withResolvers<void>();
    const { log, told, inserter, files } = await aRoad(4, () => gate.promise);
    await expect.poll(files).toHaveLength(2);
    const stopped = inserter.stop();
    gate.resolve();
    await stopped;
    expect(told).toEqual(inOrder.slice(0, 6));
    expect(log.heldRecords).toBe(0);
  });

  test('stop gives both up at its deadline: the bus still has them, and no file is left', async () => {
    const hang: InsertHook = (_, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const { log, told, inserter, files } = await aRoad(6, hang, { stopDeadlineMs: 100 });
    await expect.poll(files).toHaveLength(2);
    const startedAtMs = performance.now();
    await inserter.stop();
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    expect(told).toEqual(['insert 0-1']);
    expect(log.heldRecords).toBe(6);
    expect(inserter.stats()).toMatchObject({ state: 'stopped', messages: 0, nextOffset: 0n });
    expect(await files()).toEqual([]);
  });

  test('a bus that fails for a while costs nothing', async () => {
    const { log, inserter } = await aRoad(0, async () => undefined);
    const read = log.read.bind(log);
    let failures = 2;
    log.read = async (request) => {
      if (failures-- > 0) throw new FourninesError('FN_STORE', 'a broken line');
      return read(request);
    };
    for (let seq = 0; seq < 3; seq++) await log.append('h', aMessage(seq));
    await expect.poll(() => inserter.stats().messages).toBe(3);
    await inserter.stop();
    expect(log.heldRecords).toBe(0);
  });
});

describe('a block kept on disk', () => {
  test('that cannot be read for a while is read again, and stored with its own name', async () => {
    const kept = new KeptBlocks(join(folder, 'kept'));
    const ledger = new MemoryLedger();
    const away = async () => {
      throw new FourninesError('FN_STORE_AWAY', 'the store is away');
    };
    const first = await aRoad(2, away, { kept, ledger, stopDeadlineMs: 1 });
    await expect.poll(() => ledger.told).toContain('cut 0-1');
    await first.inserter.stop();

    const read = vi.spyOn(kept, 'log');
    read.mockRejectedValueOnce(new FourninesError('FN_FOLDER', 'a kept block cannot be read'));
    const second = await aRoad(0, async () => undefined, { kept, ledger });
    await expect.poll(() => second.told, { timeout: 5000 }).toContain('stored 0-1');
    expect(read.mock.calls.length).toBeGreaterThan(1);
    await second.inserter.stop();
    expect(await readdir(join(folder, 'kept'))).toEqual([]);
  });
});

describe('a partition that is behind', () => {
  /** One record a read, so that the first read of a batch does not reach the end; they arrived half a minute apart. */
  const slowly = (log: InProcessLog) => {
    const read = log.read.bind(log);
    return vi.spyOn(log, 'read').mockImplementation(async (request) => {
      const batch = await read({ ...request, maxBytes: 1 });
      const records = batch.records.map((record) => ({ ...record, appendedAtMs: 30_000 * Number(record.offset) }));
      return { ...batch, records };
    });
  };

  test('fills its batch up to the end of the log; rows that waited in the log wait for no company there', async () => {
    const { log, told, inserter } = await aRoad(0, async () => undefined, { bytesMax: 1 << 20, lingerMs: 60_000 });
    slowly(log);
    await Promise.all([0, 1, 2, 3, 4].map((seq) => log.append('h', aMessage(seq))));
    await expect.poll(() => inserter.stats().messages).toBe(5);
    expect(told).toEqual(['insert 0-4', 'stored 0-4', 'release 5']);
    await inserter.stop();
  });

  test('waits with one read in hand while another has the turn, until that is stored', async () => {
    const gate = Promise.withResolvers<void>();
    const over = { turns: new BacklogTurns(1), bytesMax: 1 << 20, lingerMs: 60_000 };
    const first = await aRoad(0, () => gate.promise, over);
    slowly(first.log);
    await Promise.all([0, 1, 2].map((seq) => first.log.append('h', aMessage(seq))));
    await expect.poll(() => first.told).toContain('insert 0-2');
    const second = await aRoad(0, async () => undefined, { ...over, dataFolder: join(folder, 'second') });
    const read = slowly(second.log);
    await Promise.all([0, 1, 2].map((seq) => second.log.append('h', aMessage(seq))));
    await delay(100);
    expect(read.mock.calls.filter(([{ offset }]) => offset > 0n)).toEqual([]);
    expect(second.inserter.stats().messages).toBe(0);

    gate.resolve();
    await expect.poll(() => second.inserter.stats().messages).toBe(3);
    await Promise.all([first.inserter.stop(), second.inserter.stop()]);
    expect(second.told).toEqual(['insert 0-2', 'stored 0-2', 'release 3']);
  });

  test('stopped while it waits for a turn it stores what it has', async () => {
    const turns = new BacklogTurns(1);
    await turns.take(new AbortController().signal);
    const { log, told, inserter } = await aRoad(0, async () => undefined, { turns, bytesMax: 1 << 20 });
    const read = slowly(log);
    await Promise.all([0, 1, 2].map((seq) => log.append('h', aMessage(seq))));
    await expect.poll(() => read.mock.calls.length).toBeGreaterThan(0);
    await delay(50);
    await inserter.stop();
    expect(told).toEqual(['insert 0-0', 'stored 0-0', 'release 1']);
  });
});
