import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { portSlot } from '../../core/catalogue/kinds.ts';
import type { Engine } from '../../server/store/engine.ts';
import { aPortSlot, count, insertRows, today, until } from '../system/store-fixture.ts';

/** A migrated store, and its engine as it is or is not there. */
export interface ContractStore extends AsyncDisposable {
  readonly engine: Engine;
  /** For files on their way. */
  readonly folder: string;
  /** kill -9 of what runs the statements. */
  readonly kill: () => Promise<void>;
  /** It comes back, by itself or with this. */
  readonly revive: () => Promise<void>;
}

const slowly = 'SELECT sleepEachRow(0.1) FROM numbers(100) SETTINGS max_block_size = 1';
const token = (n: number) => `log-a:0:${n}-${n}:port_slot:f`;

/** What every engine of the store must do, in a process of its own or on a network. */
export function storeEngineContract(name: string, open: () => Promise<ContractStore>): void {
  describe(`${name} keeps the contract of a store engine`, () => {
    let store: ContractStore;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store[Symbol.asyncDispose]());
    beforeEach(async () => {
      for (const table of ['port_slot', 'port_1m', 'dead_letter']) {
        await store.engine.command(`TRUNCATE TABLE ${table}`);
      }
    });
    valueTests(() => store);
    tokenTests(() => store);
    errorTests(() => store);
    endTests(() => store);
    absenceTests(() => store);
  });
}

const ask = ({ engine }: ContractStore, sql: string, deadlineMs = 10_000) => engine.query(sql, {}, { deadlineMs });

function valueTests(of: () => ContractStore): void {
  test('parameters arrive as they are, whatever is in them, and 64-bit integers come back as their digits', async () => {
    const text = `tab\there, line\nbreak, 'quotes' "both", back\\slash, {brace:String}, \u0000, é😀`;
    const sql = `SELECT {text:String} AS text, length({text:String}) AS bytes, {small:UInt8} + {large:UInt32} AS sum,
      toUInt64(18446744073709551615) AS unsigned, toInt64(-9223372036854775808) AS signed, NULL AS nothing`;
    const parameters = { text, small: 255, large: 4_294_967_295 };
    const expected = {
      ...{ text, bytes: String(Buffer.byteLength(text)), sum: '4294967550' },
      ...{ unsigned: '18446744073709551615', signed: '-9223372036854775808', nothing: null },
    };
    expect(await of().engine.query(sql, parameters, { deadlineMs: 5_000 })).toEqual([expected]);
  });

  test('rows come all and in order, none too', async () => {
    expect(await ask(of(), 'SELECT 1 WHERE 0')).toEqual([]);
    const rows = await ask(of(), 'SELECT toUInt32(number) AS n FROM numbers(100000) ORDER BY n');
    expect(rows).toEqual(Array.from({ length: 100_000 }, (_, n) => ({ n })));
  });

  test('settings of one statement are none of the next', async () => {
    const bounded = ask(of(), 'SELECT number FROM numbers(10) SETTINGS max_result_rows = 5');
    await expect(bounded).rejects.toMatchObject({ context: { storeCode: '396' } });
    const settings = "SELECT value FROM system.settings WHERE name = 'max_result_rows'";
    expect(await ask(of(), `${settings} SETTINGS max_result_rows = 7`)).toEqual([{ value: '7' }]);
    expect(await ask(of(), settings)).toEqual([{ value: '0' }]);
  });

  test('statements that wait are counted with the time they waited', async () => {
    const before = of().engine.stats().lanes.insert;
    const rows = Array.from({ length: 16 }, (_, i) => aPortSlot({ slot: today + i }));
    await Promise.all(rows.map((row) => insertRows(of(), portSlot, [row])));
    const { insert } = of().engine.stats().lanes;
    expect(insert.started - before.started).toBe(16);
    expect(insert.waitedMsMax).toBeGreaterThan(0);
    expect(insert.waitedMsSum).toBeGreaterThanOrEqual(insert.waitedMsMax);
    expect(insert).toMatchObject({ queued: 0, oldestWaitMs: 0, runningMs: undefined });
    expect(await count(of().engine, 'port_slot')).toBe(16);
  });
}

/** Rows, slots in the rollup, packets in the rollup. */
async function stored({ engine }: ContractStore): Promise<number[]> {
  const sums = 'SELECT toUInt64(sum(observed)) AS slots, toUInt64(sum(packets)) AS packets FROM port_1m';
  const [rolled] = (await engine.query(sums, {}, { deadlineMs: 5_000 })) as { slots: string; packets: string }[];
  return [await count(engine, 'port_slot'), Number(rolled?.slots), Number(rolled?.packets)];
}

