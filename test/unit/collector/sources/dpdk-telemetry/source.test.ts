import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { portName } from '../../../../../collector/sources/dpdk-telemetry/device-table.ts';
import { queueSlot, xstatSlot } from '../../../../../core/catalogue/kinds.ts';
import { DpdkBench, dropRow, eventNames, nullDevice, portRow, rows, type ScriptedProgram } from './scripted-dpdk.ts';

let bench: DpdkBench;
beforeEach(() => {
  bench = new DpdkBench();
});
afterEach(() => bench.close());

const port = 'tp:net_null0';

function set(
  program: ScriptedProgram,
  id: number,
  stats: Record<string, bigint>,
  xstats?: Record<string, bigint>,
): void {
  const device = program.devices.get(id);
  if (device === undefined) throw new Error('no such device');
  program.devices.set(id, {
    ...device,
    stats: { ...device.stats, ...stats },
    ...(xstats === undefined ? {} : { xstats }),
  });
}

describe('a device of a DPDK program', () => {
  it('has rows from its second reading on, exact beyond 2^53', async () => {
    bench.process(4242);
    const big = 9_007_199_254_740_993n;
    const program = await bench.program('tp', [nullDevice('net_null0', big)]);
    expect(portRow(await bench.tick(), port)).toBeUndefined();
    set(program, 0, { ipackets: big + 2n, opackets: 7n });
    const into = await bench.tick();
    expect(portRow(into, port)).toMatchObject({ packets: big + 2n, packetsInc: 2n, slots: 1, state: 'observed' });
    expect(portRow(into, port, 'tx')).toMatchObject({ packets: 7n, packetsInc: 7n, countedIn: '' });
  });

  it('has a row for each queue, and its own counters verbatim when they move', async () => {
    const xstats = (packets: bigint) => ({
      rx_q0_packets: packets,
      rx_q0_bytes: 64n,
      rx_q0_errors: 1n,
      tx_q0_packets: 3n,
      tx_q0_bytes: 5n,
    });
    const program = await bench.program('tp', [nullDevice('net_null0', 1n, { xstats: xstats(1n) })]);
    await bench.tick();
    await bench.tick();
    set(program, 0, {}, xstats(9n));
    const into = await bench.tick();
    expect(rows(into, queueSlot)).toMatchObject([
      { port, direction: 'rx', queue: 0, packets: 9n, packetsInc: 8n, bytesInc: 0n, drops: 1n, dropsInc: 0n },
      { port, direction: 'tx', queue: 0, packets: 3n, packetsInc: 0n, drops: null },
    ]);
    expect(rows(into, xstatSlot)).toMatchObject([{ port, name: 'rx_q0_packets', value: 9n, valueInc: 8n }]);
  });

  it('has its queues from the arrays of the basic statistics where no extended counter has them', async () => {
    const list = (first: bigint) => [first, 2n, ...Array.from({ length: 14 }, () => 0n)];
    const queueStats = (first: bigint) => ({
      q_ipackets: list(first),
      q_opackets: list(first),
      q_ibytes: list(first),
      q_obytes: list(first),
      q_errors: list(0n),
    });
    const device = nullDevice('net_null0', 1n, { rxQueues: 2, queueStats: queueStats(1n) });
    const program = await bench.program('tp', [device]);
    await bench.tick();
    program.devices.set(0, { ...device, queueStats: queueStats(5n) });
    const queues = rows(await bench.tick(), queueSlot);
    expect(queues.map(({ direction, queue, packetsInc }) => [direction, queue, packetsInc])).toEqual([
      ['rx', 0, 4n],
      ['rx', 1, 0n],
      ['tx', 0, 4n],
    ]);
  });

  it('is named by the guest when it is the host side of one', async () => {
    const program = await bench.program('tp', [nullDevice('net_vhost0', 5n)]);
    await bench.tick();
    set(program, 0, { ipackets: 8n, oerrors: 4n });
    const into = await bench.tick();
    expect(portRow(into, 'tp:net_vhost0', 'fromGuest')).toMatchObject({ packetsInc: 3n });
    expect(portRow(into, 'tp:net_vhost0', 'toGuest')).toMatchObject({ dropsOutsideInc: 4n });
    expect(dropRow(into, 'tp:net_vhost0', 'vhost_ring_full', 'toGuest')).toMatchObject({ packetsInc: 4n });
    expect(portRow(into, 'tp:net_vhost0', 'rx')).toBeUndefined();
  });

  it('says what it is in facts', async () => {
    bench.process(4242);
    await bench.program('tp', [nullDevice('net_null0', 5n, { rxQueues: 4, txQueues: 2 })]);
    const { facts } = await bench.tick();
    const fact = (name: string) => facts.find((one) => one.name === `port.${port}.${name}`)?.value;
    expect(['driver', 'type', 'numa', 'mac', 'mtu', 'rxQueues', 'txQueues', 'state', 'xstatsCut'].map(fact)).toEqual([
      'null',
      'ethdev',
      '0',
      'ce:0f:4f:1f:cc:49',
      '1500',
      '4',
      '2',
      'started',
      '',
    ]);
    expect(facts.find(({ name }) => name === 'dpdk.tp.version')?.value).toBe('DPDK 22.11.11');
    expect(facts.find(({ name }) => name === 'dpdk.tp.pid')?.value).toBe('4242');
  });

  it.each([
    ['rte', '0000:01:00.0', 'rte:0000:01:00.0'],
    ['a b', 'net_null0', 'a b:net_null0'],
    ['x'.repeat(300), 'net_null0', `${'x'.repeat(245)}:net_null0`],
    ['ü'.repeat(200), 'net_null0', `${'ü'.repeat(122)}:net_null0`],
  ])('is named after its program and itself in at most 255 bytes', (label, ethdev, expected) => {
    expect(portName(label, ethdev)).toBe(expected);
    expect(Buffer.byteLength(portName(label, ethdev))).toBeLessThanOrEqual(255);
  });
});

