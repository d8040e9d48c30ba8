import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { notSampled } from '../../collector/sources/thread/stall-follower.ts';
import {
  dropSlot,
  hostFact,
  portSlot,
  pressureSlot,
  queueSlot,
  softnetSlot,
  sourceSlot,
  tick,
  xstatSlot,
} from '../../core/catalogue/kinds.ts';
import { threadSlot, threadStall } from '../../core/catalogue/thread-kinds.ts';
import { causeSums, causeSumsParameters } from '../../server/store/queries/cause-sums.ts';
import { latestFacts } from '../../server/store/queries/latest-facts.ts';
import { latestSources } from '../../server/store/queries/latest-sources.ts';
import { latestTick } from '../../server/store/queries/latest-tick.ts';
import { latestXstats } from '../../server/store/queries/latest-xstats.ts';
import {
  portSeries,
  portSeriesBridges,
  portSeriesCauses,
  portSeriesParameters,
} from '../../server/store/queries/port-series.ts';
import { portSums, portSumsParameters } from '../../server/store/queries/port-sums.ts';
import { pressureSeries } from '../../server/store/queries/pressure-series.ts';
import { queueSeries } from '../../server/store/queries/queue-series.ts';
import { softnetSeries } from '../../server/store/queries/softnet-series.ts';
import { threadSeries } from '../../server/store/queries/thread-series.ts';
import { threadStalls } from '../../server/store/queries/thread-stalls.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { aDropSlot, aPortSlot, aSlot, insertRows, type OpenStore, openStore, today } from './store-fixture.ts';

/** 180 seconds of one host; slot 100 is suspect, 110 to 129 a bridged gap, 130 to 134 unknown. */
const slots = Array.from({ length: 180 }, (_, i) => i).filter((i) => i < 111 || (i > 129 && (i === 130 || i > 134)));
const when = (i: number) => {
  if (i === 110) return { ...aSlot, slot: today + i, slots: 20, state: 'bridged' as const };
  if (i === 130) return { ...aSlot, slot: today + i, slots: 5, state: 'unknown' as const };
  return { ...aSlot, slot: today + i, suspect: i === 100 ? 1 : 0 };
};
const known = (i: number, value: bigint) => (i === 130 ? null : value);
/** Stalls of 1 ms and more at 150, up to 3 ms. */
const sampledSlot = (i: number) => ({
  voluntarySwitches: known(i, 3n),
  involuntarySwitches: known(i, 2n),
  delayInvoluntaryLowNs: known(i, 4n),
  delayInvoluntaryHighNs: known(i, 5n),
  stoppedNs: known(i, 6n),
  longestStallLowNs: known(i, i === 150 ? 1_500_000n : 10n),
  longestStallHighNs: known(i, i === 150 ? 3_000_000n : 20n),
  stalls: known(i, i === 150 ? 1n : 0n),
  stallSamples: known(i, 25n),
});
const window = { from: today, to: today + 180 };

