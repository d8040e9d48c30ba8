import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InProcessLog } from '../../core/bus/in-process.ts';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { type portSlot as PortSlot, portSlot, tick } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { encodeMessage } from '../../core/wire/message.ts';
import { Inserter, type InserterOptions } from '../../server/ingest/inserter.ts';
import type { Engine } from '../../server/store/engine.ts';
import { aGrant, MemoryLedger } from '../fakes/memory-ledger.ts';
import { aPortSlot, blockOf, count, type OpenStore, openStore, today, until } from './store-fixture.ts';

function aLog(bytesMax = 64 * 1024 * 1024): InProcessLog {
  return new InProcessLog({ bytesMax, recordBytesMax: 8 * 1024 * 1024, nowMs: Date.now });
}

function aMessage(seq: number, over: Partial<RowOf<typeof PortSlot>> = {}): Uint8Array {
  const slot = today + seq;
  const beat = {
    host: 'h1',
    slot,
    bootId: 'b',
    stream: 's',
    seq: BigInt(seq),
    wallNs: 1n,
    monoNs: 1n,
    gatherNs: 1n,
    skipped: 0,
    cpuNs: 1n,
    rssBytes: 1n,
  };
  const ports = ['p1', 'p2'].map((port) => aPortSlot({ port, slot, packetsInc: BigInt(seq), ...over }));
  const head = { host: 'h1', bootId: 'b', stream: 's', seq: BigInt(seq), slot };
  return encodeMessage(head, [blockOf(tick, [beat]), blockOf(portSlot, ports)]);
}

function anInserter(store: OpenStore, log: InProcessLog, over: Partial<InserterOptions> = {}): Inserter {
  return new Inserter({
    log,
    partition: 0,
    logId: 'test-log',
    ledger: new MemoryLedger(),
    grant: aGrant,
    engine: store.engine,
    dataFolder: store.folder,
    logger: silentLogger,
    lingerMs: 20,
    ...over,
  });
}

/** The store's answers, with a hand on each insert. */
function withInserts(engine: Engine, insertFile: Engine['insertFile']): Engine {
  return {
    query: (...call) => engine.query(...call),
    command: (...call) => engine.command(...call),
    stats: () => engine.stats(),
    close: () => engine.close(),
    insertFile,
  };
}

const totals = async ({ engine }: OpenStore) =>
  (
    await engine.query(
      `SELECT (SELECT count() FROM tick) AS ticks, (SELECT count() FROM port_slot) AS rows,
        (SELECT sum(packets_inc) FROM port_slot) AS packets, (SELECT sum(packets) FROM port_1m) AS rolled`,
      {},
      { deadlineMs: 10_000 },
    )
  )[0];

const sumTo = (n: number) => n * (n - 1);

