import type { Ratio } from './decimal.ts';
import { LastPackets } from './last-packets.ts';
import { type Loss, packetsMin } from './loss.ts';
import type { Span } from './objective.ts';
import type { Piece } from './pieces.ts';
import { isUnknown, segmentKinds } from './segment.ts';
import { Runs, type SlotRuns, slotClasses } from './slot-classes.ts';

/**
 * Packet delivery by slots, for one path (sla research §C.1, §4.4): a slot is bad when it loses more than θ of its packets.
 * One packet alone decides nothing: a slot that loses some and has fewer than ceil(1/θ) packets is judged by its last
 * ceil(1/θ), its own and those of the slots before it. A slot that loses nothing is good, or idle with fewer than ten
 * packets. Excluded slots are passed over; before the window nothing is held against it.
 *
 * A slot that needs packets of a time that nobody knows is bad if what is known is enough for that, else uncertain. Of a
 * gap with loss the first slots are uncertain, as many as packets were lost.
 *
 * Example, θ = 0.01 (100 packets): slots offered/lost 200/2, 60/0, 30/1, 40/1, 50/0, unknown, 70/1, 70/2. Two of 200 is not
 * above θ; 30/1 has 1 of its last 100 packets lost, 40/1 two: bad. Behind the unknown slot, 70/1 is uncertain, and 70/2 bad
 * whatever was before. 2 bad, 1 unknown, 1 uncertain of 8.
 */
export class PathCleanSlots {
  readonly #max: Ratio;
  readonly #enough: bigint;
  readonly #window: Span;
  #last: LastPackets;
  #runs = new Runs();

  constructor(max: Ratio, window: Span) {
    this.#max = max;
    this.#enough = packetsMin(max);
    this.#window = window;
    this.#last = new LastPackets(max);
  }

  /** The same path as it is up to here, to go on with other losses. */
  fork(): PathCleanSlots {
    const fork = new PathCleanSlots(this.#max, this.#window);
    fork.#last = this.#last.copy();
    fork.#runs = this.#runs.copy();
    return fork;
  }

  /** Pieces in order of time; `loss` is what each says of its slots alone. */
  add(piece: Piece, loss: Loss): void {
    const slots = piece.to - piece.from;
    if (piece.from < this.#window.from || piece.to > this.#window.to) return;
    if (piece.excluded) this.#mark(piece.from, slots, slotClasses.excluded);
    else if (isUnknown(piece.kind)) {
      this.#last.forget();
      this.#mark(piece.from, slots, slotClasses.unknown);
    } else if (piece.kind !== segmentKinds.observed) this.#addLump(piece, loss);
    else this.#addSlots(piece, loss === 'idle' ? slotClasses.idle : slotClasses.good);
  }

  /** The same with what was lost further up as this path's, all of it. An idle slot is made bad by it, but never good. */
  addWorst(piece: Piece, loss: Loss): void {
    const { shared, kind, excluded } = piece;
    if (shared === 0n || excluded || isUnknown(kind)) {
      this.add(piece, loss);
      return;
    }
    this.add({ ...piece, offered: piece.offered + shared, bad: piece.bad + shared }, loss);
  }

  #addLump({ from, to, kind, offered, bad }: Piece, loss: Loss): void {
    this.#last.add({ slots: 1, offered, bad, isLump: true });
    const slots = to - from;
    if (loss === 'idle' || kind === segmentKinds.idle) {
      this.#mark(from, slots, slotClasses.idle);
      return;
    }
    const uncertain = bad < BigInt(slots) ? Number(bad) : slots;
    this.#mark(from, uncertain, slotClasses.uncertain);
    this.#mark(from + uncertain, slots - uncertain, slotClasses.good);
  }

  /** Observed slots; what is not bad is of a class. */
  #addSlots({ from, to, offered, bad }: Piece, elseClass: number): void {
    const slots = to - from;
    if (bad === 0n) this.#last.add({ slots: 1, offered: offered * BigInt(slots), bad, isLump: true });
    else if (offered < this.#enough) {
      this.#addFew({ from, to, offered, bad }, elseClass);
      return;
    } else this.#last.add({ slots, offered, bad, isLump: false });
    const isBad = bad * this.#max.den > this.#max.num * offered;
    this.#mark(from, slots, isBad ? slotClasses.bad : elseClass);
  }

  /** Slots with loss and too few packets: one by one, until their last packets are all of slots like them. */
  #addFew({ from, to, offered, bad }: Pick<Piece, 'from' | 'to' | 'offered' | 'bad'>, elseClass: number): void {
    let own = 0n;
    for (let slot = from; slot < to; ) {
      const slots = own >= this.#enough ? to - slot : 1;
      this.#last.add({ slots, offered, bad, isLump: false });
      const { isLossy } = this.#last;
      this.#mark(slot, slots, isLossy === undefined ? slotClasses.uncertain : isLossy ? slotClasses.bad : elseClass);
      own += offered;
      slot += slots;
    }
  }

  #mark(from: number, slots: number, mark: number): void {
    if (slots <= 0) return;
    const start = from - this.#window.from;
    if (start > this.#runs.end) this.#runs.push(start, slotClasses.unknown);
    this.#runs.push(start + slots, mark);
  }

  /** What it says of each slot of the window. */
  get classes(): SlotRuns {
    return { ends: this.#runs.ends, classes: this.#runs.marks };
  }
}
