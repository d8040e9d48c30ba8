import type { RowOf } from '../../../core/catalogue/columns.ts';
import { stallKinds, type threadSlot, type threadStall } from '../../../core/catalogue/thread-kinds.ts';
import {
  type NativeFacade,
  type StallSampler,
  stallFields,
  stallStride,
  stallThreadFields,
  stallThreadStride,
  stallThreadsMax,
  threadStatus,
} from '../../../native/facade.ts';
import type { ClosedSlot, ReadTime } from '../../slot.ts';
import type { WatchedThread } from './discovery.ts';

/** A single wait that lasts longer than this is a stall (sla research §C.6). */
const stallNs = 1_000_000;
/** Reads that may lie between two kept rows of a thread; beyond, what was sampled in between is not known. */
const readsMax = 120;
/** Stalls that wait to be kept; beyond, they are counted in thread_slot alone. */
const untoldMax = 4096;

const field = indexOf(stallThreadFields);
const stallField = indexOf(stallFields);

/** What was sampled of a thread at one read: sums since it is sampled, and the longest stall since the read before. */
interface SampledRead {
  readonly monoNs: bigint;
  readonly numbers: BigUint64Array;
}

export type SampledColumns = Pick<
  RowOf<typeof threadSlot>,
  | 'voluntarySwitches'
  | 'involuntarySwitches'
  | 'delayInvoluntaryLowNs'
  | 'delayInvoluntaryHighNs'
  | 'stoppedNs'
  | 'longestStallLowNs'
  | 'longestStallHighNs'
  | 'stalls'
  | 'stallSamples'
>;

export const notSampled: SampledColumns = {
  voluntarySwitches: null,
  involuntarySwitches: null,
  delayInvoluntaryLowNs: null,
  delayInvoluntaryHighNs: null,
  stoppedNs: null,
  longestStallLowNs: null,
  longestStallHighNs: null,
  stalls: null,
  stallSamples: null,
};

export type StallRow = Omit<RowOf<typeof threadStall>, 'host'>;

/** The kernel's counters of a thread as the sampler saw them last. */
export interface SampledCounters {
  readonly runNs: bigint;
  readonly runDelayNs: bigint;
  readonly timeslices: bigint;
}

/**
 * Follows the native sampler from tick to tick. Sums are kept for each read until a row begins at it or after it, so that a
 * row over several slots has what was sampled in all of them, and a tick that was not kept loses nothing.
 */
export class StallFollower {
  readonly #sampler: StallSampler | null;
  #watched: readonly WatchedThread[] = [];
  #reads = new Map<string, SampledRead[]>();
  #rows = new BigUint64Array(0);
  #untold: StallRow[] = [];
  #told = 0;

  constructor(native: NativeFacade, procRoot: string, hz: number) {
    this.#sampler = native.openStalls({ procRoot, hz, thresholdNs: stallNs });
  }

  /** False: this form of the native part has no sampler. */
  get isThere(): boolean {
    return this.#sampler !== null;
  }

