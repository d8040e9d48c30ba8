import type { Loss } from './loss.ts';
import type { Span } from './objective.ts';

/** What a path says of a slot; of several paths the first of these, in this order, is the service's. */
export const slotClasses = { unavailable: 0, unknown: 1, uncertain: 2, available: 3, idle: 4, excluded: 5 } as const;

const classBits = 7;
const lossyBit = 8;
/** Neither counts towards a run nor breaks it. */
const neutralBit = 16;

export interface HighLoss {
  readonly hli: bigint;
  readonly chli: bigint;
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
  /** One byte a slot of the window; lent, and used for one path after another. */
  readonly #marks: Uint8Array;
  #available = true;
  #against = 0;
  #againstFrom = 0;

  constructor(run: number, window: Span, marks: Uint8Array) {
    this.#run = run;
    this.#window = window;
    this.#marks = marks.fill(slotClasses.unknown);
  }

  add(from: number, to: number, loss: Loss, bad: bigint): void {
    switch (loss) {
      case 'lossy':
      case 'good':
        this.#count(from, to, loss === 'good');
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

  #count(from: number, to: number, good: boolean): void {
    this.#mark(from, to, this.#state() | (good ? 0 : lossyBit));
    if (good === this.#available) {
      this.#against = 0;
      return;
    }
    if (this.#against === 0) this.#againstFrom = from;
    this.#against += to - from;
    if (this.#against < this.#run) return;
    this.#turn(this.#againstFrom, to);
    this.#against = 0;
  }

  #state(): number {
    return this.#available ? slotClasses.available : slotClasses.unavailable;
  }

  #turn(from: number, to: number): void {
    const old = this.#state();
    this.#available = !this.#available;
    const [start, end] = this.#cut(from, to);
    for (let i = start; i < end; i++) {
      const mark = this.#marks[i] as number;
      if ((mark & classBits) === old) this.#marks[i] = (mark & ~classBits) | this.#state();
    }
  }

  #mark(from: number, to: number, mark: number): void {
    const start = Math.max(from, this.#window.from) - this.#window.from;
    const end = Math.min(to, this.#window.to) - this.#window.from;
    if (end - start === 1) this.#marks[start] = mark;
    else if (start < end) this.#marks.fill(mark, start, end);
  }

  #cut(from: number, to: number): [number, number] {
    const { from: first, to: behind } = this.#window;
    return [Math.max(from, first) - first, Math.min(to, behind) - first];
  }

  /**
   * Lossy slots while available, and runs of `consecutiveMin` (p of MEF 10.4) or more of them; as long as `run` they would
   * have made the time unavailable.
   */
  highLoss(consecutiveMin = 2): HighLoss {
    let hli = 0;
    let chli = 0;
    let run = 0;
    for (const mark of this.#marks) {
      const of = mark & classBits;
      if (of === slotClasses.available && (mark & lossyBit) !== 0) {
        hli++;
        if (++run === consecutiveMin) chli++;
      } else if (of === slotClasses.unavailable || (of === slotClasses.available && (mark & neutralBit) === 0)) {
        run = 0;
      }
    }
    return { hli: BigInt(hli), chli: BigInt(chli) };
  }

  /** Makes the service's slots at least as bad as this path's. */
  mergeInto(service: Uint8Array): void {
    for (let i = 0; i < service.length; i++) {
      const of = (this.#marks[i] as number) & classBits;
      if (of < (service[i] as number)) service[i] = of;
    }
  }
}

/** How many slots of the service are of each class, in the order of `slotClasses`. */
export function countClasses(service: Uint8Array): number[] {
  const counts = new Array<number>(6).fill(0);
  for (const of of service) counts[of] = (counts[of] as number) + 1;
  return counts;
}
