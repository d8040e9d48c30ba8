import type { WorstLoss } from './loss.ts';
import type { Span } from './objective.ts';

/** What a path says of a slot; of several paths the first of these, in this order, is the service's. */
const slotClasses = { unavailable: 0, unknown: 1, uncertain: 2, available: 3, idle: 4, excluded: 5 } as const;

const classBits = 7;
const lossyBit = 8;
/** Neither counts towards a run nor breaks it. */
const neutralBit = 16;
/** Idle, unless loss further up was this path's: in no total where that does not make it bad. */
const idleBit = 32;

export interface HighLoss {
  readonly hli: bigint;
  readonly chli: bigint;
}

/** Slots of a window in runs of one mark each, in order; nobody has told of a slot without one. */
class Runs {
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

/**
 * The state machine of MEF 10.4 for one path (sla research §3.4): it begins available, turns at the first of `run` slots
 * in a row that contradict the state, and these turn with it. Slots come in order of time, those outside the window too.
 *
 * Example, run 3: good lossy lossy idle lossy good good good is A U U i U A A A; at two lossy slots it would stay A.
 */
export class PathAvailability {
  readonly #run: number;
  readonly #window: Span;
  #runs = new Runs();
  #available = true;
  #against = 0;
  #againstFrom = 0;

  constructor(run: number, window: Span) {
    this.#run = run;
    this.#window = window;
  }

  add(from: number, to: number, loss: WorstLoss, bad: bigint): void {
    switch (loss) {
      case 'lossy':
      case 'good':
        this.#count(from, to, loss === 'good');
        return;
      case 'idleLossy':
        this.#count(from, to, false, idleBit);
        return;
      case 'gap': {
        const uncertain = bad < BigInt(to - from) ? from + Number(bad) : to;
        this.#mark(from, uncertain, slotClasses.uncertain);
        // The rest lost nothing: enough to be available where one slot is, else in the state around it.
        this.#mark(uncertain, to, (this.#run === 1 ? slotClasses.available : this.#state()) | neutralBit);
        return;
      }
      default:
        this.#mark(from, to, slotClasses[loss]);
    }
  }

  /** The same path as it is up to here, to go on with other losses. */
  fork(): PathAvailability {
    const fork = new PathAvailability(this.#run, this.#window);
    fork.#runs = this.#runs.copy();
    fork.#available = this.#available;
    fork.#against = this.#against;
    fork.#againstFrom = this.#againstFrom;
    return fork;
  }

  #count(from: number, to: number, good: boolean, bits = 0): void {
    this.#mark(from, to, this.#state() | (good ? 0 : lossyBit) | bits);
    if (good === this.#available) {
      this.#against = 0;
      return;
    }
    if (this.#against === 0) this.#againstFrom = from;
    this.#against += to - from;
    if (this.#against < this.#run) return;
    this.#turn(this.#againstFrom);
    this.#against = 0;
  }

  #state(): number {
    return this.#available ? slotClasses.available : slotClasses.unavailable;
  }

  /** Everything from a slot on turns, but for what is in no state. */
  #turn(from: number): void {
    const old = this.#state();
    this.#available = !this.#available;
    for (const { end, mark } of this.#runs.cutFrom(Math.max(0, from - this.#window.from))) {
      this.#runs.push(end, (mark & classBits) === old ? (mark & ~classBits) | this.#state() : mark);
    }
  }

  #mark(from: number, to: number, mark: number): void {
    const start = from - this.#window.from;
    const end = Math.min(to, this.#window.to) - this.#window.from;
    if (end <= 0 || end <= start) return;
    if (start > this.#runs.end) this.#runs.push(start, slotClasses.unknown);
    this.#runs.push(end, mark);
  }

  /**
   * Lossy slots while available, and runs of `consecutiveMin` (p of MEF 10.4) or more of them; as long as `run` they would
   * have made the time unavailable.
   */
  highLoss(consecutiveMin = 2): HighLoss {
    let hli = 0;
    let chli = 0;
    let run = 0;
    let from = 0;
    for (const [i, end] of this.#runs.ends.entries()) {
      const mark = this.#runs.marks[i] as number;
      const of = mark & classBits;
      if (of === slotClasses.available && (mark & lossyBit) !== 0) {
        hli += end - from;
        if (run < consecutiveMin && run + end - from >= consecutiveMin) chli++;
        run += end - from;
      } else if (of === slotClasses.unavailable || (of === slotClasses.available && (mark & neutralBit) === 0)) {
        run = 0;
      }
      from = end;
    }
    return { hli: BigInt(hli), chli: BigInt(chli) };
  }

  /** What it says of each slot of the window. */
  get classes(): SlotRuns {
    const { ends, marks } = this.#runs;
    return { ends, classes: marks.map(classOf) };
  }
}

function classOf(mark: number): number {
  const of = mark & classBits;
  return (mark & idleBit) !== 0 && of === slotClasses.available ? slotClasses.idle : of;
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

  /** How many slots are of each class, in the order of `slotClasses`. */
  counts(): number[] {
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
