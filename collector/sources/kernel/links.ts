import type { Cause } from '../../../core/catalogue/causes.ts';
import type { DropPlace } from '../../../core/catalogue/kinds.ts';
import { type Direction, dropSlot, portSlot } from '../../../core/catalogue/kinds.ts';
import { type Link, type LinkTable, linkCounters, linkStride, type QdiscTable } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import { bytesPerSecondMax, type EpochEnd, identityOf, packetsPerSecondMax, type ReadTime } from '../../slot.ts';

type LinkCounter = (typeof linkCounters)[number];
const at = Object.fromEntries(linkCounters.map((name, i) => [name, i])) as Readonly<Record<LinkCounter, number>>;

interface DropCounter {
  readonly direction: Direction;
  readonly cause: Cause;
  readonly place: DropPlace;
  readonly counter: LinkCounter;
}

/**
 * What each drop counter means. Source: Documentation/networking/statistics.rst and include/uapi/linux/if_link.h of the
 * kernel. rx_packets holds packets that the host dropped later (rx_dropped), not those the device missed or damaged.
 * /proc/net/dev shows rx_dropped + rx_missed_errors as one "drop" column.
 */
const dropCounters: readonly DropCounter[] = [
  { direction: 'rx', cause: 'nic_ring_full', place: 'outside', counter: 'rxMissedErrors' },
  { direction: 'rx', cause: 'rx_error', place: 'outside', counter: 'rxErrors' },
  { direction: 'rx', cause: 'host_stack', place: 'inside', counter: 'rxDropped' },
  { direction: 'rx', cause: 'filtered', place: 'filtered', counter: 'rxNohandler' },
  { direction: 'tx', cause: 'host_stack', place: 'outside', counter: 'txDropped' },
  { direction: 'tx', cause: 'tx_error', place: 'outside', counter: 'txErrors' },
];

const packets = { widthBits: 64, perSecondMax: packetsPerSecondMax } as const;
const bytes = { widthBits: 64, perSecondMax: bytesPerSecondMax } as const;
const portRules = { packets, bytes, dropsOutside: packets, dropsInside: packets };

const memberOfAggregate = new Set(['bond', 'team']);
const upperKinds = new Set(['vlan', 'macvlan', 'macvtap', 'ipvlan', 'ipvtap']);

/** Name of the port whose numbers already hold this one's: the bond above a member, the port below a VLAN. */
function countedIn(link: Link, nameOf: ReadonlyMap<number, string>): string {
  if (memberOfAggregate.has(link.memberKind)) return nameOf.get(link.master) ?? '';
  if (upperKinds.has(link.linkKind)) return nameOf.get(link.lower) ?? '';
  return '';
}

/** A counter of the link that fell since the last kept read: all counters of a link are reset together. */
function fallenCounter(before: BigUint64Array, now: BigUint64Array): EpochEnd | undefined {
  for (let i = 0; i < linkStride; i++) {
    const was = before[i] as bigint;
    const is = now[i] as bigint;
    if (is < was) return { why: 'reset', counter: linkCounters[i] as string, before: was, now: is };
  }
  return undefined;
}

export interface LinkRead {
  readonly table: LinkTable;
  readonly time: ReadTime;
  /** Boot id and network namespace: with the ifindex they make a NIC the one it is. */
  readonly place: string;
  /** The last kept read, by ifindex. */
  readonly kept: ReadonlyMap<number, SeenLink>;
}

export interface SeenLink {
  readonly link: Link;
  readonly counters: BigUint64Array;
}

function linkIdentity(place: string, ifindex: number): bigint {
  return identityOf(place, 'link', ifindex);
}

/** port_slot and drop_slot rows of every NIC. */
export function closeLinks(read: LinkRead, into: Accumulator): void {
  const { table, time, place, kept } = read;
  const nameOf = new Map(table.links.map((link) => [link.ifindex, link.name]));
  for (const [i, link] of table.links.entries()) {
    const now = table.counters.subarray(i * linkStride, (i + 1) * linkStride);
    const value = (name: LinkCounter) => now[at[name]] as bigint;
    const before = kept.get(link.ifindex);
    const shared = {
      time,
      identity: linkIdentity(place, link.ifindex),
      resetSeen: before === undefined ? undefined : fallenCounter(before.counters, now),
      formerly: before === undefined || before.link.name === link.name ? undefined : { port: before.link.name },
    };
    for (const direction of ['rx', 'tx'] as const) {
      const drops = dropCounters.filter((drop) => drop.direction === direction);
      const sum = (wanted: DropPlace) =>
        drops.reduce((total, drop) => (drop.place === wanted ? total + value(drop.counter) : total), 0n);
      into.close({
        ...shared,
        kind: portSlot,
        own: { port: link.name, direction, countedIn: countedIn(link, nameOf) },
        values: {
          packets: value(`${direction}Packets`),
          bytes: value(`${direction}Bytes`),
          dropsOutside: sum('outside'),
          dropsInside: sum('inside'),
        },
        rules: portRules,
      });
    }
    for (const { direction, cause, place: where, counter } of dropCounters) {
      into.close({
        ...shared,
        kind: dropSlot,
        own: { port: link.name, direction, cause, place: where },
        values: { packets: value(counter) },
        rules: { packets },
        onChange: true,
      });
    }
  }
}

/** TC_H_ROOT: a root qdisc's drop counter already holds those of its children. */
const rootParent = 0xffffffff;

/** Drops of the egress queueing discipline, which no counter of the NIC contains. */
export function closeQdiscs(
  qdiscs: QdiscTable,
  links: readonly Link[],
  time: ReadTime,
  place: string,
  into: Accumulator,
): void {
  const nameOf = new Map(links.map((link) => [link.ifindex, link.name]));
  for (const [i, kind] of qdiscs.kinds.entries()) {
    const port = nameOf.get(qdiscs.ifindex[i] as number);
    if (qdiscs.parent[i] !== rootParent || port === undefined) continue;
    into.close({
      kind: dropSlot,
      own: { port, direction: 'tx', cause: 'qdisc_full' satisfies Cause, place: 'beside' },
      time,
      identity: identityOf(place, 'qdisc', qdiscs.ifindex[i] as number, qdiscs.handle[i] as number, kind),
      values: { packets: qdiscs.drops[i] as bigint },
      // struct gnet_stats_queue has 32-bit counters.
      rules: { packets: { widthBits: 32, perSecondMax: 100_000_000n } },
      onChange: true,
    });
  }
}
