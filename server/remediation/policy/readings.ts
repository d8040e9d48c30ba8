/**
 * What is known of a datapath when it is looked at: rows of the store, and nothing that was made of them. Instants are unix
 * seconds, shares are millionths (ppm) of a core, and whatever nobody tells is null.
 */
export interface DatapathReadings {
  /** Nothing later is in it. */
  readonly at: number;
  /** The newest second that the store has of the host; null: none lately. */
  readonly storedTo: number | null;
  /** Each queue at each time it was told, of the last minutes. */
  readonly queues: readonly QueueWindow[];
  readonly threads: readonly ThreadWindow[];
  /** What the kernel booked for the polling threads of the switch, of the last `waitSeconds`. */
  readonly waits: readonly ThreadWait[];
  /** What interrupts and the hypervisor took of CPUs in the same time; one that is not told without a gap is not here. */
  readonly cpus: readonly CpuTaken[];
  /** Queues that were on another core than now, and when they were seen there last. */
  readonly moves: readonly QueueMove[];
  /** What receive queues took in the last `packetSeconds`; of one that nobody counts there is none. */
  readonly packets: readonly QueuePackets[];
  readonly ports: readonly PortReading[];
  readonly settings: Settings;
  /** Seconds of the last `answerSeconds` in which the switch did not answer in time, in order. */
  readonly unanswered: readonly number[];
  /** Guests of the host that are on their way from or to another, and how far; null: none, or nobody tells. */
  readonly migrating: string | null;
  /** What is announced for services with ports on this host, and holds now; null: nobody can say. */
  readonly maintenance: readonly Maintenance[] | null;
  readonly burning: readonly BurningPort[];
  readonly fleet: Fleet;
}

/** Over which it is told how long a thread waited for its CPU, and what was taken of it: two windows. */
export const waitSeconds = 10;

/** A row of `rxq_slot`. */
export interface QueueWindow {
  readonly slot: number;
  readonly port: string;
  readonly queue: number;
  readonly core: number;
  /** The node of the thread; 65535: not told. */
  readonly numa: number;
  readonly enabled: boolean;
  /** Of the wall time of its thread, asleep or not; null: NOT AVAIL. */
  readonly usagePpm: number | null;
}

/** A row of `pmd_slot`. */
export interface ThreadWindow {
  readonly core: number;
  readonly numa: number;
  readonly isolated: boolean;
  /** Second in which its reading ended. */
  readonly to: number;
  /** Queues and overhead together; null: not each share of it was told. */
  readonly busyPpm: number | null;
  /** The clock stepped. */
  readonly suspect: boolean;
}

export interface ThreadWait {
  readonly core: number;
  /** So long of the asked time is known. */
  readonly knownNs: bigint;
  readonly runDelayNs: bigint;
  /** Of it, after it was pushed off its CPU; null: not sampled. */
  readonly involuntaryLowNs: bigint | null;
  readonly involuntaryHighNs: bigint | null;
}

export interface CpuTaken {
  readonly core: number;
  readonly knownNs: bigint;
  /** Each time here is right to less than so much, ns. */
  readonly resolutionNs: bigint;
  /** Null, as soft interrupts: the kernel does not time them, or was not seen to. */
  readonly irqNs: bigint | null;
  readonly softirqNs: bigint | null;
  readonly stealNs: bigint;
}

export interface QueueMove {
  readonly port: string;
  readonly queue: number;
  readonly lastElsewhere: number;
}

export const packetSeconds = 60;
export const answerSeconds = 60;

export interface QueuePackets {
  readonly port: string;
  readonly queue: number;
  /** So long of the asked time is known. */
  readonly knownNs: bigint;
  readonly packets: bigint;
}

export interface PortReading {
  readonly port: string;
  /** dpdk, dpdkvhostuserclient and the like; empty: not told. */
  readonly type: string;
  readonly numa: number | null;
  readonly vm: string | null;
  /** `pmd-rxq-affinity`, as it stands; null: none. */
  readonly affinity: string | null;
  readonly admin: string;
  readonly link: string;
}

/** Settings of the switch; null: it is at its default. */
export interface Settings {
  /** Whether the collector reads them now. */
  readonly isRead: boolean;
  /** Null: the switch did not say. */
  readonly version: string | null;
  /** When it was seen that the switch runs, where it was not the same before; null: longer than is looked back. */
  readonly startedAt: number | null;
  readonly isolate: string | null;
  readonly assign: string | null;
  readonly autoLb: string | null;
  /** `pmd-sleep-max`, before 3.2 `pmd-maxsleep`. */
  readonly sleepMax: string | null;
  /** `external_ids:remediation` of the switch, where an operator stops us; empty: not set; null: no collector tells it. */
  readonly remediation: string | null;
  /** Settings and pins that somebody changed lately. */
  readonly changed: readonly string[];
}

/** A port whose service burns its budget. */
export interface BurningPort {
  readonly port: string;
  /** Packets that it lost in the last minute; null: not each second of it is known. */
  readonly lostPackets: bigint | null;
}

/** Somebody works here: an approved exclusion for maintenance. */
export interface Maintenance {
  readonly exclusion: string;
  readonly service: string;
  /** Not in it any more. */
  readonly to: number;
}

/** What goes on elsewhere. */
export interface Fleet {
  readonly hosts: number;
  /** Of those, with a port whose service burns. */
  readonly burningHosts: number;
}
