/** Normalised causes of a drop. A driver's counter is mapped to exactly one; what fits none is `other`. */
export const causes = {
  nic_ring_full: 'The NIC had a packet and no free receive descriptor: the polling thread was too slow.',
  nic_fifo: "The NIC's own packet buffer ran over: the bus or the host took packets too slowly.",
  no_mbuf: 'No buffer could be had for a received packet.',
  rx_error: 'Received damaged: CRC, length, alignment.',
  tx_error: 'Failed while being sent.',
  host_stack: 'Taken from the NIC or given to it, and dropped by the kernel on the way.',
  qdisc_full: 'The queueing discipline had no room, or shaped it away.',
  vhost_ring_full: "The guest's receive ring had no free buffer.",
  vhost_down: 'Sent to a guest that was off or not connected: no service was asked for.',
  tx_ring_full: 'The transmit ring had no free descriptor.',
  policer: 'Above the contracted rate on the way in.',
  shaper: 'Above the configured rate on the way out.',
  mtu: 'Longer than the port takes.',
  hw_offload: 'Lost in or on the way to hardware offload.',
  checksum: 'A wrong checksum.',
  cloud_limit: "Above a limit of the cloud provider's own network.",
  upcall_lost: 'No flow was known, and the question for one was lost.',
  policy: 'Dropped on purpose: a flow, meter or connection-tracking rule says so.',
  tunnel: 'A tunnel header could not be put on or taken off.',
  filtered: 'Not meant for this port: unknown protocol, inactive bond member. No loss.',
  pending: 'Lost, and the datapath has not told the cause yet; counts as unknown until it does.',
  other: 'Counted by the driver without a cause we know.',
} as const;

export type Cause = keyof typeof causes;
