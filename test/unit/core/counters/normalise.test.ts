import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterMap } from '../../../../core/counters/counter-map.ts';
import { type CounterMap, type CounterRow, driverNames } from '../../../../core/counters/map-types.ts';
import {
  type CauseReading,
  causesOf,
  coverageCausesOf,
  held,
  ovsCausesOf,
  ovsUnmappedOf,
  unmappedOf,
} from '../../../../core/counters/normalise.ts';

function map(values: Readonly<Record<string, number | bigint>>): ReadonlyMap<string, bigint> {
  return new Map(Object.entries(values).map(([name, value]) => [name, BigInt(value)]));
}

/** `cause place` to packets. */
function sums(readings: readonly CauseReading[]): Readonly<Record<string, number>> {
  return Object.fromEntries(readings.map((r) => [`${r.direction} ${r.cause} ${r.place}`, Number(r.packets)]));
}

describe('composites of drivers', () => {
  it('ice: missed less the port buffer is the rings', () => {
    const readings = causesOf('ice', map({ rx_missed_errors: 100, rx_dropped_packets: 30 }));
    expect(sums(readings)).toEqual({ 'rx nic_ring_full outside': 70, 'rx nic_fifo outside': 30 });
    expect(readings.find((r) => r.cause === 'nic_ring_full')).toMatchObject({
      derived: true,
      widthBits: 32,
      counters: ['rx_missed_errors', '-rx_dropped_packets'],
    });
  });

  it('a part read later than its total never makes a negative number', () => {
    expect(sums(causesOf('ice', map({ rx_missed_errors: 29, rx_dropped_packets: 30 })))).toEqual({
      'rx nic_ring_full outside': 0,
      'rx nic_fifo outside': 30,
    });
  });

  it('mlx5: out_of_buffer is missed once, what the phy discards comes on top', () => {
    const values = map({
      rx_missed_errors: 5,
      rx_out_of_buffer: 5,
      rx_phy_discard_packets: 9,
      rx_prio0_buf_discard_packets: 9,
    });
    expect(sums(causesOf('mlx5', values))).toEqual({ 'rx nic_ring_full outside': 5, 'rx nic_fifo beside': 9 });
  });

  it('bnxt: queue errors overlap missed and errors; the port adds only what the rings did not discard', () => {
    const values = map({ rx_missed_errors: 5, rx_errors: 2, rx_q0_errors: 4, rx_q1_errors: 3, rx_stat_discard: 8 });
    expect(sums(causesOf('bnxt', values))).toEqual({
      'rx nic_ring_full outside': 5,
      'rx rx_error outside': 2,
      'rx nic_fifo beside': 3,
    });
  });

  it('ixgbe: queue drops are not in missed, in both forms of their names', () => {
    const values = map({ rx_missed_errors: 5, rx_q0_errors: 4, rx_q15errors: 3 });
    expect(sums(causesOf('ixgbe', values))).toEqual({ 'rx nic_fifo outside': 5, 'rx nic_ring_full outside': 7 });
  });

  it('ixgbe: a wrong checksum is no loss, whether rx_errors holds it or not', () => {
    const values = map({ rx_errors: 10, rx_l3_l4_xsum_error: 4 });
    expect(sums(causesOf('ixgbe', values))).toEqual({ 'rx rx_error outside': 10, 'rx checksum filtered': 4 });
    expect(sums(causesOf('ixgbe_x5', values))).toEqual({ 'rx rx_error outside': 6, 'rx checksum filtered': 4 });
  });

  it('counters of one cause and place are added, and named', () => {
    const [reading, ...others] = causesOf('bnxt', map({ tx_errors: 3, tx_drop_pkts: 4, tx_discard_pkts: 3 }));
    expect(others).toEqual([]);
    expect(reading).toMatchObject({ cause: 'tx_error', packets: 7n, counters: ['tx_errors', 'tx_drop_pkts'] });
  });
});