describe('the inserter', () => {
  test('stores ticks in batches, releases the bus and tells what it did', async () => {
    await using store = await openStore();
    const log = aLog();
    const tmp = join(store.folder, 'tmp', 'ingest-0');
    await mkdir(tmp, { recursive: true });
    await writeFile(join(tmp, 'left.native'), 'of a process that was killed');
    const inserter = anInserter(store, log);
    await inserter.start();
    for (let seq = 0; seq < 200; seq++) await log.append('h1', aMessage(seq));
    await until(() => inserter.stats().messages === 200);
    expect(await totals(store)).toEqual({
      ticks: '200',
      rows: '400',
      packets: String(sumTo(200)),
      rolled: String(sumTo(200)),
    });
    expect(inserter.stats()).toMatchObject({ rows: 600, deadLetters: {}, nextOffset: 200n, missedRecords: 0 });
    expect(inserter.stats().lagMs).toBeTypeOf('number');
    expect(log.heldRecords).toBe(0);
    await inserter.stop();
    expect(await readdir(tmp)).toEqual([]);
  });

  test('stop stores what was read', async () => {
    await using store = await openStore();
    const log = aLog();
    const inserter = anInserter(store, log, { lingerMs: 60_000 });
    await inserter.start();
    await log.append('h1', aMessage(1));
    await until(() => log.heldRecords === 1);
    await log.append('h1', aMessage(2));
    await new Promise((resolve) => setImmediate(resolve));
    await inserter.stop();
    expect(log.heldRecords).toBe(0);
    expect(await count(store.engine, 'tick')).toBe(2);
  });

  test('poison goes to the dead letters with its bytes and costs nothing else', async () => {
    await using store = await openStore();
    const log = aLog();
    const good = aMessage(1);
    const flipped = Uint8Array.from(good);
    flipped[100] = (flipped[100] ?? 0) ^ 0xff;
    const newer = Uint8Array.from(good);
    newer[4] = 2;
    const block = blockOf(portSlot, [aPortSlot()]);
    const head = { host: 'h1', bootId: 'b', stream: 's', seq: 1n, slot: today };
    const poison: [Uint8Array, string][] = [
      [Buffer.from('hello'), 'FN_WIRE_DAMAGED'],
      [good.subarray(0, good.length - 9), 'FN_WIRE_DAMAGED'],
      [flipped, 'FN_WIRE_DAMAGED'],
      [newer, 'FN_WIRE_VERSION'],
      [encodeMessage(head, [{ ...block, fingerprint: 1n }]), 'FN_WIRE_SCHEMA'],
      [encodeMessage(head, [{ ...block, kind: 'nobody' }]), 'FN_WIRE_SCHEMA'],
      [encodeMessage(head, [{ ...block, rows: 2 }]), 'FN_WIRE_BLOCK'],
      [encodeMessage(head, [blockOf(portSlot, [aPortSlot({ slot: 1 }), aPortSlot()])]), 'FN_WIRE_BLOCK'],
    ];
    for (const [i, [bytes]] of poison.entries()) {
      await log.append('h1', bytes);
      await log.append('h1', aMessage(i));
    }
    const inserter = anInserter(store, log);
    await inserter.start();
    await until(() => inserter.stats().nextOffset === 16n);
    await inserter.stop();
    expect(await count(store.engine, 'tick')).toBe(8);
    const letters = await store.engine.query(
      'SELECT code, hex(bytes) AS bytes FROM dead_letter ORDER BY offset',
      {},
      { deadlineMs: 5_000 },
    );
    expect(letters).toEqual(
      poison.map(([bytes, code]) => ({ code, bytes: Buffer.from(bytes).toString('hex').toUpperCase() })),
    );
    expect(inserter.stats().deadLetters).toEqual({
      FN_WIRE_DAMAGED: 3,
      FN_WIRE_VERSION: 1,
      FN_WIRE_SCHEMA: 2,
      FN_WIRE_BLOCK: 2,
    });
  });

  test('a message that the store refuses is found by halving; all others go in', async () => {
    await using store = await openStore();
    await store.engine.command("ALTER TABLE port_slot ADD CONSTRAINT no_poison CHECK port != 'poison'");
    const log = aLog();
    for (let seq = 0; seq < 37; seq++) await log.append('h1', aMessage(seq, seq === 11 ? { port: 'poison' } : {}));
    const inserter = anInserter(store, log);
    await inserter.start();
    await until(() => inserter.stats().nextOffset === 37n);
    await inserter.stop();
    const all = String(sumTo(37) - 22);
    expect(await totals(store)).toEqual({ ticks: '37', rows: '72', packets: all, rolled: all });
    const letters = await store.engine.query('SELECT offset, code FROM dead_letter', {}, { deadlineMs: 5_000 });
    expect(letters).toEqual([{ offset: '11', code: 'FN_STORE' }]);
  });

  test('an insert whose answer was lost is not doubled: the engine is killed right after each', async () => {
    await using store = await openStore();
    const log = aLog();
    let kills = 0;
    const engine = withInserts(store.engine, async (...call) => {
      await store.engine.insertFile(...call);
      if (kills >= 4) return;
      kills++;
      process.kill(store.engine.pid as number, 'SIGKILL');
      await until(() => store.engine.stats().state !== 'ready');
      await store.engine.insertFile(...call);
    });
    for (let seq = 0; seq < 50; seq++) await log.append('h1', aMessage(seq));
    const inserter = anInserter(store, log, { engine });
    await inserter.start();
    await until(() => inserter.stats().messages === 50, 40_000);
    await inserter.stop();
    expect(await totals(store)).toEqual({
      ticks: '50',
      rows: '100',
      packets: String(sumTo(50)),
      rolled: String(sumTo(50)),
    });
    expect(inserter.stats().retries['FN_STORE_AWAY']).toBeGreaterThan(0);
  });

  test('killed at any moment under load, nothing is lost and nothing doubled', async () => {
    await using store = await openStore();
    const log = aLog();
    const inserter = anInserter(store, log, { lingerMs: 5 });
    await inserter.start();
    let kills = 0;
    for (let seq = 0; seq < 600; seq++) {
      await log.append('h1', aMessage(seq));
      if (seq % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 1 + (seq % 7)));
      if (seq % 100 === 99 && store.engine.pid !== undefined && store.engine.stats().state === 'ready') {
        await until(() => store.engine.stats().lanes.insert.runningMs !== undefined);
        process.kill(store.engine.pid, 'SIGKILL');
        kills++;
      }
    }
    await until(() => inserter.stats().nextOffset === 600n, 60_000);
    await inserter.stop();
    expect(kills).toBeGreaterThan(0);
    expect(await totals(store)).toEqual({
      ticks: '600',
      rows: '1200',
      packets: String(sumTo(600)),
      rolled: String(sumTo(600)),
    });
  });

  test('the engine killed while one batch goes in and the next is written: nothing is lost and nothing doubled', async () => {
    await using store = await openStore();
    const log = aLog();
    const tmp = join(store.folder, 'tmp', 'ingest-0');
    for (let seq = 0; seq < 120; seq++) await log.append('h1', aMessage(seq));
    let kills = 0;
    const engine = withInserts(store.engine, async (insert, options) => {
      if (kills < 4) {
        const next = `${Number(insert.token?.split(':')[2]?.split('-')[1]) + 1}-`;
        await until(async () => (await readdir(tmp)).some((file) => file.startsWith(next)));
        await until(() => store.engine.stats().state === 'ready');
        const inserted = store.engine.insertFile(insert, options);
        inserted.catch(() => undefined);
        // At its start, when it is done, and on its way.
        if (kills === 1) await until(() => store.engine.stats().lanes.insert.runningMs === undefined);
        if (kills++ === 2) await new Promise((resolve) => setTimeout(resolve, 3));
        process.kill(store.engine.pid as number, 'SIGKILL');
        await until(() => store.engine.stats().state !== 'ready');
        await inserted;
        return;
      }
      await store.engine.insertFile(insert, options);
    });
    const inserter = anInserter(store, log, { engine, bytesMax: 10 * aMessage(0).length });
    await inserter.start();
    await until(() => inserter.stats().nextOffset === 120n, 60_000);
    await inserter.stop();
    expect(kills).toBe(4);
    expect(inserter.stats().batches).toBeGreaterThan(2);
    expect(await totals(store)).toEqual({
      ticks: '120',
      rows: '240',
      packets: String(sumTo(120)),
      rolled: String(sumTo(120)),
    });
  });

  test('while the store is away rows wait in the bus within its bound, then go in', async () => {
    await using store = await openStore();
    const log = aLog(aMessage(0).length * 10);
    let away = true;
    const { FourninesError } = await import('../../core/runtime/error.ts');
    const engine = withInserts(store.engine, async (...call) => {
      if (away) throw new FourninesError('FN_STORE_AWAY', 'away');
      await store.engine.insertFile(...call);
    });
    const inserter = anInserter(store, log, { engine });
    await inserter.start();
    for (let seq = 0; seq < 10; seq++) await log.append('h1', aMessage(seq));
    await expect(log.append('h1', aMessage(10))).rejects.toMatchObject({ code: 'FN_BUS_FULL' });
    await until(() => inserter.stats().state === 'waiting');
    away = false;
    await until(() => inserter.stats().messages === 10);
    await inserter.stop();
    expect(await totals(store)).toEqual({
      ticks: '10',
      rows: '20',
      packets: String(sumTo(10)),
      rolled: String(sumTo(10)),
    });
  });

  test.skipIf(process.getuid?.() !== 0)('with a full disk rows wait, then go in', async () => {
    await using store = await openStore();
    const log = aLog();
    const tmp = join(store.folder, 'small');
    await mkdir(tmp);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', tmp]);
    try {
      const ballast = join(tmp, 'ballast');
      await writeFile(ballast, Buffer.alloc(60_000));
      const inserter = anInserter(store, log, { dataFolder: tmp });
      await inserter.start();
      for (let seq = 0; seq < 30; seq++) await log.append('h1', aMessage(seq));
      await until(() => (inserter.stats().retries['FN_FOLDER'] ?? 0) > 1);
      expect(await count(store.engine, 'port_slot')).toBe(0);
      await writeFile(ballast, '');
      await until(() => inserter.stats().messages === 30);
      await inserter.stop();
      expect(await totals(store)).toEqual({
        ticks: '30',
        rows: '60',
        packets: String(sumTo(30)),
        rolled: String(sumTo(30)),
      });
    } finally {
      execFileSync('umount', ['-l', tmp]);
    }
  });

  test('a second life of a log in memory has a name of its own: its rows are not taken for repeated ones', async () => {
    await using store = await openStore();
    for (const logId of ['life-1', 'life-2']) {
      const log = aLog();
      const inserter = anInserter(store, log, { logId });
      await inserter.start();
      await log.append('h1', aMessage(5));
      await until(() => inserter.stats().messages === 1);
      await inserter.stop();
    }
    expect(await count(store.engine, 'port_slot')).toBe(4);
  });
});
