import { alias, type CounterRow, evidence, over, part, type RowSet, total } from './map-types.ts';

/** Counters every ethdev has, and the drivers without a NIC of their own. */

const ethdev = 'lib/ethdev/rte_ethdev.c';

/**
 * Failed allocations, not lost packets: these drivers leave the packet in the ring (or the slot empty) and try again, so
 * one packet can be counted many times; what is lost for it shows up as missed.
 */
export const retriedAllocation = evidence('rx', 'rx_mbuf_allocation_errors', 'no_mbuf', {
  note: 'failed tries; the packet stays in the ring, its loss shows as missed',
});

/** The meaning the ethdev interface gives its own counters; each driver then says where it differs. */
export const ethdevRows: readonly CounterRow[] = [
  total('rx', 'rx_missed_errors', 'nic_ring_full', 'outside', { note: 'imissed' }),
  total('rx', 'rx_errors', 'rx_error', 'outside', { note: 'ierrors' }),
  total('tx', 'tx_errors', 'tx_error', 'outside', { note: 'oerrors' }),
  total('rx', 'rx_mbuf_allocation_errors', 'no_mbuf', 'outside', { note: 'rx_nombuf; at most so many packets' }),
  part('rx', 'rx_q{q}_errors', 'rx_errors', 'rx_error', { note: 'drivers mix errors, missed and failed tries in it' }),
];

const refused = 'refused by the ring; the program may have offered them again';

const virtio = over(ethdevRows, [
  retriedAllocation,
  total('rx', 'rx_missed_errors', 'other', 'outside', { note: 'always 0: only the host sees what it could not put' }),
  part('rx', 'rx_q{q}_errors', 'rx_errors', 'rx_error'),
]);

/** Rings of a guest as lib/vhost counts them, with the host's eyes: its rx is what the guest sent. */
export const vringRows: readonly CounterRow[] = [
  evidence('fromGuest', 'rx_q{q}_mbuf_alloc_failed', 'no_mbuf', {
    since: '24.03',
    note: "failed tries; the packets wait in the guest's ring",
  }),
  evidence('toGuest', 'tx_q{q}_mbuf_alloc_failed', 'no_mbuf', { since: '24.03' }),
  ...(['rx', 'tx'] as const).flatMap((side) => {
    const direction = side === 'rx' ? 'fromGuest' : 'toGuest';
    return [
      evidence(direction, `${side}_q{q}_guest_notifications_error`, 'other', { since: '23.07' }),
      evidence(direction, `${side}_q{q}_iotlb_misses`, 'other', { since: '22.07', note: 'translations, not packets' }),
    ];
  }),
];

const vhost: readonly CounterRow[] = [
  total('fromGuest', 'rx_missed_errors', 'other', 'outside', { note: 'always 0' }),
  total('fromGuest', 'rx_errors', 'rx_error', 'outside', { note: 'always 0' }),
  total('toGuest', 'tx_errors', 'vhost_ring_full', 'outside', { note: `missed_pkts: ${refused}` }),
  evidence('fromGuest', 'rx_mbuf_allocation_errors', 'no_mbuf', { note: 'always 0; see mbuf_alloc_failed' }),
  part('fromGuest', 'rx_q{q}_errors', 'rx_errors', 'rx_error', { note: 'always 0' }),
  ...vringRows,
];

const afXdp = over(ethdevRows, [
  retriedAllocation,
  total('rx', 'rx_missed_errors', 'other', 'outside', {
    note: 'rx_dropped of the socket; a full socket ring is not in it on kernels that count rx_ring_full',
  }),
  total('tx', 'tx_errors', 'tx_ring_full', 'outside', { note: refused }),
  part('rx', 'rx_q{q}_errors', 'rx_errors', 'rx_error', { note: 'always 0' }),
]);

const afPacket = over(ethdevRows, [
  retriedAllocation,
  total('rx', 'rx_missed_errors', 'nic_ring_full', 'outside', {
    since: '25.03',
    note: 'tp_drops of the packet socket; always 0 before',
  }),
  alias('rx', 'rx_q{q}_errors', 'rx_mbuf_allocation_errors', 'no_mbuf'),
]);

const tap = over(ethdevRows, [
  total('rx', 'rx_mbuf_allocation_errors', 'no_mbuf', 'outside', { note: 'the packet was already read and is gone' }),
  total('tx', 'tx_errors', 'tx_error', 'outside', { note: refused }),
]);

export const softRows = {
  virtio: { source: 'drivers/net/virtio/virtio_ethdev.c', rows: virtio },
  vhost: { source: 'drivers/net/vhost/rte_eth_vhost.c, lib/vhost/vhost.c', rows: vhost },
  af_xdp: { source: 'drivers/net/af_xdp/rte_eth_af_xdp.c', rows: afXdp },
  af_packet: { source: 'drivers/net/af_packet/rte_eth_af_packet.c', rows: afPacket },
  tap: { source: 'drivers/net/tap/rte_eth_tap.c', rows: tap },
  null: { source: 'drivers/net/null/rte_eth_null.c', rows: ethdevRows },
  ring: { source: 'drivers/net/ring/rte_eth_ring.c', rows: ethdevRows },
  generic: { source: ethdev, rows: ethdevRows },
} as const satisfies Record<string, RowSet>;