describe('drops of a device', () => {
  const driversOf: readonly [device: string, xstats: readonly string[]][] = [
    ['net_null0', []],
    ['net_virtio_user0', ['rx_q0_errors', 'rx_q0_size_1519_max_packets']],
    ['net_vhost0', ['tx_q0_mbuf_alloc_failed']],
    ['net_ice0', ['rx_dropped_packets', 'tx_dropped_packets', 'rx_mac_short_pkt_dropped', 'rx_crc_errors']],
    ['net_ixgbe0', ['rx_q0_errors', 'rx_q1_errors', 'rx_priority0_dropped', 'rx_l3_l4_xsum_error']],
    ['mlx5_0', ['rx_out_of_buffer', 'rx_phy_discard_packets', 'rx_phy_crc_errors', 'tx_phy_errors']],
    ['net_bnxt0', ['rx_stat_discard', 'rx_discard_pkts', 'tx_drop_pkts']],
    ['net_ena0', ['tx_drops', 'rx_q0_l3_csum_bad', 'conntrack_allowance_exceeded']],
  ];

  it.each(driversOf)('of %s sum up, by place, to the totals of the port in every tick', async (name, own) => {
    const program = await bench.program('tp', [{ name }]);
    const basic = ['ipackets', 'opackets', 'imissed', 'ierrors', 'oerrors', 'rx_nombuf'];
    const totals = { stats: new Map<string, bigint>(), xstats: new Map<string, bigint>() };
    let seed = 7;
    const some = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return BigInt(seed % 50);
    };
    const move = () => {
      for (const stat of basic) totals.stats.set(stat, (totals.stats.get(stat) ?? 0n) + some());
      // Never more than the total they may be a part of.
      const most = totals.stats.get('imissed') ?? 0n;
      for (const xstat of own) {
        const next = (totals.xstats.get(xstat) ?? 0n) + some() / 8n;
        totals.xstats.set(xstat, next < most ? next : most);
      }
      set(program, 0, Object.fromEntries(totals.stats), Object.fromEntries(totals.xstats));
    };
    move();
    await bench.tick({ keyFrame: true });
    let lost = 0n;
    for (let i = 0; i < 12; i++) {
      move();
      const into = await bench.tick({ keyFrame: true });
      const guest = name === 'net_vhost0';
      for (const direction of guest ? ['fromGuest', 'toGuest'] : ['rx', 'tx']) {
        const row = portRow(into, `tp:${name}`, direction);
        const drops = [...into.rows].flatMap(([kind, found]) => (kind.name === 'drop_slot' ? found : []));
        const told = (place: string) =>
          drops
            .map((drop) => drop as { direction: string; place: string; packets: bigint; packetsInc: bigint | null })
            .filter((drop) => drop.direction === direction && drop.place === place);
        for (const [place, total, increment] of [
          ['outside', row?.dropsOutside, row?.dropsOutsideInc],
          ['inside', row?.dropsInside, row?.dropsInsideInc],
        ] as const) {
          expect(told(place).reduce((sum, { packets }) => sum + packets, 0n)).toBe(total);
          lost += increment ?? 0n;
          expect(told(place).reduce((sum, { packetsInc }) => sum + (packetsInc ?? 0n), 0n)).toBe(increment);
        }
      }
    }
    expect(lost).toBeGreaterThan(0n);
  });

  it('are no loss when a counter joins the sum that was not there before', async () => {
    const program = await bench.program('tp', [{ name: 'net_ice0', xstats: {} }]);
    await bench.tick();
    set(program, 0, { opackets: 5n }, { tx_dropped_packets: 1000n });
    expect(portRow(await bench.tick(), 'tp:net_ice0', 'tx')).toMatchObject({ state: 'unknown', dropsOutsideInc: null });
    set(program, 0, { opackets: 6n }, { tx_dropped_packets: 1003n });
    expect(portRow(await bench.tick(), 'tp:net_ice0', 'tx')).toMatchObject({ packetsInc: 1n, dropsOutsideInc: 3n });
  });

  it('wait for their causes in a tick without extended counters: the totals move, then the causes follow', async () => {
    const program = await bench.program('tp', [{ name: 'net_ice0', xstats: { rx_dropped_packets: 1n } }]);
    set(program, 0, { imissed: 5n });
    await bench.tick();
    await bench.tick();
    program.failures.set('/ethdev/xstats,0', { status: 'damaged' });
    set(program, 0, { imissed: 9n }, { rx_dropped_packets: 3n });
    const without = await bench.tick();
    expect(portRow(without, 'tp:net_ice0')).toMatchObject({ dropsOutsideInc: 4n });
    expect(dropRow(without, 'tp:net_ice0', 'nic_ring_full')).toBeUndefined();
    program.failures.clear();
    const after = await bench.tick();
    expect(portRow(after, 'tp:net_ice0')).toMatchObject({ dropsOutside: 9n, dropsOutsideInc: 0n });
    const split = ['nic_fifo', 'nic_ring_full'].map((cause) => dropRow(after, 'tp:net_ice0', cause));
    expect(split).toMatchObject([
      { packetsInc: 2n, slots: 2, state: 'bridged' },
      { packetsInc: 2n, slots: 2, state: 'bridged' },
    ]);
  });

  it('has one row a cause, and the one that is in the totals where a card counts the same', async () => {
    const xstats = { rx_phy_crc_errors: 100n };
    const program = await bench.program('tp', [{ name: 'mlx5_0', stats: { ierrors: 1n }, xstats }]);
    await bench.tick();
    set(program, 0, { ierrors: 3n }, { rx_phy_crc_errors: 200n });
    const into = await bench.tick();
    expect(dropRow(into, 'tp:mlx5_0', 'rx_error')).toMatchObject({ place: 'outside', packets: 3n, packetsInc: 2n });
    expect(rows(into, xstatSlot).find(({ name }) => name === 'rx_phy_crc_errors')).toMatchObject({ valueInc: 100n });
  });

  it('of a card that several devices share are told by one of them, for as long as it is there', async () => {
    const [first, second] = ['0000:01:00.0', '0000:01:00.1'];
    const device = (name: string, discards: bigint) => ({
      name,
      xstats: { rx_out_of_buffer: 0n, rx_phy_discard_packets: discards },
    });
    const program = await bench.program('tp', [device(first, 5n), device(second, 5n)]);
    await bench.tick();
    for (const [id, name] of [first, second].entries()) program.devices.set(id, device(name, 9n));
    const into = await bench.tick();
    expect(dropRow(into, `tp:${first}`, 'nic_fifo')).toMatchObject({ place: 'beside', packetsInc: 4n });
    expect(dropRow(into, `tp:${second}`, 'nic_fifo')).toBeUndefined();
  });
});

