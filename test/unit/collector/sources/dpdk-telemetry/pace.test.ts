import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mempoolSlot, pmdSlot } from '../../../../../core/catalogue/datapath-kinds.ts';
import { portSlot, xstatSlot } from '../../../../../core/catalogue/kinds.ts';
import { DpdkBench, dropRow, eventNames, nullDevice, portRow, rows, type ScriptedProgram } from './scripted-dpdk.ts';

let bench: DpdkBench;
beforeEach(() => {
  bench = new DpdkBench();
});
afterEach(() => bench.close());

const port = 'tp:net_null0';

/** Commands of the last tick, all its rounds. */
async function askedIn(program: ScriptedProgram, seconds = 1): Promise<string[]> {
  const before = program.asked.length;
  await bench.tick({ seconds });
  return program.asked.slice(before).flat();
}

describe('what is asked', () => {
  it('is each second the list and the counters, the rest more slowly', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    program.mempools.set('mb_pool_0', {});
    expect(await askedIn(program)).toEqual([
      '/',
      '/ethdev/list',
      '/mempool/list',
      '/ethdev/info,0',
      '/ethdev/stats,0',
      '/ethdev/xstats,0',
    ]);
    const later: string[][] = [];
    for (let i = 0; i < 20; i++) later.push(await askedIn(program));
    const times = (command: string) => later.filter((commands) => commands.includes(command)).length;
    expect(times('/ethdev/list')).toBe(20);
    expect(times('/ethdev/stats,0')).toBe(20);
    expect(times('/ethdev/xstats,0')).toBe(20);
    expect(times('/ethdev/info,0')).toBe(2);
    expect(times('/mempool/list')).toBe(4);
    expect(times('/mempool/info,mb_pool_0')).toBe(4);
    expect(times('/')).toBe(0);
    expect(times('/eal/lcore/usage')).toBe(0);
    expect(later.every((commands) => new Set(commands).size === commands.length)).toBe(true);
  });

  it('asks who devices are in turn, not all in the same second', async () => {
    const devices = Array.from({ length: 20 }, (_, i) => nullDevice(`net_null${i}`, 5n));
    const program = await bench.program('tp', devices);
    await bench.tick();
    for (let i = 0; i < 20; i++) {
      const asked = await askedIn(program);
      expect(asked.filter((command) => command.startsWith('/ethdev/info,'))).toHaveLength(2);
    }
  });

  it('asks about a device as soon as the list has it', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    await bench.tick();
    await bench.tick();
    program.devices.set(3, nullDevice('net_null3', 5n));
    expect(eventNames(await bench.tick())).toEqual(['port_seen']);
    expect(portRow(await bench.tick(), 'tp:net_null3')).toMatchObject({ state: 'observed', slots: 1 });
  });

  it.each([
    ['DPDK 22.11.11', '/ethdev/xstats,0'],
    ['DPDK 23.03.0', '/ethdev/xstats,0,hide_zero=true'],
    ['DPDK 25.11.0-rc1', '/ethdev/xstats,0,hide_zero=true'],
    ['something else', '/ethdev/xstats,0'],
  ])('leaves out zeros where %s can', async (version, command) => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    program.version = version;
    // The first time it is whole: the names are in it.
    expect(await askedIn(program)).toContain('/ethdev/xstats,0');
    expect(await askedIn(program)).toContain(command);
  });

  it('is asked on the CPU on which the program answers, if both may run there', async () => {
    const placed = async (cpu: number, allowed: string) => {
      bench.process(4242, { cpu, allowed });
      const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
      await bench.tick();
      return program.cpus.at(-1);
    };
    expect(await placed(2, '0-2')).toEqual([2]);
    await bench.close();
    bench = new DpdkBench();
    // 7 is not the collector's, 1 is not in the mask.
    expect(await placed(7, '0-9')).toEqual([0, 1, 2]);
    await bench.close();
    bench = new DpdkBench();
    expect(await placed(1, '2-3')).toEqual([0, 1, 2]);
  });

  it('follows the answering thread when it moves', async () => {
    bench.process(4242, { cpu: 1 });
    const program = await bench.program('tp', [nullDevice('net_null0', 5n)]);
    await bench.tick();
    bench.process(4242, { cpu: 0 });
    for (let i = 0; i < 10; i++) await bench.tick();
    expect(program.cpus.at(-2)).toEqual([1]);
    expect(program.cpus.at(-1)).toEqual([0]);
  });
});

