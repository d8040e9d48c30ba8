import { alias, type CounterRow, evidence, over, part, type RowSet, total } from './map-types.ts';
import { ethdevRows, retriedAllocation } from './rows-soft.ts';

/** mlx5, bnxt and ena. What the whole card counts stands beside every port, and is counted once a card. */

const card = { scope: 'device' } as const;

const mlx5: readonly CounterRow[] = over(ethdevRows, [
  retriedAllocation,
  total('rx', 'rx_missed_errors', 'nic_ring_full', 'outside', {
    note: 'out_of_buffer; 32 bits, extended as it is read',
  }),
  alias('rx', 'rx_out_of_buffer', 'rx_missed_errors', 'nic_ring_full'),
  total('rx', 'rx_phy_discard_packets', 'nic_fifo', 'beside', { ...card, note: 'not in missed' }),
  part('rx', 'rx_prio{n}_buf_discard_packets', 'rx_phy_discard_packets', 'nic_fifo', card),
  part('rx', 'rx_prio{n}_cong_discard_packets', 'rx_phy_discard_packets', 'nic_fifo', card),
  total('rx', 'hairpin_out_of_buffer', 'hw_offload', 'beside', { since: '24.07', note: 'never seen by software' }),
  part('rx', 'hairpin_out_of_buffer_rxq{q}', 'hairpin_out_of_buffer', 'hw_offload', { since: '25.03' }),
  evidence('rx', 'dev_internal_queue_oob', 'nic_ring_full', { ...card, since: '22.07' }),
  evidence('rx', 'dev_out_of_buffer', 'nic_ring_full', { ...card, note: 'all functions: holds those of each port' }),
  total('rx', 'rx_errors', 'rx_error', 'outside', { note: 'completions with an error; not the phy counters' }),
  part('rx', 'rx_q{q}_errors', 'rx_errors', 'rx_error', { note: 'also holds failed allocations' }),
  evidence('rx', 'rx_wqe_errors', 'rx_error', { note: "the kernel driver's own queues" }),
  total('rx', 'rx_phy_crc_errors', 'rx_error', 'beside', card),
  total('rx', 'rx_phy_in_range_len_errors', 'rx_error', 'beside', card),
  evidence('rx', 'rx_phy_symbol_errors', 'rx_error', { ...card, note: 'such frames also fail their CRC' }),
  total('tx', 'tx_phy_discard_packets', 'tx_error', 'beside', card),
  total('tx', 'tx_phy_errors', 'tx_error', 'beside', card),
  ...[
    'outbound_pci_buffer_overflow',
    'outbound_pci_stalled_rd',
    'outbound_pci_stalled_wr',
    'outbound_pci_stalled_rd_events',
    'outbound_pci_stalled_wr_events',
  ].map((name) => evidence('rx', name, 'nic_fifo', { ...card, note: 'the bus held the card up; no packets' })),
  ...[
    'missed_interrupt_errors',
    'rearm_queue_errors',
    'clock_queue_errors',
    'timestamp_past_errors',
    'timestamp_future_errors',
    'timestamp_order_errors',
    'sync_lost',
  ].map((name) => evidence('tx', `tx_pp_${name}`, 'tx_error', { note: 'packet pacing; no lost packets' })),
]);

const frameErrors = [
  'rx_fcs_err_frames',
  'rx_align_err_frames',
  'rx_code_err_frames',
  'rx_runt_frames',
  'rx_undrsz_frames',
  'rx_ovrsz_frames',
  'rx_jbr_frames',
  'rx_stat_err',
];