describe('what is missing is not zero', () => {
  it('an absent counter has no reading', () => {
    expect(causesOf('ice', map({ rx_good_packets: 5 }))).toEqual([]);
  });

  it('is zero where zeros were hidden on purpose', () => {
    const readings = causesOf('iavf', map({}), { absentIsZero: true });
    expect(sums(readings)).toMatchObject({ 'rx nic_ring_full outside': 0, 'tx tx_error outside': 0 });
  });

  it('all ones, and the -1 that OVSDB makes of it, are no count', () => {
    expect(causesOf('generic', new Map([['rx_errors', 2n ** 64n - 1n]]))).toEqual([]);
    expect(ovsCausesOf('system', '3.1.0', map({ rx_dropped: -1 }))).toEqual([]);
  });

  it('a total whose parts are incomplete keeps the rest as other', () => {
    const old = ovsCausesOf('dpdk', '2.12.0', map({ rx_dropped: 9, rx_missed_errors: 4 }));
    expect(sums(old)).toEqual({ 'rx other outside': 5, 'rx nic_ring_full outside': 4 });
  });
});

describe('ports of OVS', () => {
  const nic = map({
    rx_dropped: 100,
    ovs_rx_qos_drops: 20,
    rx_missed_errors: 50,
    rx_errors: 3,
    tx_errors: 2,
    tx_dropped: 10,
    ovs_tx_failure_drops: 4,
    ovs_tx_mtu_exceeded_drops: 3,
    ovs_tx_qos_drops: 2,
    ovs_tx_invalid_hwol_drops: 1,
  });

  it('a NIC: rx_dropped is policer, missed and buffers; tx_dropped is its parts', () => {
    expect(sums(ovsCausesOf('dpdk', '3.1.0', nic))).toEqual({
      'rx no_mbuf outside': 30,
      'rx policer inside': 20,
      'rx nic_ring_full outside': 50,
      'rx rx_error outside': 3,
      'tx tx_error outside': 2,
      'tx other outside': 0,
      'tx tx_ring_full outside': 4,
      'tx mtu outside': 3,
      'tx shaper outside': 2,
      'tx hw_offload outside': 1,
    });
  });

  it('a NIC of a known driver: its own meaning of missed, and no refusal twice', () => {
    expect(sums(ovsCausesOf('dpdk', '3.1.0', nic, { driver: 'ixgbe' }))).toMatchObject({ 'rx nic_fifo outside': 50 });
    const refused = sums(ovsCausesOf('dpdk', '3.1.0', nic, { driver: 'vhost' }));
    expect(refused).toMatchObject({ 'rx other outside': 50, 'tx tx_ring_full outside': 4 });
    expect(refused).not.toHaveProperty('tx tx_error outside');
  });

  const guest = map({
    rx_dropped: 8,
    ovs_rx_qos_drops: 8,
    tx_dropped: 100,
    ovs_tx_failure_drops: 60,
    ovs_tx_mtu_exceeded_drops: 5,
    ovs_tx_qos_drops: 3,
    ovs_tx_invalid_hwol_drops: 2,
    ovs_tx_retries: 999,
  });

  it('a guest: what tx_dropped has beyond its parts was sent to nobody', () => {
    expect(sums(ovsCausesOf('dpdkvhostuserclient', '3.1.0', guest))).toEqual({
      'fromGuest policer inside': 8,
      'toGuest vhost_down outside': 30,
      'toGuest vhost_ring_full outside': 60,
      'toGuest mtu outside': 5,
      'toGuest shaper outside': 3,
      'toGuest hw_offload outside': 2,
    });
  });

  it.each([
    ['2.17.3', 'outside'],
    ['3.0.0', 'outside'],
    ['3.1.0', 'inside'],
    ['3.10.1', 'inside'],
    ['4.0.0-vendor', 'inside'],
    ['', 'inside'],
  ])('the policer of a guest port in OVS %s is %s of what the port counts', (version, place) => {
    expect(sums(ovsCausesOf('dpdkvhostuser', version, guest))).toMatchObject({ [`fromGuest policer ${place}`]: 8 });
  });

  it('a guest that is away has no totals, and its parts still tell', () => {
    expect(sums(ovsCausesOf('dpdkvhostuserclient', '3.1.0', map({ ovs_tx_failure_drops: 6 })))).toEqual({
      'toGuest vhost_ring_full outside': 6,
    });
  });

  it.each(['patch', 'vxlan', 'geneve', '__proto__', 'dummy-pmd'])('a %s port has no causes', (type) => {
    expect(ovsCausesOf(type, '3.1.0', guest)).toEqual([]);
  });
});

