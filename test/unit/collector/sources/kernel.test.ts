import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Accumulator } from '../../../../collector/accumulator.ts';
import { CounterStates } from '../../../../collector/counter-states.ts';
import { KernelSource } from '../../../../collector/sources/kernel/source.ts';
import type { Kind, RowOf } from '../../../../core/catalogue/columns.ts';
import { dropSlot, event, portSlot, queueSlot, xstatSlot } from '../../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { ScriptedNative, type ScriptedNic } from '../../../fakes/scripted-native.ts';

const start = 1_800_000_000;
const never = new AbortController().signal;

/** A kernel source on a scripted host, ticked by hand. */
class Bench {
  readonly clock = new ManualClock(start);
  readonly native = new ScriptedNative(this.clock);
  readonly states = new CounterStates();
  readonly procRoot = mkdtempSync(join(tmpdir(), 'fn-proc-'));
  readonly source = new KernelSource({ native: this.native, place: 'boot net', procRoot: this.procRoot });

  /** Advances a second, gathers, and keeps what came unless told that the bus refused it. */
  tick(
    nics: readonly ScriptedNic[],
    options: { kept?: boolean; keyFrame?: boolean; seconds?: number } = {},
  ): Accumulator {
    this.clock.advance((options.seconds ?? 1) * 1000);
    this.native.nics = nics;
    const boundary = Number(this.clock.read().wallNs / 1_000_000_000n);
    const keyFrame = options.keyFrame ?? false;
    const into = new Accumulator({ host: 'cn1', states: this.states, keyFrame, nowMs: 0n });
    this.source.gather({ boundary, keyFrame, signal: never }, into);
    if (options.kept !== false) {
      this.states.commit(into.staged);
      this.source.kept();
    }
    return into;
  }
}

function rows<K extends Kind>(from: Accumulator, kind: K): RowOf<K>[] {
  return (from.rows.get(kind) ?? []) as RowOf<K>[];
}

function port(from: Accumulator, name: string, direction: 'rx' | 'tx' = 'rx') {
  return rows(from, portSlot).find((row) => row.port === name && row.direction === direction);
}

const eth0 = (rxPackets: bigint, more: Partial<ScriptedNic> = {}): ScriptedNic => ({
  name: 'eth0',
  ifindex: 2,
  counters: { rxPackets, rxBytes: rxPackets * 100n },
  ...more,
});

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => {
  rmSync(bench.procRoot, { recursive: true, force: true });
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

describe('ethtool', () => {
  it('a driver without names gives no extended counters and no queues', () => {
    bench.tick([eth0(1n)]);
    const tick = bench.tick([eth0(2n)], { keyFrame: true });
    expect(rows(tick, xstatSlot)).toEqual([]);
    expect(rows(tick, queueSlot)).toEqual([]);
  });

  it('hundreds of names are told verbatim, each when it moves', () => {
    const xstats = (moved: bigint) =>
      Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`port.rx_size_${i}`, i === 13 ? moved : 5n]));
    bench.tick([eth0(1n, { xstats: xstats(1n) })]);
    expect(rows(bench.tick([eth0(1n, { xstats: xstats(1n) })]), xstatSlot)).toHaveLength(700);
    expect(rows(bench.tick([eth0(1n, { xstats: xstats(4n) })]), xstatSlot)).toMatchObject([
      { name: 'port.rx_size_13', value: 4n, valueInc: 3n, state: 'observed', slots: 1 },
    ]);
  });

  it('a gauge that falls is told with its value and without an increment', () => {
    bench.tick([eth0(1n, { xstats: { level: 9n } })]);
    bench.tick([eth0(1n, { xstats: { level: 9n } })]);
    const [row] = rows(bench.tick([eth0(1n, { xstats: { level: 4n } })]), xstatSlot);
    expect(row).toMatchObject({ name: 'level', value: 4n, valueInc: null, state: 'unknown' });
  });

  it('names that change under it are asked for again', () => {
    bench.tick([eth0(1n, { xstats: { a: 1n } })]);
    for (let i = 0; i < 12; i++) bench.tick([eth0(1n, { xstats: { a: 1n, b: 2n } })]);
    const names = rows(bench.tick([eth0(1n, { xstats: { a: 5n, b: 7n } })]), xstatSlot).map(({ name }) => name);
    expect(names).toEqual(['a', 'b']);
  });

  it('queues are found by the names of the driver where the kernel has no table of them', () => {
    bench.native.hasQueues = false;
    const xstats = (n: bigint) => ({
      rx_queue_0_packets: n,
      rx_queue_0_bytes: n * 64n,
      'tx-3.packets': n,
      queue_1_rx_cnt: n,
      rx_drops: 0n,
    });
    bench.tick([eth0(1n, { xstats: xstats(1n) })]);
    const tick = bench.tick([eth0(1n, { xstats: xstats(3n) })]);
    expect(rows(tick, queueSlot)).toMatchObject([
      { direction: 'rx', queue: 0, packetsInc: 2n, bytesInc: 128n, drops: null, dropsInc: null },
      { direction: 'tx', queue: 3, packetsInc: 2n, bytes: null },
      { direction: 'rx', queue: 1, packetsInc: 2n },
    ]);
  });
});