function tokenTests(of: () => ContractStore): void {
  test('one token covers a whole insert with its views, also over two days and 200,000 rows', async () => {
    const rows = Array.from({ length: 200_000 }, (_, i) =>
      aPortSlot({ port: `p${i % 500}`, slot: today - 200 + Math.floor(i / 500) }),
    );
    for (let i = 0; i < 2; i++) await insertRows(of(), portSlot, rows, token(1));
    expect(await stored(of())).toEqual([200_000, 200_000, 20_000_000]);
  });

  test('a token does not stay: what comes without one is stored, as often as it comes', async () => {
    await insertRows(of(), portSlot, [aPortSlot()], token(2));
    await insertRows(of(), portSlot, [aPortSlot()]);
    await insertRows(of(), portSlot, [aPortSlot()]);
    const letter = (code: string) => `INSERT INTO dead_letter (at, code) SELECT now64(3), '${code}'`;
    await of().engine.command(`${letter('a')} SETTINGS insert_deduplication_token = 'x'`);
    await of().engine.command(letter('b'));
    expect(await stored(of())).toEqual([3, 3, 300]);
    expect(await count(of().engine, 'dead_letter')).toBe(2);
  });

  test('the same insert sent twice at once is stored once', async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => aPortSlot({ slot: today + i }));
    await Promise.all([1, 2, 3].map(() => insertRows(of(), portSlot, rows, token(3))));
    expect(await stored(of())).toEqual([5_000, 5_000, 500_000]);
  });

  test('a view that missed an insert gets it from the repetition', async () => {
    const rows = [aPortSlot({ packetsInc: 5n })];
    await of().engine.command('DETACH TABLE port_1m_mv');
    await insertRows(of(), portSlot, rows, token(4));
    await of().engine.command('ATTACH TABLE port_1m_mv');
    await insertRows(of(), portSlot, rows, token(4));
    expect(await stored(of())).toEqual([1, 1, 5]);
  });
}

function errorTests(of: () => ContractStore): void {
  test("the store's own errors become ours, by their numbers", async () => {
    const refused = (sql: string) => expect(ask(of(), sql)).rejects;
    const storeCode = (code: string) => ({ context: { storeCode: code } });
    await refused('SELECT * FROM nowhere').toMatchObject({ code: 'FN_STORE', retryable: false, ...storeCode('60') });
    await refused('SELEC').toMatchObject({ code: 'FN_STORE', ...storeCode('62') });
    await refused('SELECT {missing:String}').toMatchObject({ code: 'FN_STORE', ...storeCode('456') });
    await refused(`${slowly}, max_execution_time = 0.3`).toMatchObject({
      code: 'FN_STORE_TIMEOUT',
      ...storeCode('159'),
    });
    await refused('SELECT number FROM numbers(100) SETTINGS max_result_rows = 10').toMatchObject({
      code: 'FN_STORE_TOO_MUCH',
      ...storeCode('396'),
    });
    const large = 'SELECT groupArray(number) FROM numbers(200000000) SETTINGS max_memory_usage = 100000000';
    await refused(large).toMatchObject({ code: 'FN_STORE', ...storeCode('241') });
    expect(of().engine.stats().lastErrorCode).toBe('FN_STORE');
  });

  test('an insert that cannot go in is refused for good, and leaves nothing', async () => {
    const insert = { columns: ['host'], path: `${of().folder}/missing.native`, table: 'tick' };
    const refused = of().engine.insertFile(insert, { deadlineMs: 5_000 });
    await expect(refused).rejects.toMatchObject({ code: 'FN_STORE', retryable: false });
    const unknown = insertRows(of(), { ...portSlot, name: 'nowhere' } as never, [aPortSlot()] as never, token(5));
    await expect(unknown).rejects.toMatchObject({ code: 'FN_STORE', context: { storeCode: '60' } });
  });

  test('a failed statement leaves nothing in front of the next answer', async () => {
    const failing = [
      () => ask(of(), `${slowly}, max_execution_time = 0.5`),
      () => ask(of(), 'SELECT throwIf(number = 70000), number FROM numbers(100000) SETTINGS max_block_size = 10000'),
      () => ask(of(), 'SELECT number FROM numbers(100000) SETTINGS max_result_rows = 5, max_block_size = 2'),
      () => ask(of(), slowly, 300),
    ];
    for (const fail of failing) {
      await expect(fail()).rejects.toThrow();
      expect(await ask(of(), 'SELECT 5 AS n')).toEqual([{ n: 5 }]);
    }
  });
}

