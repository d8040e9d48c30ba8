import { event } from '../../../core/catalogue/kinds.ts';
import { cpuSlot, threadSlot, threadStall } from '../../../core/catalogue/thread-kinds.ts';
import { type NativeFacade, threadFields, threadStatus, threadStride } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';
import type { ProcessorThreads } from '../../processor-threads.ts';
import { identityOf, type ReadTime } from '../../slot.ts';
import type { Source, Tick } from '../../source.ts';
import { timedRead } from '../../timed-read.ts';
import { CpuTimes } from './cpu-times.ts';
import { ThreadDiscovery, type WatchedThread } from './discovery.ts';
import { notSampled, StallFollower } from './stall-follower.ts';

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
  readonly processorThreads: ProcessorThreads;
  /** Samples a second of what the scheduler does to each thread, beside the reads once a second. */
  readonly stallHz: number;
}

/** vCPU, emulator, vhost and PMD threads of whatever KVM guests and DPDK processes run here, and the CPUs of the last. */
export class ThreadSource implements Source {
  readonly name = 'thread';
  readonly kinds = [threadSlot, threadStall, cpuSlot, event];
  readonly #options: ThreadSourceOptions;
  readonly #discovery: ThreadDiscovery;
  #threads: readonly WatchedThread[] = [];
  #scannedAt = Number.NEGATIVE_INFINITY;
  /** Threads left out, as last told and kept; and now. */
  #told: LeftOut = { threads: 0, stalls: 0 };
  #leftOut: LeftOut = this.#told;
  #stalls: StallFollower | undefined;
  readonly #cpuTimes: CpuTimes;

  constructor(options: ThreadSourceOptions) {
    this.#options = options;
    this.#discovery = new ThreadDiscovery(options.procRoot, options.processorThreads);
    this.#cpuTimes = new CpuTimes(options);
  }

  async start(): Promise<void> {
    const { native, procRoot, stallHz } = this.#options;
    this.#stalls = new StallFollower(native, procRoot, stallHz);
    this.#scannedAt = Number.NEGATIVE_INFINITY;
  }

  async stop(): Promise<void> {
    this.#stalls?.close();
    this.#stalls = undefined;
  }

  gather(tick: Tick, into: Accumulator): void {
    if (Math.abs(tick.boundary - this.#scannedAt) >= scanSeconds) this.#scan(tick, into);
    if (this.#threads.length === 0) return;
    const { native, place } = this.#options;
    const ids = Uint32Array.from(this.#threads.flatMap(({ pid, tid }) => [pid, tid]));
    const out = new BigUint64Array(this.#threads.length * threadStride);
    const [stalls, time] = timedRead(native, tick.boundary, () => {
      native.readThreads(ids, out);
      return this.#stalls?.take();
    });
    if (stalls !== undefined) this.#stalls?.note(stalls, time);
    const polled = new Set<number>();
    for (const [i, thread] of this.#threads.entries()) {
      const fields = out.subarray(i * threadStride, (i + 1) * threadStride);
      closeThread({ thread, fields, place, time, stalls: this.#stalls }, into);
      if (thread.role === 'pmd' && fields[field.status] === threadStatus.ok) polled.add(Number(fields[field.cpu]));
    }
    this.#cpuTimes.close(polled, tick, into);
    for (const row of this.#stalls?.untold() ?? []) into.row(threadStall, { host: into.host, ...row });
  }

  kept(): void {
    this.#told = this.#leftOut;
    this.#stalls?.kept();
  }

  #scan(tick: Tick, into: Accumulator): void {
    const { threads, leftOut } = this.#discovery.scan();
    this.#threads = threads;
    this.#scannedAt = tick.boundary;
    const unsampled = this.#stalls?.watch(threads) ?? 0;
    this.#leftOut = { threads: leftOut, stalls: unsampled };
    if (leftOut !== this.#told.threads && leftOut > 0) into.event('threads_left_out', 'thread', { count: leftOut });
    if (unsampled !== this.#told.stalls && unsampled > 0) into.event('stalls_left_out', 'thread', { count: unsampled });
    if (this.#stalls === undefined || threads.length === 0) return;
    const pace = this.#stalls.isThere
      ? `${this.#options.stallHz} samples a second`
      : 'no: the native addon is not there';
    into.fact('thread.stalls', pace, 'collector');
  }
}

interface LeftOut {
  readonly threads: number;
  readonly stalls: number;
}

interface ReadThread {
  readonly thread: WatchedThread;
  /** A row of `threadFields`. */
  readonly fields: BigUint64Array;
  readonly place: string;
  readonly time: ReadTime;
  readonly stalls: StallFollower | undefined;
}

function closeThread({ thread, fields, place, time, stalls }: ReadThread, into: Accumulator): void {
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
      ...notSampled,
    },
    time,
    // A reused tid has another start, hence another key and another identity: the old thread's counters never mix in.
    identity: identityOf(place, 'thread', tid, startTicks),
    // Where it is sampled, from the last sample: so that shares of run delay are shares of this one.
    values: stalls?.counters(thread, startTicks) ?? {
      runNs: value('runNs'),
      runDelayNs: value('runDelayNs'),
      timeslices: value('timeslices'),
    },
    rules,
    ofSlots: (closed) => stalls?.columns(thread, startTicks, closed, time) ?? notSampled,
  });
}
