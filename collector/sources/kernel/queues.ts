import { queueSlot } from '../../../core/catalogue/kinds.ts';
import { type Link, type NativeFacade, type QueueTable, queueCounters, queueStride } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import { bytesPerSecondMax, identityOf, packetsPerSecondMax, type ReadTime } from '../../slot.ts';
import { type QueueColumns, queueNumberMax } from './queue-names.ts';

const packets = { widthBits: 64, perSecondMax: packetsPerSecondMax } as const;
const bytes = { widthBits: 64, perSecondMax: bytesPerSecondMax } as const;
const directions = ['rx', 'tx'] as const;

interface QueueRead {
  readonly port: string;
  readonly direction: 'rx' | 'tx';
  readonly queue: number;
  readonly identity: bigint;
  readonly time: ReadTime;
  /** Null where the driver does not have the counter. */
  readonly values: { readonly packets: bigint; readonly bytes: bigint | null; readonly drops: bigint | null };
}

/**
 * Queues as the kernel's own table has them. A NIC that was in it once stays out of the hands of `ethtool -S` for as
 * long as it is there: it leaves the table when it is set down, and the two count from different beginnings.
 */
export class QueueTableReader {
  readonly #native: NativeFacade;
  readonly #everIn = new Set<number>();

  constructor(native: NativeFacade) {
    this.#native = native;
  }

  /** Reads and closes; gives the NICs, by ifindex, whose queues are told here and nowhere else. */
  close(
    links: readonly Link[],
    place: string,
    timed: <T>(read: () => T) => readonly [T, ReadTime],
    into: Accumulator,
  ): ReadonlySet<number> {
    const nameOf = new Map(links.map((link) => [link.ifindex, link.name]));
    for (const ifindex of this.#everIn) if (!nameOf.has(ifindex)) this.#everIn.delete(ifindex);
    const [table, time] = timed(() => this.#native.queues());
    if (table === null) return this.#everIn;
    for (const [row, ifindex] of table.ifindex.entries()) {
      const port = nameOf.get(ifindex);
      const direction = directions[table.direction[row] as number];
      const queue = table.queue[row] as number;
      const values = valuesOf(table, row);
      // A NIC without packet counts here may have them by name.
      if (port === undefined || direction === undefined || queue > queueNumberMax || values === null) continue;
      this.#everIn.add(ifindex);
      const identity = identityOf(place, 'queue', ifindex, direction, queue);
      closeQueue({ port, direction, queue, identity, time, values }, into);
    }
    return this.#everIn;
  }
}

function valuesOf(table: QueueTable, row: number): QueueRead['values'] | null {
  const at = (counter: (typeof queueCounters)[number]) => {
    const i = queueCounters.indexOf(counter);
    const isPresent = ((table.present[row] as number) & (1 << i)) !== 0;
    return isPresent ? (table.counters[row * queueStride + i] as bigint) : null;
  };
  const count = at('packets');
  return count === null ? null : { packets: count, bytes: at('bytes'), drops: at('drops') };
}

/** Queues of one NIC as the names of `ethtool -S` have them. */
export function closeNamedQueues(
  { name: port, ifindex }: Link,
  queues: readonly QueueColumns[],
  values: BigUint64Array,
  place: string,
  time: ReadTime,
  into: Accumulator,
): void {
  const at = (i: number | undefined) => (i === undefined ? null : (values[i] as bigint));
  for (const { direction, queue, ...columns } of queues) {
    // The last part tells them from the kernel's table: a NIC that moves there begins a new epoch.
    const identity = identityOf(place, 'queue', ifindex, direction, queue, 'ethtool');
    const counted = { packets: values[columns.packets] as bigint, bytes: at(columns.bytes), drops: at(columns.drops) };
    closeQueue({ port, direction, queue, identity, time, values: counted }, into);
  }
}

function closeQueue({ port, direction, queue, identity, time, values }: QueueRead, into: Accumulator): void {
  into.close({
    kind: queueSlot,
    own: { port, direction, queue },
    time,
    identity,
    values,
    rules: { packets, bytes, drops: packets },
  });
}
