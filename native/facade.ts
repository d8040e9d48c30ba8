/**
 * What the collector asks of the operating system in bulk. Two implementations: the addon (C++), and a pure TypeScript
 * form that reads /proc and /sys, for machines without a compiler. Both pass `test/contract/native.ts`.
 *
 * Numbers come in typed arrays of 64-bit integers, one call a batch. Failures of one object are marked in its place;
 * a call throws (FN_NATIVE, with call and errno) only when nothing could be read.
 */

/** Fields of one thread in the array that `readThreads` fills. */
export const threadFields = ['status', 'runNs', 'runDelayNs', 'timeslices', 'startTicks', 'state', 'cpu'] as const;
export const threadStride = threadFields.length;
/** `status` of a thread: read; not there (any more); refused or unreadable. */
export const threadStatus = { ok: 0n, gone: 1n, failed: 2n } as const;

/**
 * Fields of one thread in the rows that `StallSampler.take` fills. runNs to involuntary are the kernel's own counters.
 * delayInvoluntaryLowNs to stalls (samples, too) are sums since the sampler knows the thread; longestLowNs and
 * longestHighNs are of the time since the last `take`:
 *
 * - delayInvoluntary*: how much of runDelayNs surely, and at most, came after involuntary switches; the rest after waking.
 * - stoppedNs: surely in state T or t (samples see no more).
 * - longest*: the longest single stall is surely as long as the one, and no longer than the other; those that go on count.
 * - stalls: surely longer than the threshold, and over.
 */
export const stallThreadFields = [
  'status',
  'runNs',
  'runDelayNs',
  'timeslices',
  'startTicks',
  'state',
  'voluntary',
  'involuntary',
  'delayInvoluntaryLowNs',
  'delayInvoluntaryHighNs',
  'stoppedNs',
  'longestLowNs',
  'longestHighNs',
  'stalls',
  'samples',
] as const;
export const stallThreadStride = stallThreadFields.length;
/**
 * Fields of one stall: row of its thread, kind, boot clock before and behind it, the longest wait in it at least and at most,
 * how many waits ended in it, 1 while it goes on. `kind`: place in `stallKinds` of core/catalogue/thread-kinds.ts, from 1.
 */
export const stallFields = ['thread', 'kind', 'fromNs', 'toNs', 'lowNs', 'highNs', 'waits', 'goesOn'] as const;
export const stallStride = stallFields.length;
/** Threads a sampler takes: two open files each. */
export const stallThreadsMax = 1024;

/** Counters of one NIC in `LinkTable.counters`, in the order of struct rtnl_link_stats64. */
export const linkCounters = [
  'rxPackets',
  'txPackets',
  'rxBytes',
  'txBytes',
  'rxErrors',
  'txErrors',
  'rxDropped',
  'txDropped',
  'multicast',
  'collisions',
  'rxLengthErrors',
  'rxOverErrors',
  'rxCrcErrors',
  'rxFrameErrors',
  'rxFifoErrors',
  'rxMissedErrors',
  'txAbortedErrors',
  'txCarrierErrors',
  'txFifoErrors',
  'txHeartbeatErrors',
  'txWindowErrors',
  'rxCompressed',
  'txCompressed',
  'rxNohandler',
] as const;
export const linkStride = linkCounters.length;

export interface Link {
  readonly name: string;
  readonly ifindex: number;
  /** IFF_* bits: 1 = administratively up, 64 = running. */
  readonly flags: number;
  readonly mtu: number;
  /** ifindex of the bond, bridge or team above; 0: none. */
  readonly master: number;
  /** ifindex of the port below (VLAN, macvlan, veth peer in this namespace); 0: none. */
  readonly lower: number;
  /** IFLA_INFO_KIND: bond, veth, vlan ...; empty for hardware and lo. */
  readonly linkKind: string;
  /** IFLA_INFO_SLAVE_KIND: bond, bridge ... when it is a member; else empty. */
  readonly memberKind: string;
}

export interface LinkTable {
  readonly links: readonly Link[];
  /** links.length x linkStride. */
  readonly counters: BigUint64Array;
}

/** One queueing discipline: `drops` is TCA_STATS2's queue drop counter. */
export interface QdiscTable {
  readonly ifindex: Uint32Array;
  readonly handle: Uint32Array;
  readonly parent: Uint32Array;
  readonly kinds: readonly string[];
  readonly drops: BigUint64Array;
}

