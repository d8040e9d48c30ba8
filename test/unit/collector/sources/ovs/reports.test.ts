import { describe, expect, it } from 'vitest';
import { parseCoverage } from '../../../../../collector/sources/ovs/coverage.ts';
import { parseDpctlShow } from '../../../../../collector/sources/ovs/dpctl-show.ts';
import { parseFlowDump } from '../../../../../collector/sources/ovs/dump-flows.ts';
import { isHarmedByShow } from '../../../../../collector/sources/ovs/known-faults.ts';
import { parsePmdPerf } from '../../../../../collector/sources/ovs/pmd-perf.ts';
import { parsePmdRxq } from '../../../../../collector/sources/ovs/pmd-rxq.ts';
import { capture, capturesOf } from './captures.ts';

const written = ['2.17', '3.3', '3.5', '4.0'];

describe('every capture is understood to its last line', () => {
  it.each(capturesOf('show'))('%s', (name) => expect(parseDpctlShow(capture(name))).toMatchObject({ unknownLines: 0 }));
  it.each(capturesOf('pmd-perf'))('%s', (name) =>
    expect(parsePmdPerf(capture(name))).toMatchObject({ unknownLines: 0 }),
  );
  it.each(capturesOf('pmd-rxq'))('%s', (name) => expect(parsePmdRxq(capture(name))).toMatchObject({ unknownLines: 0 }));
  it.each(capturesOf('coverage'))('%s', (name) =>
    expect(parseCoverage(capture(name))).toMatchObject({ unknownLines: 0 }),
  );
  it.each(capturesOf('flows.txt'))('%s', (name) =>
    expect(parseFlowDump(capture(name))).toMatchObject({ unknownLines: 0 }),
  );
});