function endTests(of: () => ContractStore): void {
  const isIdle = async () => {
    const others = "system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%system.processes%'";
    return (await count(of().engine, others)) === 0;
  };

  test('a deadline ends a statement here and in the store, and inserts go on meanwhile', async () => {
    const startedMs = performance.now();
    const late = ask(of(), slowly, 700);
    const told = expect(late).rejects.toMatchObject({ code: 'FN_STORE_TIMEOUT', retryable: true });
    for (let i = 0; i < 3; i++) await insertRows(of(), portSlot, [aPortSlot({ slot: today + i })]);
    await told;
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(await count(of().engine, 'port_slot')).toBe(3);
    await until(isIdle);
    expect(of().engine.stats()).toMatchObject({ state: 'ready', restarts: 0 });
  });

  test('an abort rejects at once with its reason, whether the statement runs or waits or has not begun', async () => {
    const stop = new AbortController();
    const options = { deadlineMs: 20_000, signal: stop.signal };
    const asked = Array.from({ length: 12 }, () => of().engine.query(slowly, {}, options));
    const told = Promise.allSettled(asked);
    await until(() => of().engine.stats().lanes.query.runningMs !== undefined);
    stop.abort(new Error('enough'));
    expect(await told).toEqual(asked.map(() => ({ status: 'rejected', reason: stop.signal.reason })));
    await expect(of().engine.query('SELECT 1', {}, options)).rejects.toThrow('enough');
    await until(isIdle);
  });

  test('more statements than may wait are refused as what may be tried again', async () => {
    const stop = new AbortController();
    const options = { deadlineMs: 20_000, signal: stop.signal };
    const asked = Array.from({ length: 300 }, () => of().engine.query(slowly, {}, options));
    const told = Promise.allSettled(asked);
    stop.abort(new Error('enough'));
    const refused = (await told).filter(({ status, ...rest }) => {
      const { reason } = rest as { reason?: { code?: string; retryable?: boolean } };
      return status === 'rejected' && reason?.code === 'FN_STORE_AWAY' && reason.retryable === true;
    });
    expect(refused.length).toBeGreaterThanOrEqual(300 - 256 - 8);
    await until(isIdle);
  });
}

/** The last one closes the engine. */
function absenceTests(of: () => ContractStore): void {
  test('killed, it rejects what was under way as retryable, comes back and has all that it acknowledged', async () => {
    const { engine, kill, revive } = of();
    await insertRows(of(), portSlot, [aPortSlot()], token(6));
    const rows = Array.from({ length: 100_000 }, (_, i) => aPortSlot({ slot: today + (i % 50_000), port: `p${i}` }));
    const cut = Promise.allSettled([insertRows(of(), portSlot, rows, token(7)), ask(of(), 'SELECT sleep(3)')]);
    await until(() => engine.stats().lanes.query.runningMs !== undefined);
    await kill();
    const [insert, query] = await cut;
    expect(query).toMatchObject({ status: 'rejected', reason: { code: 'FN_STORE_AWAY', retryable: true } });
    // It may have been acknowledged before the kill; if not, it may be in all the same.
    if (insert?.status === 'rejected') expect(insert.reason).toMatchObject({ code: 'FN_STORE_AWAY' });
    await until(() => engine.stats().state === 'restarting');
    await expect(ask(of(), 'SELECT 1')).rejects.toMatchObject({ code: 'FN_STORE_AWAY', retryable: true });
    await revive();
    await until(() => engine.stats().state === 'ready');
    expect(engine.stats()).toMatchObject({ restarts: 1, lastErrorCode: 'FN_STORE_AWAY' });
    await insertRows(of(), portSlot, [aPortSlot()], token(6));
    await insertRows(of(), portSlot, rows, token(7));
    expect(await stored(of())).toEqual([100_001, 100_001, 10_000_100]);
  });

  test('closed, it ends what is under way and takes nothing more', async () => {
    const { engine } = of();
    const under = Promise.allSettled([ask(of(), slowly), ask(of(), slowly)]);
    await until(() => engine.stats().lanes.query.runningMs !== undefined);
    await Promise.all([engine.close(), engine.close()]);
    const away = { status: 'rejected', reason: { code: 'FN_STORE_AWAY', retryable: true } };
    expect(await under).toMatchObject([away, away]);
    expect(engine.stats().state).toBe('closed');
    await expect(ask(of(), 'SELECT 1')).rejects.toMatchObject({ code: 'FN_STORE_AWAY' });
  });
}
