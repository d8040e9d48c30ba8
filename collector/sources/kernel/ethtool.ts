import { xstatSlot } from '../../../core/catalogue/kinds.ts';
import type { Link, NativeFacade } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import { identityOf, type ReadTime } from '../../slot.ts';
import type { NicFailures } from './nic-failures.ts';
import { findQueues, type QueueColumns } from './queue-names.ts';
import { closeNamedQueues } from './queues.ts';

interface NicNames {
  readonly nic: string;
  readonly names: readonly string[];
  readonly queues: readonly QueueColumns[];
}

/** A NIC whose names and values do not fit together is asked for its names again, at most once in so many ticks. */
const askAgainTicks = 10;

// Nanoseconds, bytes, gauges: nothing is known of an xstat, so any rise is believed and any fall is a new epoch.
const anyCounter = { widthBits: 64, perSecondMax: 1n << 62n } as const;

/** `ethtool -S` of every NIC that has it: names are asked once, values each tick in one call. */
export class EthtoolReader {
  readonly #native: NativeFacade;
  readonly #failures: NicFailures;
  readonly #names = new Map<number, NicNames>();
  readonly #askAt = new Map<number, number>();
  #tick = 0;

  constructor(native: NativeFacade, failures: NicFailures) {
    this.#native = native;
    this.#failures = failures;
  }

  /**
   * Reads and closes; `timed` gives the time of a read made by the function it is handed. Queues of the NICs in
   * `haveQueues` (ifindex) are told elsewhere: here they would count twice.
   */
  close(
    links: readonly Link[],
    haveQueues: ReadonlySet<number>,
    place: string,
    timed: <T>(read: () => T) => readonly [T, ReadTime],
    into: Accumulator,
  ): void {
    this.#tick++;
    this.#learn(links, into);
    const known = links.flatMap((link) => {
      const nic = this.#names.get(link.ifindex);
      return nic === undefined || nic.names.length === 0 ? [] : [{ link, ...nic }];
    });
    if (known.length === 0) return;
    const counts = Uint32Array.from(known, ({ names }) => names.length);
    const [read, time] = timed(() =>
      this.#native.ethtoolCounters(
        known.map(({ link }) => link.name),
        counts,
      ),
    );
    if (read === null) return;
    for (const [i, { link, names, queues }] of known.entries()) {
      const start = read.starts[i] as number;
      if (start < 0) {
        this.#names.delete(link.ifindex);
        continue;
      }
      const values = read.values.subarray(start, start + names.length);
      if (!haveQueues.has(link.ifindex)) closeNamedQueues(link, queues, values, place, time, into);
      const identity = identityOf(place, 'ethtool', link.ifindex);
      closeXstats(link.name, names, values, identity, time, into);
    }
  }

  #learn(links: readonly Link[], into: Accumulator): void {
    const present = new Set(links.map((link) => link.ifindex));
    for (const ifindex of this.#names.keys()) if (!present.has(ifindex)) this.#names.delete(ifindex);
    for (const ifindex of this.#askAt.keys()) if (!present.has(ifindex)) this.#askAt.delete(ifindex);
    for (const link of links) {
      const { ifindex, name } = link;
      const known = this.#names.get(ifindex);
      if (known?.nic === name || (this.#askAt.get(ifindex) ?? 0) > this.#tick) continue;
      this.#askAt.set(ifindex, this.#tick + askAgainTicks);
      const names = this.#failures.ask(link, 'names', () => this.#native.ethtoolNames(name), into);
      if (names === null || names === undefined) continue;
      this.#names.set(ifindex, { nic: name, names, queues: findQueues(names) });
    }
  }
}

function closeXstats(
  port: string,
  names: readonly string[],
  values: BigUint64Array,
  identity: bigint,
  time: ReadTime,
  into: Accumulator,
): void {
  // Some drivers give one name twice; rows are keyed by name, so the first one counts.
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (seen.has(name)) continue;
    seen.add(name);
    into.close({
      kind: xstatSlot,
      own: { port, name },
      time,
      identity,
      values: { value: values[i] as bigint },
      rules: { value: anyCounter },
      onChange: true,
    });
  }
}
