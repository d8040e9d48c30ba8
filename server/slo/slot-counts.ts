import type { Span } from './objective.ts';
import type { Piece } from './pieces.ts';
import { isSealed, segmentKinds } from './segment.ts';

/** Slots of a window, summed over paths; `suspect` is part of `unknown`. An excluded slot is in no other count. */
export interface SlotCounts {
  readonly expected: number;
  readonly observed: number;
  readonly bridged: number;
  readonly unknown: number;
  readonly excluded: number;
  readonly idle: number;
  readonly suspect: number;
}

export class SlotCounter {
  readonly #window: Span;
  #expected = 0;
  #observed = 0;
  #bridged = 0;
  #excluded = 0;
  #idle = 0;
  #suspect = 0;

  constructor(window: Span) {
    this.#window = window;
  }

  addPath(): void {
    this.#expected += this.#window.to - this.#window.from;
  }

  /** Gives how many slots of the piece lie in the window. */
  add(piece: Piece, idle: boolean): number {
    const slots = Math.min(piece.to, this.#window.to) - Math.max(piece.from, this.#window.from);
    if (slots <= 0) return 0;
    if (piece.excluded) this.#excluded += slots;
    else if (idle) this.#idle += slots;
    else if (piece.kind === segmentKinds.observed || isSealed(piece.kind)) this.#observed += slots;
    else if (piece.kind === segmentKinds.bridged || piece.kind === segmentKinds.folded) this.#bridged += slots;
    else if (piece.kind === segmentKinds.suspect) this.#suspect += slots;
    return slots;
  }

  counts(): SlotCounts {
    const known = this.#observed + this.#bridged + this.#excluded + this.#idle;
    return {
      expected: this.#expected,
      observed: this.#observed,
      bridged: this.#bridged,
      unknown: this.#expected - known,
      excluded: this.#excluded,
      idle: this.#idle,
      suspect: this.#suspect,
    };
  }
}
