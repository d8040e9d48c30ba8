import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dropSlot, event, portSlot } from '../../../../core/catalogue/kinds.ts';
import { eth0, KernelBench, port, rows, start } from '../../../fakes/kernel-bench.ts';
import type { ScriptedNic } from '../../../fakes/scripted-native.ts';

let bench: KernelBench;
beforeEach(() => {
  bench = new KernelBench();
});
afterEach(() => {
  bench.close();
});

describe('a NIC', () => {
  it('gives a row each second and direction, with what it passed', () => {
    bench.tick([eth0(10n)]);
    const row = port(bench.tick([eth0(25n)]), 'eth0');
    expect(row).toMatchObject({
      state: 'observed',
      packets: 25n,
      packetsInc: 15n,
      bytesInc: 1500n,
      slot: start + 1,
      countedIn: '',
    });
  });

  it('that comes gives no slot before its second read, and an event', () => {
    bench.tick([]);
    const first = bench.tick([eth0(1000n)]);
    expect(port(first, 'eth0')).toBeUndefined();
    expect(rows(first, event)).toMatchObject([{ event: 'port_seen', object: 'eth0' }]);
    expect(port(bench.tick([eth0(1001n)]), 'eth0')).toMatchObject({ packetsInc: 1n });
  });

  it('that goes has no rows, and an event; back with its counters it is bridged over the time away', () => {
    bench.tick([eth0(10n)]);
    bench.tick([eth0(20n)]);
    const gone = bench.tick([]);
    expect(port(gone, 'eth0')).toBeUndefined();
    expect(rows(gone, event)).toMatchObject([{ event: 'port_gone', object: 'eth0' }]);
    bench.tick([]);
    expect(port(bench.tick([eth0(50n)]), 'eth0')).toMatchObject({ state: 'bridged', slots: 3, packetsInc: 30n });
  });

  it('that comes back from another namespace as another NIC begins a new epoch', () => {
    bench.tick([eth0(10n)]);
    bench.tick([]);
    expect(port(bench.tick([eth0(900n, { ifindex: 7 })]), 'eth0')).toMatchObject({
      state: 'unknown',
      packetsInc: null,
    });
  });

  it('that is renamed goes on counting under its new name', () => {
    bench.tick([eth0(10n)]);
    const renamed = bench.tick([eth0(25n, { name: 'wan0' })]);
    expect(port(renamed, 'wan0')).toMatchObject({ state: 'observed', packetsInc: 15n });
    expect(port(renamed, 'eth0')).toBeUndefined();
    expect(rows(renamed, event)).toMatchObject([
      { event: 'port_renamed', object: 'wan0', detail: '{"ifindex":2,"before":"eth0"}' },
    ]);
  });

  it('that is renamed and renamed back counts every packet once', () => {
    const names = ['eth0', 'eth0', 'eth1', 'eth1', 'eth0', 'eth0'];
    const counted = names.map((name, i) => bench.tick([eth0(BigInt(1000 * i), { name })]));
    const sum = counted
      .flatMap((tick) => rows(tick, portSlot))
      .reduce((total, row) => total + (row.direction === 'rx' ? (row.packetsInc ?? 0n) : 0n), 0n);
    expect(sum).toBe(5000n);
  });

  it('that is renamed in a tick that is read too late is bridged, and told once', () => {
    bench.tick([eth0(10n)]);
    bench.tick([eth0(20n)]);
    bench.clock.advance(700);
    const late = bench.tick([eth0(30n, { name: 'wan0' })]);
    bench.clock.advance(300);
    const next = bench.tick([eth0(45n, { name: 'wan0' })]);
    expect(port(late, 'wan0')).toBeUndefined();
    expect(port(next, 'wan0')).toMatchObject({ state: 'bridged', slots: 3, packetsInc: 25n });
    expect(port(bench.tick([eth0(46n, { name: 'wan0' })]), 'wan0')).toMatchObject({
      state: 'observed',
      packetsInc: 1n,
    });
  });

  it('has its drops written under its new name at once, though none moved: a restart looks for them there', () => {
    bench.native.qdiscDrops = [{ ifindex: 2, drops: 5n }];
    for (let i = 0; i < 3; i++) bench.tick([eth0(1n)]);
    const renamed = bench.tick([eth0(1n, { name: 'wan0' })]);
    const told = rows(renamed, dropSlot)
      .filter((row) => row.port === 'wan0')
      .map(({ cause }) => cause);
    expect(told).toContain('qdisc_full');
    expect(told).toContain('nic_ring_full');
  });

  it('that swaps its name with another takes its counters along', () => {
    const both = (a: string, b: string, n: bigint) => [eth0(n, { name: a }), eth0(n * 10n, { name: b, ifindex: 3 })];
    bench.tick(both('a', 'b', 1n));
    const swapped = bench.tick(both('b', 'a', 2n));
    expect([port(swapped, 'b')?.packetsInc, port(swapped, 'a')?.packetsInc]).toEqual([1n, 10n]);
    const next = bench.tick(both('b', 'a', 3n));
    expect([port(next, 'b')?.packetsInc, port(next, 'a')?.packetsInc]).toEqual([1n, 10n]);
  });

  it('whose reset falls into a late read is unknown in both directions all the same', () => {
    const nic = (rxPackets: bigint, txPackets: bigint) => [
      { name: 'eth0', ifindex: 2, counters: { rxPackets, txPackets } },
    ];
    bench.tick(nic(700n, 700n));
    bench.clock.advance(700);
    bench.tick(nic(10n, 10n));
    bench.clock.advance(300);
    const after = bench.tick(nic(20n, 2000n));
    expect(port(after, 'eth0', 'rx')).toMatchObject({ state: 'unknown', packetsInc: null });
    expect(port(after, 'eth0', 'tx')).toMatchObject({ state: 'unknown', packetsInc: null });
  });

  it('that goes has its facts told as gone', () => {
    bench.tick([eth0(1n)]);
    expect(
      bench
        .tick([])
        .facts.filter(({ name }) => name.startsWith('port.eth0.'))
        .map(({ value }) => value),
    ).toEqual(Array.from({ length: 7 }, () => ''));
  });

  it('whose counters go back is unknown for that slot, in both directions, and says which counter fell', () => {
    bench.tick([{ name: 'eth0', ifindex: 2, counters: { rxPackets: 100n, txPackets: 50n } }]);
    const fallen = bench.tick([{ name: 'eth0', ifindex: 2, counters: { rxPackets: 3n, txPackets: 60n } }]);
    expect(port(fallen, 'eth0', 'rx')).toMatchObject({ state: 'unknown', packetsInc: null, packets: 3n });
    expect(port(fallen, 'eth0', 'tx')).toMatchObject({ state: 'unknown', packetsInc: null });
    expect(rows(fallen, event).map((row) => row.event)).toContain('counter_reset');
    const next = bench.tick([{ name: 'eth0', ifindex: 2, counters: { rxPackets: 5n, txPackets: 61n } }]);
    expect(port(next, 'eth0', 'rx')).toMatchObject({ state: 'observed', packetsInc: 2n });
  });
});

