import { type CounterRow, evidence, part, type RowSet, total } from './map-types.ts';
import { vringRows } from './rows-soft.ts';

/**
 * Keys of OVSDB `Interface.statistics` by port type, and ovs-vswitchd's process-wide counters.
 *
 * OVS reads its own counters (ovs_*) before the totals (iface_refresh_stats in vswitchd/bridge.c), so a total less its
 * parts may be too high by what was dropped between the two reads: `partsReadFirst`.
 */

const downNote = 'sent while the guest was away or the port down. Since 3.1 OVS gives no totals while it is away';

const txParts = ['ovs_tx_failure_drops', 'ovs_tx_mtu_exceeded_drops', 'ovs_tx_qos_drops', 'ovs_tx_invalid_hwol_drops'];

/** Before 3.1 OVS counted received packets itself, after the policer; since then the rings' counters hold them. */
const vhost: readonly CounterRow[] = [
  total('fromGuest', 'rx_dropped', 'policer', 'outside', { until: '3.1' }),
  total('fromGuest', 'rx_dropped', 'policer', 'inside', { since: '3.1', note: 'the rings count before the policer' }),
  { ...part('fromGuest', 'ovs_rx_qos_drops', 'rx_dropped', 'policer', { since: '2.13' }), role: 'alias' },
  evidence('fromGuest', 'rx_errors', 'rx_error', { until: '3.1', note: 'too short, and passed on all the same' }),
  evidence('fromGuest', 'rx_length_errors', 'rx_error', { until: '3.1' }),
  total('toGuest', 'tx_dropped', 'other', 'outside', {
    less: txParts,
    rest: 'vhost_down',
    partsReadFirst: true,
    note: downNote,
  }),
  part('toGuest', 'ovs_tx_failure_drops', 'tx_dropped', 'vhost_ring_full', { since: '2.13' }),
  part('toGuest', 'ovs_tx_mtu_exceeded_drops', 'tx_dropped', 'mtu', { since: '2.13' }),
  part('toGuest', 'ovs_tx_qos_drops', 'tx_dropped', 'shaper', { since: '2.13' }),
  part('toGuest', 'ovs_tx_invalid_hwol_drops', 'tx_dropped', 'hw_offload', { since: '2.13' }),
  evidence('toGuest', 'ovs_tx_retries', 'vhost_ring_full', {
    since: '2.13',
    note: 'tries, not packets: early warning',
  }),
  evidence('toGuest', 'tx_retries', 'vhost_ring_full', { until: '2.13', note: 'tries, not packets' }),
  ...vringRows.map((row) => ({ ...row, since: '3.1' })),
];

/** Drivers whose tx_errors are packets refused by the ring, which OVS then drops and counts itself. */
const refusing = ['af_xdp', 'vhost', 'tap', 'ring'] as const;

const dpdk: readonly CounterRow[] = [
  total('rx', 'rx_dropped', 'other', 'outside', {
    less: ['ovs_rx_qos_drops', 'rx_missed_errors'],
    rest: 'no_mbuf',
    partsReadFirst: true,
    note: 'policer + missed + failed allocations; the last may be tries, not packets',
  }),
  part('rx', 'ovs_rx_qos_drops', 'rx_dropped', 'policer', {
    since: '2.13',
    place: 'inside',
    note: 'the NIC counts before the policer',
  }),
  part('rx', 'rx_missed_errors', 'rx_dropped', 'nic_ring_full', { byDriver: true }),
  total('rx', 'rx_errors', 'rx_error', 'outside'),
  ...['rx_undersized_errors', 'rx_oversize_errors', 'rx_fragmented_errors', 'rx_jabber_errors'].map((name) =>
    part('rx', name, 'rx_errors', 'rx_error'),
  ),
  total('tx', 'tx_errors', 'tx_error', 'outside', { exceptDrivers: refusing, note: 'not in tx_dropped' }),
  total('tx', 'tx_dropped', 'other', 'outside', {
    less: txParts,
    rest: 'other',
    partsReadFirst: true,
    note: 'what is left was sent while the port was down',
  }),
  part('tx', 'ovs_tx_failure_drops', 'tx_dropped', 'tx_ring_full', { since: '2.13' }),
  part('tx', 'ovs_tx_mtu_exceeded_drops', 'tx_dropped', 'mtu', { since: '2.13' }),
  part('tx', 'ovs_tx_qos_drops', 'tx_dropped', 'shaper', { since: '2.13' }),
  part('tx', 'ovs_tx_invalid_hwol_drops', 'tx_dropped', 'hw_offload', { since: '2.13' }),
];

const kernelErrors = [
  total('rx', 'rx_errors', 'rx_error', 'outside'),
  ...['rx_over_err', 'rx_crc_err', 'rx_frame_err'].map((name) => part('rx', name, 'rx_errors', 'rx_error')),
  total('tx', 'tx_errors', 'tx_error', 'outside'),
  evidence('tx', 'collisions', 'tx_error', { note: 'not lost' }),
  total('rx', 'upcall_errors', 'upcall_lost', 'inside', { since: '3.2', note: 'kernel datapath' }),
];

const system: readonly CounterRow[] = [
  total('rx', 'rx_dropped', 'host_stack', 'inside', { note: "the kernel's and OVS's own" }),
  total('rx', 'rx_missed_errors', 'nic_ring_full', 'outside', { note: 'not in rx_dropped' }),
  total('tx', 'tx_dropped', 'host_stack', 'outside', { note: "the kernel's and OVS's own" }),
  ...kernelErrors,
];

