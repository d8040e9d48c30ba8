import { hertz } from './host-spec.ts';

/** Seconds of an interval, and how many of them Open vSwitch remembers (3.1). */
export const intervalSeconds = 5;
const remembered = 12;
export const intervalCycles = hertz * intervalSeconds;
const overloadedAtPercent = 95;

/**
 * What Open vSwitch says of loads, with its blind spots: cycles by its own clock, so that time which others take is counted as work;
 * whole percent, cut off; and nothing of a thread from a reload until a whole interval has passed.
 */
export class Readings {
  /** Of each thread: intervals in a row in which it was at least 95 % busy. */
  readonly overloaded: Uint32Array;
  readonly #busy: Float64Array;
  readonly #present: Float64Array;
  readonly #history: Float64Array;
  readonly #lastBusy: Float64Array;
  /** Of each thread: it was reloaded within the present interval. */
  readonly #isTorn: Uint8Array;
  readonly #hasInterval: Uint8Array;
  #at = 0;

  constructor(pmds: number, queues: number) {
    this.overloaded = new Uint32Array(pmds);
    this.#busy = new Float64Array(pmds);
    this.#lastBusy = new Float64Array(pmds);
    this.#isTorn = new Uint8Array(pmds);
    this.#hasInterval = new Uint8Array(pmds);
    this.#present = new Float64Array(queues);
    this.#history = new Float64Array(queues * remembered);
  }

  addQueue(queue: number, cycles: number): void {
    this.#present[queue] = (this.#present[queue] ?? 0) + cycles;
  }

  addBusy(pmd: number, cycles: number): void {
    this.#busy[pmd] = (this.#busy[pmd] ?? 0) + cycles;
  }

  /** Everything that is remembered of a reloaded thread and its queues is forgotten. */
  reload(pmd: number, queues: readonly number[]): void {
    this.#isTorn[pmd] = 1;
    this.#hasInterval[pmd] = 0;
    this.#busy[pmd] = 0;
    this.overloaded[pmd] = 0;
    for (const queue of queues) {
      this.#present[queue] = 0;
      this.#history.fill(0, queue * remembered, (queue + 1) * remembered);
    }
  }

  /** The end of an interval. */
  close(queuesOf: readonly (readonly number[])[]): void {
    for (const [pmd, queues] of queuesOf.entries()) {
      const isTorn = this.#isTorn[pmd] === 1;
      this.#hasInterval[pmd] = isTorn ? 0 : 1;
      this.#isTorn[pmd] = 0;
      const busy = Math.floor(((this.#busy[pmd] ?? 0) * 100) / intervalCycles);
      this.overloaded[pmd] = !isTorn && busy >= overloadedAtPercent ? (this.overloaded[pmd] ?? 0) + 1 : 0;
      this.#lastBusy[pmd] = this.#busy[pmd] ?? 0;
      this.#busy[pmd] = 0;
      for (const queue of queues) {
        this.#history[queue * remembered + this.#at] = isTorn ? 0 : (this.#present[queue] ?? 0);
        this.#present[queue] = 0;
      }
    }
    this.#at = (this.#at + 1) % remembered;
  }

  hasInterval(pmd: number): boolean {
    return this.#hasInterval[pmd] === 1;
  }

  /** Whole percent of the last interval, cut off. */
  usagePercent(queue: number): number {
    const last = this.#history[queue * remembered + ((this.#at + remembered - 1) % remembered)] ?? 0;
    return Math.floor((last * 100) / intervalCycles);
  }

  busyPercent(pmd: number): number {
    return Math.min(100, Math.floor(((this.#lastBusy[pmd] ?? 0) * 100) / intervalCycles));
  }

  /** Of the last minute: what Open vSwitch shares queues out by. */
  minuteCycles(queue: number): number {
    let sum = 0;
    for (let i = 0; i < remembered; i++) sum += this.#history[queue * remembered + i] ?? 0;
    return sum;
  }
}
