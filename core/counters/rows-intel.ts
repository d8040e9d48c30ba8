import { alias, type CounterRow, evidence, over, part, type RowSet, total } from './map-types.ts';
import { ethdevRows, retriedAllocation } from './rows-soft.ts';

/**
 * ice, i40e, iavf and ixgbe. Their rx packets never hold what was discarded: the drivers subtract it. ice, i40e and iavf
 * give 32-bit registers less an offset and do not extend them (ice_stat_update_32): the number falls as they wrap.
 */

const narrow = { widthBits: 32 } as const;

const unknownProtocol = total('rx', 'rx_unknown_protocol_packets', 'filtered', 'filtered', narrow);
const badMbuf = total('tx', 'tx_mbuf_error_packets', 'tx_error', 'outside', {
  since: '24.03',
  note: 'malformed buffers of the program; only with the devarg mbuf_check',
});
const illegalByte = evidence('rx', 'rx_illegal_byte_errors', 'rx_error', { note: 'such frames also fail their CRC' });
const linkFaults = [
  evidence('rx', 'mac_local_errors', 'rx_error', { note: 'link faults, not packets' }),
  evidence('rx', 'mac_remote_errors', 'rx_error', { note: 'link faults, not packets' }),
  evidence('rx', 'rx_error_bytes', 'rx_error', { note: 'not a count of packets' }),
];

/** Missed is the port's packet buffer plus the function's rings; only the first is told apart. */
const missed = [
  total('rx', 'rx_missed_errors', 'other', 'outside', {
    ...narrow,
    less: ['rx_dropped_packets'],
    rest: 'nic_ring_full',
    note: "the port's RDPC + the VSI's RDPC",
  }),
  part('rx', 'rx_dropped_packets', 'rx_missed_errors', 'nic_fifo', { ...narrow, note: 'RDPC of the port' }),
];
const sizes = [
  'rx_crc_errors',
  'rx_undersized_errors',
  'rx_oversize_errors',
  'rx_fragmented_errors',
  'rx_jabber_errors',
];
const txDrops = [
  total('tx', 'tx_dropped_packets', 'tx_error', 'outside', { note: 'not in tx_errors; always 0 so far: not read' }),
  total('tx', 'tx_link_down_dropped', 'tx_error', 'outside', { ...narrow, note: 'not in tx_errors' }),
];
const partsOfErrors = (names: readonly string[]) => names.map((name) => part('rx', name, 'rx_errors', 'rx_error'));

const portRows: readonly CounterRow[] = over(ethdevRows, [
  retriedAllocation,
  total('rx', 'rx_errors', 'rx_error', 'outside', narrow),
  ...missed,
  ...partsOfErrors(sizes),
  illegalByte,
  ...linkFaults,
  ...txDrops,
  badMbuf,
  unknownProtocol,
]);

const ice = over(portRows, [
  evidence('rx', 'rx_len_errors', 'rx_error', { note: 'left out of rx_errors by the driver' }),
  total('rx', 'rx_mac_short_pkt_dropped', 'rx_error', 'outside', {
    note: 'not in rx_errors; always 0 so far: not read',
  }),
]);

const i40e = over(portRows, [
  ...partsOfErrors(['rx_length_errors', 'rx_size_error_packets']),
  total('rx', 'rx_mac_short_dropped', 'rx_error', 'outside', { note: 'not in rx_errors; always 0 so far: not read' }),
]);

const iavf = over(ethdevRows, [
  retriedAllocation,
  total('rx', 'rx_missed_errors', 'nic_ring_full', 'outside', narrow),
  total('tx', 'tx_errors', 'tx_error', 'outside', narrow),
  alias('rx', 'rx_dropped_packets', 'rx_missed_errors', 'nic_ring_full', narrow),
  part('tx', 'tx_error_packets', 'tx_errors', 'tx_error'),
  part('tx', 'tx_dropped_packets', 'tx_errors', 'tx_error'),
  badMbuf,
  unknownProtocol,
]);

const ixgbe = over(ethdevRows, [
  retriedAllocation,
  total('rx', 'rx_missed_errors', 'nic_fifo', 'outside', { note: 'sum of MPC: no room in the packet buffer' }),
  alias('rx', 'rx_total_missed_packets', 'rx_missed_errors', 'nic_fifo'),
  part('rx', 'rx_priority{n}_dropped', 'rx_missed_errors', 'nic_fifo'),
  total('rx', 'rx_q{q}_errors', 'nic_ring_full', 'outside', { note: 'QPRDC: not in missed; needs rx_drop_en' }),
  total('rx', 'rx_errors', 'rx_error', 'outside', {
    note: 'a sum of registers that a damaged frame may meet twice: at most so many packets',
  }),
  ...partsOfErrors([
    'rx_crc_errors',
    'rx_mac_short_packet_dropped',
    'rx_length_errors',
    'rx_undersize_errors',
    'rx_oversize_errors',
    'rx_illegal_byte_errors',
    'rx_error_bytes',
    'rx_fragment_errors',
    'rx_fcoe_crc_errors',
    'rx_fcoe_mbuf_allocation_errors',
  ]),
  evidence('rx', 'rx_jabber_errors', 'rx_error', { note: 'not in rx_errors; long frames that also fail their CRC' }),
  total('rx', 'rx_l3_l4_xsum_error', 'checksum', 'filtered', { note: 'delivered, marked as wrong' }),
  total('rx', 'rx_fcoe_dropped', 'other', 'beside'),
  total('rx', 'rx_management_dropped', 'filtered', 'filtered', { note: "traffic of the card's management" }),
  evidence('rx', 'rx_priority{n}_mbuf_allocation_errors', 'no_mbuf', { note: '82598 only; not lost yet' }),
  ...linkFaults.filter((row) => row.counter !== 'rx_error_bytes'),
  evidence('rx', 'flow_director_filter_add_errors', 'other', { note: 'not packets' }),
  evidence('rx', 'flow_director_filter_remove_errors', 'other', { note: 'not packets' }),
  evidence('rx', 'flow_director_missed_filters', 'other', { note: 'packets that matched no filter; not lost' }),
]);

/** 82598, X540 and later: rx_errors holds packets with a wrong checksum, which were delivered. */
const ixgbeX5 = over(ixgbe, [
  total('rx', 'rx_errors', 'rx_error', 'outside', {
    less: ['rx_l3_l4_xsum_error'],
    rest: 'rx_error',
    note: 'holds delivered packets with a wrong checksum, which are taken out',
  }),
  part('rx', 'rx_l3_l4_xsum_error', 'rx_errors', 'checksum', { place: 'filtered', note: 'delivered, marked as wrong' }),
]);

export const intelRows = {
  ice: { source: 'drivers/net/intel/ice/ice_ethdev.c', rows: ice },
  i40e: { source: 'drivers/net/intel/i40e/i40e_ethdev.c', rows: i40e },
  iavf: { source: 'drivers/net/intel/iavf/iavf_ethdev.c', rows: iavf },
  ixgbe: { source: 'drivers/net/intel/ixgbe/ixgbe_ethdev.c (82599)', rows: ixgbe },
  ixgbe_x5: { source: 'drivers/net/intel/ixgbe/ixgbe_ethdev.c (82598, X540 and later)', rows: ixgbeX5 },
} as const satisfies Record<string, RowSet>;