describe('dpctl/show', () => {
  it.each(written)('of %s has all datapaths, ports and counters', (version) => {
    const { datapaths } = parseDpctlShow(capture(`${version}/show.txt`));
    const [kernel, user] = datapaths;
    expect(datapaths.map(({ name }) => name)).toEqual(['system@ovs-system', 'netdev@ovs-netdev']);
    expect(kernel).toMatchObject({ hit: 9n, missed: 4n, lost: 1n, flows: 0n });
    expect(kernel?.ports[1]).toMatchObject({ name: 'eth7', type: 'system', rx: { packets: 2n ** 53n + 1n } });
    expect(user?.ports.map(({ portNo, name, type }) => [portNo, name, type])).toEqual([
      [0, 'ovs-netdev', 'tap'],
      [1, 'dpdk0', 'dpdk'],
      [2, 'vhu1', 'dpdkvhostuserclient'],
      [3, 'vhu2', 'dpdkvhostuserclient'],
      [4, 'br-int', 'tap'],
    ]);
    expect(user?.ports[1]?.rx).toEqual({ packets: 807_296n, bytes: 48_437_760n, errors: 0n, dropped: 13n });
    expect(user?.ports[2]?.tx).toEqual({ packets: 212_832n, bytes: 12_769_920n, errors: undefined, dropped: 594_432n });
    expect(user?.ports[4]?.rx.packets).toBe(2n ** 64n - 2n);
  });

  it('tells why a vhost port without a guest has no counters, and loses no port that follows in the same line', () => {
    const [datapath] = parseDpctlShow(capture('3.1/dpdk-show-without-guests.txt')).datapaths;
    expect(datapath?.ports.map(({ name, failure }) => [name, failure])).toEqual([
      ['ovs-netdev', undefined],
      ['br0', undefined],
      ['vhu1', 'Protocol error'],
      ['vhu2', 'Protocol error'],
      ['null0', undefined],
    ]);
    expect(datapath?.ports[2]?.tx.packets).toBeUndefined();
  });

  it('of a real datapath whose guest was killed has the counters of all other ports', () => {
    const [datapath] = parseDpctlShow(capture('3.1/dpdk-show-guest-away.txt')).datapaths;
    expect(datapath).toMatchObject({ hit: 2_595_227n, missed: 5n, lost: 0n, flows: 5n });
    expect(datapath?.ports.map(({ name, failure, rx }) => [name, failure, rx.packets])).toEqual([
      ['ovs-netdev', undefined, 0n],
      ['br0', undefined, 0n],
      ['uplink0', undefined, 698_656n],
      ['vhu1', undefined, 335_712n],
      ['vhu2', 'Protocol error', undefined],
      ['vhu3', undefined, 1_560_864n],
      ['vhu4', undefined, 0n],
    ]);
    expect(datapath?.ports[6]?.tx).toMatchObject({ packets: 640_738n, errors: undefined, dropped: 920_126n });
  });

  it('knows a datapath that follows a failure in the same line', () => {
    const text = 'a@b:\n  port 1: x (dpdk)\n, could not retrieve stats (Protocol error)c@d:\n  flows: 3\n';
    expect(parseDpctlShow(text)).toMatchObject({
      datapaths: [{ name: 'a@b' }, { name: 'c@d', flows: 3n }],
      unknownLines: 0,
    });
  });

  it('has upcalls where they are printed', () => {
    const eth7 = (version: string) => parseDpctlShow(capture(`${version}/show.txt`)).datapaths[0]?.ports[1];
    expect(eth7('3.3')).toMatchObject({ upcallPackets: 7n, upcallErrors: 1n });
    expect(eth7('2.17')?.upcallPackets).toBeUndefined();
  });

  it('reads odd names', () => {
    const [datapath] = parseDpctlShow(capture('3.1/dummy-show.txt')).datapaths;
    const names = datapath?.ports.map(({ name }) => name);
    expect(names).toContain('a name with spaces');
    expect(names).toContain('par (en) ü "q"');
    expect(names).toContain('n'.repeat(200));
  });

  it.each([
    ['a (b)', 'a (b)', 'system'],
    ['a (b)', 'a', 'b'],
    ['x (y) (tap)', 'x (y)', 'tap'],
    ['x (vhost: a) (dpdk: k=v (w))', 'x (vhost: a)', 'dpdk'],
    ['gone (dpdk: open failed (No such device))', 'gone', 'dpdk'],
  ])('reads %j as the port %j when that is known', (label, name, type) => {
    const [datapath] = parseDpctlShow(`a@b:\n  port 1: ${label}\n`, (known) => known === name).datapaths;
    expect(datapath?.ports[0]).toMatchObject({ name, type });
  });

  it('goes on behind a name with a line break', () => {
    const text =
      'a@b:\n  port 1: x\ny (tap)\n    RX packets:1 errors:0 dropped:0\n  port 2: z (tap)\n    RX packets:2 errors:0 dropped:0\n';
    const shown = parseDpctlShow(text);
    expect(shown.datapaths[0]?.ports.map(({ name, rx }) => [name, rx.packets])).toEqual([
      ['x', undefined],
      ['z', 2n],
    ]);
    expect(shown.unknownLines).toBe(2);
  });

  it('takes no port or line twice', () => {
    const text =
      'a@b:\n  port 1: x\n    RX packets:? errors:0 dropped:0\n    RX packets:5 errors:0 dropped:0\n  port 1: y\n    TX packets:7 errors:0 dropped:0\n';
    expect(parseDpctlShow(text)).toMatchObject({
      datapaths: [{ ports: [{ name: 'x', rx: { packets: undefined }, tx: { packets: undefined } }] }],
      unknownLines: 3,
    });
  });

  it('is known to harm only the versions that keep a reference to ports without counters', () => {
    const harmed = [
      '3.1.0',
      '3.1.5',
      '3.2.3',
      '3.3.1',
      '3.3.0-dirty',
      'ovs-vswitchd (Open vSwitch) 3.1.0',
      undefined,
      'odd',
    ];
    expect(harmed.map(isHarmedByShow)).toEqual(harmed.map(() => true));
    const fine = [
      '2.17.9',
      '3.0.4',
      '3.1.6',
      '3.2.4',
      '3.3.2',
      '3.4.0',
      '3.5.0',
      '4.0.90',
      'ovs-vswitchd (Open vSwitch) 3.3.4',
    ];
    expect(fine.map(isHarmedByShow)).toEqual(fine.map(() => false));
  });
});