describe('zeros that were left out', () => {
  it('are zeros: a counter that begins to move moves from there', async () => {
    const program = await bench.program('tp', [{ name: 'net_ice0', xstats: { rx_dropped_packets: 0n } }]);
    program.version = 'DPDK 23.11.0';
    await bench.tick();
    await bench.tick();
    program.devices.set(0, { name: 'net_ice0', stats: { imissed: 9n }, xstats: { rx_dropped_packets: 4n } });
    const into = await bench.tick();
    expect(dropRow(into, 'tp:net_ice0', 'nic_fifo')).toMatchObject({ packetsInc: 4n, slots: 1, state: 'observed' });
    expect(dropRow(into, 'tp:net_ice0', 'nic_ring_full')).toMatchObject({ packetsInc: 5n });
    expect(rows(into, xstatSlot).find(({ name }) => name === 'rx_dropped_packets')).toMatchObject({ valueInc: 4n });
  });
});

describe('a reply that is cut', () => {
  const many = (count: number, value = 1n) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`counter_${i}`, value]));

  it.each([
    [247, 0],
    [248, 1],
    [300, 1],
  ])('at 256 entries is told once: %i counters of the driver', async (count, times) => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n, { xstats: many(count) })]);
    expect(program.devices.size).toBe(1);
    const told = [...eventNames(await bench.tick({ kept: false })), ...eventNames(await bench.tick())];
    expect(told.filter((name) => name === 'xstats_cut')).toHaveLength(times * 2);
    const later: string[] = [];
    for (let i = 0; i < 11; i++) later.push(...eventNames(await bench.tick()));
    expect(later).toEqual([]);
    const { facts } = await bench.tick({ keyFrame: true });
    expect(facts.find(({ name }) => name === `port.${port}.xstatsCut`)?.value).toBe(times === 0 ? '' : '256');
  });

  it('at the bytes it may have is one, too', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 5n, { xstats: many(100) })]);
    program.maxOutputLen = 1024;
    expect(eventNames(await bench.tick())).toContain('xstats_cut');
  });

  it('says nothing of the counters it lacks', async () => {
    const late = { ...many(250), late: 77n };
    const program = await bench.program('tp', [nullDevice('net_null0', 5n, { xstats: late })]);
    await bench.tick();
    const into = await bench.tick({ keyFrame: true });
    expect(rows(into, xstatSlot)).toHaveLength(256);
    expect(rows(into, xstatSlot).some(({ name }) => name === 'late')).toBe(false);
    expect(program.asked.length).toBeGreaterThan(0);
  });

  it('is whole again without zeros, and drops are known then', async () => {
    const own = { ...many(250, 0n), rx_dropped_packets: 3n };
    const program = await bench.program('tp', [{ name: 'net_ice0', stats: { imissed: 5n }, xstats: own }]);
    program.version = 'DPDK 24.11.0';
    // The whole reply is cut, and is of no use but for its names.
    await bench.tick();
    const second = await bench.tick();
    expect(portRow(second, 'tp:net_ice0')).toBeUndefined();
    expect(eventNames(second)).not.toContain('counter_replaced');
    const grown = { ...many(250, 0n), rx_dropped_packets: 4n };
    program.devices.set(0, { name: 'net_ice0', stats: { imissed: 8n }, xstats: grown });
    const into = await bench.tick();
    expect(portRow(into, 'tp:net_ice0')).toMatchObject({ dropsOutsideInc: 3n, state: 'observed' });
    expect(dropRow(into, 'tp:net_ice0', 'nic_fifo')).toMatchObject({ packetsInc: 1n });
    expect(dropRow(into, 'tp:net_ice0', 'nic_ring_full')).toMatchObject({ packetsInc: 2n });
  });

  it('at sixteen queues hides those above, which is told', async () => {
    const queues = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`rx_q${i}_packets`, 1n]));
    await bench.program('tp', [nullDevice('net_null0', 5n, { rxQueues: 20, xstats: queues })]);
    const into = await bench.tick();
    const [event] = [...into.rows].flatMap(([kind, found]) => (kind.name === 'event' ? found.slice(1) : []));
    expect(event).toMatchObject({ event: 'queues_hidden', object: port, detail: '{"queues":4}' });
    expect(into.facts.find(({ name }) => name === `port.${port}.queuesHidden`)?.value).toBe('4');
  });
});