/** Counters of one queue in `QueueTable.counters`; drops: rx-hw-drops or tx-hw-drops. */
export const queueCounters = ['packets', 'bytes', 'drops'] as const;
export const queueStride = queueCounters.length;

/**
 * Counters of NIC queues, from the kernel's netlink family "netdev" (Linux 6.9). A NIC that is down, and one whose
 * driver does not tell there, has no rows.
 */
export interface QueueTable {
  readonly ifindex: Uint32Array;
  /** 0 receive, 1 transmit. */
  readonly direction: Uint8Array;
  readonly queue: Uint32Array;
  /** Rows x queueStride. */
  readonly counters: BigUint64Array;
  /** Bit i of a row: the driver has `queueCounters[i]`; without it the number in `counters` means nothing. */
  readonly present: Uint8Array;
}

export interface EthtoolCounters {
  /** One run of values after the other, in the order of `names` of each NIC. */
  readonly values: BigUint64Array;
  /** For each NIC asked: where its run begins in `values`, or -1 when it could not be read now. */
  readonly starts: Int32Array;
  /** For each NIC asked: how many values it has. */
  readonly counts: Uint32Array;
}

/** Of one command in a round. */
export interface TelemetryReply {
  readonly command: string;
  /**
   * ok; absent: the value is null (unknown command, or refused by the application); damaged: not JSON, cut off, or
   * under another key although nothing was owed; timeout: none within the deadline; unsent: the round ended before.
   */
  readonly status: 'ok' | 'absent' | 'damaged' | 'timeout' | 'unsent';
  /** Clocks in the middle between sending and receiving, and that span, ns; 0 when unsent. */
  readonly wallNs: bigint;
  readonly monoNs: bigint;
  readonly spanNs: bigint;
  /**
   * Of a flat object of unsigned 64-bit integers, in its order, also when a name comes twice. The same names are the
   * same array object as last time (but not for ever: the memory for them is bounded).
   */
  readonly names: readonly string[] | null;
  readonly values: BigUint64Array | null;
  /** Any other JSON value, verbatim; null when flat. */
  readonly text: string | null;
}

export interface TelemetryRound {
  /** One for each command, in order. */
  readonly replies: readonly TelemetryReply[];
  /** Replies that belonged to no command of this round and were discarded. */
  readonly late: number;
}

/** Of a series. */
export interface PacedRound extends TelemetryRound {
  /** Intervals before this one in which no round began, or whose round nobody took in time. */
  readonly skipped: number;
}

/** To one DPDK process. Its thread ends with it. */
export interface TelemetryConnection {
  /** What the peer said of itself: "DPDK 22.11.11", its pid in its own pid namespace, bytes a reply may have. */
  readonly version: string;
  readonly pid: number;
  readonly maxOutputLen: number;
  /**
   * Sends the commands one after another on this connection's own thread, one outstanding at a time. After a time-out
   * the rest is unsent and the connection owes a reply: the next round waits for that one first, at most
   * `replyDeadlineMs`, and is unsent as a whole without it. `cpus`: where the thread places itself (where the kernel
   * allows it); left out: where it was. Rejects FN_TELEMETRY_GONE when the peer is gone. Never two rounds at once.
   */
  round(
    commands: readonly string[],
    options: { readonly replyDeadlineMs: number; readonly cpus?: readonly number[] },
  ): Promise<TelemetryRound>;
  /**
   * Ends a running round, with the rest unsent, and resolves when the socket is closed, or after `drainMs` (500) when
   * a reply is outstanding so long; the thread then keeps the socket until it has come, at most a minute, since DPDK
   * does not bear well an answer that it cannot write. Twice is allowed.
   */
  close(drainMs?: number): Promise<void>;
}

/** A connection of the addon. */
export interface PacedConnection extends TelemetryConnection {
  /**
   * A round in each interval, begun by the connection's thread itself: for paces at which the event loop's delays would
   * lose some. Ends when the loop over it is left, or the connection closed; throws FN_TELEMETRY_GONE when the peer is
   * gone. At most 256 rounds wait to be taken. Never beside another round.
   */
  repeat(
    commands: readonly string[],
    options: { readonly intervalMs: number; readonly replyDeadlineMs: number; readonly cpus?: readonly number[] },
  ): AsyncIterable<PacedRound>;
}

