import type { Direction } from '../catalogue/kind-parts.ts';

/** ethdev shows its own per-queue counters for so many queues (RTE_ETHDEV_QUEUE_STAT_CNTRS); others are not idle. */
export const queuesShownMax = 16;
/** A telemetry reply holds so many entries (RTE_TEL_MAX_DICT_ENTRIES); /ethdev/xstats leaves out the rest in silence. */
export const xstatsShownMax = 256;

export interface QueueCounters {
  readonly direction: Direction;
  readonly queue: number;
  /** null: not counted, or not shown. */
  readonly packets: bigint | null;
  readonly bytes: bigint | null;
  readonly errors: bigint | null;
}

/** rx_q0packets before DPDK 20.11, rx_q0_packets after; rx_q0_good_packets from virtio, vhost and rings of OVS. */
const queueCounter = /^(rx|tx)_q(\d{1,5})_?(good_)?(packets|bytes|errors)$/;

/**
 * Packets, bytes and errors of each queue that is shown, by direction and number. `guestFacing`: the host's side of a
 * guest's rings (net_vhost, vhost ports of OVS), where rx is what the guest sent. Where a driver counts by itself (good_)
 * that number is taken: it is not limited to 16 queues.
 */
export function queueCountersOf(values: ReadonlyMap<string, bigint>, guestFacing: boolean): QueueCounters[] {
  const found = new Map<string, { -readonly [K in keyof QueueCounters]: QueueCounters[K] }>();
  for (const [name, value] of values) {
    const match = queueCounter.exec(name);
    if (match === null) continue;
    const [, side = '', number = '', good, what] = match;
    const key = `${side}${Number(number)}`;
    const direction = guestFacing ? (side === 'rx' ? 'fromGuest' : 'toGuest') : side === 'rx' ? 'rx' : 'tx';
    const queue = found.get(key) ?? { direction, queue: Number(number), packets: null, bytes: null, errors: null };
    found.set(key, queue);
    const field = what === 'packets' || what === 'bytes' ? what : 'errors';
    if (queue[field] === null || good !== undefined) queue[field] = value;
  }
  return [...found.values()].sort((a, b) => a.direction.localeCompare(b.direction) || a.queue - b.queue);
}

/** Of `configured` queues, those above the sixteenth have no ethdev counters. */
export function queuesCut(configured: number): boolean {
  return configured > queuesShownMax;
}

/**
 * What a reply of `count` entries lets one conclude. `cut`: entries may be missing at the end, where drivers have their
 * drop counters. `absentIsZero`: only where zeros were hidden on purpose and nothing was cut.
 */
export function xstatsCut(count: number, hideZero: boolean): { readonly cut: boolean; readonly absentIsZero: boolean } {
  const cut = count >= xstatsShownMax;
  return { cut, absentIsZero: hideZero && !cut };
}
