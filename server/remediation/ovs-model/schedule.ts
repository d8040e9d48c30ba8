/**
 * How ovs-vswitchd shares receive queues out among polling threads at a reconfiguration (lib/dpif-netdev.c, 3.1), so that what it
 * would do can be told without letting it. Held against recorded passes of the real one by `test/system/ovs-model.test.ts`.
 */

export interface OvsThread {
  readonly core: number;
  readonly numa: number;
}

export interface OvsQueue {
  readonly port: string;
  /** Number of the port in the datapath: breaks ties. */
  readonly portNo: number;
  readonly queue: number;
  /** The node of its port. */
  readonly numa: number;
  /** Measured over the last twelve intervals of 5 s. */
  readonly cycles: bigint;
  /** Core of its affinity; null: none. */
  readonly pin: number | null;
}

/** `pmd-rxq-assign`; of `roundrobin` the order of ports is a hash table's, which nobody can foretell. */
export const ovsAlgorithms = ['cycles', 'group'] as const;
export type OvsAlgorithm = (typeof ovsAlgorithms)[number];

export interface OvsTerms {
  readonly algorithm: OvsAlgorithm;
  /** `pmd-rxq-isolate`: a thread with a pinned queue takes no other. It holds always with `cycles`. */
  readonly isolate: boolean;
}

export interface OvsSchedule {
  /** Pinned queues first, then the others in the order in which they are shared out. */
  readonly assignments: readonly OvsAssignment[];
  readonly isolated: ReadonlySet<number>;
}

export interface OvsAssignment {
  readonly queue: OvsQueue;
  /** null: it is not polled at all. */
  readonly core: number | null;
  readonly isPinned: boolean;
}

/** Where each queue goes. Where it is now does not matter: that is why nearly everything moves. */
export function ovsSchedule(
  threads: readonly OvsThread[],
  queues: readonly OvsQueue[],
  { algorithm, isolate }: OvsTerms,
): OvsSchedule {
  const nodes = nodesOf(threads);
  const all = [...nodes.values()].flatMap(({ seats }) => seats);
  const assignments: OvsAssignment[] = [];
  const others: OvsQueue[] = [];
  for (const queue of queues) {
    // An affinity to a core without a thread is passed over.
    const seat = queue.pin === null ? undefined : all.find(({ core }) => core === queue.pin);
    if (seat === undefined) others.push(queue);
    else {
      if (isolate || algorithm === 'cycles') seat.isIsolated = true;
      seat.take(queue);
      assignments.push({ queue, core: seat.core, isPinned: true });
    }
  }
  const spare = new SpareNodes(nodes);
  for (const queue of others.sort(compareQueues)) {
    const home = nodes.get(queue.numa);
    const node = home?.isOpen === true ? home : spare.next();
    const seat = algorithm === 'group' ? node?.lowest(queue.cycles > 0n) : node?.inTurn();
    seat?.take(queue);
    assignments.push({ queue, core: seat?.core ?? null, isPinned: false });
  }
  return { assignments, isolated: new Set(all.filter(({ isIsolated }) => isIsolated).map(({ core }) => core)) };
}

/** The most cycles first; of equals the lower port, then the lower queue. */
function compareQueues(a: OvsQueue, b: OvsQueue): number {
  if (a.cycles !== b.cycles) return a.cycles < b.cycles ? 1 : -1;
  return a.portNo - b.portNo || a.queue - b.queue;
}

function nodesOf(threads: readonly OvsThread[]): ReadonlyMap<number, Node> {
  const nodes = new Map<number, Node>();
  for (const { core, numa } of [...threads].sort((a, b) => a.core - b.core)) {
    const node = nodes.get(numa) ?? new Node();
    node.seats.push(new Seat(core));
    nodes.set(numa, node);
  }
  return nodes;
}

class Seat {
  readonly core: number;
  isIsolated = false;
  cycles = 0n;
  queues = 0;

  constructor(core: number) {
    this.core = core;
  }

  take({ cycles }: OvsQueue): void {
    this.cycles += cycles;
    this.queues++;
  }
}

class Node {
  readonly seats: Seat[] = [];
  #at = 0;
  #isUp = true;

  get isOpen(): boolean {
    return this.seats.some(({ isIsolated }) => !isIsolated);
  }

  /** With the fewest cycles, or where the queue has none with the fewest queues; of equals the lowest core. */
  lowest(hasCycles: boolean): Seat | undefined {
    let found: Seat | undefined;
    for (const seat of this.seats) {
      if (seat.isIsolated) continue;
      const isLower = (than: Seat) => (hasCycles ? seat.cycles < than.cycles : seat.queues < than.queues);
      if (found === undefined || isLower(found)) found = seat;
    }
    return found;
  }

  /** Up through the cores and down again, each end twice; isolated ones are passed over. */
  inTurn(): Seat | undefined {
    for (let i = 0; i < this.seats.length * 2; i++) {
      const seat = this.#next();
      if (seat?.isIsolated === false) return seat;
    }
    return undefined;
  }

  #next(): Seat | undefined {
    const seat = this.seats[this.#at];
    const isEnd = this.#at === (this.#isUp ? this.seats.length - 1 : 0);
    if (isEnd) this.#isUp = !this.#isUp;
    else this.#at += this.#isUp ? 1 : -1;
    return seat;
  }
}

/**
 * Nodes for queues whose own has no thread for them, in turn. The real order is a hash table's; with two nodes, which is what
 * hosts have, there is no choice.
 */
class SpareNodes {
  readonly #nodes: readonly Node[];
  #last = -1;

  constructor(nodes: ReadonlyMap<number, Node>) {
    this.#nodes = [...nodes].sort(([a], [b]) => a - b).map(([, node]) => node);
  }

  next(): Node | undefined {
    for (let i = 0; i < this.#nodes.length; i++) {
      this.#last = (this.#last + 1) % this.#nodes.length;
      const node = this.#nodes[this.#last];
      if (node?.isOpen === true) return node;
    }
    return undefined;
  }
}