/** Which way a ring's packets go: the host fills the guest's buffers, or takes what the guest sends. */
export type RingDirection = 'toGuest' | 'fromGuest';

interface RingShape {
  /** Descriptors of a split ring (VIRTIO 1.2, 2.7): 1 to 32768. Packed rings have no index in memory: not read. */
  readonly size: number;
  readonly direction: RingDirection;
}

/** A ring in a file that holds the guest's memory: mapped read-only, so that a sample needs no system call. */
export interface MappedRing extends RingShape {
  /** As /proc/PID/map_files/FROM-TO. It must be the file with these numbers (st_dev, st_ino). */
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
  /** Where `used.idx` and `avail.idx` stand in that file, bytes. */
  readonly usedOffset: bigint;
  readonly availOffset: bigint;
}

/** A ring whose memory cannot be mapped: the kernel copies the indices (process_vm_readv), which is far dearer. */
export interface RemoteRing extends RingShape {
  readonly pid: number;
  /** Addresses in that process. */
  readonly usedAddress: bigint;
  readonly availAddress: bigint;
}

/** Buckets of `RingSlotRow.fills`: empty; above (k-1)/8 and up to k/8 of the size, for k from 1 to 8; full. */
export const ringBuckets = 10;

/** A stretch of samples at which a ring was full, or its piece in a slot. */
export interface RingRun {
  /** From the slot's beginning, ns. */
  readonly fromNs: bigint;
  /** From the first full sample to the first that was not, ns; and what it lasted at least and at most. */
  readonly lengthNs: bigint;
  readonly lengthNsMin: bigint;
  readonly lengthNsMax: bigint;
  /** Bit 0: it began in the slot before; bit 1: it goes on in the next. Pieces join without a gap. */
  readonly continues: number;
}

/**
 * One ring in one second. Its fill: buffers that hold packets which their reader has not given back, an upper bound, since a
 * guest gives buffers back in batches. toGuest: size less pending; fromGuest: pending; pending = avail.idx - used.idx.
 */
export interface RingSlotRow {
  readonly id: number;
  /** Unix second. */
  readonly slot: number;
  /** Samples that say something; those with more pending than the ring has, or in time that was told twice. */
  readonly samples: number;
  readonly suspect: number;
  /** Samples more than 0.5 ms after they were due; ticks not taken. */
  readonly late: number;
  readonly missed: number;
  /** Descriptors. `fillP99`: 99 of 100 samples had no more. 0 where there are no samples. */
  readonly fillMax: number;
  readonly fillP99: number;
  /** Samples by fill; see `ringBuckets`. */
  readonly fills: readonly number[];
  /** Time full and empty, ns: all of it, the longest stretch, and where that began (from the slot's beginning). */
  readonly fullNs: bigint;
  readonly fullRunNs: bigint;
  readonly fullRunAtNs: bigint;
  readonly emptyNs: bigint;
  readonly emptyRunNs: bigint;
  /** Runs of 1 ms and more, and all that cross the slot's ends, in order; at most 32, the rest is counted. */
  readonly runs: readonly RingRun[];
  readonly runsLeftOut: number;
}

/** Why a ring is no longer sampled: its memory went; its driver began anew; its process ended; not allowed. */
export const ringEnds = ['faulted', 'reset', 'gone', 'refused'] as const;

/** What a sampler's thread did since it began. */
export interface RingTotals {
  readonly ticks: bigint;
  readonly late: bigint;
  readonly missed: bigint;
  /** Sum and greatest of the time from when a tick was due to its first read. */
  readonly latenessNs: bigint;
  readonly latenessNsMax: bigint;
  /** Slots without a tick; slots that the wall clock told again; finished slots that nobody took in time (120 wait). */
  readonly slotsSkipped: bigint;
  readonly slotsRepeated: bigint;
  readonly slotsLost: bigint;
  /** The slot finished last; 0: none. */
  readonly newestSlot: bigint;
  readonly cpuNs: bigint;
}

export interface TakenRings {
  readonly totals: RingTotals;
  /** Oldest slot first. */
  readonly slots: readonly RingSlotRow[];
  readonly ended: readonly { readonly id: number; readonly why: (typeof ringEnds)[number]; readonly wallNs: bigint }[];
}

