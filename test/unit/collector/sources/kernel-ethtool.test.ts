import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Accumulator } from '../../../../collector/accumulator.ts';
import { event, queueSlot, xstatSlot } from '../../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { eth0, KernelBench, port, rows } from '../../../fakes/kernel-bench.ts';
import type { ScriptedNic } from '../../../fakes/scripted-native.ts';

let bench: KernelBench;
beforeEach(() => {
  bench = new KernelBench();
});
afterEach(() => {
  bench.close();
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
