import type { DatapathFlow } from './dump-flows.ts';

/** What was read of a datapath's flows, and of its lookups in the same tick. */
export interface FlowReading {
  readonly flows: readonly DatapathFlow[];
  /** Lookups that found a flow, and that found none, since the daemon started. */
  readonly hit: bigint;
  readonly missed: bigint;
  /** Packets that the daemon sent itself (coverage counter dpif_execute), since it started. */
  readonly executed: bigint;
  /** Ports of the datapath: one packet of the daemon's own goes to so many at most. */
  readonly ports: number;
}

/** Sums since the first reading. */
export interface CopySums {
  /** Packets sent beyond the first way of each: flooding, mirrors, groups. */
  readonly copies: bigint;
  /** Packets that left by no port and were not dropped: taken by the switch itself. */
  readonly consumed: bigint;
  /** At most so many copies more or less in the last interval: see below. Null: without a bound. */
  readonly uncertain: bigint | null;
  /** Flows of the last reading that make copies or consume. */
  readonly flows: number;
}

interface SeenFlow {
  readonly packets: bigint;
  readonly ways: number;
}

/**
 * Counts copies from the statistics of flows, since no counter of a datapath tells them.
 *
 * A flow counts the packets that hit it; the packet that made it is not among them (the upcall runs the actions before
 * the flow is there: handle_packet_upcall in OVS's lib/dpif-netdev.c), so each new flow counts for one more. A packet
 * that is recirculated goes on as one more way of it. Uncertain are the last packets of flows that went between two
 * readings, those of flows whose actions changed, outputs that depend on the packet, packets whose true actions an upcall
 * ran, and those that the daemon sent itself (LACP, BFD, answers of a controller): they came in by no port. Flows that
 * hardware forwards leave no bound: the software counters of ports may not show their packets.
 *
 * Example: a flow with 3 outputs seen with 0 and then 10 packets made 20 copies; had it not been there before, 22.
 */
export class CopyCounter {
  #seen: ReadonlyMap<string, SeenFlow> | undefined;
  #last = { hit: 0n, missed: 0n, executed: 0n };
  #waysMax = 1;
  #sums: CopySums = { copies: 0n, consumed: 0n, uncertain: null, flows: 0 };

  /** The first reading is where counting begins: its sums are 0. */
  add(reading: FlowReading): CopySums {
    const before = this.#seen;
    const seen = new Map<string, SeenFlow>();
    let { copies, consumed } = this.#sums;
    let [hitsSeen, made, unsure, flows] = [0n, 0n, 0n, 0];
    for (const flow of reading.flows) {
      const key = `${flow.core} ${flow.ufid}`;
      const last = before?.get(key);
      const ways = waysOf(flow);
      seen.set(key, { packets: flow.packets, ways });
      this.#waysMax = Math.max(this.#waysMax, ways);
      // Fewer packets than before: another flow with the same key and mask.
      const isNew = last === undefined || flow.packets < last.packets;
      const hits = flow.packets - (isNew ? 0n : last.packets);
      hitsSeen += hits;
      if (isNew) made++;
      if (ways !== 1 && (ways > 1 || isConsumer(flow))) flows++;
      const passed = before === undefined ? 0n : hits + (isNew ? 1n : 0n);
      const sure = ways - flow.conditionalOutputs;
      if (sure > 1) copies += passed * BigInt(sure - 1);
      if (isConsumer(flow)) consumed += passed;
      else if (flow.userspace && !flow.drop) unsure += passed * BigInt(reading.ports);
      unsure += passed * BigInt(flow.conditionalOutputs);
      if (last !== undefined && last.ways !== ways) unsure += passed * BigInt(Math.abs(last.ways - ways));
    }
    const unseen = this.#unseen(reading, hitsSeen, made);
    const offloaded = reading.flows.some((flow) => flow.offloaded !== 'no');
    const uncertain = before === undefined || unseen === null || offloaded ? null : unsure + unseen;
    this.#seen = seen;
    this.#last = { hit: reading.hit, missed: reading.missed, executed: reading.executed };
    this.#sums = { copies, consumed, uncertain, flows };
    return this.#sums;
  }

  /** The flows could not be read: what they did since the last reading has no bound, and is seen in the next, if at all. */
  lose(): CopySums {
    this.#sums = { ...this.#sums, uncertain: null };
    return this.#sums;
  }

  /**
   * Copies that may have been made which no reading saw: lookups that hit, less hits seen; flows made, likewise; packets of
   * the daemon's own. Null where a counter was cleared.
   */
  #unseen(reading: FlowReading, hitsSeen: bigint, made: bigint): bigint | null {
    const [hit, missed] = [reading.hit - this.#last.hit, reading.missed - this.#last.missed];
    const executed = reading.executed - this.#last.executed;
    if (hit < 0n || missed < 0n || executed < 0n) return null;
    const own = executed * BigInt(reading.ports);
    return (positive(hit - hitsSeen) + positive(missed - made)) * BigInt(this.#waysMax - 1) + own;
  }
}

function waysOf(flow: DatapathFlow): number {
  return flow.outputs + (flow.recirc ? 1 : 0) + (flow.tunnelPop ? 1 : 0);
}

function isConsumer(flow: DatapathFlow): boolean {
  return waysOf(flow) === 0 && flow.consumes && !flow.drop;
}

function positive(value: bigint): bigint {
  return value > 0n ? value : 0n;
}