describe('pmd-perf-show', () => {
  it.each(written)('of %s has each thread with its own numbers', (version) => {
    const { threads } = parsePmdPerf(capture(`${version}/pmd-perf.txt`));
    expect(threads[0]).toMatchObject({
      role: 'pmd',
      numa: 0,
      core: 2,
      measuredMs: 100_250n,
      iterations: 120_000n,
      usedCycles: { count: 250_000_000_000n, percent: 62.5 },
      idleIterations: { count: 70_000n, percent: 5.5 },
      busyIterations: { count: 50_000n, percent: 94.5 },
      rxPackets: 807_296n,
      passes: 807_302n,
      emcHits: 807_286n,
      smcHits: 3n,
      megaflowHits: 4n,
      upcalls: 6n,
      lostUpcalls: 1n,
      txPackets: 807_200n,
      txBatches: 100_900n,
    });
    expect(threads[1]).toMatchObject({
      core: 11,
      usedCycles: { count: 2n ** 53n + 1n },
      rxPackets: 0n,
      upcalls: undefined,
    });
    expect(threads[0]?.sleepIterations?.count).toBe(version === '2.17' ? undefined : 9000n);
  });

  it('gives the main thread of 4.0 its own block', () => {
    const { threads } = parsePmdPerf(capture('4.0/pmd-perf.txt'));
    expect(threads).toHaveLength(3);
    expect(threads[2]).toMatchObject({
      role: 'main',
      core: undefined,
      iterations: undefined,
      rxPackets: 40n,
      txPackets: 24n,
    });
    expect(threads[1]?.rxPackets).toBe(0n);
  });

  it('has no share where nothing was divided', () => {
    const [first, second] = parsePmdPerf(capture('2.17/pmd-perf-new.txt')).threads;
    expect(first).toMatchObject({ measuredMs: 4n, iterations: 0n, idleIterations: { count: 0n, percent: undefined } });
    expect(second).toMatchObject({ core: 3, measuredMs: 0n, iterations: undefined });
  });

  it('gives the lines below a damaged header to nobody', () => {
    const text = capture('4.0/pmd-perf.txt').replace('pmd thread numa_id 1', 'pmd thr?ad numa_id 1');
    const report = parsePmdPerf(text);
    expect(report.threads.map(({ core }) => core)).toEqual([2, undefined]);
    expect(report.threads[0]?.rxPackets).toBe(807_296n);
    expect(report.unknownLines).toBeGreaterThan(5);
  });
});

describe('pmd-rxq-show', () => {
  it.each(written)('of %s has every PMD with its queues', (version) => {
    const report = parsePmdRxq(capture(`${version}/pmd-rxq.txt`));
    expect(report.windowSec).toBe(version === '2.17' ? undefined : 5);
    expect(report.pmds).toEqual([
      {
        numa: 0,
        core: 2,
        isIsolated: false,
        queues: [
          { port: 'dpdk0', queue: 0, isEnabled: true, usagePercent: 60 },
          { port: 'vhu1', queue: 0, isEnabled: true, usagePercent: 9 },
          { port: 'a port with spaces', queue: 12, isEnabled: false, usagePercent: 0 },
        ],
        overheadPercent: 4,
      },
      {
        numa: 1,
        core: 11,
        isIsolated: true,
        queues: [{ port: 'dpdk0', queue: 1, isEnabled: true, usagePercent: undefined }],
        overheadPercent: undefined,
      },
      { numa: 1, core: 12, isIsolated: false, queues: [], overheadPercent: undefined },
    ]);
  });
});

