import { readFileSync } from 'node:fs';
import {
  dropSlot,
  event,
  hostFact,
  portSlot,
  pressureResources,
  pressureSlot,
  queueSlot,
  softnetSlot,
  xstatSlot,
} from '../../../core/catalogue/kinds.ts';
import { FourninesError, systemCode } from '../../../core/runtime/error.ts';
import type { Link, NativeFacade } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import { isOnTime, type ReadTime } from '../../slot.ts';
import type { Source, Tick } from '../../source.ts';
import { timedRead } from '../../timed-read.ts';
import { EthtoolReader } from './ethtool.ts';
import { forgetFacts, writeFacts } from './facts.ts';
import { closeLinks, closeQdiscs } from './links.ts';
import { NicFailures } from './nic-failures.ts';
import { closePressure, parsePressure } from './pressure.ts';
import { QueueTableReader } from './queues.ts';
import { closeSoftnet, parseSoftnet } from './softnet.ts';

export interface KernelSourceOptions {
  readonly native: NativeFacade;
  /** Boot id and network namespace: the same NIC number elsewhere is another NIC. */
  readonly place: string;
  /** /proc, or another root in tests. */
  readonly procRoot: string;
}

/** What the kernel counts on any Linux host: NICs, queueing disciplines, softnet, pressure. */
export class KernelSource implements Source {
  readonly name = 'kernel';
  readonly kinds = [portSlot, dropSlot, queueSlot, softnetSlot, pressureSlot, xstatSlot, hostFact, event];
  readonly #options: KernelSourceOptions;
  readonly #failures = new NicFailures();
  readonly #ethtool: EthtoolReader;
  readonly #queues: QueueTableReader;
  /** NICs of the last kept read, and of this one, by ifindex. */
  #kept: ReadonlyMap<number, Link> | undefined;
  #read: ReadonlyMap<number, Link> | undefined;

  constructor(options: KernelSourceOptions) {
    this.#options = options;
    this.#ethtool = new EthtoolReader(options.native, this.#failures);
    this.#queues = new QueueTableReader(options.native);
  }

  gather(tick: Tick, into: Accumulator): void {
    const { native, place } = this.#options;
    const timed = <T>(read: () => T) => timedRead(native, tick.boundary, read);
    const [table, time] = timed(() => native.links());
    this.#read = new Map(table.links.map((link) => [link.ifindex, link]));
    reportChanges(this.#kept, this.#read, into);
    closeLinks({ table, time, place }, into);
    const [qdiscs, qdiscTime] = timed(() => native.qdiscs());
    if (qdiscs !== null) closeQdiscs(qdiscs, table.links, qdiscTime, place, into);
    this.#failures.begin(table.links);
    const haveQueues = this.#queues.close(table.links, place, timed, into);
    this.#ethtool.close(table.links, haveQueues, place, timed, into);
    this.#readProc(timed, into);
    writeFacts(native, this.#failures, table.links, tick.keyFrame || this.#kept === undefined, into);
    // Links read too late leave their counters where they were; so does what is known of the NICs.
    if (!isOnTime(time)) this.#read = this.#kept;
  }

  kept(): void {
    this.#kept = this.#read;
    this.#failures.kept();
  }

  #readProc(timed: <T>(read: () => T) => readonly [T, ReadTime], into: Accumulator): void {
    const { procRoot, place } = this.#options;
    const [softnet, softnetTime] = timed(() => readProc(`${procRoot}/net/softnet_stat`));
    if (softnet !== null) closeSoftnet(parseSoftnet(softnet), place, softnetTime, into);
    for (const resource of pressureResources) {
      const [text, time] = timed(() => readProc(`${procRoot}/pressure/${resource}`));
      if (text !== null) closePressure(resource, parsePressure(text), place, time, into);
    }
  }
}

/** Tells of NICs that came, went or were renamed since the last kept read. */
function reportChanges(
  before: ReadonlyMap<number, Link> | undefined,
  now: ReadonlyMap<number, Link>,
  into: Accumulator,
): void {
  if (before === undefined) return;
  for (const [ifindex, { name }] of now) {
    const was = before.get(ifindex);
    if (was === undefined) into.event('port_seen', name, { ifindex });
    else if (was.name !== name) {
      into.event('port_renamed', name, { ifindex, before: was.name });
      into.rename(was.name, name);
      forgetFacts(was.name, into);
    }
  }
  for (const [ifindex, { name }] of before) {
    if (now.has(ifindex)) continue;
    into.event('port_gone', name, { ifindex });
    forgetFacts(name, into);
  }
}

/** Null when the kernel has no such file, or refuses it because the feature is off (EOPNOTSUPP). */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'EOPNOTSUPP' || code === 'EACCES') return null;
    throw new FourninesError('FN_SOURCE', `${path} cannot be read`, { cause: error, context: { path } });
  }
}
