/** Queue numbers are 16 bits wide in a row; no NIC has more. */
export const queueNumberMax = 0xffff;

/** A counter of one queue, found in a name of `ethtool -S`. */
export interface QueueCounter {
  readonly direction: 'rx' | 'tx';
  readonly queue: number;
  readonly counter: 'packets' | 'bytes' | 'drops';
}

/**
 * Per-queue names by driver. Others (bnxt splits by cast, gve counts descriptors) have no queue rows: their names are
 * in xstat_slot all the same.
 */
const forms: readonly { readonly pattern: RegExp; readonly order: 'directionFirst' | 'queueFirst' }[] = [
  // virtio_net, igb, ixgbe, ice, e1000e: "rx_queue_0_packets"
  { pattern: /^(rx|tx)_queue_(\d+)_(packets|bytes|drops)$/, order: 'directionFirst' },
  // mlx5, newer virtio_net: "rx0_packets"; i40e: "rx-0.packets"
  { pattern: /^(rx|tx)-?(\d+)[._](packets|bytes|drops|dropped)$/, order: 'directionFirst' },
  // ena: "queue_0_rx_cnt"
  { pattern: /^queue_(\d+)_(rx|tx)_(cnt|bytes|drops)$/, order: 'queueFirst' },
];

const counterOf: Readonly<Record<string, QueueCounter['counter']>> = {
  packets: 'packets',
  cnt: 'packets',
  bytes: 'bytes',
  drops: 'drops',
  dropped: 'drops',
};

export function parseQueueName(name: string): QueueCounter | undefined {
  for (const { pattern, order } of forms) {
    const [, first, second, last] = pattern.exec(name) ?? [];
    if (first === undefined || second === undefined || last === undefined) continue;
    const [direction, queue] = order === 'directionFirst' ? [first, second] : [second, first];
    return {
      direction: direction as 'rx' | 'tx',
      queue: Number(queue),
      counter: counterOf[last] as QueueCounter['counter'],
    };
  }
  return undefined;
}

/** The queues of a NIC: for each, where its counters stand in the list of names. Queues without packets are left out. */
export interface QueueColumns {
  readonly direction: 'rx' | 'tx';
  readonly queue: number;
  readonly packets: number;
  readonly bytes: number | undefined;
  readonly drops: number | undefined;
}

export function findQueues(names: readonly string[]): QueueColumns[] {
  const found = new Map<
    string,
    { direction: 'rx' | 'tx'; queue: number; at: Partial<Record<QueueCounter['counter'], number>> }
  >();
  for (const [i, name] of names.entries()) {
    const parsed = parseQueueName(name);
    if (parsed === undefined || parsed.queue > queueNumberMax) continue;
    const key = `${parsed.direction}${parsed.queue}`;
    const queue = found.get(key) ?? { direction: parsed.direction, queue: parsed.queue, at: {} };
    queue.at[parsed.counter] = i;
    found.set(key, queue);
  }
  return [...found.values()].flatMap(({ direction, queue, at }) =>
    at.packets === undefined ? [] : [{ direction, queue, packets: at.packets, bytes: at.bytes, drops: at.drops }],
  );
}