describe('a tick that the bus refused', () => {
  it('never happened: the next one bridges it, and the sum is whole', () => {
    bench.tick([eth0(10n)]);
    bench.tick([eth0(20n)], { kept: false });
    expect(port(bench.tick([eth0(35n)]), 'eth0')).toMatchObject({ state: 'bridged', slots: 2, packetsInc: 25n });
  });

  it('does not lose a reset that it saw', () => {
    bench.tick([eth0(100n)]);
    bench.tick([eth0(5n)], { kept: false });
    expect(port(bench.tick([eth0(9n)]), 'eth0')).toMatchObject({ state: 'unknown', packetsInc: null });
  });
});

describe('drops', () => {
  const lossy = (missed: bigint, dropped: bigint, nohandler = 0n): ScriptedNic => ({
    name: 'eth0',
    ifindex: 2,
    counters: { rxPackets: 100n, rxMissedErrors: missed, rxDropped: dropped, rxNohandler: nohandler },
  });

  it('stand in the port total by place and in a row by cause', () => {
    bench.tick([lossy(0n, 0n)]);
    bench.tick([lossy(0n, 0n)]);
    const tick = bench.tick([lossy(3n, 2n, 9n)]);
    expect(port(tick, 'eth0')).toMatchObject({ dropsOutsideInc: 3n, dropsInsideInc: 2n });
    expect(rows(tick, dropSlot).map(({ cause, place, packetsInc }) => [cause, place, packetsInc])).toEqual([
      ['nic_ring_full', 'outside', 3n],
      ['host_stack', 'inside', 2n],
      ['filtered', 'filtered', 9n],
    ]);
  });

  it('are written when they move, at first, and in key frames', () => {
    bench.tick([lossy(0n, 0n)]);
    expect(rows(bench.tick([lossy(0n, 0n)]), dropSlot)).toHaveLength(6);
    expect(rows(bench.tick([lossy(0n, 0n)]), dropSlot)).toHaveLength(0);
    expect(rows(bench.tick([lossy(0n, 0n)], { keyFrame: true }), dropSlot)).toHaveLength(6);
  });

  it('of a root qdisc are a cause beside the port total; those of its children are in it already', () => {
    bench.native.qdiscDrops = [{ ifindex: 2, drops: 5n }];
    bench.tick([eth0(1n)]);
    bench.native.qdiscDrops = [
      { ifindex: 2, drops: 9n },
      { ifindex: 2, drops: 9n, parent: 0x10000 },
    ];
    const tick = bench.tick([eth0(1n)]);
    expect(rows(tick, dropSlot).filter(({ cause }) => cause === 'qdisc_full')).toMatchObject([
      { port: 'eth0', direction: 'tx', place: 'beside', packetsInc: 4n },
    ]);
    expect(port(tick, 'eth0', 'tx')).toMatchObject({ dropsOutsideInc: 0n });
  });

  it('of a qdisc that was replaced begin a new epoch', () => {
    bench.native.qdiscDrops = [{ ifindex: 2, drops: 50n, handle: 1 }];
    bench.tick([eth0(1n)]);
    bench.native.qdiscDrops = [{ ifindex: 2, drops: 60n, handle: 2 }];
    const found = rows(bench.tick([eth0(1n)]), dropSlot).find(({ cause }) => cause === 'qdisc_full');
    expect(found).toMatchObject({ state: 'unknown', packetsInc: null });
  });
});

describe('ports that count the same packets', () => {
  it('name the port that holds them: bond for its members, lower port for a VLAN', () => {
    const nics: ScriptedNic[] = [
      { name: 'bond0', ifindex: 5, linkKind: 'bond' },
      { name: 'eth0', ifindex: 2, master: 5, memberKind: 'bond' },
      { name: 'eth1', ifindex: 3, master: 5, memberKind: 'bond' },
      { name: 'bond0.100', ifindex: 6, linkKind: 'vlan', lower: 5 },
      { name: 'br0', ifindex: 8, linkKind: 'bridge' },
      { name: 'veth0', ifindex: 9, linkKind: 'veth', lower: 10, master: 8, memberKind: 'bridge' },
    ];
    bench.tick(nics);
    const tick = bench.tick(nics);
    const told = Object.fromEntries(rows(tick, portSlot).map((row) => [row.port, row.countedIn]));
    expect(told).toEqual({ bond0: '', eth0: 'bond0', eth1: 'bond0', 'bond0.100': 'bond0', br0: '', veth0: '' });
  });
});
