import { afterAll, beforeAll, expect, test } from 'vitest';
import { dropSlot, portSlot } from '../../core/catalogue/kinds.ts';
import { migrate } from '../../server/store/migrate.ts';
import { causeSums, causeSumsParameters, causeSumsRaw } from '../../server/store/queries/cause-sums.ts';
import { portSeries, portSeriesCauses, portSeriesParameters } from '../../server/store/queries/port-series.ts';
import { portSums, portSumsParameters, portSumsRaw } from '../../server/store/queries/port-sums.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { aDropSlot, aPortSlot, count, insertRows, type OpenStore, openStore, today } from './store-fixture.ts';

/** Eight hours of two ports with gaps, resets and suspect rows, in inserts that cut minutes and hours in two. */
const base = today - 86_400;
const seconds = 8 * 3600;
let store: OpenStore;

function rowsBetween(first: number, last: number) {
  const ports = [];
  const drops = [];
  for (let i = first; i < last; i++) {
    const state = i % 997 === 0 ? ('unknown' as const) : i % 499 === 0 ? ('bridged' as const) : ('observed' as const);
    const known = (value: bigint) => (state === 'unknown' ? null : value);
    const lost = i % 50 === 0 ? 3n : 0n;
    const common = { slot: base + i, state, suspect: i % 701 === 0 ? 1 : 0, port: i % 3 === 0 ? 'p1' : 'p2' };
    const packetsInc = known(BigInt(i) * 1_000_003n);
    ports.push(
      aPortSlot({
        ...common,
        packetsInc,
        bytesInc: known(64n),
        dropsOutsideInc: known(lost),
        dropsInsideInc: known(0n),
      }),
    );
    if (lost > 0n) drops.push(aDropSlot({ ...common, packetsInc: known(lost) }));
  }
  return { ports, drops };
}

async function insertAll(): Promise<void> {
  for (let first = 0; first < seconds; first += 5_555) {
    const { ports, drops } = rowsBetween(first, Math.min(seconds, first + 5_555));
    // Once more under the same token, as after a lost answer: hours must not count it twice.
    for (let again = 0; again < 2; again++) {
      await insertRows(store, portSlot, ports, `t:port:${first}`);
      await insertRows(store, dropSlot, drops, `t:drop:${first}`);
    }
  }
}

beforeAll(async () => {
  store = await openStore();
  await insertAll();
});
afterAll(() => store[Symbol.asyncDispose]());

const windows = [
  [0, seconds],
  [1, seconds - 1],
  [59, 3_661],
  [3_599, 10_801],
  [3_600, 7_200],
  [125, 126],
] as const;

test.each(windows)('raw rows, minutes and hours have equal sums from %i s to %i s', async (first, last) => {
  const window = { from: base + first, to: base + last };
  const context = { engine: store.engine };
  const sums = portSumsParameters({ ...window, limit: 100 });
  expect(await runQuery(context, portSums, sums)).toEqual(await runQuery(context, portSumsRaw, sums));
  const causes = causeSumsParameters(window);
  expect(await runQuery(context, causeSums, causes)).toEqual(await runQuery(context, causeSumsRaw, causes));
});

test.each([60, 1_800, 3_600, 21_600])('steps of %i s are the sums of their seconds', async (step) => {
  const ask = { host: 'h1', port: 'p1', from: base, to: base + 21_600 };
  const context = { engine: store.engine };
  const [coarse, fine] = [portSeriesParameters({ ...ask, step }), portSeriesParameters({ ...ask, step: 30 })];
  const total = (rows: readonly { readonly packets: string }[]) =>
    rows.reduce((sum, { packets }) => sum + BigInt(packets), 0n);
  const points = await runQuery(context, portSeries, coarse);
  expect(points).toHaveLength(21_600 / step);
  expect(total(points)).toBe(total(await runQuery(context, portSeries, fine)));
  const causes = await runQuery(context, portSeriesCauses, coarse);
  expect(total(causes)).toBe(total(await runQuery(context, portSeriesCauses, fine)));
});

test('a window of hours is whole when its raw rows and minutes are gone', async () => {
  const context = { engine: store.engine };
  const ask = portSumsParameters({ from: base, to: base + 7_200, limit: 100 });
  const causes = causeSumsParameters({ from: base, to: base + 7_200 });
  const [sums, byCause] = [await runQuery(context, portSums, ask), await runQuery(context, causeSums, causes)];
  for (const table of ['port_slot', 'drop_slot', 'port_1m', 'drop_1m']) {
    await store.engine.command(`TRUNCATE TABLE ${table}`);
  }
  expect(await runQuery(context, portSums, ask)).toEqual(sums);
  expect(await runQuery(context, causeSums, causes)).toEqual(byCause);
  // Filled again for the next test.
  for (const table of ['port_bridge', 'drop_bridge', 'port_1h', 'drop_1h']) {
    await store.engine.command(`TRUNCATE TABLE ${table}`);
  }
  const { ports, drops } = rowsBetween(0, seconds);
  await insertRows(store, portSlot, ports);
  await insertRows(store, dropSlot, drops);
});

test('minutes from before the hours are taken over once, however often the migration is begun', async () => {
  const total = async (table: string) =>
    store.engine.query(
      `SELECT toString(sum(packets)) AS n, sum(observed) AS o FROM ${table}`,
      {},
      { deadlineMs: 10_000 },
    );
  const [ports, drops] = [await total('port_1m'), await total('drop_1m')];
  await migrate(store.engine, 3);
  expect(await count(store.engine, "system.tables WHERE database = 'default' AND name LIKE '%_1h%'")).toBe(0);
  for (let again = 0; again < 2; again++) {
    await migrate(store.engine);
    await store.engine.command("INSERT INTO schema_migration (version, name, up) VALUES (4, 'seals', 0)");
  }
  expect([await total('port_1h'), await total('drop_1h')]).toEqual([ports, drops]);
});
