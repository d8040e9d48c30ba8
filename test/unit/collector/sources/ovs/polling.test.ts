import { describe, expect, it } from 'vitest';
import { type PmdPerf, parsePmdPerf } from '../../../../../collector/sources/ovs/pmd-perf.ts';
import { parsePmdRxq } from '../../../../../collector/sources/ovs/pmd-rxq.ts';
import { closePmds, writeRxqs } from '../../../../../collector/sources/ovs/polling.ts';
import { pmdSlot, rxqSlot } from '../../../../../core/catalogue/datapath-kinds.ts';
import { capture } from './captures.ts';
import { life, Readings, startSecond, timeAt } from './readings.ts';

const threadsOf = (name: string) => parsePmdPerf(capture(name)).threads;
const rxqsOf = (text: string) => new Map(parsePmdRxq(text).pmds.map((pmd) => [pmd.core, pmd]));
const rxqs = (name: string) => capture(`3.1/dpdk-pmd-rxq${name}.txt`);

function follow(readings: readonly (readonly PmdPerf[])[], rxq = '') {
  const read = new Readings();
  for (const [i, threads] of readings.entries())
    read.keep((into) =>
      closePmds({ life, datapath: 'netdev@d', threads, rxqs: rxqsOf(rxq), time: timeAt(i * 5) }, into),
    );
  return read.rows(pmdSlot);
}

describe('polling threads', () => {
  const [traffic, later] = [threadsOf('3.1/dpdk-pmd-perf-traffic.txt'), threadsOf('3.1/dpdk-pmd-perf-later.txt')];

  it('of a real datapath have what they did between two readings', () => {
    expect(follow([traffic, later])).toMatchObject([
      {
        core: 0,
        numa: 0,
        slots: 5,
        state: 'bridged',
        rxPacketsInc: 290_880n,
        emcHitsInc: 290_880n,
        upcallsInc: 0n,
        txPacketsInc: 290_880n,
      },
      { core: 1, numa: 0, slots: 5, state: 'bridged', rxPacketsInc: 706_592n, txBatchesInc: 22_081n, busyCycles: null },
    ]);
  });

  it('of 4.0 are without the main thread, which has no core', () => {
    const threads = threadsOf('4.0/pmd-perf.txt');
    expect(threads.map(({ role }) => role)).toEqual(['pmd', 'pmd', 'main']);
    expect(follow([threads, threads]).map(({ core, rxPacketsInc }) => [core, rxPacketsInc])).toEqual([
      [2, 0n],
      [11, 0n],
    ]);
  });

  it('whose counters somebody cleared begin anew, the others go on', () => {
    const cleared = later.map((thread) => (thread.core === 0 ? { ...thread, rxPackets: 3n } : thread));
    const rows = follow([traffic, later, cleared]);
    const told = rows.filter(({ slot }) => slot === startSecond + 5);
    expect(told.map(({ core, state, rxPacketsInc }) => [core, state, rxPacketsInc])).toEqual([
      [0, 'unknown', null],
      [1, 'bridged', 0n],
    ]);
    expect(told[0]?.epoch).not.toBe(rows[0]?.epoch);
    expect(told[1]?.epoch).toBe(rows[1]?.epoch);
  });

  it('whose first packets come are known to have had none before', () => {
    const [idle] = threadsOf('3.1/dpdk-pmd-perf-idle.txt');
    expect(idle).toMatchObject({ rxPackets: 0n, passes: undefined, txBatches: undefined });
    const none = { smcHits: 0n, megaflowHits: 0n, lostUpcalls: 0n };
    const some = { rxPackets: 5n, passes: 5n, emcHits: 4n, upcalls: 1n, txPackets: 5n, txBatches: 1n };
    const rows = follow([[idle as PmdPerf], [{ ...(idle as PmdPerf), ...none, ...some }]]);
    expect(rows).toMatchObject([{ core: 1, state: 'bridged', rxPacketsInc: 5n, upcallsInc: 1n, txBatchesInc: 1n }]);
  });

  it('without sleep lines do not count sleep: unknown is not zero', () => {
    const threads = threadsOf('2.17/pmd-perf.txt');
    expect(follow([threads, threads])[0]).toMatchObject({
      sleepIterations: null,
      sleepIterationsInc: null,
      iterationsInc: 0n,
    });
  });

  it.each([
    ['as the queues say', '', 0n, 0],
    ['unknown while a share of it is', '-not-told', null, 0],
    ['unknown for the one whose queues were moved', '-isolated', 0n, 0],
  ])('are busy %s', (_what, name, busyPpm, isolated) => {
    const rows = follow([traffic, later], rxqs(name));
    expect(rows.at(name === '' ? 1 : 0)).toMatchObject({ busyPpm, isolated });
  });

  it('of which nobody said are neither busy nor idle', () => {
    expect(follow([traffic, later])[0]).toMatchObject({ busyPpm: null, isolated: 0 });
    expect(follow([traffic, later], rxqs('-isolated'))[1]).toMatchObject({ busyPpm: null, isolated: 1 });
    const text = rxqs('').replace('pmd usage:  0 %', 'pmd usage: 31 %').replace('overhead:  0 %', 'overhead:  4 %');
    expect(follow([traffic, later], text)[1]).toMatchObject({ busyPpm: 350_000n });
  });
});

describe('receive queues', () => {
  const written = (text: string, portNames = new Map<string, string>()) => {
    const read = new Readings();
    read.keep((into) => writeRxqs({ datapath: 'netdev@d', pmds: parsePmdRxq(text).pmds, portNames, slot: 77 }, into));
    return read.rows(rxqSlot);
  };

  it('say which thread serves them; what is NOT AVAIL is unknown, not zero', () => {
    const rows = written(rxqs('-isolated'));
    expect(rows.map(({ port, queue, core, usagePpm }) => [port, queue, core, usagePpm])).toEqual([
      ...['uplink0', 'vhu1', 'vhu2', 'vhu4'].flatMap((port) => [0, 1].map((queue) => [port, queue, 0, 0n])),
      ['vhu3', 0, 1, null],
      ['vhu3', 1, 1, null],
    ]);
  });

  it('are all unknown right after they were moved', () => {
    const rows = written(rxqs('-not-told'));
    expect(rows).toHaveLength(10);
    expect(rows.every(({ usagePpm }) => usagePpm === null)).toBe(true);
  });

  it('of a guest that went are fewer', () => {
    const rows = written(rxqs('-guest-away'));
    expect(rows.filter(({ port }) => port === 'vhu2').map(({ queue }) => queue)).toEqual([0]);
  });

  it('have shares in millionths, the names that rows have, and say when they are not polled', () => {
    const rows = written(capture('3.5/pmd-rxq.txt'), new Map([['dpdk0', 'ovs:dpdk0']]));
    expect(rows).toMatchObject([
      { port: 'ovs:dpdk0', queue: 0, slot: 77, core: 2, numa: 0, enabled: 1, usagePpm: 600_000n },
      { port: 'vhu1', usagePpm: 90_000n },
      { port: 'a port with spaces', queue: 12, enabled: 0, usagePpm: 0n },
      { port: 'ovs:dpdk0', queue: 1, core: 11, numa: 1, usagePpm: null },
    ]);
  });
});
