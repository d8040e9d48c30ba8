import { type Placement, type Shift, usedPpm } from './placement.ts';
import type { PlanInput } from './plan-input.ts';
import { isRobust, sharing, sparesVms, vmAllowances } from './rules.ts';

/** Moves that may be made, and what comes of them. */
export interface Candidate {
  /** By the id of their queues. */
  readonly shifts: readonly Shift[];
  /** Z: the use of the busiest thread afterwards. */
  readonly highest: number;
  /** The sum of the squares of all uses afterwards. */
  readonly squares: number;
}

/** Judges moves one after another; made once for an input. */
export class Judge {
  readonly placement: Placement;
  /** No plan may leave a thread above it. */
  readonly bound: number;
  readonly #enterPpm: number;
  readonly #allowances: ReadonlyMap<string, number>;
  readonly #grouped: readonly number[];
  /** Threads that need not be relieved, the busiest first, and the squares of their uses. */
  readonly #cool: readonly number[];
  readonly #coolSquares: number;

  constructor(placement: Placement, input: PlanInput, bound: number) {
    const { rxqs, use } = placement;
    this.placement = placement;
    this.bound = bound;
    this.#enterPpm = input.limits.enterPpm;
    this.#allowances = vmAllowances(input);
    this.#grouped = rxqs.flatMap(({ group }, rxq) => (group === null ? [] : [rxq]));
    this.#cool = [...use.keys()]
      .filter((place) => (use[place] ?? 0) <= bound)
      .sort((a, b) => (use[b] ?? 0) - (use[a] ?? 0));
    this.#coolSquares = this.#cool.reduce((sum, place) => sum + (use[place] ?? 0) ** 2, 0);
  }

  /** Threads that are above `most` once the moves are made. */
  over(shifts: readonly Shift[], most: number): number[] {
    const { use } = this.placement;
    const touched = this.#touched(shifts);
    const found = [...touched].filter(([, after]) => after > most).map(([place]) => place);
    for (const [place, before] of use.entries()) if (before > most && !touched.has(place)) found.push(place);
    return found;
  }

  /** Queues that stand beside another of their group once the moves are made. */
  sharing(shifts: readonly Shift[]): readonly number[] {
    return this.#grouped.length === 0 ? [] : sharing(shifts, this.placement, this.#grouped);
  }

  /**
   * What comes of moves of different queues, each to another thread than its own; undefined: they are no acceptable plan, or
   * one that leaves a thread above `most`, which is no more than the bound.
   */
  judge(shifts: readonly Shift[], most: number): Candidate | undefined {
    const { use } = this.placement;
    const touched = this.#touched(shifts);
    let highest = 0;
    let squares = this.#coolSquares;
    for (const [place, after] of touched) {
      if (after > most) return undefined;
      if (after > highest) highest = after;
      const before = use[place] ?? 0;
      squares += after ** 2 - (before > this.bound ? 0 : before ** 2);
    }
    for (const [place, before] of use.entries()) if (before > most && !touched.has(place)) return undefined;
    const still = this.#cool.find((place) => !touched.has(place));
    if (still !== undefined) highest = Math.max(highest, use[still] ?? 0);
    if (!sparesVms(shifts, this.placement, this.#allowances)) return undefined;
    if (!isRobust(shifts, this.placement, this.#enterPpm)) return undefined;
    if (this.sharing(shifts).length > 0) return undefined;
    return { shifts: this.sorted(shifts), highest, squares };
  }

  /** Below 0: `a` is the better one of as many moves. */
  compare(a: Candidate, b: Candidate): number {
    const difference = a.highest - b.highest || a.squares - b.squares;
    if (difference !== 0) return difference;
    const { rxqs, pmds } = this.placement;
    for (const [i, { rxq, to }] of a.shifts.entries()) {
      const other = b.shifts[i];
      if (other === undefined) return 1;
      const order = compareIds(rxqs[rxq]?.id ?? '', rxqs[other.rxq]?.id ?? '');
      const cores = (pmds[to]?.core ?? 0) - (pmds[other.to]?.core ?? 0);
      if (order !== 0 || cores !== 0) return order || cores;
    }
    return 0;
  }

  better(a: Candidate | undefined, b: Candidate | undefined): Candidate | undefined {
    if (a === undefined || b === undefined) return a ?? b;
    return this.compare(b, a) < 0 ? b : a;
  }

  /** By the id of their queues. */
  sorted(shifts: readonly Shift[]): readonly Shift[] {
    const { rxqs } = this.placement;
    return [...shifts].sort((a, b) => compareIds(rxqs[a.rxq]?.id ?? '', rxqs[b.rxq]?.id ?? ''));
  }

  /** Use of each thread once the moves are made. */
  usesAfter(shifts: readonly Shift[]): readonly number[] {
    const touched = this.#touched(shifts);
    return this.placement.use.map((use, place) => touched.get(place) ?? use);
  }

  /** Threads that a queue leaves or comes to, and their use afterwards. */
  #touched(shifts: readonly Shift[]): ReadonlyMap<number, number> {
    const { rxqs, home, load, capacity } = this.placement;
    const loads = new Map<number, number>();
    for (const { rxq, to } of shifts) {
      const from = home[rxq] ?? 0;
      const usage = rxqs[rxq]?.usagePpm ?? 0;
      loads.set(from, (loads.get(from) ?? load[from] ?? 0) - usage);
      loads.set(to, (loads.get(to) ?? load[to] ?? 0) + usage);
    }
    for (const [place, sum] of loads) loads.set(place, usedPpm(sum, capacity[place] ?? 0));
    return loads;
  }
}

/** By code units, so that it is the same on every machine. */
function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
