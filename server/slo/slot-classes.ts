import type { Readings } from './verdict.ts';

/** What a path says of a slot; of several paths the first of these, in this order, is the service's. */
export const slotClasses = { bad: 0, unknown: 1, uncertain: 2, good: 3, idle: 4, excluded: 5 } as const;

/** Slots of a window in runs of one mark each, in order; nobody has told of a slot without one. */
export class Runs {
  /** Where each run ends, in slots from the start of the window. */
  readonly ends: number[];
  readonly marks: number[];

  constructor(ends: number[] = [], marks: number[] = []) {
    this.ends = ends;
    this.marks = marks;
  }

  get end(): number {
    return this.ends[this.ends.length - 1] ?? 0;
  }

  copy(): Runs {
    return new Runs(this.ends.slice(), this.marks.slice());
  }

  /** Slots behind the last run. */
  push(end: number, mark: number): void {
    const last = this.ends.length - 1;
    if (last >= 0 && this.marks[last] === mark) this.ends[last] = end;
    else {
      this.ends.push(end);
      this.marks.push(mark);
    }
  }

  /** The last runs, from a slot on, as they were; they are to be pushed again. */
  cutFrom(slot: number): { readonly end: number; readonly mark: number }[] {
    const cut: { end: number; mark: number }[] = [];
    while (this.end > slot) {
      const [end, mark] = [this.ends.pop() as number, this.marks.pop() as number];
      cut.push({ end, mark });
      if (this.end < slot) this.push(slot, mark);
    }
    return cut.reverse();
  }
}

/** Classes of slots in runs: where each ends, in slots from the start of the window, and its class. */
export interface SlotRuns {
  readonly ends: readonly number[];
  readonly classes: readonly number[];
}

/** The slots of a service: each of the worst class that any of its paths has. */
export class ServiceSlots {
  readonly #length: number;
  #runs = new Runs();

  constructor(length: number) {
    this.#length = length;
    if (length > 0) this.#runs.push(length, slotClasses.excluded);
  }

  /** The same paths, to go on with others. */
  fork(): ServiceSlots {
    const fork = new ServiceSlots(this.#length);
    // `add` makes other runs and leaves these as they are.
    fork.#runs = this.#runs;
    return fork;
  }

  add({ ends, classes }: SlotRuns): void {
    const merged = new Runs();
    const own = this.#runs;
    for (let [i, k, at] = [0, 0, 0]; at < this.#length; ) {
      // Behind what a path has told nothing of it is known.
      const end = Math.min(own.ends[i] as number, ends[k] ?? this.#length);
      merged.push(end, Math.min(own.marks[i] as number, classes[k] ?? slotClasses.unknown));
      if (own.ends[i] === end) i++;
      if (ends[k] === end) k++;
      at = end;
    }
    this.#runs = merged;
  }

  /** Slots that are idle or excluded are in no total; what is unknown or uncertain is bad in `low`. */
  readings(): Readings {
    const [bad, unknown, uncertain, good] = this.#counts() as [number, number, number, number];
    const total = BigInt(bad + unknown + uncertain + good);
    return { high: { total, bad: BigInt(bad) }, low: { total, bad: BigInt(bad + unknown + uncertain) } };
  }

  /** How many slots are of each class, in the order of `slotClasses`. */
  #counts(): number[] {
    const counts = new Array<number>(6).fill(0);
    let from = 0;
    for (const [i, end] of this.#runs.ends.entries()) {
      const of = this.#runs.marks[i] as number;
      counts[of] = (counts[of] as number) + end - from;
      from = end;
    }
    return counts;
  }
}