describe('named queries', () => {
  let store: OpenStore;
  const ended: string[] = [];
  const context = () => ({
    engine: store.engine,
    observe: ({ name, code }: { name: string; code: string }) => ended.push(`${name}${code}`),
  });

  beforeAll(async () => {
    store = await openStore();
    const host = 'h1';
    const port = 'vhu1';
    const direction = 'rx' as const;
    await insertRows(
      store,
      portSlot,
      slots.map((i) =>
        aPortSlot({
          ...when(i),
          packets: 2n ** 60n + BigInt(i),
          packetsInc: known(i, BigInt(i)),
          bytesInc: known(i, 10n),
          dropsOutsideInc: known(i, 1n),
          dropsInsideInc: known(i, 0n),
        }),
      ),
    );
    await insertRows(
      store,
      dropSlot,
      slots.map((i) => aDropSlot({ ...when(i), packetsInc: known(i, 1n) })),
    );
    await insertRows(
      store,
      queueSlot,
      slots.map((i) => ({
        host,
        port,
        direction,
        queue: 3,
        ...when(i),
        packets: 1n,
        packetsInc: known(i, 2n),
        bytes: null,
        bytesInc: null,
        drops: 4n,
        dropsInc: known(i, 1n),
      })),
    );
    await insertRows(
      store,
      threadSlot,
      slots.map((i) => ({
        host,
        pid: 1,
        tid: 2,
        startTicks: 2n ** 63n,
        role: 'vcpu' as const,
        owner: 'vm1',
        name: 'CPU 0/KVM',
        threadState: i < 179 ? 'S' : 'R',
        cpu: i % 2,
        ...when(i),
        runNs: 1n,
        runNsInc: known(i, 7n),
        runDelayNs: 1n,
        runDelayNsInc: known(i, 8n),
        timeslices: 1n,
        timeslicesInc: known(i, 1n),
        ...notSampled,
        // The first minute was not sampled.
        ...(i < 60 ? {} : sampledSlot(i)),
      })),
    );
    await insertRows(
      store,
      threadStall,
      [150, 151, 400].map((i) => ({
        ...{ host, pid: 1, tid: 2, startTicks: 2n ** 63n, role: 'vcpu' as const, owner: 'vm1', name: 'CPU 0/KVM' },
        slot: today + i,
        fromNs: BigInt(today + i) * 1_000_000_000n,
        toNs: BigInt(today + i) * 1_000_000_000n + 40_000_000n,
        ...{
          lowNs: 1_500_000n,
          highNs: 3_000_000n,
          waits: 2,
          stall: 'involuntary' as const,
          goesOn: i === 151 ? 1 : 0,
        },
      })),
    );
    await insertRows(
      store,
      softnetSlot,
      slots.map((i) => ({
        host,
        cpu: 1,
        ...when(i),
        processed: 1n,
        processedInc: known(i, 3n),
        dropped: 1n,
        droppedInc: known(i, 2n),
        timeSqueeze: 1n,
        timeSqueezeInc: known(i, 1n),
      })),
    );
    await insertRows(
      store,
      pressureSlot,
      slots.map((i) => ({
        host,
        resource: 'cpu' as const,
        share: 'some' as const,
        ...when(i),
        totalUs: 1n,
        totalUsInc: known(i, 5n),
      })),
    );
    await insertRows(
      store,
      xstatSlot,
      ['a', 'b', 'c'].flatMap((name) =>
        slots.map((i) => ({ host, port, name, ...when(i), value: BigInt(i), valueInc: known(i, 1n) })),
      ),
    );
    await insertRows(
      store,
      sourceSlot,
      slots.map((i) => ({
        host,
        source: 'dpdk',
        slot: today + i,
        state: i === 179 ? ('failed' as const) : ('ok' as const),
        durationNs: BigInt(i),
        rows: i,
        errors: 1n,
        code: '',
      })),
    );
    await insertRows(
      store,
      tick,
      slots.map((i) => ({
        host,
        slot: today + i,
        bootId: 'b',
        stream: 's',
        seq: BigInt(i),
        wallNs: BigInt(i),
        monoNs: 1n,
        gatherNs: 1n,
        skipped: 0,
        cpuNs: 1n,
        rssBytes: 1n,
      })),
    );
    const at = (i: number) => BigInt(today + i) * 1000n;
    await insertRows(store, hostFact, [
      { host, at: at(1), name: 'kernel.release', value: '6.1', witness: 'uname' },
      { host, at: at(2), name: 'kernel.release', value: '6.2', witness: 'uname' },
      { host, at: at(1), name: 'port.eth9.driver', value: 'ixgbe', witness: 'sysfs' },
      { host, at: at(3), name: 'port.eth9.driver', value: '', witness: 'sysfs' },
    ]);
  }, 60_000);
  afterAll(() => store[Symbol.asyncDispose]());

  test('port-sums and cause-sums count what lies wholly inside and say what is missing', async () => {
    // 155 rows: 180 less 20 bridged and 5 unknown; one of them suspect. Packets: 0 + ... less the gaps, plus the bridge's 110.
    const observed = slots.filter((i) => i !== 100 && i !== 110 && i !== 130);
    const packets = observed.reduce((sum, i) => sum + i, 0);
    const [sums] = await runQuery(context(), portSums, portSumsParameters({ ...window, limit: 10 }));
    expect(sums).toMatchObject({
      observed: String(observed.length),
      bridged: '20',
      suspect: '1',
      packets: String(packets + 110),
      packetsMax: '179',
      lastSlot: today + 179,
    });
    const cut = await runQuery(
      context(),
      portSums,
      portSumsParameters({ from: today + 120, to: today + 180, limit: 10 }),
    );
    expect(cut[0]).toMatchObject({ observed: '45', bridged: '0' });
    const causes = await runQuery(
      context(),
      causeSums,
      causeSumsParameters({ ...window, until: { host: 'h1', port: 'vhu1', direction: 'rx' } }),
    );
    expect(causes).toEqual([
      {
        host: 'h1',
        port: 'vhu1',
        direction: 'rx',
        cause: 'no_mbuf',
        place: 'outside',
        observed: String(observed.length),
        bridged: '20',
        unknown: '0',
        unknownGap: '0',
        packets: String(observed.length + 1),
      },
    ]);
  });

  test.each([1, 7, 60])('port-series in steps of %i s sums what port-sums sums', async (step) => {
    const ask = portSeriesParameters({ ...window, host: 'h1', port: 'vhu1', step });
    const series = await runQuery(context(), portSeries, ask);
    const [sums] = await runQuery(context(), portSums, portSumsParameters({ ...window, limit: 10 }));
    const total = series.reduce((sum, { packets }) => sum + Number(packets), 0);
    expect(total + 110).toBe(Number(sums?.packets));
    expect(series.reduce((sum, { observed }) => sum + Number(observed), 0)).toBe(Number(sums?.observed));
    expect(series.every(({ at }) => (at - today) % step === 0)).toBe(true);
    const causes = await runQuery(context(), portSeriesCauses, ask);
    expect(causes.reduce((sum, { packets }) => sum + Number(packets), 0)).toBe(Number(sums?.observed));
    const touching = { host: 'h1', port: 'vhu1', from: today + 125, to: today + 126 };
    expect(await runQuery(context(), portSeriesBridges, touching)).toMatchObject([
      { from: today + 110, to: today + 130, packets: '110' },
    ]);
  });

  test('the other series', async () => {
    const ask = { ...window, host: 'h1', step: 60 };
    const queues = await runQuery(context(), queueSeries, { ...ask, port: 'vhu1' });
    expect(queues[0]).toEqual({
      direction: 'rx',
      queue: 3,
      at: today,
      observed: '60',
      packets: '120',
      bytes: '0',
      bytesKnown: '0',
      drops: '60',
      dropsKnown: '60',
    });
    const [thread] = await runQuery(context(), threadSeries, ask);
    expect(thread).toMatchObject({
      tid: 2,
      startTicks: String(2n ** 63n),
      role: 'vcpu',
      threadState: 'R',
      cpu: 1,
      at: [today, today + 60, today + 120],
      runNs: ['420', '343', '315'],
      sampled: ['0', '49', '45'],
      involuntarySwitches: ['0', '98', '90'],
      delayInvoluntaryLowNs: ['0', '196', '180'],
      delayInvoluntaryHighNs: ['0', '245', '225'],
      stoppedNs: ['0', '294', '270'],
      longestStallLowNs: ['0', '10', '1500000'],
      longestStallHighNs: ['0', '20', '3000000'],
      stalls: ['0', '0', '1'],
    });
    const anyStall = { ...window, host: 'h1', role: '', leastMs: 0, longest: 0 };
    const stalls = await runQuery(context(), threadStalls, { ...anyStall, limit: 10 });
    expect(stalls.map(({ fromNs, goesOn }) => [fromNs, goesOn])).toEqual([
      [`${today + 151}000000000`, 1],
      [`${today + 150}000000000`, 0],
    ]);
    expect(stalls[1]).toMatchObject({ tid: 2, stall: 'involuntary', lowNs: '1500000', highNs: '3000000', waits: 2 });
    const [latest] = await runQuery(context(), threadStalls, { ...anyStall, limit: 1 });
    expect(latest).toMatchObject({ goesOn: 1 });
    expect((await runQuery(context(), softnetSeries, ask))[0]).toEqual({
      cpu: 1,
      at: today,
      observed: '60',
      processed: '180',
      dropped: '120',
      timeSqueeze: '60',
    });
    expect((await runQuery(context(), pressureSeries, ask))[0]).toEqual({
      resource: 'cpu',
      share: 'some',
      at: today,
      observed: '60',
      totalUs: '300',
    });
  });

  test('the latest of each', async () => {
    const from = today;
    expect(await runQuery(context(), latestFacts, { host: 'h1' })).toEqual([
      { name: 'kernel.release', value: '6.2', witness: 'uname', atMs: String((today + 2) * 1000) },
    ]);
    expect(await runQuery(context(), latestSources, { host: 'h1', from })).toEqual([
      { source: 'dpdk', at: today + 179, state: 'failed', durationNs: '179', rows: 179, errors: '1', code: '' },
    ]);
    expect(await runQuery(context(), latestTick, { host: '', afterHost: '', from, limit: 10 })).toMatchObject([
      { host: 'h1', at: today + 179, seq: '179' },
    ]);
    const xstats = await runQuery(context(), latestXstats, {
      host: 'h1',
      port: 'vhu1',
      afterName: 'a',
      from,
      limit: 1,
    });
    expect(xstats).toEqual([{ name: 'b', value: '179', at: today + 179 }]);
  });

  test('each is told to the observer, under its name', async () => {
    ended.length = 0;
    await runQuery(context(), latestFacts, { host: "o'hare \\ \n" });
    const wrong = { ...latestFacts, sql: 'SELECT 1 AS nothing' };
    await expect(runQuery(context(), wrong, { host: 'h1' })).rejects.toMatchObject({ code: 'FN_INTERNAL' });
    await expect(
      runQuery(context(), { ...latestFacts, sql: 'SELECT * FROM nowhere' }, { host: 'h1' }),
    ).rejects.toMatchObject({ code: 'FN_STORE' });
    expect(ended).toEqual(['latest-facts', 'latest-factsFN_INTERNAL', 'latest-factsFN_STORE']);
  });
});
