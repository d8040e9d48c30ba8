import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { cpuSlot } from '../../core/catalogue/thread-kinds.ts';
import { readReadings } from '../../server/remediation/advise/read-readings.ts';
import { diagnose } from '../../server/remediation/policy/diagnose.ts';
import { cpusTaken } from '../../server/store/queries/placement-readings.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { aPort, insertFacts, insertPlacement, place, settings } from './placement-fixture.ts';
import { aSlot, insertRows, type OpenStore, openStore } from './store-fixture.ts';

/** What interrupts take of a CPU, from its rows in the store to a diagnosis. */

const at = 1_800_000_000;
const ms = 1_000_000n;
let store: OpenStore;

beforeAll(async () => {
  store = await openStore();
}, 60_000);
afterAll(() => store?.[Symbol.asyncDispose]());

function aSecond(host: string, slot: number, over: Partial<RowOf<typeof cpuSlot>> = {}): RowOf<typeof cpuSlot> {
  return {
    ...{
      host,
      cpu: 2,
      interrupts: 'timed',
      resolutionNs: 10n * ms,
      ...aSlot,
      slot,
      intervalNs: 1_000n * ms,
      epoch: 5n,
    },
    ...{ irqNs: 1n << 60n, irqNsInc: 40n * ms, softirqNs: 9n, softirqNsInc: 10n * ms, stealNs: 0n, stealNsInc: 0n },
    ...over,
  };
}

const unknown = { state: 'unknown', irqNsInc: null, softirqNsInc: null, stealNsInc: null } as const;
const seconds = [0, 1, 2, 3, 4];
const taken = (host: string) =>
  runQuery({ engine: store.engine }, cpusTaken, { host, from: at, to: at + seconds.length });

describe('what was taken of a CPU over a window', () => {
  it('is the sum of an unbroken stretch, bridges inside it and all', async () => {
    const bridged = { slots: 2, state: 'bridged', intervalNs: 2_000n * ms, irqNsInc: 90n * ms } as const;
    const rows = [0, 1, 4].map((i) => aSecond('whole', at + i)).concat(aSecond('whole', at + 2, bridged));
    await insertRows(store, cpuSlot, [...rows, aSecond('whole', at - 1), aSecond('whole', at + 5)]);
    expect(await taken('whole')).toEqual([
      {
        ...{ core: 2, knownNs: '5000000000', resolutionNs: '10000000' },
        ...{ irqNs: '210000000', softirqNs: '40000000', stealNs: '0' },
      },
    ]);
  });

  it.each([
    ['a second that is unknown', 'reset', { ...unknown, epoch: 6n }],
    ['a second of a clock that stepped', 'stepped', { suspect: 1, epoch: 5n }],
  ])('is not told over %s', async (_what, host, over) => {
    await insertRows(
      store,
      cpuSlot,
      seconds.map((i) => aSecond(host, at + i, i === 2 ? over : { epoch: i > 2 ? over.epoch : 5n })),
    );
    expect(await taken(host)).toEqual([]);
  });

  it('is not told over a second without a row', async () => {
    const rows = seconds.filter((i) => i !== 2).map((i) => aSecond('away', at + i));
    await insertRows(store, cpuSlot, rows);
    expect(await taken('away')).toEqual([]);
  });

  it('says nothing of interrupts where one second of it did not time them', async () => {
    const rows = seconds.map((i) =>
      aSecond('sampled', at + i, { stealNsInc: 20n * ms, interrupts: i === 4 ? 'sampled' : 'timed' }),
    );
    await insertRows(store, cpuSlot, rows);
    expect(await taken('sampled')).toMatchObject([{ irqNs: null, softirqNs: null, stealNs: '100000000' }]);
  });
});

describe('a datapath with two queues that collide', () => {
  const placed = {
    'vhu1/0': { core: 2, usagePpm: 500_000 },
    'vhu2/0': { core: 2, usagePpm: 420_000 },
    'vhu3/0': { core: 4, usagePpm: 200_000 },
  };
  const diagnosed = async () => {
    const which = { ...place, at, storedTo: at, burning: [], maintenance: [], fleet: { hosts: 1, burningHosts: 0 } };
    return diagnose(await readReadings({ engine: store.engine }, which));
  };

  it('is overloaded, as far as a collector tells that knows nothing of interrupts', async () => {
    const facts = { ...settings(), ...aPort('vhu1'), ...aPort('vhu2'), ...aPort('vhu3') };
    await insertFacts(store, at - 900, facts);
    await insertPlacement(store, { from: at - 62, to: at - 2, placed });
    expect(await diagnosed()).toMatchObject({
      diagnosis: 'overload',
      because: [
        'core 2 is the busiest: 93.8 % used by 2 queues',
        'what interrupts take of core 2 is not told: it shows as use',
      ],
    });
  });

  it('is robbed by a storm of interrupts, once that is told (F3)', async () => {
    const rows = Array.from({ length: 12 }, (_, i) => aSecond(place.host, at - 12 + i, { irqNsInc: 50n * ms }));
    await insertRows(store, cpuSlot, rows);
    const { diagnosis, because, plan } = await diagnosed();
    expect({ diagnosis, plan }).toMatchObject({ diagnosis: 'theft', plan: { decision: 'none', reason: 'starved' } });
    expect(because[0]).toBe('interrupts took at least 5.8 % of the time of core 2');
  });
});