describe('queues in the table of the kernel', () => {
  const one = (packets: bigint, bytes?: bigint): Pick<ScriptedNic, 'queues'> => ({
    queues: [{ direction: 'rx', queue: 0, counters: { packets, ...(bytes === undefined ? {} : { bytes }) } }],
  });
  const named = (packets: bigint) => ({ xstats: { rx_queue_0_packets: packets } });

  it('give a row each, with nothing for a counter that the driver does not have', () => {
    const queues = (n: bigint): Partial<ScriptedNic> => ({
      queues: [
        { direction: 'rx', queue: 0, counters: { packets: n, bytes: n * 64n, drops: n } },
        { direction: 'tx', queue: 7, counters: { packets: n * 2n } },
        { direction: 'tx', queue: 8, counters: { bytes: 1n } },
        { direction: 'rx', queue: 65_536, counters: { packets: 1n } },
      ],
    });
    bench.tick([eth0(1n, queues(1n))]);
    expect(rows(bench.tick([eth0(1n, queues(3n))]), queueSlot)).toMatchObject([
      { port: 'eth0', direction: 'rx', queue: 0, packets: 3n, packetsInc: 2n, bytesInc: 128n, dropsInc: 2n },
      { direction: 'tx', queue: 7, packetsInc: 4n, bytes: null, bytesInc: null, drops: null, dropsInc: null },
    ]);
  });

  it('are not told again by the names of ethtool; those of another NIC are', () => {
    const nics = (n: bigint): ScriptedNic[] => [
      eth0(1n, { ...one(n), ...named(n * 10n) }),
      { name: 'eth1', ifindex: 3, ...named(n * 100n) },
    ];
    bench.tick(nics(1n));
    const tick = bench.tick(nics(2n));
    expect(rows(tick, queueSlot)).toMatchObject([
      { port: 'eth0', packetsInc: 1n },
      { port: 'eth1', packetsInc: 100n },
    ]);
    expect(rows(tick, xstatSlot).map((row) => row.port)).toEqual(['eth0', 'eth1']);
  });

  it('stay there while the NIC is down and has no rows, and are bridged when it is up again', () => {
    bench.tick([eth0(1n, { ...one(5n), ...named(900n) })]);
    bench.tick([eth0(1n, { ...one(6n), ...named(901n) })]);
    expect(rows(bench.tick([eth0(1n, named(902n))]), queueSlot)).toEqual([]);
    expect(rows(bench.tick([eth0(1n, { ...one(9n), ...named(903n) })]), queueSlot)).toMatchObject([
      { state: 'bridged', slots: 2, packetsInc: 3n },
    ]);
  });

  it('begin a new epoch when they were told by name before, also with equal numbers', () => {
    bench.tick([eth0(1n, named(5n))]);
    expect(rows(bench.tick([eth0(1n, named(6n))]), queueSlot)).toMatchObject([{ packetsInc: 1n }]);
    expect(rows(bench.tick([eth0(1n, { ...one(6n), ...named(6n) })]), queueSlot)).toMatchObject([
      { state: 'unknown', packetsInc: null },
    ]);
  });

  it('of a NIC without packet counts there are found by name', () => {
    const queues: ScriptedNic['queues'] = [{ direction: 'rx', queue: 0, counters: { drops: 4n } }];
    bench.tick([eth0(1n, { queues, ...named(5n) })]);
    expect(rows(bench.tick([eth0(1n, { queues, ...named(6n) })]), queueSlot)).toMatchObject([
      { packetsInc: 1n, drops: null },
    ]);
  });

  it('of a NIC that came after the list of NICs wait for the next list', () => {
    const { queues } = bench.native;
    bench.tick([eth0(1n)]);
    bench.native.queues = () => {
      bench.native.nics = [eth0(1n), { name: 'eth9', ifindex: 9, ...one(1n) }];
      return queues.call(bench.native);
    };
    expect(rows(bench.tick([eth0(2n)]), queueSlot)).toEqual([]);
  });
});

