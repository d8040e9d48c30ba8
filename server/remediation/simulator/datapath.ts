import { type HostSpec, hertz } from './host-spec.ts';
import { Readings } from './readings.ts';
import { Rings } from './rings.ts';
import { comeBy, peaks, shapes, stepsOfSecond } from './shapes.ts';

/** Of a core that polls anything: what its loop takes beside its queues. */
export const overheadPpm = 20_000;
/** Cycles to learn one flow anew: 100 us. */
const flowCycles = 250_000;
/** How long a moved queue is polled by nobody, us: two rounds of threads that reload, and some for each queue that moves. */
const gapBaseUs = 400;
const gapQueueUs = 10;
const stepUs = 1_000_000 / stepsOfSecond;

export const unplaced = -1;

/** Of each queue: packets of a second, and which of `shapes` they come in. */
export interface Offered {
  readonly packets: Float64Array;
  readonly shape: Uint8Array;
}

/** Threads, the queues they poll, and what passes. */
export class Datapath {
  readonly rings: Rings;
  readonly readings: Readings;
  /** Of each queue: the place of its thread, or `unplaced`. */
  readonly place: Int32Array;
  /** Of each thread: its queues. */
  readonly queuesOf: number[][];
  /** Of each thread: taken by others in the present second. */
  readonly stolenPpm: Uint32Array;
  /** Of each thread: cycles that its queues were offered in the last second. */
  readonly wantedCycles: Float64Array;
  /** Packets x 100 ms that waited in rings, and the longest wait of a packet, us. */
  waitedSteps = 0;
  longestWaitUs = 0;
  readonly #spec: HostSpec;
  readonly #debt: Float64Array;
  readonly #gapUs: Float64Array;
  readonly #peak: Float64Array;
  readonly #isMoving: Uint8Array;
  readonly #arrivals: Float64Array;

  constructor(spec: HostSpec) {
    const { pmds, queues } = spec;
    this.#spec = spec;
    this.rings = new Rings(queues);
    this.readings = new Readings(pmds.length, queues.length);
    this.place = new Int32Array(queues.length).fill(unplaced);
    this.queuesOf = pmds.map(() => []);
    this.stolenPpm = new Uint32Array(pmds.length);
    this.wantedCycles = new Float64Array(pmds.length);
    this.#debt = new Float64Array(pmds.length);
    this.#gapUs = new Float64Array(pmds.length);
    this.#peak = new Float64Array(pmds.length);
    this.#isMoving = new Uint8Array(queues.length);
    this.#arrivals = new Float64Array(queues.length);
  }

  /** Puts queues on threads. Threads that lose or gain one reload; returns how many were polled elsewhere before. */
  replace(next: Int32Array): number {
    const moved = [...next.keys()].filter((queue) => next[queue] !== this.place[queue]);
    const reloaded = new Set(moved.flatMap((queue) => [this.place[queue] ?? unplaced, next[queue] ?? unplaced]));
    reloaded.delete(unplaced);
    const gap = gapBaseUs + gapQueueUs * moved.length;
    let shifted = 0;
    for (const queue of moved) {
      const [from = unplaced, to = unplaced] = [this.place[queue], next[queue]];
      if (to === unplaced) this.rings.clear(queue);
      else this.#debt[to] = (this.#debt[to] ?? 0) + (this.#spec.queues[queue]?.flows ?? 0) * flowCycles;
      if (from !== unplaced && to !== unplaced) {
        shifted++;
        this.#isMoving[queue] = 1;
      }
    }
    for (const pmd of reloaded) {
      this.#gapUs[pmd] = gap;
      this.readings.reload(pmd, this.queuesOf[pmd] ?? []);
    }
    this.place.set(next);
    for (const queues of this.queuesOf) queues.length = 0;
    for (const [queue, pmd] of next.entries()) this.queuesOf[pmd]?.push(queue);
    for (const pmd of reloaded) this.readings.reload(pmd, this.queuesOf[pmd] ?? []);
    return shifted;
  }

