import { execFileSync } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnSqlName, columnType } from '../../core/catalogue/columns.ts';
import { dropSlot, kinds, portSlot } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { EmbeddedEngine } from '../../server/store/embedded/engine.ts';
import { migrate, readMigrations } from '../../server/store/migrate.ts';
import { causeSums, causeSumsParameters, causeSumsRaw } from '../../server/store/queries/cause-sums.ts';
import { portSums, portSumsParameters, portSumsRaw } from '../../server/store/queries/port-sums.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { storeEngineContract } from '../contract/store-engine.ts';
import { aDropSlot, aPortSlot, count, insertRows, type OpenStore, openStore, today, until } from './store-fixture.ts';

describe('migrations', () => {
  test('go up, down and up again, and go on where a crash cut them off', async () => {
    await using store = await openStore({ migrated: false });
    const all = readMigrations().map(({ version }) => version);
    const [first] = readMigrations();
    // A crash in the middle: half of the first migration's tables are there, nothing is recorded.
    for (const statement of first?.up.slice(0, 5) ?? []) await store.engine.command(statement);
    expect(await migrate(store.engine)).toEqual(all);
    expect(await migrate(store.engine)).toEqual([]);
    expect(await migrate(store.engine, 0)).toEqual(all.toReversed());
    expect(await count(store.engine, "system.tables WHERE database = 'default'")).toBe(1);
    expect(await migrate(store.engine)).toEqual(all);
    await store.engine.command("INSERT INTO schema_migration (version, name, up) VALUES (999, 'later', 1)");
    await expect(migrate(store.engine)).rejects.toMatchObject({ code: 'FN_MIGRATION' });
  });

  test('tables have the columns of the catalogue, and remember insert tokens', async () => {
    await using store = await openStore();
    const columns = (await store.engine.query(
      "SELECT table, name, type FROM system.columns WHERE database = 'default' ORDER BY table, position",
      {},
      { deadlineMs: 5_000 },
    )) as { table: string; name: string; type: string }[];
    for (const kind of kinds) {
      const found = columns
        .filter(({ table }) => table === kind.name)
        .map(({ name, type }) => `${name} ${type.replace(/^LowCardinality\((.*)\)$/, '$1')}`);
      expect(found).toEqual(kind.columns.map((column) => `${columnSqlName(column)} ${columnType(column)}`));
    }
    const forgetful =
      "system.tables WHERE engine LIKE '%MergeTree' AND database = 'default' AND name != 'schema_migration' AND create_table_query NOT LIKE '%non_replicated_deduplication_window = 10000%'";
    expect(await count(store.engine, forgetful)).toBe(0);
  });
});

