/**
 * Places for the last `size` of consecutive numbers, of slots, minutes or others: [end - size, end). It goes on with the
 * newest; what leaves is wiped.
 */
export class BucketRing {
  readonly size: number;
  end: number;
  readonly #wipe: (from: number, to: number) => void;

  /** `wipe` clears places [from, to). */
  constructor(size: number, end: number, wipe: (from: number, to: number) => void) {
    this.size = size;
    this.end = end;
    this.#wipe = wipe;
  }

  get from(): number {
    return this.end - this.size;
  }

  holds(number: number): boolean {
    return number >= this.from && number < this.end;
  }

  place(number: number): number {
    return number % this.size;
  }

  /** False: the ring was already there. */
  advance(end: number): boolean {
    const count = end - this.end;
    if (count <= 0) return false;
    const first = this.place(this.end);
    this.end = end;
    if (count >= this.size) {
      this.#wipe(0, this.size);
      return true;
    }
    const behind = first + count;
    this.#wipe(first, Math.min(behind, this.size));
    if (behind > this.size) this.#wipe(0, behind - this.size);
    return true;
  }
}
