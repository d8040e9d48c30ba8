import type { Cause } from '../../../../core/catalogue/causes.ts';

/** What a cause means, beside its name. The type says that none is forgotten. */
const words: Record<Cause, string> = {
  nic_ring_full: 'The NIC had a packet and no free receive descriptor.',
  no_mbuf: 'No buffer could be had for a received packet.',
  rx_error: 'Received damaged: CRC, length, alignment.',
  tx_error: 'Failed while being sent.',
  host_stack: 'Taken from the NIC or given to it, and dropped by the kernel on the way.',
  qdisc_full: 'The queueing discipline had no room, or shaped it away.',
  vhost_ring_full: "The guest's receive ring had no free buffer.",
  tx_ring_full: 'The transmit ring had no free descriptor.',
  policer: 'Above the contracted rate.',
  filtered: 'Not meant for this port: unknown protocol, inactive bond member. No loss.',
  other: 'Counted by the driver without a cause we know.',
};

/** null: a cause of a younger server. */
export function causeWords(name: string): string | null {
  return Object.hasOwn(words, name) ? words[name as Cause] : null;
}
