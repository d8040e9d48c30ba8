import { dropSlot, portSlot, queueSlot, xstatSlot } from '../../../core/catalogue/kinds.ts';
import type { DriverName } from '../../../core/counters/map-types.ts';
import { type CauseReading, ovsCausesOf } from '../../../core/counters/normalise.ts';
import { queueCountersOf } from '../../../core/counters/queues.ts';
import type { Accumulator, CloseRequest } from '../../accumulator.ts';
import { bytesPerSecondMax, type EpochEnd, packetsPerSecondMax, type ReadTime } from '../../slot.ts';
import { isVhost, type NamedPort } from './named-port.ts';
import { isPolicedNic, ownOf } from './ports.ts';

/** The statistics of one port, as the daemon last wrote them into the database, about every 5 s. */
export interface StatisticsRead {
  readonly port: NamedPort;
  readonly identity: bigint;
  /** Of its totals while it has a policer. */
  readonly policedIdentity: bigint;
  readonly version: string;
  readonly driver: DriverName;
  readonly statistics: ReadonlyMap<string, bigint>;
  /** Those of the reading before, of the same port. */
  readonly previous: ReadonlyMap<string, bigint> | undefined;
  /** Another counter of this port was seen to be reset meanwhile. */
  readonly resetSeen: EpochEnd | undefined;
  /** When the port was first seen, new, if these are its first statistics. */
  readonly bornAt: ReadTime | undefined;
  readonly time: ReadTime;
  /** Rows are written whether anything moved or not. */
  readonly all: boolean;
}

const packets = { widthBits: 64, perSecondMax: packetsPerSecondMax } as const;
const bytes = { widthBits: 64, perSecondMax: bytesPerSecondMax } as const;
/** An extended counter may count anything. */
const anything = { widthBits: 64, perSecondMax: 1n << 62n } as const;

/**
 * Drops by cause, queues and extended counters of a port. Their rows cover the seconds between two refreshes: the daemon
 * does not tell them more often, and nothing is interpolated.
 *
 * Three groups are reset by different acts: what OVS counts itself (`ovs_*`, drop totals) when a guest comes back or the
 * port is set up; the rings' own counters when the guest comes back; a NIC's with the NIC. So each is watched by itself.
 */
export function closeStatistics(read: StatisticsRead, into: Accumulator): void {
  const { statistics, port } = read;
  closeCauses(read, into);
  if (isPolicedNic(port)) closePolicedTotals(read, into);
  for (const queue of queueCountersOf(statistics, isVhost(port.read.type))) {
    if (queue.packets === null) continue;
    into.close({
      kind: queueSlot,
      own: { port: port.name, direction: queue.direction, queue: queue.queue },
      time: read.time,
      identity: read.identity,
      values: { packets: queue.packets, bytes: queue.bytes, drops: null },
      rules: { packets, bytes, drops: packets },
      resetSeen: endOfRings(read.resetSeen),
      ownPace: 'write',
    });
  }
  // Equal maps are the same object: a port that stood still costs nothing here.
  if (read.statistics === read.previous && !read.all) return;
  for (const [name, value] of statistics) {
    // -1: not counted. Unknown, and no row.
    if (value < 0n) continue;
    into.close({
      kind: xstatSlot,
      own: { port: port.name, name },
      time: read.time,
      identity: read.identity,
      values: { value },
      rules: { value: anything },
      onChange: true,
      ownPace: read.all ? 'write' : 'quiet',
    });
  }
}

function closeCauses(read: StatisticsRead, into: Accumulator): void {
  const { statistics, previous, bornAt } = read;
  if (bornAt !== undefined) {
    // Born while we watched: all its counters were 0 then, and what they show now came since.
    for (const reading of causesOf(read, statistics, previous))
      into.close({ ...causeRequest(read, reading), values: { packets: 0n }, time: bornAt });
  }
  const requests = causesOf(read, statistics, previous).map((reading) => causeRequest(read, reading));
  const fallen = requests.map((request) => (request.derived ? undefined : into.fallen(request)));
  // A total that fell says so even where the causes made of it do not.
  const totals = ['rx_dropped', 'tx_dropped'].map((counter): EpochEnd | undefined => {
    const [before, now] = [previous?.get(counter), statistics.get(counter)];
    const fell = before !== undefined && now !== undefined && now < before;
    return fell ? { why: 'reset', counter, before, now } : undefined;
  });
  const resetSeen = [read.resetSeen, ...fallen, ...totals].find((end) => end !== undefined);
  for (const request of requests) {
    // The first difference of a life may be too large by what passed between two reads of the daemon's: see normalise.ts.
    if (request.derived && previous === undefined && bornAt === undefined) continue;
    into.close({ ...request, resetSeen });
  }
}

function causesOf(
  { port, version, driver }: StatisticsRead,
  now: ReadonlyMap<string, bigint>,
  previous: ReadonlyMap<string, bigint> | undefined,
): CauseReading[] {
  return ovsCausesOf(port.read.type, version, now, { driver, ...(previous === undefined ? {} : { previous }) });
}

function causeRequest(read: StatisticsRead, reading: CauseReading): CauseRequest {
  const { direction, cause, place, widthBits } = reading;
  return {
    kind: dropSlot,
    own: { port: read.port.name, direction, cause, place },
    time: read.time,
    identity: read.identity,
    values: { packets: reading.packets },
    rules: { packets: { ...packets, widthBits } },
    onChange: true,
    ownPace: read.all ? 'write' : 'quiet',
    derived: reading.derived,
  };
}

/** Drop totals of OVS itself may be reset alone; packets are counted by the rings, which are reset together. */
function endOfRings(end: EpochEnd | undefined): EpochEnd | undefined {
  return end?.why === 'reset' && end.counter.startsWith('drops') ? undefined : end;
}

type CauseRequest = CloseRequest<typeof dropSlot>;

/** The totals of a NIC whose policer's drops are inside its packets, and the NIC's own outside: see isPolicedNic. */
function closePolicedTotals(read: StatisticsRead, into: Accumulator): void {
  const { port, statistics, version, driver, previous } = read;
  const [received, size] = [statistics.get('rx_packets'), statistics.get('rx_bytes')];
  if (received === undefined || size === undefined) return;
  const lost = ovsCausesOf(port.read.type, version, statistics, { driver, ...(previous && { previous }) });
  const sum = (place: 'inside' | 'outside') =>
    lost.reduce((all, one) => (one.direction === port.rx && one.place === place ? all + one.packets : all), 0n);
  into.close({
    kind: portSlot,
    own: ownOf(port, port.rx),
    time: read.time,
    // Not the same sums as those of the port without a policer.
    identity: read.policedIdentity,
    values: { packets: received, bytes: size, dropsOutside: sum('outside'), dropsInside: sum('inside') },
    rules: { packets, bytes, dropsOutside: packets, dropsInside: packets },
    derived: ['dropsOutside'],
    resetSeen: read.resetSeen,
    ownPace: 'write',
  });
}
