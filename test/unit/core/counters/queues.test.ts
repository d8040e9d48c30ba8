import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  queueCountersOf,
  queuesCut,
  queuesShownMax,
  xstatsCut,
  xstatsShownMax,
} from '../../../../core/counters/queues.ts';
import { recogniseDriver } from '../../../../core/counters/recognise.ts';

const nothing = { packets: null, bytes: null, errors: null };

describe('counters of queues', () => {
  it.each([
    ['since DPDK 20.11', 'rx_q1_packets', 'rx_q1_bytes', 'rx_q1_errors'],
    ['before', 'rx_q1packets', 'rx_q1bytes', 'rx_q1errors'],
  ])('names %s', (_, packets, bytes, errors) => {
    const values = new Map([
      [packets, 5n],
      [bytes, 300n],
      [errors, 2n],
      ['rx_q1_size_64_packets', 9n],
      ['rx_good_packets', 5n],
    ]);
    expect(queueCountersOf(values, false)).toEqual([
      { direction: 'rx', queue: 1, packets: 5n, bytes: 300n, errors: 2n },
    ]);
  });

  it("rings of a guest: the host's rx is what the guest sent; what is not counted is unknown", () => {
    const values = new Map([
      ['tx_q0_good_packets', 7n],
      ['rx_q10_good_bytes', 60n],
      ['rx_q2_good_packets', 1n],
    ]);
    expect(queueCountersOf(values, true)).toEqual([
      { ...nothing, direction: 'fromGuest', queue: 2, packets: 1n },
      { ...nothing, direction: 'fromGuest', queue: 10, bytes: 60n },
      { ...nothing, direction: 'toGuest', queue: 0, packets: 7n },
    ]);
  });

  it('where both are there the driver’s own count is taken, whatever the order', () => {
    const own: readonly [string, bigint] = ['rx_q0_good_packets', 8n];
    const common: readonly [string, bigint] = ['rx_q0_packets', 7n];
    for (const values of [new Map([own, common]), new Map([common, own])])
      expect(queueCountersOf(values, false)).toEqual([{ ...nothing, direction: 'rx', queue: 0, packets: 8n }]);
  });

  it('any names give no throw and no queue twice', () => {
    const name = fc.oneof(fc.string(), fc.stringMatching(/^(rx|tx)_q\d{1,6}_?(good_)?(packets|bytes|errors|x)$/));
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.bigInt()), { maxLength: 40 }), fc.boolean(), (pairs, guestFacing) => {
        const keys = queueCountersOf(new Map(pairs), guestFacing).map((q) => `${q.direction} ${q.queue}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it('sixteen queues are shown, the seventeenth is not idle', () => {
    expect(queuesCut(queuesShownMax)).toBe(false);
    expect(queuesCut(17)).toBe(true);
  });
});

describe('a telemetry reply', () => {
  it.each([
    [255, false, { cut: false, absentIsZero: false }],
    [255, true, { cut: false, absentIsZero: true }],
    [xstatsShownMax, true, { cut: true, absentIsZero: false }],
    [256, false, { cut: true, absentIsZero: false }],
    [0, true, { cut: false, absentIsZero: true }],
  ])('of %d entries, zeros hidden %s', (count, hideZero, expected) => {
    expect(xstatsCut(count, hideZero)).toEqual(expected);
  });
});

describe('drivers', () => {
  it.each([
    ['net_vhost0', 'vhost'],
    ['eth_vhost1', 'vhost'],
    ['net_virtio_user0', 'virtio'],
    ['virtio_user3', 'virtio'],
    ['net_null7', 'null'],
    ['net_ring0', 'ring'],
    ['net_tap0', 'tap'],
    ['net_af_xdp0', 'af_xdp'],
    ['eth_af_xdp0', 'af_xdp'],
    ['eth_af_packet0', 'af_packet'],
    ['mlx5_pci', 'mlx5'],
    ['net_ice', 'ice'],
    ['net_ixgbe_vf', 'generic'],
    ['net_memif0', 'generic'],
    ['', 'generic'],
  ])('by name: %s is %s', (name, driver) => expect(recogniseDriver(name, null, [])).toBe(driver));

  it.each([
    [0x15b3, 0x101d, 'mlx5'],
    [0x15b3, 0x1007, 'generic'],
    [0x8086, 0x1592, 'ice'],
    [0x8086, 0x1572, 'i40e'],
    [0x8086, 0x1889, 'iavf'],
    [0x8086, 0x10fb, 'ixgbe'],
    [0x8086, 0x1563, 'ixgbe_x5'],
    [0x8086, 0x10d3, 'generic'],
    [0x14e4, 0x1750, 'bnxt'],
    [0x1d0f, 0xec20, 'ena'],
    [0x1af4, 0x1041, 'virtio'],
    [0x1af4, 0x1042, 'generic'],
    [0xffff, 1, 'generic'],
  ])('by PCI id: %i:%i is %s', (vendor, device, driver) => {
    expect(recogniseDriver('0000:5e:00.0', { vendor, device }, [])).toBe(driver);
  });

  it.each([
    ['rx_out_of_buffer', 'mlx5'],
    ['rx_mac_short_pkt_dropped', 'ice'],
    ['rx_size_error_packets', 'i40e'],
    ['tx_error_packets', 'iavf'],
    ['rx_l3_l4_xsum_error', 'ixgbe'],
    ['rx_stat_discard', 'bnxt'],
    ['pps_allowance_exceeded', 'ena'],
    ['rx_errors', 'generic'],
  ])('by a counter only it has: %s is %s', (counter, driver) => {
    expect(recogniseDriver('0000:5e:00.0', null, ['rx_good_packets', counter])).toBe(driver);
  });

  it('rings of a guest and of the host are told apart by what only the host counts', () => {
    const guest = ['rx_q0_good_packets', 'rx_q0_size_1519_max_packets'];
    expect(recogniseDriver('port', null, guest)).toBe('virtio');
    expect(recogniseDriver('port', null, [...guest, 'rx_q0_guest_notifications'])).toBe('vhost');
  });
});
