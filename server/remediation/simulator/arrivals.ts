import type { Offered } from './datapath.ts';
import type { QueueSpec } from './host-parts.ts';
import { tenants } from './host-spec.ts';
import { mix, Random } from './random.ts';
import { shapesOf } from './shapes.ts';

/** Factors are whole numbers of 1/1,024. */
const one = 1_024;
/** A queue surges every two and a half days: a host with 16 queues every four hours. */
const surgeEverySeconds = 216_000;

/**
 * What each queue is offered, second by second: its own rate x time of day x its tenant x bursts x surges. It never asks where a
 * queue is polled, so whoever places them meets the same packets.
 */
export class Arrivals implements Offered {
  readonly packets: Float64Array;
  readonly shape: Uint8Array;
  readonly #seed: number;
  readonly #queues: readonly QueueSpec[];
  readonly #tides: readonly Tide[];
  readonly #courses: readonly Course[];
  readonly #rates: Float64Array;
  readonly #until: Float64Array;
  readonly #shapes: readonly (readonly number[])[];

  constructor(seed: number, host: number, queues: readonly QueueSpec[]) {
    this.#seed = mix(seed, host, 7);
    this.#queues = queues;
    // Of the fleet, not of the host: what a tenant does it does everywhere.
    this.#tides = Array.from({ length: tenants }, (_none, tenant) => new Tide(new Random(seed, 0x4000_0000 + tenant)));
    this.#courses = queues.map(({ isOnOff }, i) => new Course(new Random(mix(seed, host, 11), i), isOnOff));
    this.#rates = new Float64Array(queues.length);
    this.#until = new Float64Array(queues.length);
    this.packets = new Float64Array(queues.length);
    this.shape = new Uint8Array(queues.length);
    this.#shapes = queues.map(({ spikiness }) => shapesOf(spikiness));
  }

  /** Goes on to a second; each is asked once, in order. */
  next(second: number): void {
    const isMinute = second % 60 === 0;
    if (isMinute) for (const tide of this.#tides) tide.next(second);
    for (let i = 0; i < this.#rates.length; i++) {
      if (isMinute || second >= (this.#until[i] ?? 0)) this.#change(i, second);
      const rate = this.#rates[i] ?? 0;
      const chance = mix(this.#seed, i, second);
      // Up to a sixteenth more or less.
      this.packets[i] = rate + Math.floor((rate * ((chance & 1_023) - 512)) / 8_192);
      const shapes = this.#shapes[i];
      this.shape[i] = shapes?.[(chance >>> 10) % shapes.length] ?? 0;
    }
  }

  #change(i: number, second: number): void {
    const spec = this.#queues[i];
    const course = this.#courses[i];
    if (spec === undefined || course === undefined) return;
    this.#until[i] = course.next(second);
    const tide = this.#tides[spec.tenant]?.factor ?? one;
    const rate = Math.floor((((spec.packetsPerSecond * tide) / one) * course.factor) / one);
    this.#rates[i] = Math.min(spec.packetsMost, rate);
  }
}

/** A tenant's day, and events that seize all of its ports at once. */
class Tide {
  factor = one;
  readonly #random: Random;
  readonly #phase: number;
  #eventFrom: number;
  #eventTo = 0;
  #event = one;

  constructor(random: Random) {
    this.#random = random;
    // Most have their peak within the same hours.
    this.#phase = random.between(0, 6) * 3_600;
    this.#eventFrom = random.wait(14_400);
  }

  next(second: number): void {
    if (second >= this.#eventFrom && this.#eventTo <= this.#eventFrom) {
      this.#eventTo = second + 600 + this.#random.wait(900);
      this.#event = this.#random.between(1_230, 1_640);
    }
    const isEvent = second >= this.#eventFrom && second < this.#eventTo;
    if (this.#eventTo > this.#eventFrom && second >= this.#eventTo)
      this.#eventFrom = second + this.#random.wait(14_400);
    this.factor = Math.floor((dayFactor(second + this.#phase) * (isEvent ? this.#event : one)) / one);
  }
}

/** From 0.6 at the lowest to 1.25 at the highest hour: a parabola up and one down, so that no sine is needed. */
export function dayFactor(second: number): number {
  const quarter = (second % 86_400) / 21_600;
  const x = quarter < 2 ? quarter - 1 : quarter - 3;
  const wave = quarter < 2 ? 1 - x * x : x * x - 1;
  return Math.floor(947 + 333 * wave);
}

/** The own course of one queue: on and off, and now and then a surge. */
class Course {
  factor = one;
  readonly #random: Random;
  readonly #isOnOff: boolean;
  #isOn = false;
  #turnsAt = 0;
  #surgeFrom: number;
  #surgeTo = 0;
  #surge = one;

  constructor(random: Random, isOnOff: boolean) {
    this.#random = random;
    this.#isOnOff = isOnOff;
    this.#surgeFrom = random.wait(surgeEverySeconds);
  }

  /** Until when it stays as it is now. */
  next(second: number): number {
    if (this.#isOnOff && second >= this.#turnsAt) {
      this.#isOn = !this.#isOn;
      this.#turnsAt = second + this.#random.wait(20);
    }
    if (this.#surgeTo > this.#surgeFrom && second >= this.#surgeTo) {
      this.#surgeFrom = second + this.#random.wait(surgeEverySeconds);
    } else if (this.#surgeTo <= this.#surgeFrom && second >= this.#surgeFrom) {
      this.#surgeTo = second + 300 + this.#random.wait(900);
      this.#surge = this.#random.between(2 * one, 4 * one);
    }
    const isSurge = second >= this.#surgeFrom && second < this.#surgeTo;
    const burst = !this.#isOnOff ? one : this.#isOn ? 1_434 : 614;
    this.factor = Math.floor((burst * (isSurge ? this.#surge : one)) / one);
    const turn = this.#isOnOff ? this.#turnsAt : Number.MAX_SAFE_INTEGER;
    return Math.min(turn, second < this.#surgeFrom ? this.#surgeFrom : this.#surgeTo);
  }
}
