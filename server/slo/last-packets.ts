import type { Ratio } from './decimal.ts';
import { packetsMin } from './loss.ts';

/** Consecutive slots with the same numbers each, or a lump: slots of which only the sum is known, told as one. */
export interface LastSlots {
  readonly slots: number;
  readonly offered: bigint;
  readonly bad: bigint;
  readonly isLump: boolean;
}

/**
 * The newest slots of a path that have, together, as many packets as a loss ratio needs (`packetsMin`): the carry-over of
 * a slot that has too few of its own (sla research §4.4). The oldest one counts with as many of its packets as are needed
 * and their share of its losses, cut; of a lump nobody knows which part it is, so that there may be two answers.
 *
 * Costs O(1) a slot, over time, and memory for one entry for each change of numbers within the packets it holds.
 */
export class LastPackets {
  readonly #max: Ratio;
  readonly #enough: bigint;
  /** Oldest first, from `#head` on. */
  #held: LastSlots[] = [];
  #head = 0;
  #offered = 0n;
  #bad = 0n;
  /** Whether what lies before all that is held is unknown; false: nothing does, or it is not needed. */
  #isBlind = false;

  constructor(max: Ratio) {
    this.#max = max;
    this.#enough = packetsMin(max);
  }

  copy(): LastPackets {
    const copy = new LastPackets(this.#max);
    copy.#held = this.#held.slice(this.#head);
    copy.#offered = this.#offered;
    copy.#bad = this.#bad;
    copy.#isBlind = this.#isBlind;
    return copy;
  }

  /** Slots of which nothing is known: what was before them is of no use any more. */
  forget(): void {
    this.#held = [];
    this.#head = 0;
    this.#offered = 0n;
    this.#bad = 0n;
    this.#isBlind = true;
  }

  add(added: LastSlots): void {
    if (added.offered === 0n) return;
    const last = this.#held.at(-1);
    const isSame = last?.isLump === false && last.offered === added.offered && last.bad === added.bad;
    if (isSame && !added.isLump && this.#head < this.#held.length)
      this.#held[this.#held.length - 1] = { ...last, slots: last.slots + added.slots };
    else this.#held.push(added);
    this.#offered += added.offered * BigInt(added.slots);
    this.#bad += added.bad * BigInt(added.slots);
    this.#drop();
  }

  /** Leaves one slot, or lump, that is needed in part; the rest is needed whole. */
  #drop(): void {
    while (this.#offered >= this.#enough) {
      const head = this.#held[this.#head] as LastSlots;
      const spare = (this.#offered - this.#enough) / head.offered;
      const slots = spare < BigInt(head.slots) ? Number(spare) : head.slots;
      this.#isBlind = false;
      if (slots === 0) break;
      this.#offered -= head.offered * BigInt(slots);
      this.#bad -= head.bad * BigInt(slots);
      if (slots === head.slots) this.#head++;
      else this.#held[this.#head] = { ...head, slots: head.slots - slots };
    }
    if (this.#head > 1024 && this.#head * 2 > this.#held.length) {
      this.#held = this.#held.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Whether more of the newest packets were lost than the ratio allows; undefined: nobody knows. */
  get isLossy(): boolean | undefined {
    const head = this.#held[this.#head];
    if (head === undefined || this.#offered < this.#enough) {
      if (this.#isAbove(this.#bad)) return true;
      return this.#isBlind ? undefined : false;
    }
    const taken = this.#enough - (this.#offered - head.offered);
    const whole = this.#bad - head.bad;
    if (!head.isLump) return this.#isAbove(whole + (head.bad * taken) / head.offered);
    const left = head.offered - taken;
    if (this.#isAbove(whole + (head.bad > left ? head.bad - left : 0n))) return true;
    return this.#isAbove(whole + head.bad) && this.#isAbove(whole + taken) ? undefined : false;
  }

  #isAbove(bad: bigint): boolean {
    return bad * this.#max.den > this.#max.num * this.#enough;
  }
}