describe('a total read after its parts', () => {
  const settled = map({
    tx_dropped: 100,
    ovs_tx_failure_drops: 100,
    ovs_tx_mtu_exceeded_drops: 0,
    ovs_tx_qos_drops: 0,
    ovs_tx_invalid_hwol_drops: 0,
  });
  const torn = new Map([...settled, ['tx_dropped', 103n]]);
  const down = (now: ReadonlyMap<string, bigint>, previous?: ReadonlyMap<string, bigint>) =>
    ovsCausesOf('dpdkvhostuser', '3.1.0', now, previous && { previous }).find((r) => r.cause === 'vhost_down')?.packets;

  it('alone may be too high by what was lost between', () => expect(down(torn)).toBe(3n));

  it('is never too high given the reading before, and exact once nothing moves', () => {
    const after = new Map([...settled, ['tx_dropped', 110n], ['ovs_tx_failure_drops', 110n]]);
    expect(down(after, torn)).toBe(0n);
    const gone = new Map([...after, ['tx_dropped', 150n]]);
    expect(down(gone, after)).toBe(0n);
    expect(down(gone, gone)).toBe(40n);
  });

  it('forgets the reading before when the counters started anew', () => {
    expect(down(map({ ...Object.fromEntries(settled), tx_dropped: 9, ovs_tx_failure_drops: 1 }), torn)).toBe(8n);
  });

  it('held: a derived cause never steps back, one that was read is left alone', () => {
    const before = ovsCausesOf('dpdkvhostuser', '3.1.0', torn);
    const now = held(
      before,
      ovsCausesOf('dpdkvhostuser', '3.1.0', new Map([...settled, ['ovs_tx_failure_drops', 90n]])),
    );
    expect(sums(now)).toMatchObject({ 'toGuest vhost_down outside': 10, 'toGuest vhost_ring_full outside': 90 });
    const back = held(now, ovsCausesOf('dpdkvhostuser', '3.1.0', settled));
    expect(sums(back)).toMatchObject({ 'toGuest vhost_down outside': 10, 'toGuest vhost_ring_full outside': 100 });
    const reset = held(back, ovsCausesOf('dpdkvhostuser', '3.1.0', map({ ovs_tx_failure_drops: 1 })));
    expect(sums(reset)).toEqual({ 'toGuest vhost_ring_full outside': 1 });
  });
});

describe('unknown names', () => {
  it('are ignored, and listed where they look like a loss', () => {
    const values = map({ rx_errors: 1, rx_new_discards: 5, rx_good_packets: 9, rx_q0_errors: 1 });
    expect(sums(causesOf('generic', values))).toEqual({ 'rx rx_error outside': 1 });
    expect(unmappedOf('generic', values.keys())).toEqual(['rx_new_discards']);
  });

  it('of an OVS port are looked up with its driver too', () => {
    const names = ['rx_dropped', 'rx_crc_errors', 'rx_new_dropped', 'rx_packets'];
    expect(ovsUnmappedOf('dpdk', names)).toEqual(['rx_crc_errors', 'rx_new_dropped']);
    expect(ovsUnmappedOf('dpdk', names, { driver: 'ice' })).toEqual(['rx_new_dropped']);
    expect(ovsUnmappedOf('nothing', ['tx_dropped'])).toEqual(['tx_dropped']);
  });
});

describe('replay', () => {
  it('the same raw values under another map give other causes, and the first ones are untouched', () => {
    const raw = map({ rx_missed_errors: 100, rx_dropped_packets: 30 });
    const corrected: CounterMap = {
      ...counterMap,
      version: counterMap.version + 1,
      drivers: {
        ...counterMap.drivers,
        ice: {
          source: 'a later reading of the driver',
          rows: counterMap.drivers.ice.rows.map((row) =>
            row.counter === 'rx_missed_errors' ? { ...row, rest: 'no_mbuf' } : row,
          ),
        },
      },
    };
    const before = causesOf('ice', raw);
    expect(sums(causesOf('ice', raw, { map: corrected }))).toEqual({
      'rx no_mbuf outside': 70,
      'rx nic_fifo outside': 30,
    });
    expect(causesOf('ice', raw)).toEqual(before);
    const empty: CounterMap = { ...counterMap, ovsPorts: {}, coverage: { source: '', rows: [] } };
    expect(ovsCausesOf('dpdk', '3.1.0', map({ rx_dropped: 1 }), { map: empty })).toEqual([]);
    expect(coverageCausesOf(map({ datapath_drop_meter: 1 }), { map: empty })).toEqual([]);
  });
});