describe('a NIC that ethtool cannot read', () => {
  const eth1 = (more: Partial<ScriptedNic>): ScriptedNic => ({ name: 'eth1', ifindex: 3, ...more });
  const failed = (tick: Accumulator) => rows(tick, event).filter((row) => row.event === 'ethtool_failed');
  const driverFact = (tick: Accumulator, name: string) =>
    tick.facts.find((fact) => fact.name === `port.${name}.driver`)?.value;

  it('leaves the others their rows, and is told once', () => {
    const nics = [eth0(1n, { ethtoolErrno: 5 }), eth1({ xstats: { a: 1n } })];
    const first = bench.tick(nics, { keyFrame: true });
    expect(failed(first)).toMatchObject([{ object: 'eth0', detail: '{"call":"ETHTOOL_GSSET_INFO","errno":5}' }]);
    expect([driverFact(first, 'eth0'), driverFact(first, 'eth1')]).toEqual([undefined, 'scripted']);
    for (let i = 0; i < 25; i++) {
      const tick = bench.tick(nics, { keyFrame: true });
      expect(failed(tick)).toEqual([]);
      expect(rows(tick, xstatSlot)).toMatchObject([{ port: 'eth1', name: 'a' }]);
      expect(port(tick, 'eth0')).toBeDefined();
    }
  });

  it('is asked again, and told again when it fails after it worked', () => {
    const sick = [eth0(1n, { ethtoolErrno: 95, xstats: { a: 1n } })];
    const well = [eth0(1n, { xstats: { a: 1n } })];
    expect(failed(bench.tick(sick))).toHaveLength(1);
    for (let i = 0; i < 12; i++) expect(failed(bench.tick(well, { keyFrame: true }))).toEqual([]);
    const tick = bench.tick(well, { keyFrame: true });
    expect(rows(tick, xstatSlot)).toMatchObject([{ name: 'a' }]);
    expect(driverFact(tick, 'eth0')).toBe('scripted');
    expect(failed(bench.tick(sick, { keyFrame: true }))).toHaveLength(1);
  });

  it('is told again when the bus refused the tick that told it', () => {
    const sick = [eth0(1n, { ethtoolErrno: 5 })];
    expect(failed(bench.tick(sick, { kept: false, keyFrame: true }))).toHaveLength(1);
    expect(failed(bench.tick(sick, { keyFrame: true }))).toHaveLength(1);
    expect(failed(bench.tick(sick, { keyFrame: true }))).toEqual([]);
  });

  it('because it vanished since the list was read is no failure, and is asked again when it is back', () => {
    const gone = [eth0(1n, { ethtoolErrno: 19 }), eth1({ xstats: { a: 1n } })];
    for (let i = 0; i < 3; i++) expect(failed(bench.tick(gone, { keyFrame: true }))).toEqual([]);
    const back = [eth0(1n, { xstats: { b: 1n } }), eth1({ xstats: { a: 1n } })];
    for (let i = 0; i < 12; i++) bench.tick(back);
    const names = rows(bench.tick(back, { keyFrame: true }), xstatSlot).map(({ name }) => name);
    expect(names).toEqual(['b', 'a']);
  });

  it('is not blamed for what is not its own: without sockets the tick fails', () => {
    bench.native.ethtoolNames = () => {
      throw new FourninesError('FN_NATIVE', 'ETHTOOL_GSSET_INFO', { context: { call: 'socket', errno: 24 } });
    };
    expect(() => bench.tick([eth0(1n)])).toThrow(FourninesError);
  });
});