  /** From now on these, those that forward packets first. How many were beyond the bound. */
  watch(threads: readonly WatchedThread[]): number {
    if (this.#sampler === null) return 0;
    const wanted = threads.filter(({ role }) => role !== 'other');
    this.#watched = [...wanted].sort((a, b) => precedence[a.role] - precedence[b.role]).slice(0, stallThreadsMax);
    this.#sampler.watch(Uint32Array.from(this.#watched.flatMap(({ pid, tid }) => [pid, tid])));
    this.#rows = new BigUint64Array(this.#watched.length * stallThreadStride);
    return wanted.length - this.#watched.length;
  }

  /** A last sample for this tick. */
  take(): BigUint64Array {
    return this.#sampler?.take(this.#rows) ?? new BigUint64Array(0);
  }

  /** What `take` gave, read at `time`. */
  note(stalls: BigUint64Array, time: ReadTime): void {
    const reads = new Map<string, SampledRead[]>();
    for (const [i, thread] of this.#watched.entries()) {
      const numbers = this.#rows.slice(i * stallThreadStride, (i + 1) * stallThreadStride);
      if (numbers[field.status] !== threadStatus.ok) continue;
      const key = keyOf(thread, numbers[field.startTicks] as bigint);
      const known = this.#reads.get(key) ?? [];
      // Sampled anew since, by other files: its sums began again.
      const isAnew = (known.at(-1)?.numbers[field.samples] ?? 0n) > (numbers[field.samples] as bigint);
      const before = isAnew ? [] : known;
      reads.set(key, [...before.slice(1 - readsMax), { monoNs: time.monoNs, numbers }]);
    }
    this.#reads = reads;
    for (let at = 0; at < stalls.length && this.#untold.length < untoldMax; at += stallStride) {
      const row = this.#rowOf(stalls.subarray(at, at + stallStride), time);
      if (row !== undefined) this.#untold.push(row);
    }
  }

  /** The thread's counters of the last read, from the same instant as its other numbers. */
  counters(thread: WatchedThread, startTicks: bigint): SampledCounters | undefined {
    const numbers = this.#reads.get(keyOf(thread, startTicks))?.at(-1)?.numbers;
    if (numbers === undefined) return undefined;
    const value = (name: keyof typeof field) => numbers[field[name]] as bigint;
    return { runNs: value('runNs'), runDelayNs: value('runDelayNs'), timeslices: value('timeslices') };
  }

  /** What was sampled over the slots that the last read closes. */
  columns(thread: WatchedThread, startTicks: bigint, closed: ClosedSlot, time: ReadTime): SampledColumns {
    const key = keyOf(thread, startTicks);
    const reads = this.#reads.get(key) ?? [];
    const base = reads.findIndex(({ monoNs }) => monoNs === time.monoNs - closed.intervalNs);
    if (base < 0 || base === reads.length - 1 || closed.state === 'unknown') return notSampled;
    // What lies before the beginning of this row no later one asks for.
    this.#reads.set(key, reads.slice(base));
    return columnsOf(reads.slice(base));
  }

  /** Stalls that no kept tick has told. */
  untold(): readonly StallRow[] {
    this.#told = this.#untold.length;
    return this.#untold;
  }

  /** The tick with what `untold` gave last is kept. */
  kept(): void {
    this.#untold = this.#untold.slice(this.#told);
    this.#told = 0;
  }

  close(): void {
    this.#sampler?.close();
  }

  #rowOf(stall: BigUint64Array, time: ReadTime): StallRow | undefined {
    const value = (name: keyof typeof stallField) => stall[stallField[name]] as bigint;
    const index = Number(value('thread'));
    const thread = this.#watched[index];
    // Of a thread that ended since, nobody knows any more which one it was.
    const startTicks = this.#rows[index * stallThreadStride + field.startTicks] ?? 0n;
    if (thread === undefined || startTicks === 0n) return undefined;
    const wallOf = (monoNs: bigint) => monoNs + time.wallNs - time.monoNs;
    const { pid, tid, role, owner, name } = thread;
    const toNs = wallOf(value('toNs'));
    return {
      ...{ pid, tid, startTicks, role, owner, name },
      slot: Number(toNs / 1_000_000_000n),
      fromNs: wallOf(value('fromNs')),
      toNs,
      lowNs: value('lowNs'),
      highNs: value('highNs'),
      waits: Number(value('waits')),
      stall: stallKinds[Number(value('kind')) - 1] ?? 'mixed',
      goesOn: Number(value('goesOn')),
    };
  }
}

const precedence = { vcpu: 0, pmd: 1, vhost: 2, emulator: 3, other: 4 } as const;

function keyOf({ pid, tid }: WatchedThread, startTicks: bigint): string {
  return `${pid} ${tid} ${startTicks}`;
}

/** `reads`: the one that the row begins with, and those since. */
function columnsOf(reads: readonly SampledRead[]): SampledColumns {
  const [first, last] = [reads[0] as SampledRead, reads.at(-1) as SampledRead];
  const rise = (name: keyof typeof field) =>
    (last.numbers[field[name]] as bigint) - (first.numbers[field[name]] as bigint);
  const most = (name: keyof typeof field) => {
    let max = 0n;
    for (const { numbers } of reads.slice(1))
      if ((numbers[field[name]] as bigint) > max) max = numbers[field[name]] as bigint;
    return max;
  };
  return {
    voluntarySwitches: rise('voluntary'),
    involuntarySwitches: rise('involuntary'),
    delayInvoluntaryLowNs: rise('delayInvoluntaryLowNs'),
    delayInvoluntaryHighNs: rise('delayInvoluntaryHighNs'),
    stoppedNs: rise('stoppedNs'),
    longestStallLowNs: most('longestLowNs'),
    longestStallHighNs: most('longestHighNs'),
    stalls: rise('stalls'),
    stallSamples: rise('samples'),
  };
}

function indexOf<const N extends string>(names: readonly N[]): Readonly<Record<N, number>> {
  return Object.fromEntries(names.map((name, i) => [name, i])) as Record<N, number>;
}