  /** One second. Where no step can want more than a thread has and nothing waits, all passes, and steps need not be looked at. */
  second({ packets, shape }: Offered): void {
    const { place, rings } = this;
    this.#peak.fill(0);
    this.wantedCycles.fill(0);
    for (let queue = 0; queue < place.length; queue++) {
      const pmd = place[queue] ?? unplaced;
      if (pmd === unplaced) continue;
      const cost = rings.cyclesPerPacket[queue] ?? 0;
      const count = packets[queue] ?? 0;
      const most = comeBy(count, peaks[shape[queue] ?? 0] ?? 0) + 1;
      this.wantedCycles[pmd] = (this.wantedCycles[pmd] ?? 0) + count * cost;
      const waits = (rings.backlog[queue] ?? 0) + (rings.held[queue] ?? 0);
      this.#peak[pmd] = (this.#peak[pmd] ?? 0) + (waits > 0 ? hertz : most * cost);
    }
    for (const [pmd, queues] of this.queuesOf.entries()) {
      if (queues.length === 0) {
        // Nobody waits for it, and nothing is learnt for nobody.
        this.#gapUs[pmd] = 0;
        this.#debt[pmd] = 0;
        continue;
      }
      const budget = this.#stepCycles(pmd);
      const isCalm = (this.#peak[pmd] ?? 0) <= budget && this.#debt[pmd] === 0 && this.#gapUs[pmd] === 0;
      if (isCalm) this.#pass(pmd, packets);
      else this.#inSteps(pmd, { packets, shape });
    }
  }

  #pass(pmd: number, packets: Float64Array): void {
    let used = 0;
    for (const queue of this.queuesOf[pmd] ?? []) {
      const count = packets[queue] ?? 0;
      const cycles = count * (this.rings.cyclesPerPacket[queue] ?? 0);
      this.rings.pass(queue, count);
      this.readings.addQueue(queue, this.#seen(pmd, cycles));
      used += cycles;
    }
    this.readings.addBusy(pmd, this.#seen(pmd, used + (hertz * overheadPpm) / 1_000_000));
  }

  #inSteps(pmd: number, { packets, shape }: Offered): void {
    const { rings } = this;
    const queues = this.queuesOf[pmd] ?? [];
    const arrivals = this.#arrivals;
    let used = 0;
    const polledBefore = queues.map((queue) => rings.polled[queue] ?? 0);
    const thousandths = queues.map(() => 0);
    for (let step = 0; step < stepsOfSecond; step++) {
      for (const [i, queue] of queues.entries()) {
        const before = thousandths[i] ?? 0;
        const after = before + (shapes[shape[queue] ?? 0]?.[step] ?? 0);
        thousandths[i] = after;
        const count = packets[queue] ?? 0;
        arrivals[queue] = comeBy(count, after) - comeBy(count, before);
      }
      used += this.#step(pmd, queues, arrivals);
      this.#measureWaits(queues, arrivals);
    }
    for (const [i, queue] of queues.entries()) {
      const count = (rings.polled[queue] ?? 0) - (polledBefore[i] ?? 0);
      this.readings.addQueue(queue, this.#seen(pmd, count * (rings.cyclesPerPacket[queue] ?? 0)));
    }
    this.readings.addBusy(pmd, this.#seen(pmd, used + (hertz * overheadPpm) / 1_000_000));
  }

  /** Returns the cycles that were used, those for flows to learn and for the gap included. */
  #step(pmd: number, queues: readonly number[], arrivals: Float64Array): number {
    let budget = this.#stepCycles(pmd);
    let other = 0;
    const gap = this.#gapUs[pmd] ?? 0;
    if (gap > 0) {
      this.#gapUs[pmd] = 0;
      other = Math.floor((budget * gap) / stepUs);
      // Only queues that move are polled by nobody meanwhile; those that stay wait for a reload as for any slow round.
      for (const queue of queues) {
        if (this.#isMoving[queue] !== 1) continue;
        this.#isMoving[queue] = 0;
        const early = Math.floor(((arrivals[queue] ?? 0) * gap) / stepUs);
        this.rings.arrive(queue, early);
        arrivals[queue] = (arrivals[queue] ?? 0) - early;
      }
    }
    budget -= other;
    // First packets of flows come between others: they take half of the time at most.
    const learnt = Math.min(this.#debt[pmd] ?? 0, Math.floor(budget / 2));
    this.#debt[pmd] = (this.#debt[pmd] ?? 0) - learnt;
    return this.rings.poll(queues, arrivals, budget - learnt) + learnt + other;
  }

  #measureWaits(queues: readonly number[], arrivals: Float64Array): void {
    for (const queue of queues) {
      const backlog = this.rings.backlog[queue] ?? 0;
      if (backlog === 0) continue;
      this.waitedSteps += backlog;
      // As many as came and did not stay were polled, about; none at all: the step and more.
      const polled = Math.max(1, arrivals[queue] ?? 0);
      this.longestWaitUs = Math.max(this.longestWaitUs, Math.min(1_000_000, Math.floor((backlog * stepUs) / polled)));
    }
  }

  #stepCycles(pmd: number): number {
    return Math.floor(((hertz / stepsOfSecond) * (1_000_000 - overheadPpm - (this.stolenPpm[pmd] ?? 0))) / 1_000_000);
  }

  /** By the clock of the core, which runs on while others have it. */
  #seen(pmd: number, cycles: number): number {
    const stolen = this.stolenPpm[pmd] ?? 0;
    return stolen === 0 ? cycles : Math.floor((cycles * 1_000_000) / (1_000_000 - stolen));
  }
}