describe('for any values', () => {
  const sampleOf = (row: CounterRow) => row.counter.replaceAll('{q}', '1').replaceAll('{n}', '2');
  const known = [...Object.values(counterMap.drivers), ...Object.values(counterMap.ovsPorts), counterMap.coverage]
    .flatMap((set) => set.rows)
    .map(sampleOf);
  const name = fc.oneof(fc.constantFrom(...known), fc.string(), fc.constantFrom('__proto__', 'rx_q99999999_errors'));
  const values = fc.array(fc.tuple(name, fc.bigInt(-5n, 2n ** 64n)), { maxLength: 60 }).map((pairs) => new Map(pairs));
  const driver = fc.constantFrom(...driverNames);
  const port = fc.oneof(fc.constantFrom(...Object.keys(counterMap.ovsPorts)), fc.string());

  it('nothing throws, nothing is negative, every number is named', () => {
    fc.assert(
      fc.property(
        driver,
        port,
        fc.string(),
        values,
        values,
        fc.boolean(),
        (one, type, version, now, before, absentIsZero) => {
          const all = [
            ...causesOf(one, now, { absentIsZero, previous: before }),
            ...ovsCausesOf(type, version, now, { previous: before, driver: one }),
            ...coverageCausesOf(now),
          ];
          for (const reading of held(causesOf(one, before), all)) {
            expect(reading.packets >= 0n).toBe(true);
            expect(reading.counters.length).toBeGreaterThan(0);
          }
          unmappedOf(one, now.keys());
          ovsUnmappedOf(type, now.keys());
        },
      ),
    );
  });

  it('the causes of a driver never sum to more than the counters that may be added', () => {
    fc.assert(
      fc.property(driver, values, (one, now) => {
        const { rows } = counterMap.drivers[one];
        const addable = new Set(rows.filter((row) => row.role === 'total' || row.role === 'part').map(sampleOf));
        const most = [...now].filter(([key, value]) => addable.has(key) && value > 0n && value < 2n ** 64n - 1n);
        const told = causesOf(one, now).reduce((sum, reading) => sum + reading.packets, 0n);
        expect(told <= most.reduce((sum, [, value]) => sum + value, 0n)).toBe(true);
      }),
    );
  });

  it('where a total holds its parts, the causes sum to the total exactly', () => {
    const count = fc.bigInt(0n, 2n ** 40n);
    fc.assert(
      fc.property(count, count, count, count, count, (failure, mtu, qos, hwol, away) => {
        const now = map({
          tx_dropped: failure + mtu + qos + hwol + away,
          ovs_tx_failure_drops: failure,
          ovs_tx_mtu_exceeded_drops: mtu,
          ovs_tx_qos_drops: qos,
          ovs_tx_invalid_hwol_drops: hwol,
        });
        const readings = ovsCausesOf('dpdkvhostuserclient', '3.1.0', now, { previous: now });
        expect(readings.reduce((sum, reading) => sum + reading.packets, 0n)).toBe(now.get('tx_dropped'));
        expect(readings.find((reading) => reading.cause === 'vhost_down')?.packets).toBe(away);
      }),
    );
  });

  it('an alias, evidence or a share of a total that is not split changes nothing', () => {
    fc.assert(
      fc.property(driver, values, fc.bigInt(0n, 2n ** 60n), (one, now, value) => {
        const { rows } = counterMap.drivers[one];
        const split = new Set(rows.flatMap((row) => row.less ?? []));
        const silent = rows.filter((row) => row.role !== 'total' && !(row.role === 'part' && split.has(row.counter)));
        const more = new Map([...now, ...silent.map((row) => [sampleOf(row), value] as const)]);
        expect(causesOf(one, more)).toEqual(causesOf(one, now));
      }),
    );
  });
});
