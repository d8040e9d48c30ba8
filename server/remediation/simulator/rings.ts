import type { QueueSpec } from './host-parts.ts';

/** The rings of a host's queues and what became of their packets; whole numbers of packets throughout. */
export class Rings {
  readonly cyclesPerPacket: Float64Array;
  readonly size: Float64Array;
  readonly heldMost: Float64Array;
  /** Packets in the ring, and packets whose sender waits for a place in it. */
  readonly backlog: Float64Array;
  readonly held: Float64Array;
  /** Since the beginning. `gone`: they waited when their port was deleted. */
  readonly offered: Float64Array;
  readonly polled: Float64Array;
  readonly dropped: Float64Array;
  readonly gone: Float64Array;

  constructor(queues: readonly Pick<QueueSpec, 'cyclesPerPacket' | 'ring' | 'heldMost'>[]) {
    this.cyclesPerPacket = Float64Array.from(queues, ({ cyclesPerPacket }) => cyclesPerPacket);
    this.size = Float64Array.from(queues, ({ ring }) => ring);
    this.heldMost = Float64Array.from(queues, ({ heldMost }) => heldMost);
    const zeros = () => new Float64Array(queues.length);
    [this.backlog, this.held] = [zeros(), zeros()];
    [this.offered, this.polled, this.dropped, this.gone] = [zeros(), zeros(), zeros(), zeros()];
  }

  /** All that a queue was offered was polled at once. */
  pass(queue: number, packets: number): void {
    this.offered[queue] = (this.offered[queue] ?? 0) + packets;
    this.polled[queue] = (this.polled[queue] ?? 0) + packets;
  }

  /** Packets that come while nobody polls: to the ring, to the sender's hands, and the rest is lost. */
  arrive(queue: number, packets: number): void {
    this.offered[queue] = (this.offered[queue] ?? 0) + packets;
    this.#keep(queue, (this.backlog[queue] ?? 0) + (this.held[queue] ?? 0) + packets);
  }

  /**
   * One step of one thread with so many cycles: Lindley's recursion with a ring's limit. It takes a burst of each queue in turn, so
   * every queue gets the same number of packets until it has no more; packets that come during the step can be polled in
   * it. `arrivals` are of each queue of the host. Returns the cycles that were used.
   */
  poll(queues: readonly number[], arrivals: Float64Array, cycles: number): number {
    const wanted = (queue: number) => (this.backlog[queue] ?? 0) + (this.held[queue] ?? 0) + (arrivals[queue] ?? 0);
    const level = fairLevel(queues, wanted, { cycles, costs: this.cyclesPerPacket });
    let used = 0;
    for (const queue of queues) {
      const packets = wanted(queue);
      const taken = Math.min(packets, level);
      used += taken * (this.cyclesPerPacket[queue] ?? 0);
      this.offered[queue] = (this.offered[queue] ?? 0) + (arrivals[queue] ?? 0);
      this.polled[queue] = (this.polled[queue] ?? 0) + taken;
      this.#keep(queue, packets - taken);
    }
    return used;
  }

  /** Its port is deleted: what waits is nobody's loss. */
  clear(queue: number): void {
    this.gone[queue] = (this.gone[queue] ?? 0) + (this.backlog[queue] ?? 0) + (this.held[queue] ?? 0);
    this.backlog[queue] = 0;
    this.held[queue] = 0;
  }

  /** Every packet is somewhere. */
  isBalanced(queue: number): boolean {
    const kept = (this.backlog[queue] ?? 0) + (this.held[queue] ?? 0);
    const left = (this.polled[queue] ?? 0) + (this.dropped[queue] ?? 0) + (this.gone[queue] ?? 0);
    return (
      this.offered[queue] === left + kept &&
      (this.backlog[queue] ?? 0) <= (this.size[queue] ?? 0) &&
      (this.held[queue] ?? 0) <= (this.heldMost[queue] ?? 0)
    );
  }

  #keep(queue: number, packets: number): void {
    const backlog = Math.min(packets, this.size[queue] ?? 0);
    const held = Math.min(packets - backlog, this.heldMost[queue] ?? 0);
    this.backlog[queue] = backlog;
    this.held[queue] = held;
    this.dropped[queue] = (this.dropped[queue] ?? 0) + packets - backlog - held;
  }
}

/** The most packets that each queue may get so that all of it fits the cycles; what is left over is too little for one each. */
function fairLevel(
  queues: readonly number[],
  wanted: (queue: number) => number,
  { cycles, costs }: { readonly cycles: number; readonly costs: Float64Array },
): number {
  let left = cycles;
  let cost = queues.reduce((sum, queue) => sum + (costs[queue] ?? 0), 0);
  const thirsty = [...queues].sort((a, b) => wanted(a) - wanted(b));
  for (const queue of thirsty) {
    const level = Math.floor(left / cost);
    if (wanted(queue) > level) return level;
    left -= wanted(queue) * (costs[queue] ?? 0);
    cost -= costs[queue] ?? 0;
  }
  return Number.MAX_SAFE_INTEGER;
}