describe('an ethdev of a switch', () => {
  it('is counted in the port of the switch that it is', async () => {
    bench.process(4242, { comm: 'ovs-vswitchd' });
    bench.owners.tell(4242, new Map([[0, 'uplink0']]));
    const program = await bench.program('rte', [nullDevice('0000:01:00.0', 5n)]);
    await bench.tick();
    set(program, 0, { ipackets: 6n });
    expect(portRow(await bench.tick(), 'rte:0000:01:00.0')).toMatchObject({ countedIn: 'uplink0', packetsInc: 1n });
  });

  it('waits until it is known which port it is, at most ten ticks', async () => {
    bench.process(4242, { comm: 'ovs-vswitchd-dp' });
    bench.process(4300, { comm: 'ovs-vswitchd' });
    await bench.program('one', [nullDevice('net_null0', 5n)]);
    await bench.program('two', [nullDevice('net_null0', 5n)], { pid: 4300 });
    await bench.tick();
    bench.owners.tell(4242, new Map([[0, 'uplink0']]));
    await bench.tick();
    const third = await bench.tick();
    expect(portRow(third, 'one:net_null0')).toMatchObject({ countedIn: 'uplink0' });
    expect(portRow(third, 'two:net_null0')).toBeUndefined();
    for (let i = 0; i < 8; i++) await bench.tick();
    expect(portRow(await bench.tick(), 'two:net_null0')).toMatchObject({ countedIn: '' });
  });

  it('that is new is waited for by itself, since the switch names it some seconds later', async () => {
    bench.process(4242, { comm: 'ovs-vswitchd' });
    bench.owners.tell(4242, new Map());
    await bench.program('rte', [nullDevice('net_null0', 5n)]);
    for (let i = 0; i < 5; i++) expect(portRow(await bench.tick(), 'rte:net_null0')).toBeUndefined();
    bench.owners.tell(4242, new Map([[0, 'dpdk0']]));
    await bench.tick();
    expect(portRow(await bench.tick(), 'rte:net_null0')).toMatchObject({ countedIn: 'dpdk0' });
  });
});

