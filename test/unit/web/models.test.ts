import { describe, expect, it } from 'vitest';
import type { Host } from '../../../server/api/schema/hosts.ts';
import type { PortSums } from '../../../server/api/schema/ports.ts';
import type { Sli } from '../../../server/api/schema/slis.ts';
import { knownSum } from '../../../web/src/charts/known-sum.ts';
import { compareSortable } from '../../../web/src/components/compare.ts';
import { emptyHistory, extendHistory, filterHosts, fleetTotals } from '../../../web/src/features/fleet/model.ts';
import {
  delayFrame,
  isThreadBad,
  sampledPmds,
  softnetRows,
  stallName,
  threadRows,
} from '../../../web/src/features/host/model.ts';
import { boundsOf, viewSli } from '../../../web/src/features/port/model.ts';
import { filterPorts, nowOf, portRows, windowTotals } from '../../../web/src/features/ports/model.ts';
import { queueFrames, queueRows } from '../../../web/src/features/queue/model.ts';

const whole = { expected: 10, observed: 10, bridged: 0, unknown: 0, suspect: 0 };
const nothing = { expected: 10, observed: 0, bridged: 0, unknown: 10, suspect: 0 };

function aHost(change: Partial<Host> = {}): Host {
  return {
    host: 'a',
    state: 'live',
    bootId: 'b',
    lastSlot: '2026-07-14T14:00:00Z',
    lagMs: 500,
    storedTo: '2026-07-14T14:00:00Z',
    lagSeconds: 1,
    silentSince: null,
    ports: 2,
    packetsPerSecond: { rx: '9007199254740993', tx: '1' },
    dropsPerSecond: '0',
    ...change,
  };
}

function aPort(change: Partial<PortSums> = {}): PortSums {
  return {
    host: 'h',
    port: 'eth0',
    direction: 'rx',
    countedIn: '',
    lastSlot: '2026-07-14T14:00:00Z',
    slots: whole,
    packets: '90',
    bytes: '900',
    offered: '100',
    delivered: '90',
    drops: '10',
    causes: [],
    pending: '3',
    unexplained: '0',
    ...change,
  };
}

function anSli(change: Partial<Sli> = {}): Sli {
  return {
    sli: 'packetDelivery',
    host: 'h',
    port: 'p',
    direction: 'rx',
    slots: whole,
    offered: '1000',
    delivered: '990',
    bad: '10',
    ratio: { num: '990', den: '1000', ppb: '990000000' },
    verdict: 'measured',
    peakPps: null,
    ...change,
  };
}

describe('the fleet', () => {
  it('sums what is known and counts who could not say', () => {
    const hosts = [
      aHost(),
      aHost({ host: 'b', packetsPerSecond: { rx: null, tx: '2' } }),
      aHost({ host: 'c', state: 'stale' }),
    ];
    const totals = fleetTotals(hosts);
    expect(totals.rx).toEqual({ sum: 9_007_199_254_740_993n, known: 1, unknown: 2 });
    expect(totals.tx).toEqual({ sum: 3n, known: 2, unknown: 1 });
    expect([totals.live, totals.stale, totals.ports]).toEqual([2, 1, 6]);
  });

  it('finds hosts by all words', () => {
    expect(
      filterHosts([aHost({ host: 'node-1' }), aHost({ host: 'node-2' })], '2 NODE').map(({ host }) => host),
    ).toEqual(['node-2']);
  });

  it('keeps a short past with its holes', () => {
    let history = extendHistory(emptyHistory, '2026-07-14T14:00:00Z', '5');
    history = extendHistory(history, '2026-07-14T14:00:00Z', '6');
    history = extendHistory(history, '2026-07-14T14:00:02Z', null);
    history = extendHistory(history, '2026-07-14T14:00:20Z', '7');
    expect(history.rx).toEqual([5, null, null, 7]);
  });
});

describe('ports', () => {
  it('sum without those that another port already holds, and without windows nobody saw', () => {
    const items = [
      aPort(),
      aPort({ port: 'bond0', countedIn: 'x' }),
      aPort({ port: 'eth1', slots: nothing, drops: '0' }),
    ];
    expect(windowTotals(items)).toMatchObject({ known: 1, unknownPaths: 1, offered: 100n, drops: 10n, pending: 3n });
    expect(windowTotals(items).slots).toMatchObject({ expected: 20, observed: 10, unknown: 10 });
  });

  it('are found by host, name and direction', () => {
    const items = [aPort(), aPort({ direction: 'tx' }), aPort({ host: 'g' })];
    expect(filterPorts(items, 'eth tx')).toHaveLength(1);
    expect(filterPorts(items, '')).toBe(items);
  });

  it('have no present while only a sum over a gap is known', () => {
    const tick = { port: 'p', direction: 'rx' as const, countedIn: '', slot: 1, slots: 9, suspect: false, causes: [] };
    expect(nowOf({ ...tick, state: 'bridged', packets: '9', bytes: '9', drops: '0' })).toEqual({
      packets: null,
      bytes: null,
      drops: null,
    });
    expect(nowOf(undefined)).toBeNull();
    expect(portRows([aPort()], () => null)[0]).toMatchObject({ key: 'h eth0 rx', now: null });
  });
});

