/** A contracted packet rate: committed packets a second and burst, both per direction (sla research §C.2). */
export interface RateContract {
  readonly committedPps: bigint;
  readonly burstPackets: bigint;
}

/** Packets that a contract covers. */
export interface Entitlement {
  /** Surely, and the most it may. */
  readonly low: bigint;
  readonly high: bigint;
  /** Part of the most that all slots together may be covered for; what one gap gains over it, a later slot lacks. */
  readonly ofSum: bigint;
}

/**
 * The token bucket of a contract (CIR and CBS of MEF 10.4, in packets): full at first, a committed second's worth a slot, at
 * most the burst is saved. Where slots are unknown nobody knows how much of it they used, so it holds something from none to
 * as much as fits, until both meet again.
 *
 * Example, 1,000 pps and a burst of 200: slots that offer 900, 1,500 and 1,500 are entitled to 900, 1,200 (1,000 and the
 * burst) and 1,000. Behind an unknown slot 1,500 are entitled to 1,000 at least and 1,200 at most.
 */
export class RateBucket {
  readonly #contract: RateContract;
  #low: bigint;
  #high: bigint;
  #ofSum: bigint;

  constructor(contract: RateContract) {
    this.#contract = contract;
    this.#low = contract.burstPackets;
    this.#high = contract.burstPackets;
    this.#ofSum = contract.burstPackets;
  }

  /** One slot, or a gap of several: least is covered if its first slot offered all, most if it was spread. */
  take(offered: bigint, slots = 1): Entitlement {
    const { committedPps } = this.#contract;
    const all = committedPps * BigInt(slots);
    const low = min(offered, this.#low + committedPps);
    const high = min(offered, this.#high + all);
    const ofSum = min(offered, this.#ofSum + all);
    // Saved: least if its last slot offered all, most if the first did.
    const others = all - committedPps;
    this.#low = this.#within(this.#within(this.#low + others) + committedPps - offered);
    this.#high = this.#within(this.#within(this.#high + committedPps - offered) + others);
    this.#ofSum = this.#within(this.#ofSum + all - ofSum);
    return { low, high, ofSum };
  }

  /** Slots of which nobody knows what they offered. */
  skip(slots: number): void {
    const all = this.#contract.committedPps * BigInt(slots);
    this.#low = 0n;
    this.#high = this.#within(this.#high + all);
    this.#ofSum = this.#within(this.#ofSum + all);
  }

  #within(saved: bigint): bigint {
    return saved < 0n ? 0n : min(saved, this.#contract.burstPackets);
  }
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