/** OVS turns the kernel's rx and tx round: its rx is what the host sent. */
const tap: readonly CounterRow[] = [
  total('rx', 'rx_dropped', 'host_stack', 'outside', { note: 'the queue towards OVS was full' }),
  total('tx', 'tx_dropped', 'host_stack', 'outside', { note: "OVS's failed writes and what the kernel then dropped" }),
  ...kernelErrors,
];

const afxdp: readonly CounterRow[] = [
  ...system,
  evidence('rx', 'xsk_queue_{q}_rx_dropped', 'nic_ring_full', { note: 'not said whether rx_dropped holds it' }),
  evidence('rx', 'xsk_queue_{q}_rx_invalid_descs', 'other'),
  evidence('tx', 'xsk_queue_{q}_tx_invalid_descs', 'other'),
];

const netdevDpdk = 'lib/netdev-dpdk.c';
const netdevLinux = 'lib/netdev-linux.c';
const dummy: RowSet = { source: 'lib/netdev-dummy.c', rows: [] };
const systemSet: RowSet = { source: netdevLinux, rows: system };

export const ovsPortRows = {
  dpdk: { source: netdevDpdk, rows: dpdk },
  dpdkvhostuser: { source: netdevDpdk, rows: vhost },
  dpdkvhostuserclient: { source: netdevDpdk, rows: vhost },
  '': systemSet,
  system: systemSet,
  internal: { source: netdevLinux, rows: tap },
  tap: { source: netdevLinux, rows: tap },
  afxdp: { source: 'lib/netdev-afxdp.c', rows: afxdp },
  'afxdp-nonpmd': { source: 'lib/netdev-afxdp.c', rows: afxdp },
  dummy,
  'dummy-pmd': dummy,
  'dummy-internal': dummy,
} as const satisfies Record<string, RowSet>;

type Named = readonly [counter: string, cause: CounterRow['cause'], extra?: { since?: string; note?: string }];

/** Every packet here was received by some port and counted there; which one is not told. */
const lost: readonly Named[] = [
  ['datapath_drop_meter', 'policy'],
  ['datapath_drop_upcall_error', 'upcall_lost'],
  ['datapath_drop_lock_error', 'upcall_lost', { note: 'may be copies: the packet itself went on' }],
  ['datapath_drop_userspace_action_error', 'upcall_lost'],
  ['datapath_drop_tunnel_push_error', 'tunnel'],
  ['datapath_drop_tunnel_pop_error', 'tunnel'],
  ['datapath_drop_invalid_tnl_port', 'tunnel'],
  ['datapath_drop_nsh_decap_error', 'tunnel'],
  ['netdev_push_header_drops', 'tunnel'],
  ['datapath_drop_recirc_error', 'other'],
  ['datapath_drop_invalid_port', 'other'],
  ['datapath_drop_invalid_bond', 'other', { since: '2.14' }],
  ['datapath_drop_rx_invalid_packet', 'rx_error'],
  ['datapath_drop_sample_error', 'policy', { note: 'also a sample that was not taken, where nothing follows it' }],
  ['datapath_drop_hw_miss_recover', 'hw_offload', { since: '2.16' }],
  ['datapath_drop_hw_post_process', 'hw_offload', { since: '3.7', note: 'was hw_miss_recover' }],
  ['drop_action_of_pipeline', 'policy', { note: 'the flow table says drop, or says nothing' }],
  ['drop_action_forwarding_disabled', 'policy'],
  ['drop_action_bridge_not_found', 'other'],
  ['drop_action_recursion_too_deep', 'other'],
  ['drop_action_too_many_resubmit', 'other'],
  ['drop_action_stack_too_deep', 'other'],
  ['drop_action_no_recirculation_context', 'other'],
  ['drop_action_recirculation_conflict', 'other'],
  ['drop_action_too_many_mpls_labels', 'other'],
  ['drop_action_unsupported_packet_type', 'other'],
  ['drop_action_congestion', 'tunnel', { note: 'ECN mark that the inner packet may not carry' }],
  ['drop_action_invalid_tunnel_metadata', 'tunnel'],
  ['drop_action_tunnel_routing_failed', 'tunnel', { since: '3.6' }],
  ['drop_action_tunnel_output_no_ethernet', 'tunnel', { since: '3.6' }],
  ['drop_action_tunnel_neigh_cache_miss', 'tunnel', { since: '3.6' }],
  ['drop_action_tunnel_header_build_failed', 'tunnel', { since: '3.6' }],
];

export const coverageRows: RowSet = {
  source: 'lib/dpif-netdev.c, lib/odp-execute.c, lib/netdev.c',
  rows: [
    ...lost.map(([counter, cause, extra]) => total('rx', counter, cause, 'inside', extra)),
    evidence('rx', 'datapath_drop_hw_post_process_consumed', 'hw_offload', {
      since: '3.7',
      note: 'taken by the hardware, not lost',
    }),
    evidence('toGuest', 'vhost_tx_contention', 'vhost_ring_full', { note: 'waits for a lock, not packets' }),
    evidence('rx', 'conntrack_full', 'policy', { note: 'the packet goes on, marked invalid' }),
    evidence('rx', 'packet_in_overflow', 'other', { note: 'copies for the controller' }),
  ],
};