describe('a reset', () => {
  it('of the basic statistics ends the epoch of all that is made of them, and of nothing else', async () => {
    const xstats = (own: bigint) => ({ rx_q0_packets: own, own_counter: own });
    const program = await bench.program('tp', [nullDevice('net_null0', 100n, { xstats: xstats(50n) })]);
    set(program, 0, { imissed: 3n });
    await bench.tick();
    set(program, 0, { ipackets: 150n });
    const before = portRow(await bench.tick(), port);
    set(program, 0, { ipackets: 20n, imissed: 4n }, { rx_q0_packets: 60n, own_counter: 60n });
    const into = await bench.tick();
    expect(portRow(into, port)).toMatchObject({ state: 'unknown', packets: 20n, packetsInc: null, slots: 1 });
    expect(portRow(into, port)?.epoch).toBe((before?.epoch ?? 0n) + 1n);
    expect(portRow(into, port, 'tx')).toMatchObject({ state: 'unknown' });
    expect(dropRow(into, port, 'nic_ring_full')).toMatchObject({ state: 'unknown', packetsInc: null });
    expect(rows(into, queueSlot)).toMatchObject([{ state: 'unknown' }]);
    const xstat = (name: string) => rows(into, xstatSlot).find((row) => row.name === name);
    expect(xstat('rx_q0_packets')).toMatchObject({ state: 'unknown' });
    expect(xstat('own_counter')).toMatchObject({ state: 'observed', valueInc: 10n });
    expect(portRow(await bench.tick(), port)).toMatchObject({ state: 'observed', packetsInc: 0n });
  });

  it("of a driver's own counter ends that counter's epoch alone", async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 100n, { xstats: { own_counter: 50n } })]);
    await bench.tick();
    set(program, 0, { ipackets: 101n }, { own_counter: 2n });
    const into = await bench.tick();
    expect(portRow(into, port)).toMatchObject({ state: 'observed', packetsInc: 1n });
    expect(rows(into, xstatSlot).find(({ name }) => name === 'own_counter')).toMatchObject({ state: 'unknown' });
  });

  it('that is another device under the same id counts for neither', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 100n)]);
    await bench.tick();
    await bench.tick();
    program.devices.set(0, nullDevice('net_tap7', 3n));
    const into = await bench.tick();
    expect(portRow(into, port)).toBeUndefined();
    expect(eventNames(into)).toEqual(['port_gone', 'port_seen']);
    await bench.tick();
    program.devices.set(0, nullDevice('net_tap7', 5n));
    expect(portRow(await bench.tick(), 'tp:net_tap7')).toMatchObject({ packetsInc: 2n, state: 'observed' });
  });

  it('is not believed until the device has said that it is still the same', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 100n)]);
    await bench.tick();
    await bench.tick();
    set(program, 0, { ipackets: 3n });
    program.failures.set('/ethdev/info,0', { status: 'damaged' });
    expect(portRow(await bench.tick(), port)).toBeUndefined();
    program.failures.clear();
    expect(portRow(await bench.tick(), port)).toMatchObject({ state: 'unknown', slots: 2, packets: 3n });
  });

  it('is none when a device comes back under another id: it goes on under its name', async () => {
    const program = await bench.program('tp', [nullDevice('net_null0', 100n), nullDevice('net_null1', 100n)]);
    await bench.tick();
    program.devices = new Map([[5, nullDevice('net_null0', 130n)]]);
    const into = await bench.tick();
    expect(portRow(into, port)).toMatchObject({ packetsInc: 30n, state: 'observed' });
  });
});