/** Samples rings on a thread of its own. Reads memory of guests, never writes it. */
export interface RingSampler {
  /**
   * Samples a ring from the next slot on; at most 1024. Gives its id, which no other ring of this sampler gets. FN_NATIVE:
   * errno ESTALE when another file stands at the path, ENXIO when it ends before the indices.
   */
  add(ring: MappedRing | RemoteRing): number;
  /** Its memory is let go after the tick under way. What was sampled comes all the same. */
  remove(id: number): void;
  /** Slots that have ended since the last call. They are finished some ms after their end. */
  take(): TakenRings;
  /** Ends the thread. Twice is allowed. */
  close(): void;
}

export interface StallOptions {
  readonly procRoot: string;
  /** Samples a second, by a thread of its own; 0: only when they are taken. At most 1,000. */
  readonly hz: number;
  /** Single waits surely longer than this are told one by one. */
  readonly thresholdNs: number;
}

/** Follows what the scheduler does to some threads, between one `take` and the next. */
export interface StallSampler {
  /** From now on these (pid, tid, pid, tid ...); known ones go on. At most `stallThreadsMax`. */
  watch(threads: Uint32Array): void;
  /**
   * Samples each once more; fills `rows` (threads watched x stallThreadStride), and gives the stalls since the last call,
   * stallStride numbers each. At most 32 of a thread, and what goes on; all are counted.
   */
  take(rows: BigUint64Array): BigUint64Array;
  /** Ends its thread. Twice is allowed. */
  close(): void;
}

export interface NativeFacade {
  /** 'addon' or 'typescript'. */
  readonly form: 'addon' | 'typescript';
  /** CLOCK_REALTIME and CLOCK_BOOTTIME (the TypeScript form: Date and CLOCK_MONOTONIC), ns, read back to back. */
  clocks(): readonly [wallNs: bigint, monoNs: bigint];
  /**
   * Reads /proc/PID/task/TID/schedstat and stat of many threads. `threads` holds pid, tid, pid, tid ...;
   * `out` has room for threads.length / 2 x threadStride. `state` is the letter's ASCII code.
   */
  readThreads(threads: Uint32Array, out: BigUint64Array): void;
  /** The facade's one stall sampler (a second, while it is open: FN_NATIVE, EBUSY), or null where this form cannot. */
  openStalls(options: StallOptions): StallSampler | null;
  /** Every NIC of this network namespace, from one netlink dump. */
  links(): LinkTable;
  /** Queueing disciplines of every NIC, or null where this form cannot tell. */
  qdiscs(): QdiscTable | null;
  /** Counters of every queue, or null where the kernel has no such table or this form cannot tell. */
  queues(): QueueTable | null;
  /** Names of `ethtool -S`, verbatim and in order; empty when the driver has none; null where this form cannot tell. */
  ethtoolNames(nic: string): readonly string[] | null;
  /** The driver's name, or null where it has none or this form cannot tell. */
  ethtoolDriver(nic: string): string | null;
  /** Values of `ethtool -S` of several NICs; a NIC whose number of values is not `counts[i]` gets start -1. */
  ethtoolCounters(nics: readonly string[], counts: Uint32Array): EthtoolCounters | null;
  /** CPUs this process may run on (sched_getaffinity). */
  affinity(): readonly number[];
  /** Restricts this process, all its threads, to the given CPUs (sched_setaffinity of each task). False where this form cannot. */
  setAffinity(cpus: readonly number[]): boolean;
  /**
   * A client of a DPDK process's telemetry socket; null where this form cannot. Rejects FN_TELEMETRY_REFUSED (no
   * listener, or the end instead of a handshake: ten clients already) or FN_TELEMETRY_HANDSHAKE. At most 32 at once,
   * those included whose socket still waits for a reply; one more is FN_TELEMETRY_REFUSED (EMFILE).
   */
  openTelemetry(path: string, options: { readonly deadlineMs: number }): Promise<TelemetryConnection> | null;
  /** A sampler with a tick each `periodUs` (100 to 1,000,000). Null: this form has none. At most 8 at once (EMFILE). */
  openRings(options: { readonly periodUs: number }): RingSampler | null;
  /** Closes samplers, the one of stalls too, and sockets, those of telemetry as their own `close` does; later calls throw FN_NATIVE. Twice is allowed. */
  close(): void;
}
