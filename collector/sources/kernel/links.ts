import type { Cause } from '../../../core/catalogue/causes.ts';
import type { Direction } from '../../../core/catalogue/kind-parts.ts';
import type { DropPlace } from '../../../core/catalogue/kinds.ts';
import { dropSlot, portSlot } from '../../../core/catalogue/kinds.ts';
import { type Link, type LinkTable, linkCounters, linkStride, type QdiscTable } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import { bytesPerSecondMax, identityOf, packetsPerSecondMax, type ReadTime } from '../../slot.ts';

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

export interface LinkRead {
  readonly table: LinkTable;
  readonly time: ReadTime;
  /** Boot id and network namespace: with the ifindex they make a NIC the one it is. */
  readonly place: string;
}

function linkIdentity(place: string, ifindex: number): bigint {
  return identityOf(place, 'link', ifindex);
}

/** port_slot and drop_slot rows of every NIC. All counters of a link are reset together: one that fell speaks for all. */
export function closeLinks({ table, time, place }: LinkRead, into: Accumulator): void {
  const nameOf = new Map(table.links.map((link) => [link.ifindex, link.name]));
  for (const [i, link] of table.links.entries()) {
    const counters = table.counters.subarray(i * linkStride, (i + 1) * linkStride);
    const value = (name: LinkCounter) => counters[at[name]] as bigint;
    const shared = { time, identity: linkIdentity(place, link.ifindex) };
    const ports = directions.map((direction) => ({
      ...shared,
      kind: portSlot,
      own: { port: link.name, direction, countedIn: countedIn(link, nameOf) },
      values: {
        packets: value(`${direction}Packets`),
        bytes: value(`${direction}Bytes`),
        dropsOutside: sumOf(direction, 'outside', value),
        dropsInside: sumOf(direction, 'inside', value),
      },
      rules: portRules,
    }));
    const drops = dropCounters.map(({ direction, cause, place: where, counter }) => ({
      ...shared,
      kind: dropSlot,
      own: { port: link.name, direction, cause, place: where },
      values: { packets: value(counter) },
      rules: { packets },
      onChange: true,
    }));
    const resetSeen = firstOf(ports, (port) => into.fallen(port)) ?? firstOf(drops, (drop) => into.fallen(drop));
    for (const port of ports) into.close({ ...port, resetSeen });
    for (const drop of drops) into.close({ ...drop, resetSeen });
  }
}

const directions = ['rx', 'tx'] as const;

function sumOf(direction: 'rx' | 'tx', place: DropPlace, value: (name: LinkCounter) => bigint): bigint {
  const wanted = dropCounters.filter((drop) => drop.direction === direction && drop.place === place);
  return wanted.reduce((total, drop) => total + value(drop.counter), 0n);
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
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
      // struct gnet_stats_queue has 32-bit counters; after a gap of more than 200 s nothing is believed of them.
      rules: { packets: { widthBits: 32, perSecondMax: 20_000_000n } },
      onChange: true,
    });
  }
}
