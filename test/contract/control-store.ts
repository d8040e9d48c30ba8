import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { addMapping, endMapping, mappingAt } from '../../server/control/identity-mappings.ts';
import { migrateControl, readControlMigrations } from '../../server/control/migrate.ts';
import { Turn } from '../../server/control/turn.ts';
import { actLinkTests } from './act-links.ts';
import { actTests } from './acts.ts';
import { alertingTests } from './alerting.ts';
import { alertTests } from './alerts.ts';
import { breachTests } from './breaches.ts';
import { creditTests } from './credits.ts';
import { deliveryTests } from './deliveries.ts';
import { deliveryLogTests } from './delivery-log.ts';
import { exclusionTests } from './exclusions.ts';
import { objectTests } from './objects.ts';
import { ongoingTests } from './ongoing.ts';

export interface ControlContractOptions {
  /** Another handle on one database, which is new and empty at the first call. */
  readonly open: () => Promise<ControlStore>;
  readonly close: () => Promise<void>;
}

/** What every control store must do, whether it is in a folder or on a network. */
export function controlStoreContract(name: string, { open, close }: ControlContractOptions): void {
  describe(`${name} keeps the contract of a control store`, () => {
    let store: ControlStore;
    beforeAll(async () => {
      store = await open();
      await store.query('CREATE TABLE thing (id bigint PRIMARY KEY, word text, n integer, yes boolean)');
    });
    afterAll(async () => {
      await store.close();
      await close();
    });
    const count = async (where = 'true') =>
      (await store.query(`SELECT count(*) AS n FROM thing WHERE ${where}`))[0]?.['n'];

    it('gives int8 as bigint, int4 as number, text, booleans and nulls as they went in', async () => {
      const big = 2n ** 63n - 1n;
      await store.query('INSERT INTO thing VALUES ($1, $2, $3, $4)', [big, "it's $1; --é", -5, true]);
      await store.query('INSERT INTO thing VALUES ($1, $2, $3, $4)', [-1n, null, null, false]);
      expect(await store.query('SELECT * FROM thing WHERE id IN ($1, $2) ORDER BY id DESC', [big, -1n])).toEqual([
        { id: big, word: "it's $1; --é", n: -5, yes: true },
        { id: -1n, word: null, n: null, yes: false },
      ]);
    });

    it('takes a list as JSON, bigints as decimal text', async () => {
      const rows = JSON.stringify([{ id: '9007199254740993', word: 'a' }]);
      const sql = 'SELECT id, word FROM jsonb_to_recordset($1::text::jsonb) AS x(id bigint, word text)';
      expect(await store.query(sql, [rows])).toEqual([{ id: 9007199254740993n, word: 'a' }]);
    });

    it('tells what is refused for good by FN_CONTROL with the SQLSTATE, and goes on', async () => {
      await store.query('INSERT INTO thing (id) VALUES (100)');
      await expect(store.query('INSERT INTO thing (id) VALUES (100)')).rejects.toMatchObject({
        code: 'FN_CONTROL',
        retryable: false,
        context: { sqlState: '23505' },
      });
      await expect(store.query('SELEC 1')).rejects.toMatchObject({ code: 'FN_CONTROL' });
      expect(await count('id = 100')).toBe(1n);
    });

    it('a transaction is there whole, or not at all when its work fails', async () => {
      const failing = store.transaction(async (session) => {
        await session.query('INSERT INTO thing (id) VALUES (200)');
        throw new FourninesError('FN_INTERNAL', 'on purpose');
      });
      await expect(failing).rejects.toMatchObject({ code: 'FN_INTERNAL' });
      expect(await count('id = 200')).toBe(0n);
      const id = await store.transaction(async (session) => {
        await session.query('INSERT INTO thing (id) VALUES (201)');
        return (await session.query('SELECT id FROM thing WHERE id = 201'))[0]?.['id'];
      });
      expect(id).toBe(201n);
      expect(await count('id = 201')).toBe(1n);
    });

    it('transactions that read and write the same row side by side lose no update', async () => {
      await store.query('INSERT INTO thing (id, n) VALUES (300, 0)');
      const add = () =>
        store.transaction(async (session) => {
          const n = Number((await session.query('SELECT n FROM thing WHERE id = 300'))[0]?.['n']);
          await session.query('UPDATE thing SET n = $1 WHERE id = 300', [n + 1]);
        });
      let done = 0;
      for (let round = 0; round < 5; round++) {
        const ended = await Promise.allSettled([add(), add(), add()]);
        for (const { status } of ended) done += status === 'fulfilled' ? 1 : 0;
      }
      expect(done).toBeGreaterThan(4);
      expect(await store.query('SELECT n FROM thing WHERE id = 300')).toEqual([{ n: done }]);
    });

    it('a statement that passes its deadline ends with FN_CONTROL_TIMEOUT, leaves nothing, and the next one runs', async () => {
      const slow = store.transaction(
        async (session) => {
          await session.query('INSERT INTO thing (id) VALUES (400)');
          await session.query('SELECT count(*) FROM generate_series(1, 200000000)');
        },
        { deadlineMs: 1_000 },
      );
      await expect(slow).rejects.toMatchObject({ code: 'FN_CONTROL_TIMEOUT', retryable: true });
      expect(await count('id = 400')).toBe(0n);
    });

    it('a caller that gives up gets its own reason', async () => {
      const stop = new AbortController();
      const call = store.query('SELECT count(*) FROM generate_series(1, 200000000)', [], { signal: stop.signal });
      stop.abort(new Error('given up'));
      await expect(call).rejects.toThrow('given up');
      expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('migrates forward, back and forward again, and refuses a store that is newer', async () => {
      const all = readControlMigrations().map(({ version }) => version);
      expect(await migrateControl(store)).toEqual(all);
      expect(await migrateControl(store)).toEqual([]);
      expect(await migrateControl(store, 0)).toEqual([...all].reverse());
      expect((await store.query("SELECT to_regclass('ingest_block') AS found"))[0]).toEqual({ found: null });
      expect(await migrateControl(store)).toEqual(all);
      await expect(migrateControl(store, undefined, [])).rejects.toMatchObject({ code: 'FN_MIGRATION' });
    });

    turnTests(() => store);
    objectTests(() => store);
    exclusionTests(() => store);
    breachTests(() => store);
    creditTests(() => store);
    deliveryTests(() => store);
    deliveryLogTests(() => store);
    actTests(() => store);
    alertingTests(() => store);
    actLinkTests(() => store);
    alertTests(() => store);
    ongoingTests(() => store);

    it('a port has one owner at a time, whoever writes at once', async () => {
      const mapping = {
        portKey: 'h1/vhu1',
        tenant: 't1',
        owner: 'a',
        validFromMs: 1_000,
        validToMs: null,
        witness: 'w',
      };
      await addMapping(store, mapping);
      await expect(addMapping(store, { ...mapping, validFromMs: 5_000 })).rejects.toMatchObject({
        context: { sqlState: '23P01' },
      });
      expect(await endMapping(store, 'h1/vhu1', 3_000)).toBe(true);
      const later = { ...mapping, owner: 'b', validFromMs: 3_000 };
      const both = await Promise.allSettled([addMapping(store, later), addMapping(store, { ...later, owner: 'c' })]);
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(await mappingAt(store, 'h1/vhu1', 999)).toBeUndefined();
      expect(await mappingAt(store, 'h1/vhu1', 2_999)).toEqual({ ...mapping, validToMs: 3_000 });
      expect((await mappingAt(store, 'h1/vhu1', 3_000))?.validToMs).toBeNull();
    });

    it('a migration that fails leaves nothing of itself', async () => {
      const broken = {
        version: readControlMigrations().length + 1,
        name: 'broken',
        up: 'CREATE TABLE half (a int); SELEC',
        down: '',
      };
      const failing = migrateControl(store, undefined, [...readControlMigrations(), broken]);
      await expect(failing).rejects.toMatchObject({ code: 'FN_MIGRATION' });
      expect((await store.query("SELECT to_regclass('half') AS found"))[0]).toEqual({ found: null });
    });
  });
}

function turnTests(of: () => ControlStore): void {
  const aTurn = (name: string, holder: string, control = of()) => new Turn({ control, name, holder, ttlMs: 600 });
  const never = new AbortController().signal;

  it('a turn is taken by one, kept for as long as its work lasts, and then the next one has it', async () => {
    const over = Promise.withResolvers<string>();
    const first = aTurn('kept', 'a').take(never, () => over.promise);
    let isNext = false;
    const second = aTurn('kept', 'b').takeWhenFree(never, async () => {
      isNext = true;
    });
    const startedMs = performance.now();
    // Twice as long as the lease lasts: it is renewed.
    while (performance.now() - startedMs < 1_200) {
      expect(await aTurn('kept', 'c').take(never, async () => 'mine')).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(isNext).toBe(false);
    over.resolve('done');
    expect(await first).toEqual({ done: 'done' });
    await second;
    expect(isNext).toBe(true);
  });

  it('whoever cannot renew its turn stops before anybody else begins', async () => {
    let isCut = false;
    const cut: ControlStore = {
      ...of(),
      query: async (...call) => {
        if (isCut) throw new FourninesError('FN_CONTROL_AWAY', 'a line that is cut');
        return of().query(...call);
      },
    };
    const order: string[] = [];
    const begun = Promise.withResolvers<void>();
    const first = aTurn('lost', 'a', cut).take(never, async (signal) => {
      begun.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      order.push(`a ends: ${(signal.reason as FourninesError).code}`);
    });
    await begun.promise;
    isCut = true;
    await aTurn('lost', 'b').takeWhenFree(never, async () => {
      order.push('b begins');
    });
    await first;
    expect(order).toEqual(['a ends: FN_LEASE_LOST', 'b begins']);
  });
}
