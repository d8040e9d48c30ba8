import type { Direction } from '../../core/catalogue/kind-parts.ts';
import type { DropPlace } from '../../core/catalogue/kinds.ts';
import type { stallKinds } from '../../core/catalogue/thread-kinds.ts';

/** Whose a lost packet is, as files of slots say it. Bad are the provider's and the unknown; the contract's leave `O`. */
export const owners = ['provider', 'tenant', 'contract', 'unknown'] as const;
export type Owner = (typeof owners)[number];

/** Packets by owner; they add up to those of the row. */
export type OwnedPackets = Readonly<Record<Owner, bigint>>;

/**
 * Everything that was read for one row of drops, and all that a rule may ask for: the same evidence and the same version of
 * the rules give the same owners anywhere. Times are ns from the start of the row's first slot, whole, and may be negative:
 * readings are kept of one second more on both sides, because causes and totals are not read at one instant.
 */
export interface Evidence {
  readonly host: string;
  readonly port: string;
  readonly direction: Direction;
  readonly cause: string;
  readonly place: DropPlace;
  /** Unix seconds; the interval of the row. */
  readonly slot: number;
  readonly slots: number;
  readonly packets: bigint;
  /** Packets offered to the path in each slot of the interval, in order; null: not observed. */
  readonly offered: readonly (bigint | null)[];
  /** What was bought for this direction; null: no contract says a rate. */
  readonly contract: ContractRate | null;
  /** The rings that the host puts packets into; null: they were not sampled. */
  readonly rings: RingReadings | null;
  /** The guest behind the port; null: nobody told which it is. */
  readonly guest: GuestReadings | null;
  /** Polling threads of the datapath; null: none was read. */
  readonly pmds: ThreadsRead | null;
  /** For packets to guests that are away; null: nobody asked. */
  readonly absence: Absence | null;
}

/** What is known of guests that were away in the seconds of a row and one on both sides. */
export interface Absence {
  /** What the switch said of the port itself, each value once: whether it was set up or down, and whether its guest was connected. */
  readonly admin: readonly string[];
  readonly link: readonly string[];
  /** Of a datapath: its ports to guests without counters in some second of the row. One of them, or several, got the packets. */
  readonly ports: readonly string[];
}

export interface ContractRate {
  readonly name: string;
  readonly version: number;
  readonly committedPps: bigint;
  readonly burstPackets: bigint;
  /** At most so many packets of the burst were saved up when the interval began. */
  readonly savedPackets: bigint;
  /** Packets above the rate that drops of other causes in the interval have been given already. */
  readonly takenPackets: bigint;
}

/** A time in which a ring had no free buffer. */
export interface RingRun {
  readonly queue: number;
  readonly fromNs: number;
  readonly toNs: number;
}

export interface RingReadings {
  /** Buffers of one ring; null: not told. */
  readonly size: number | null;
  /** Most free buffers known before the runs; null: not told, the size stands for it. */
  readonly freeMost: number | null;
  /** For each slot, from the one before the interval to the one behind it: every ring was sampled, and plausible. */
  readonly sampled: readonly boolean[];
  /** No sample was missed and no run left out: at any other time than that of `runs` no ring was full for a millisecond. */
  readonly whole: boolean;
  /** Time that rings were full, summed over rings, ns. Runs shorter than a millisecond are in it, and in no run. */
  readonly fullNs: number;
  readonly runs: readonly RingRun[];
}

/** A time in which a thread did not run although it would have; it lies somewhere in [fromNs, toNs), and is between both bounds. */
export interface Stall {
  readonly tid: number;
  readonly kind: (typeof stallKinds)[number];
  readonly fromNs: number;
  readonly toNs: number;
  readonly lowNs: number;
  readonly highNs: number;
}

/** A thread in each slot, from the one before the interval to the one behind it; null: not observed. */
export interface ThreadRead {
  readonly tid: number;
  readonly ranNs: readonly (number | null)[];
  /** Runnable and not running, or stopped. */
  readonly waitedNs: readonly (number | null)[];
  /** No single stall that ended or went on in the slot was longer; null: nobody sampled that. */
  readonly longestNs: readonly (number | null)[];
  /** Times that it left its CPU by itself: to sleep, blocked, or stopped by a signal; null: not told. */
  readonly sleeps: readonly (number | null)[];
}

export interface ThreadsRead {
  readonly threads: readonly ThreadRead[];
  readonly stalls: readonly Stall[];
}

export interface GuestReadings extends ThreadsRead {
  readonly name: string;
  /** Times in which every thread of its process was stopped by a signal, [from, to) in ns. */
  readonly stopped: readonly { readonly fromNs: number; readonly toNs: number }[];
}

/** Evidence that a rule would have needed; a row whose owner is unknown names what was not there. */
export const missingNames = [
  'contractRate',
  'offered',
  'ringSamples',
  'ringSize',
  'ringRuns',
  'guest',
  'guestThreads',
  'pmdThreads',
  'portState',
  'whoseOrder',
  'absentPort',
  'agreedFrameSize',
  'whoseRule',
  'cause',
  'rule',
] as const;
export type Missing = (typeof missingNames)[number];

/** Rows of longer intervals are not decided: nobody knows where in them the loss was. */
export const slotsMax = 60;
/** More readings of one row than this are not kept, and it stays unknown. */
export const readingsMax = 64;
export const secondNs = 1_000_000_000;