describe('sums', () => {
  let store: OpenStore;
  beforeAll(async () => {
    store = await openStore();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  const counter = fc.bigInt({ min: 0n, max: 2n ** 40n });
  const row = fc.record({
    host: fc.constantFrom('h1', 'h2'),
    port: fc.constantFrom('p1', 'p2'),
    direction: fc.constantFrom('rx' as const, 'toGuest' as const),
    countedIn: fc.constantFrom('', 'bond0'),
    state: fc.constantFrom('observed' as const, 'observed' as const, 'bridged' as const, 'unknown' as const),
    suspect: fc.constantFrom(0, 0, 0, 1),
    gap: fc.integer({ min: 0, max: 20 }),
    slots: fc.integer({ min: 1, max: 150 }),
    packets: counter,
    bytes: counter,
    outside: counter,
    inside: counter,
    cause: fc.constantFrom('no_mbuf', 'qdisc_full'),
    place: fc.constantFrom('outside' as const, 'beside' as const),
  });
  const history = fc.array(row, { minLength: 1, maxLength: 60 });
  const base = today - 7_200;

  /** Each key's rows lie one behind the other, as a collector writes them. */
  function rowsOf(drawn: readonly (typeof row extends fc.Arbitrary<infer R> ? R : never)[]) {
    const ends = new Map<string, number>();
    return drawn.map(({ gap, outside, inside, packets, bytes, cause, place, ...rest }) => {
      const key = `${rest.host} ${rest.port} ${rest.direction}`;
      const slots = rest.state === 'observed' ? 1 : rest.slots;
      const slot = (ends.get(key) ?? base) + gap;
      ends.set(key, slot + slots);
      const known = (value: bigint) => (rest.state === 'unknown' ? null : value);
      const { host, port, direction, state, suspect } = rest;
      const when = { host, port, direction, state, suspect, slot, slots };
      return {
        port: aPortSlot({
          ...when,
          countedIn: rest.countedIn,
          packetsInc: known(packets),
          bytesInc: known(bytes),
          dropsOutsideInc: known(outside),
          dropsInsideInc: known(inside),
        }),
        drop: aDropSlot({ ...when, cause, place, packetsInc: known(outside) }),
      };
    });
  }

  test('from rollup, edges and bridges equal those from raw rows, and from the rows in hand', async () => {
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.array(fc.tuple(fc.integer({ min: -30, max: 900 }), fc.integer({ min: 1, max: 900 })), {
          minLength: 3,
          maxLength: 3,
        }),
        async (drawn, windows) => {
          for (const table of ['port_slot', 'drop_slot', 'port_1m', 'drop_1m', 'port_bridge', 'drop_bridge']) {
            await store.engine.command(`TRUNCATE TABLE ${table}`);
          }
          const rows = rowsOf(drawn);
          const half = rows.length >> 1;
          for (const part of [rows.slice(0, half), rows.slice(half)]) {
            await insertRows(
              store,
              portSlot,
              part.map(({ port }) => port),
            );
            await insertRows(
              store,
              dropSlot,
              part.map(({ drop }) => drop),
            );
          }
          for (const [offset, length] of windows) {
            const from = base + offset;
            const window = { from, to: from + length };
            const ask = portSumsParameters({ ...window, limit: 1_000 });
            const sums = await runQuery(store, portSums, ask);
            expect(sums).toEqual(await runQuery(store, portSumsRaw, ask));
            const causes = causeSumsParameters(window);
            const dropped = await runQuery(store, causeSums, causes);
            expect(dropped).toEqual(await runQuery(store, causeSumsRaw, causes));
            const counts = ({
              slot,
              slots,
              state,
              suspect,
            }: {
              slot: number;
              slots: number;
              state: string;
              suspect: number;
            }) => state !== 'unknown' && suspect === 0 && slot >= window.from && slot + slots <= window.to;
            const inHand = rows.map(({ port }) => port).filter(counts);
            const total = (values: readonly (bigint | null)[]) =>
              values.reduce<bigint>((sum, value) => sum + (value ?? 0n), 0n);
            expect(total(sums.map(({ bytes }) => BigInt(bytes)))).toBe(total(inHand.map(({ bytesInc }) => bytesInc)));
            expect(total(sums.map(({ bridged }) => BigInt(bridged)))).toBe(
              total(inHand.filter(({ state }) => state === 'bridged').map(({ slots }) => BigInt(slots))),
            );
            expect(total(dropped.map(({ packets }) => BigInt(packets)))).toBe(
              total(
                rows
                  .map(({ drop }) => drop)
                  .filter(counts)
                  .map(({ packetsInc }) => packetsInc),
              ),
            );
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('come in pages that join to the whole', async () => {
    const window = { from: base - 60, to: base + 86_400 };
    const whole = await runQuery(store, portSums, portSumsParameters({ ...window, limit: 1_000 }));
    const pages = [];
    let after: (typeof whole)[number] | undefined;
    for (;;) {
      const page = await runQuery(store, portSums, portSumsParameters({ ...window, after, limit: 1 }));
      if (page.length === 0) break;
      pages.push(...page);
      after = page.at(-1);
    }
    expect(pages).toEqual(whole);
  });
});

storeEngineContract('the embedded store', async () => {
  const store = await openStore();
  return {
    ...store,
    kill: async () => void process.kill(store.engine.pid as number, 'SIGKILL'),
    revive: async () => undefined,
  };
});

describe('the engine process', () => {
  test('a slow query holds up neither inserts nor the event loop, and its deadline holds', async () => {
    await using store = await openStore();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    // Longer than the inserts may take.
    const slow = store.engine.query(
      'SELECT sleepEachRow(0.1) FROM numbers(60) SETTINGS max_block_size = 1',
      {},
      { deadlineMs: 20_000 },
    );
    const started = performance.now();
    for (let i = 0; i < 5; i++) await insertRows(store, portSlot, [aPortSlot({ slot: today + i })]);
    const insertedMs = performance.now() - started;
    // A second query waits behind the first, and that is seen.
    const behind = store.engine.query('SELECT 1', {}, { deadlineMs: 300 });
    await expect(behind).rejects.toMatchObject({ code: 'FN_STORE_TIMEOUT', retryable: true });
    const { lanes } = store.engine.stats();
    expect(lanes.query.runningMs).toBeGreaterThan(300);
    expect(lanes.insert.started).toBe(5);
    expect(insertedMs).toBeLessThan(5_000);
    await slow;
    delay.disable();
    expect(delay.percentile(99) / 1e6).toBeLessThan(50);
    expect(await count(store.engine, 'port_slot')).toBe(5);
    // The deadline cancels in the engine: the lane is free again without a restart.
    const late = store.engine.query(
      'SELECT sleepEachRow(0.1) FROM numbers(100) SETTINGS max_block_size = 1',
      {},
      { deadlineMs: 200 },
    );
    await expect(late).rejects.toMatchObject({ code: 'FN_STORE_TIMEOUT' });
    expect(await count(store.engine, 'port_slot')).toBe(5);
    expect(store.engine.stats().restarts).toBe(0);
  });

  test('a statement that does not obey its cancellation costs the process, not the store', async () => {
    await using store = await openStore({ cancelGraceMs: 0 });
    const stuck = store.engine.query('SELECT sleep(3)', {}, { deadlineMs: 100 });
    await expect(stuck).rejects.toMatchObject({ code: 'FN_STORE_TIMEOUT' });
    await until(() => store.engine.stats().restarts === 1 && store.engine.stats().state === 'ready');
    expect(await count(store.engine, 'port_slot')).toBe(0);
  });

  test('a folder in use is refused as such', async () => {
    await using store = await openStore();
    const path = `${store.folder}/store`;
    const second = new EmbeddedEngine({ path, logger: silentLogger });
    await expect(second.start()).rejects.toMatchObject({ code: 'FN_FOLDER_LOCKED' });
    await second.close();
  });

  test('ends with its parent, even when that is killed in the middle of a statement', async () => {
    await using store = await openStore();
    const path = `${store.folder}/orphan`;
    const script = `
      import { EmbeddedEngine } from '${new URL('../../server/store/embedded/engine.ts', import.meta.url).pathname}';
      const quiet = { error() {}, warn() {}, info() {}, debug() {}, child: () => quiet };
      const engine = new EmbeddedEngine({ path: ${JSON.stringify(path)}, logger: quiet });
      await engine.start();
      engine.query('SELECT sleep(3)', {}, { deadlineMs: 10000 }).catch(() => undefined);
      process.stdout.write(String(engine.pid));
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
    `;
    let pid = 0;
    try {
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      pid = Number((error as { stdout: string }).stdout);
    }
    expect(pid).toBeGreaterThan(0);
    await until(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    }, 2_500);
  });
});
