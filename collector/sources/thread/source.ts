import { event, threadSlot } from '../../../core/catalogue/kinds.ts';
import { type NativeFacade, threadFields, threadStatus, threadStride } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import { identityOf, type ReadTime } from '../../slot.ts';
import type { Source, Tick } from '../../source.ts';
import { timedRead } from '../../timed-read.ts';
import { ThreadDiscovery, type WatchedThread } from './discovery.ts';

/** New threads are looked for every so many seconds; those known are read each second. */
const scanSeconds = 5;

const field = Object.fromEntries(threadFields.map((name, i) => [name, i])) as Readonly<
  Record<(typeof threadFields)[number], number>
>;

const rules = {
  // Two CPU seconds a second cannot be; the margin is for late reads.
  runNs: { widthBits: 64, perSecondMax: 2_000_000_000n },
  // A wait is booked when it ends, whole: a thread that waited an hour adds an hour in one second.
  runDelayNs: { widthBits: 64, perSecondMax: 1n << 60n },
  timeslices: { widthBits: 64, perSecondMax: 100_000_000n },
} as const;

export interface ThreadSourceOptions {
  readonly native: NativeFacade;
  readonly place: string;
  readonly procRoot: string;
}

/** vCPU, emulator, vhost and PMD threads of whatever KVM guests and DPDK processes run here. */
export class ThreadSource implements Source {
  readonly name = 'thread';
  readonly kinds = [threadSlot, event];
  readonly #options: ThreadSourceOptions;
  readonly #discovery: ThreadDiscovery;
  #threads: readonly WatchedThread[] = [];
  #scannedAt = Number.NEGATIVE_INFINITY;
  /** Threads left out, as last told and kept; and now. */
  #told = 0;
  #leftOut = 0;

  constructor(options: ThreadSourceOptions) {
    this.#options = options;
    this.#discovery = new ThreadDiscovery(options.procRoot);
  }

  gather(tick: Tick, into: Accumulator): void {
    if (Math.abs(tick.boundary - this.#scannedAt) >= scanSeconds) this.#scan(tick, into);
    if (this.#threads.length === 0) return;
    const { native, place } = this.#options;
    const ids = Uint32Array.from(this.#threads.flatMap(({ pid, tid }) => [pid, tid]));
    const out = new BigUint64Array(this.#threads.length * threadStride);
    const [, time] = timedRead(native, tick.boundary, () => native.readThreads(ids, out));
    for (const [i, thread] of this.#threads.entries()) {
      closeThread(thread, out.subarray(i * threadStride, (i + 1) * threadStride), place, time, into);
    }
  }

  kept(): void {
    this.#told = this.#leftOut;
  }

  #scan(tick: Tick, into: Accumulator): void {
    const { threads, leftOut } = this.#discovery.scan();
    this.#threads = threads;
    this.#scannedAt = tick.boundary;
    this.#leftOut = leftOut;
    if (leftOut !== this.#told && leftOut > 0) into.event('threads_left_out', 'thread', { count: leftOut });
  }
}

function closeThread(
  thread: WatchedThread,
  fields: BigUint64Array,
  place: string,
  time: ReadTime,
  into: Accumulator,
): void {
  const value = (name: keyof typeof field) => fields[field[name]] as bigint;
  // A thread that ended has no slot from here on: no row is unknown, and unknown is not zero.
  if (value('status') !== threadStatus.ok) return;
  const startTicks = value('startTicks');
  const { pid, tid, role, owner, name } = thread;
  into.close({
    kind: threadSlot,
    own: {
      pid,
      tid,
      startTicks,
      role,
      owner,
      name,
      threadState: String.fromCharCode(Number(value('state'))),
      cpu: Number(value('cpu')),
    },
    time,
    // A reused tid has another start, hence another key and another identity: the old thread's counters never mix in.
    identity: identityOf(place, 'thread', tid, startTicks),
    values: { runNs: value('runNs'), runDelayNs: value('runDelayNs'), timeslices: value('timeslices') },
    rules,
  });
}
