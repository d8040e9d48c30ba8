import type { Piece } from './pieces.ts';
import { isSealed, isUnknown, segmentKinds } from './segment.ts';

/** Packets of one path in the window. */
export class PathPackets {
  total = 0n;
  bad = 0n;
  #unknownSlots = 0;
  #largest = 0n;
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
    this.#seen ||= observed || isSealed(piece.kind);
    // Zero for a gap: of none of its slots is it known.
    const largest = observed ? piece.offered : piece.peak;
    if (largest > this.#largest) this.#largest = largest;
  }

  /** What the unknown slots may have offered. */
  get unknown(): bigint {
    return BigInt(this.#unknownSlots) * this.#largest;
  }

  /** False: slots are unknown, and no observed one says how large they can have been. */
  get bounded(): boolean {
    return this.#unknownSlots === 0 || this.#seen;
  }
}