describe('a delivery ratio', () => {
  it('stands alone where every second is known', () =>
    expect(viewSli(anSli())).toEqual({ state: 'whole', text: '99.0000 %' }));

  it('has bounds where some are not: 990 of 1,000 in 9 of 10 s lies between 89.1 % and 99.1 %', () => {
    const slots = { ...whole, observed: 9, unknown: 1 };
    expect(viewSli(anSli({ slots }))).toEqual({
      state: 'bounded',
      text: '99.0000 %',
      low: '89.1000 %',
      high: '99.1000 %',
    });
    const { low, high } = boundsOf({ num: 990n, den: 1_000n }, slots);
    expect([low.num * 1_000n < low.den * 990n, high.num * 1_000n > high.den * 990n]).toEqual([true, true]);
  });

  it('never says 100 % while a packet is missing', () => {
    const ratio = { num: '999999999999', den: '1000000000000', ppb: '999999999' };
    expect(viewSli(anSli({ ratio }))).toMatchObject({ text: '99.99999999990 %' });
  });

  it.each(['unknown', 'noTraffic'] as const)('is no number when the verdict is %s', (verdict) => {
    expect(viewSli(anSli({ verdict }))).toEqual({ state: verdict });
  });
});

const stepped = { at: [0, 1], stepSeconds: 1, from: '1970-01-01T00:00:00Z', to: '1970-01-01T00:00:02Z' };

describe('hosts', () => {
  const none = [null, null];
  const thread = {
    ...{ pid: 1, role: 'vcpu', owner: 'vm', name: 'CPU 0/KVM', threadState: 'R', cpu: 0, runNs: ['1', null] },
    ...{ involuntarySwitches: none, delayInvoluntaryLowNs: none, delayInvoluntaryHighNs: none, stoppedNs: none },
    ...{ longestStallLowNs: none, longestStallHighNs: none, stalls: none },
  };
  const series = {
    ...stepped,
    threads: [
      { ...thread, tid: 1, runDelayNs: ['1000000', null] },
      { ...thread, tid: 2, runDelayNs: ['3000000', '0'] },
    ],
  };

  it('tell the worst stall as bounds over the steps that were sampled, and nothing where none was', () => {
    const sampled = { longestStallLowNs: ['10', null], longestStallHighNs: ['40', null] };
    const [unknown, worst] = threadRows({
      ...series,
      threads: [...series.threads.slice(0, 1), { ...thread, tid: 3, runDelayNs: ['0', '0'], ...sampled }],
    });
    expect(unknown?.worst).toBeNull();
    expect(worst?.worst).toEqual({ lowNs: 10n, highNs: 40n });
    expect(worst?.stopped).toEqual({ sum: 0n, known: 0, steps: 2 });
  });

  it('say in how many steps polling threads were sampled, and of no others', () => {
    const pmd = { ...thread, role: 'pmd', runDelayNs: none, stalls: ['0', null] };
    expect(
      sampledPmds({ ...series, threads: [...series.threads, { ...pmd, tid: 3 }, { ...pmd, tid: 4, stalls: none }] }),
    ).toEqual({
      ...{ threads: 2, known: 1, steps: 4 },
    });
    expect(sampledPmds(series)).toEqual({ threads: 0, known: 0, steps: 0 });
    expect([stallName('involuntary'), stallName('of tomorrow')]).toEqual(['pushed off its CPU', 'of tomorrow']);
  });

  it('sum threads over the steps that are known', () => {
    expect(threadRows(series)[0]?.delay).toEqual({ sum: 1_000_000n, known: 1, steps: 2 });
    expect(isThreadBad('T')).toBe(true);
  });

  it('draw the threads that waited longest, in ms', () => {
    const frame = delayFrame(series);
    expect(frame.lines.map(({ label, drawn }) => [label, drawn])).toEqual([
      ['vm CPU 0/KVM 2', [3, 0]],
      ['vm CPU 0/KVM 1', [1, null]],
    ]);
  });

  it('keep softnet counters of each CPU', () => {
    const cpus = [{ cpu: 3, processed: ['5', '6'], dropped: [null, null], timeSqueeze: ['0', '0'] }];
    expect(softnetRows({ ...stepped, cpus, pressure: [] })[0]).toMatchObject({
      processed: { sum: 11n },
      dropped: { known: 0 },
    });
  });
});

describe('queues', () => {
  const base = { direction: 'rx' as const, bytes: [null, null], drops: [null, null] };
  const series = {
    host: 'h',
    port: 'p',
    window: { from: stepped.from, to: stepped.to },
    stepSeconds: 1,
    at: stepped.at,
    queues: [
      { ...base, queue: 0, packets: ['3', null] },
      { ...base, queue: 1, packets: ['1', '0'] },
    ],
  };

  it('share what the queues of a direction carried', () => {
    expect(queueRows(series).map(({ packets, directionPackets }) => [packets.sum, directionPackets])).toEqual([
      [3n, 4n],
      [1n, 4n],
    ]);
  });

  it('have no chart of drops where the driver does not count them', () => {
    const [frames] = queueFrames(series, 0);
    expect(frames?.drops).toBeNull();
    expect(frames?.packets.regions).toMatchObject([{ kind: 'unknown', fromSeconds: 1, toSeconds: 2 }]);
  });
});

describe('tables', () => {
  it('order texts as people count and numbers exactly', () => {
    expect(['eth10', 'eth2', 'eth1'].sort(compareSortable)).toEqual(['eth1', 'eth2', 'eth10']);
    expect(compareSortable(2n ** 53n + 1n, 2n ** 53n)).toBe(1);
  });

  it('sum nothing to nothing known', () => expect(knownSum([null, null])).toEqual({ sum: 0n, known: 0, steps: 2 }));
});