describe('pmd-rxq-show of a real datapath', () => {
  const shares = (name: string) =>
    parsePmdRxq(capture(`3.1/dpdk-pmd-rxq-${name}.txt`)).pmds.map(({ core, isIsolated, queues, overheadPercent }) => [
      core,
      isIsolated,
      new Set(queues.map(({ usagePercent }) => usagePercent)),
      overheadPercent,
    ]);

  it('tells no share right after queues were moved, nor for threads whose queues were', () => {
    const untold = new Set([undefined]);
    expect(shares('not-told')).toEqual([
      [0, false, untold, undefined],
      [1, false, untold, undefined],
    ]);
    expect(shares('guest-away')).toEqual([
      [0, false, untold, undefined],
      [1, true, untold, undefined],
    ]);
    expect(shares('isolated')).toEqual([
      [0, false, new Set([0]), 0],
      [1, true, untold, undefined],
    ]);
  });
});

describe('coverage/show', () => {
  it('has the totals by name, above 2^53 too, and says whether the report was whole', () => {
    const { totals, neverHit } = parseCoverage(capture('2.17/coverage.txt'));
    expect(totals.get('datapath_drop_meter')).toBe(12_345_678_901_234_567_890n);
    expect(neverHit).toBe(80n);
    expect(parseCoverage(capture('2.17/coverage.txt').slice(0, 300)).neverHit).toBeUndefined();
    expect(parseCoverage(capture('4.0/coverage.txt')).totals.get('drop_action_tunnel_neigh_cache_miss')).toBe(8n);
  });
});

describe('dump-flows', () => {
  it.each(written)('of %s says where each packet goes', (version) => {
    const { flows } = parseFlowDump(capture(`${version}/flows.txt`));
    expect(flows.map(({ core, inPort, packets, outputs }) => [core, inPort, packets, outputs])).toEqual([
      [2, 1, 807_294n, 1],
      [2, 2, 10n, 3],
      [2, 3, 0n, 0],
      [2, 4, 7n, 0],
      [2, 5, 9n, 0],
      [2, 6, 5n, 0],
      [2, 6, 8n, 2],
      [2, 6, 8n, version === '4.0' ? 2 : 3],
      ['main', 1, 2n, 1],
    ]);
    expect(flows[2]).toMatchObject({ drop: true });
    expect(flows[3]).toMatchObject({ userspace: true });
    expect(flows[4]).toMatchObject({ tunnelPop: true, offloaded: 'partial' });
    expect(flows[5]).toMatchObject({ recirc: true, bytes: 300n });
    expect(flows[6]).toMatchObject({ meter: true, conditionalOutputs: 0 });
    expect(flows[7]?.conditionalOutputs).toBe(version === '4.0' ? 1 : 3);
    expect(flows[8]).toMatchObject({ offloaded: 'yes' });
  });

  it('of a real datapath with names instead of numbers is left out whole', () => {
    const { flows, unknownLines } = parseFlowDump(capture('3.1/dpdk-flows-with-names.txt'));
    expect([flows.length, unknownLines]).toEqual([0, 5]);
  });

  it('counts a flooded packet once for each port', () => {
    const { flows } = parseFlowDump(capture('3.1/dummy-flows.txt'));
    expect(flows.map(({ core, packets, outputs }) => [core, packets, outputs])).toEqual([
      [1, 4n, 1],
      ['main', 4n, 1],
      ['main', 4n, 6],
    ]);
  });

  it.each([
    ['names instead of numbers', '3.1/dummy-flows-with-names.txt', 'actions:', 'actions:'],
    ['an action that is not known', '4.0/flows.txt', 'actions:2', 'actions:2,teleport(7)'],
    ['parentheses that do not fit', '4.0/flows.txt', 'actions:2', 'actions:2,clone(3'],
  ])('leaves out a flow with %s', (_what, name, from, to) => {
    const report = parseFlowDump(capture(name).replace(from, to));
    expect(report.unknownLines).toBeGreaterThan(0);
    expect(report.flows.every(({ inPort }) => inPort !== 1 || name.startsWith('4.0'))).toBe(true);
    expect(report.flows.filter(({ packets }) => packets === 807_294n)).toEqual([]);
  });
});