describe('more devices than fit into a tick', () => {
  it('have their own counters read in turn, their basic ones each second, and it is told', async () => {
    await bench.close();
    bench = new DpdkBench({ budgetMs: 400 });
    const devices = (packets: bigint) =>
      Array.from({ length: 10 }, (_, i) => nullDevice(`net_null${i}`, packets, { xstats: { own: packets } }));
    const program = await bench.program('tp', devices(1n));
    program.spanNs = 9_000_000n;
    const told: string[] = [];
    for (let i = 0; i < 30; i++) told.push(...eventNames(await bench.tick()));
    expect(told.filter((name) => name === 'xstats_spread').length).toBeGreaterThan(0);
    const spreads: number[] = [];
    for (let i = 0; i < 12; i++) {
      for (const [id, device] of devices(BigInt(100 + i)).entries()) program.devices.set(id, device);
      const asked = await askedIn(program);
      expect(asked.filter((command) => command.startsWith('/ethdev/stats,'))).toHaveLength(10);
      spreads.push(asked.filter((command) => command.startsWith('/ethdev/xstats,')).length);
    }
    expect(Math.max(...spreads)).toBeLessThan(10);
    expect(Math.min(...spreads)).toBeGreaterThanOrEqual(2);
    for (const [id, device] of devices(200n).entries()) program.devices.set(id, device);
    const into = await bench.tick();
    expect(rows(into, portSlot).filter(({ state }) => state === 'observed')).toHaveLength(20);
    const own = rows(into, xstatSlot).filter(({ name }) => name === 'own');
    expect(own.length).toBeGreaterThan(0);
    for (const row of own) expect(row).toMatchObject({ value: 200n, state: 'bridged' });
    // All that moved is told in the end, of every device.
    const told200 = new Set(own.map((row) => row.port));
    for (let i = 0; i < 3; i++) {
      for (const row of rows(await bench.tick(), xstatSlot)) {
        if (row.name === 'own' && row.value === 200n) told200.add(row.port);
      }
    }
    expect(told200.size).toBe(10);
  });
});

describe('pools and lcores', () => {
  it('have rows every five seconds', async () => {
    const program = await bench.program('tp', []);
    program.mempools.set('mb_pool_0', { size: 16_384n, total_cache_count: 250n, common_pool_count: 1000n });
    program.lcores = {
      lcore_ids: [1n],
      total_cycles: [18_446_744_073_709_551_000n],
      busy_cycles: [5n],
      usage_ratio: [''],
    };
    const pools = [];
    const lcores = [];
    for (let i = 0; i < 12; i++) {
      if (i === 6)
        program.lcores = { ...program.lcores, total_cycles: [18_446_744_073_709_551_100n], busy_cycles: [9n] };
      const into = await bench.tick();
      pools.push(...rows(into, mempoolSlot));
      lcores.push(...rows(into, pmdSlot));
    }
    expect(pools).toHaveLength(3);
    expect(pools[0]).toMatchObject({
      host: 'cn1',
      datapath: 'dpdk:tp',
      mempool: 'mb_pool_0',
      // The slot that its tick closes; the first tick asked for the list alone.
      slot: 1_800_000_001,
      size: 16_384n,
      free: 1250n,
    });
    expect(lcores).toHaveLength(2);
    expect(lcores[0]).toMatchObject({
      datapath: 'dpdk:tp',
      core: 1,
      slots: 5,
      usedCyclesInc: 100n,
      busyCyclesInc: 4n,
      iterations: null,
      busyPpm: null,
    });
  });

  it('have none where the program does not count them: DPDK 22.11 tells sizes alone', async () => {
    const program = await bench.program('tp', []);
    program.mempools.set('mb_pool_0', { size: 16_384n, cache_size: 250n });
    for (let i = 0; i < 8; i++) {
      const into = await bench.tick();
      expect(rows(into, mempoolSlot)).toEqual([]);
      expect(eventNames(into).filter((name) => name === 'telemetry_reply')).toEqual([]);
    }
  });
});
