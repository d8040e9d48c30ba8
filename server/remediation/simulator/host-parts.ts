export interface PmdSpec {
  readonly core: number;
  readonly numa: number;
}

export interface PortSpec {
  readonly name: string;
  readonly numa: number;
  /** When it is there, in seconds of the run: from each `from` up to and without `to`. */
  readonly presences: readonly { readonly from: number; readonly to: number }[];
}

export interface QueueSpec {
  /** Its place among the ports. */
  readonly port: number;
  readonly queue: number;
  readonly numa: number;
  readonly vm: string | null;
  /** Queues of one group are to be on different threads. */
  readonly group: string | null;
  /** Place of the thread that an operator pinned it to. */
  readonly pin: number | null;
  readonly cyclesPerPacket: number;
  /** Packets that its ring takes. */
  readonly ring: number;
  /** Packets that its sender keeps when the ring is full; 0: it sends on, and they are lost. */
  readonly heldMost: number;
  /** Before times of day, tenants, bursts and surges. */
  readonly packetsPerSecond: number;
  readonly packetsMost: number;
  readonly tenant: number;
  readonly isOnOff: boolean;
  /** 0 to 3: how uneven its packets come within a second. */
  readonly spikiness: number;
  /** Flows that the thread it comes to must learn. */
  readonly flows: number;
}

/** Time that others take from a thread. */
export interface Theft {
  /** Place of the thread. */
  readonly pmd: number;
  readonly from: number;
  readonly to: number;
  readonly stolenPpm: number;
}
