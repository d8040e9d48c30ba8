import type { Direction } from '../../../core/catalogue/kind-parts.ts';
import { portSlot } from '../../../core/catalogue/kinds.ts';
import { counterMap } from '../../../core/counters/counter-map.ts';
import type { DriverName } from '../../../core/counters/map-types.ts';
import { ovsCausesOf } from '../../../core/counters/normalise.ts';
import type { Accumulator, CloseRequest } from '../../accumulator.ts';
import {
  bytesPerSecondMax,
  type ClosedSlot,
  type EpochEnd,
  identityOf,
  packetsPerSecondMax,
  type ReadTime,
} from '../../slot.ts';
import type { NamedPort } from './named-port.ts';

/** Whose counters these are: a daemon that was started again counts anew. */
export interface DaemonLife {
  /** Boot id and network namespace. */
  readonly place: string;
  readonly pid: number;
  readonly startTicks: bigint;
  /** As it says it; empty where the database is away. */
  readonly version: string;
}

/** What one port's counters did in a tick. */
export interface PortFlow {
  readonly port: NamedPort;
  /** Undefined: this direction has no counters that could be read, or they have been read for the first time. */
  readonly rx: ClosedSlot | undefined;
  readonly tx: ClosedSlot | undefined;
  /** Packets that were handed to this port, and sent or dropped by it; undefined: it has no counters now. */
  readonly handed: bigint | undefined;
  /** Read for the first time with all counters at zero: nothing of it is missing in any sum. */
  readonly isFresh: boolean;
  /** Counters that were seen to be reset since the last kept read. */
  readonly resetSeen: EpochEnd | undefined;
}

const packets = { widthBits: 64, perSecondMax: packetsPerSecondMax } as const;
const bytes = { widthBits: 64, perSecondMax: bytesPerSecondMax } as const;
const rules = { packets, bytes, dropsOutside: packets, dropsInside: packets };

/** The port that a database row describes; one that was deleted and made again is another. */
export function portIdentity(life: DaemonLife, datapath: string, port: NamedPort, ...form: readonly string[]): bigint {
  const uuid = port.row?.uuid ?? '';
  return identityOf(life.place, 'ovs', life.pid, life.startTicks, datapath, port.read.portNo, uuid, ...form);
}

/** A policer at a NIC: its drops cannot be told from the NIC's own in one total, which the database splits every 5 s. */
export function isPolicedNic({ read, row }: NamedPort): boolean {
  const rates = [row?.ingressPolicingRate ?? 0n, row?.ingressPolicingKpktsRate ?? 0n];
  return read.type === 'dpdk' && rates.some((rate) => rate > 0n);
}

/** port_slot rows of one port, from `dpctl/show -s`. */
export function closePort(
  port: NamedPort,
  {
    life,
    datapath,
    driver,
    time,
    wasAway,
  }: {
    life: DaemonLife;
    datapath: string;
    driver: DriverName;
    time: ReadTime;
    /** Its guest was seen to be away since the last kept read: its rings, and what they had counted, are others now. */
    wasAway: boolean;
  },
  into: Accumulator,
): PortFlow {
  const shared = { kind: portSlot, time, identity: portIdentity(life, datapath, port), rules };
  const sides = (['rx', 'tx'] as const).flatMap((side) => {
    const values = side === 'rx' && isPolicedNic(port) ? undefined : valuesOf(port, side, life.version, driver);
    if (values === undefined) return [];
    return [{ side, request: { ...shared, own: ownOf(port, port[side]), values } }];
  });
  const fallen = sides.map(({ request }) => into.fallen(request)).find((end) => end !== undefined);
  const resetSeen: EpochEnd | undefined = wasAway && sides.length > 0 ? { why: 'replaced' } : fallen;
  const closed = new Map(sides.map(({ side, request }) => [side, into.close({ ...request, resetSeen }) ?? undefined]));
  const sent = sides.find(({ side }) => side === 'tx')?.request.values;
  return {
    port,
    handed: sent === undefined ? undefined : (sent.packets ?? 0n) + (sent.dropsOutside ?? 0n),
    rx: closed.get('rx'),
    tx: closed.get('tx'),
    isFresh:
      sides.length === 2 && sides.every(({ request }) => Object.values(request.values).every((value) => value === 0n)),
    resetSeen,
  };
}

export function ownOf(port: NamedPort, direction: Direction): CloseRequest<typeof portSlot>['own'] {
  return { port: port.name, direction, countedIn: port.countedIn };
}

/** Undefined where something that this kind of port counts is not told: unknown is not zero. */
function valuesOf(
  { read, rx, tx }: NamedPort,
  side: 'rx' | 'tx',
  version: string,
  driver: DriverName,
): CloseRequest<typeof portSlot>['values'] | undefined {
  const counters = read[side];
  if (counters.packets === undefined || counters.bytes === undefined) return undefined;
  const told = new Map<string, bigint>();
  if (counters.dropped !== undefined) told.set(`${side}_dropped`, counters.dropped);
  if (counters.errors !== undefined) told.set(`${side}_errors`, counters.errors);
  const lost = ovsCausesOf(read.type, version, told, { driver }).filter(
    ({ direction }) => direction === (side === 'rx' ? rx : tx),
  );
  if (counters.dropped === undefined && countsDrops(read.type)) return undefined;
  const sum = (place: 'inside' | 'outside') =>
    lost.reduce((all, reading) => (reading.place === place ? all + reading.packets : all), 0n);
  return {
    packets: counters.packets,
    bytes: counters.bytes,
    dropsOutside: sum('outside'),
    dropsInside: sum('inside'),
  };
}

function countsDrops(type: string): boolean {
  return (counterMap.ovsPorts[type]?.rows.length ?? 0) > 0;
}
