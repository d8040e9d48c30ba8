import { type Loss, type WorstLoss, worstLossOf } from './loss.ts';
import type { AvailabilitySli, Span } from './objective.ts';
import type { Piece } from './pieces.ts';
import { Runs, type SlotRuns, slotClasses } from './slot-classes.ts';

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

/**
 * The state machine of MEF 10.4 for one path (sla research §3.4): it begins available, turns at the first of `run` slots
 * in a row that contradict the state, and these turn with it. Slots come in order of time, those outside the window too.
 *
 * Example, run 3: good lossy lossy idle lossy good good good is A U U i U A A A; at two lossy slots it would stay A.
 */
export class PathAvailability {
  readonly #sli: AvailabilitySli;
  readonly #run: number;
  readonly #window: Span;
  #runs = new Runs();
  #available = true;
  #against = 0;
  #againstFrom = 0;

  constructor(sli: AvailabilitySli, window: Span) {
    this.#sli = sli;
    this.#run = sli.run;
    this.#window = window;
  }

  add({ from, to, bad }: Pick<Piece, 'from' | 'to' | 'bad'>, loss: Loss): void {
    this.#add(from, to, loss, bad);
  }

  /** The same with what was lost further up as this path's, all of it. */
  addWorst(piece: Piece, loss: Loss): void {
    const { from, to, bad, shared } = piece;
    this.#add(from, to, worstLossOf(piece, loss, this.#sli), bad + shared);
  }

  #add(from: number, to: number, loss: WorstLoss, bad: bigint): void {
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
        this.#mark(uncertain, to, (this.#run === 1 ? slotClasses.good : this.#state()) | neutralBit);
        return;
      }
      default:
        this.#mark(from, to, slotClasses[loss]);
    }
  }

  /** The same path as it is up to here, to go on with other losses. */
  fork(): PathAvailability {
    const fork = new PathAvailability(this.#sli, this.#window);
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
    return this.#available ? slotClasses.good : slotClasses.bad;
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
      if (of === slotClasses.good && (mark & lossyBit) !== 0) {
        hli += end - from;
        if (run < consecutiveMin && run + end - from >= consecutiveMin) chli++;
        run += end - from;
      } else if (of === slotClasses.bad || (of === slotClasses.good && (mark & neutralBit) === 0)) {
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
  return (mark & idleBit) !== 0 && of === slotClasses.good ? slotClasses.idle : of;
}