const bnxt: readonly CounterRow[] = over(ethdevRows, [
  retriedAllocation,
  total('rx', 'rx_stat_discard', 'other', 'beside', {
    ...card,
    less: ['rx_missed_errors'],
    rest: 'nic_fifo',
    note: 'not said whether it holds what the rings discard, so that is taken out',
  }),
  part('rx', 'rx_missed_errors', 'rx_stat_discard', 'nic_ring_full', { note: 'sum of ring discards' }),
  alias('rx', 'rx_discard_pkts', 'rx_missed_errors', 'nic_ring_full'),
  evidence('rx', 'rx_discard_packets_cos{n}', 'nic_fifo', { ...card, note: 'another view of the discards' }),
  part('rx', 'rx_q{q}_errors', 'rx_errors', 'rx_error', { note: 'discards + errors: overlaps missed and errors' }),
  alias('rx', 'rx_drop_pkts', 'rx_errors', 'rx_error'),
  ...frameErrors.map((name) =>
    evidence('rx', name, 'rx_error', { ...card, note: 'not said whether rx_errors holds it' }),
  ),
  total('tx', 'tx_errors', 'tx_error', 'outside', { note: 'ring discards + tx_mbuf_drop of the driver' }),
  part('tx', 'tx_discard_pkts', 'tx_errors', 'tx_error'),
  total('tx', 'tx_drop_pkts', 'tx_error', 'outside', { note: 'ring errors; not in tx_errors' }),
  evidence('tx', 'tx_stat_discard', 'tx_error', { ...card, note: 'not said whether tx_errors holds it' }),
  evidence('tx', 'tx_stat_error', 'tx_error', { ...card, note: 'not said whether tx_errors holds it' }),
  evidence('tx', 'tx_fcs_err_frames', 'tx_error', card),
  evidence('tx', 'tx_err', 'tx_error', card),
  total('rx', 'rx_filter_miss', 'filtered', 'filtered', card),
]);

const allowance = { ...card, note: 'queued or dropped: not all are lost' } as const;

const ena: readonly CounterRow[] = over(ethdevRows, [
  retriedAllocation,
  total('rx', 'rx_missed_errors', 'nic_ring_full', 'outside', {
    note: 'rx_drops + rx_overruns, told about once a second',
  }),
  part('rx', 'rx_q{q}_errors', 'rx_errors', 'rx_error'),
  ...['bad_desc_num', 'bad_req_id', 'bad_desc', 'unknown_error'].map((name) =>
    part('rx', `rx_q{q}_${name}`, 'rx_errors', 'rx_error'),
  ),
  evidence('rx', 'rx_q{q}_refill_partial', 'no_mbuf', { note: 'failed tries' }),
  evidence('rx', 'rx_q{q}_mbuf_alloc_fail', 'no_mbuf', { note: 'failed tries' }),
  total('rx', 'rx_q{q}_l3_csum_bad', 'checksum', 'filtered', { note: 'delivered, marked as wrong' }),
  total('rx', 'rx_q{q}_l4_csum_bad', 'checksum', 'filtered', { note: 'delivered, marked as wrong' }),
  total('tx', 'tx_drops', 'tx_error', 'outside', { note: 'dropped by the device; not in tx_errors' }),
  evidence('tx', 'tx_q{q}_prepare_ctx_err', 'tx_error', { note: 'refused; the program may offer it again' }),
  evidence('tx', 'tx_q{q}_bad_req_id', 'tx_error', { note: 'completions, not packets' }),
  evidence('tx', 'tx_q{q}_missed_tx', 'tx_error', { note: 'completions that are late' }),
  evidence('rx', 'bw_in_allowance_exceeded', 'cloud_limit', allowance),
  evidence('tx', 'bw_out_allowance_exceeded', 'cloud_limit', allowance),
  evidence('rx', 'pps_allowance_exceeded', 'cloud_limit', { ...allowance, note: 'both directions; queued or dropped' }),
  total('rx', 'conntrack_allowance_exceeded', 'cloud_limit', 'beside', { ...card, note: 'both directions' }),
  total('tx', 'linklocal_allowance_exceeded', 'cloud_limit', 'beside', card),
]);

export const nicRows = {
  mlx5: { source: 'drivers/net/mlx5/mlx5_stats.c, linux/mlx5_ethdev_os.c', rows: mlx5 },
  bnxt: { source: 'drivers/net/bnxt/bnxt_stats.c', rows: bnxt },
  ena: { source: 'drivers/net/ena/ena_ethdev.c', rows: ena },
} as const satisfies Record<string, RowSet>;
