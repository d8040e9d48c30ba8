import type { PlanInput, Pmd, Rxq } from './plan-input.ts';

export const whole = 1_000_000;

/** One queue to another thread; both by their place in the input. */
export interface Shift {
  readonly rxq: number;
  readonly to: number;
}

/**
 * Queues on threads, by their places in the input, so that a search reads arrays. Nothing in it changes.
 */
export interface Placement {
  readonly pmds: readonly Pmd[];
  readonly rxqs: readonly Rxq[];
  /** Of each thread: what is left for queues, ppm of a core; above 0. */
  readonly capacity: readonly number[];
  /** Of each thread: the sum of its queues. */
  readonly load: readonly number[];
  readonly use: readonly number[];
  /** Of each queue: its thread. */
  readonly home: readonly number[];
  /** Of each thread: its queues. */
  readonly queues: readonly (readonly number[])[];
}

export function placementOf({ pmds, rxqs }: Pick<PlanInput, 'pmds' | 'rxqs'>): Placement {
  const places = new Map(pmds.map(({ core }, place) => [core, place]));
  const home = rxqs.map(({ core, id }) => {
    const place = places.get(core);
    if (place === undefined) throw new RangeError(`${id} is polled on core ${core}, which has no thread`);
    return place;
  });
  const queues: number[][] = pmds.map(() => []);
  const load = pmds.map(() => 0);
  home.forEach((place, rxq) => {
    queues[place]?.push(rxq);
    load[place] = (load[place] ?? 0) + (rxqs[rxq]?.usagePpm ?? 0);
  });
  const capacity = pmds.map(({ overheadPpm, stolenPpm }) => whole - overheadPpm - stolenPpm);
  const use = load.map((sum, place) => usedPpm(sum, capacity[place] ?? 0));
  return { pmds, rxqs, capacity, load, use, home, queues };
}

/**
 * Use of a thread, ppm of what it has for queues, rounded down. Exact although it divides doubles: with load x 10^6 below 2^52
 * a quotient that is no integer is further from the next one than a double can be wrong.
 */
export function usedPpm(load: number, capacity: number): number {
  return Math.floor((load * whole) / capacity);
}

/** The busiest thread; of equals the one with the lowest core; undefined: there is none. */
export function busiest({ pmds, use }: Pick<Placement, 'pmds' | 'use'>): number | undefined {
  let found: number | undefined;
  for (const [place, { core }] of pmds.entries()) {
    if (found === undefined) found = place;
    else {
      const difference = (use[place] ?? 0) - (use[found] ?? 0);
      if (difference > 0 || (difference === 0 && core < (pmds[found]?.core ?? core))) found = place;
    }
  }
  return found;
}

/** Z: the use of the busiest thread; 0 without threads. */
export function highestUse({ use }: Pick<Placement, 'use'>): number {
  return use.reduce((most, each) => Math.max(most, each), 0);
}
