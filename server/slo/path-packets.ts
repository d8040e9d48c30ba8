import type { Piece } from './pieces.ts';
import { isSealed, isUnknown, segmentKinds } from './segment.ts';

/**
 * Packets of one path in the window. `shared` is what was lost further up and may have been its own: the low reading offers
 * it and loses it.
 */
export class PathPackets {
  total = 0n;
  bad = 0n;
  shared = 0n;
  #unknownSlots = 0;
  #largest = 0n;
  /** With what may have been offered beside it. */
  #largestShared = 0n;
  #seen = false;

  /** `slots` of the piece lie in the window: all of them, or none, since pieces end where the window does. */
  add(piece: Piece, slots: number): void {
    if (slots === 0 || piece.excluded) return;
    if (isUnknown(piece.kind)) {
      this.#unknownSlots += slots;
      return;
    }
    const observed = piece.kind === segmentKinds.observed;
    if (observed && slots > 1) {
      this.total += piece.offered * BigInt(slots);
      this.bad += piece.bad * BigInt(slots);
    } else {
      this.total += piece.offered;
      if (piece.bad > 0n) this.bad += piece.bad;
    }
    if (piece.shared > 0n) this.#share(piece, slots);
    this.#seen ||= observed || isSealed(piece.kind);
    // Zero for a gap: of none of its slots is it known.
    const largest = observed ? piece.offered : piece.peak;
    if (largest > this.#largest) this.#largest = largest;
  }

  #share(piece: Piece, slots: number): void {
    const observed = piece.kind === segmentKinds.observed;
    this.shared += observed ? piece.shared * BigInt(slots) : piece.shared;
    const largest = piece.offered + piece.shared;
    if (observed && largest > this.#largestShared) this.#largestShared = largest;
  }

  /** What the unknown slots may have offered. */
  get unknown(): bigint {
    return BigInt(this.#unknownSlots) * this.#largest;
  }

  /** What unknown slots and loss further up may have come to at most. */
  get unproven(): bigint {
    let largest = this.#largest;
    if (this.#largestShared > largest) largest = this.#largestShared;
    return BigInt(this.#unknownSlots) * largest + this.shared;
  }

  /** False: slots are unknown, and no observed one says how large they can have been. */
  get bounded(): boolean {
    return this.#unknownSlots === 0 || this.#seen;
  }
}
