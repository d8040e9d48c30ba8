/** Packets that polling threads handed to ports, and that ports counted as sent or dropped; since the daemon started. */
export interface Handed {
  /** By the threads (`pmd-perf-show`). */
  readonly sent: bigint;
  /** By the ports, those that can be read. */
  readonly counted: bigint;
}

/**
 * Counts packets sent to guests that are away. OVS has no counter for them that survives: while a guest is away its port
 * has no counters at all, and when it comes back they begin at zero. But the threads count each packet that they hand to
 * any port, so what no readable port counted was sent to one that is down.
 *
 * The two are not read at the same instant. The count begins from a reading in which the ports were asked first (so the
 * difference is too large by what passed meanwhile), and goes on by readings in which the threads were asked first (too
 * small): it is never above the truth, and once nothing has been sent for a moment it is short of it by no more than what
 * passed in that first reading. Its numbers may dip; the largest stands.
 *
 * Example: begun at 1,000 sent, 990 counted (difference 10); later 1,500 sent, 1,200 counted: 290 were sent to the absent.
 */
export class DownPackets {
  #base: bigint | undefined;
  #largest = 0n;
  /** Which beginning this is: each is a counter of its own. */
  #beginnings = 0;

  get isCounting(): boolean {
    return this.#base !== undefined;
  }

  get beginnings(): number {
    return this.#beginnings;
  }

  /** From a reading in which the ports were asked before the threads. */
  begin({ sent, counted }: Handed): void {
    this.#base = sent - counted;
    this.#largest = 0n;
    this.#beginnings++;
  }

  /** A port's counters died with packets in them, or the threads' were cleared: what follows cannot be told from that. */
  lose(): void {
    this.#base = undefined;
  }

  /** Packets since the beginning, from a reading in which the threads were asked before the ports. */
  read({ sent, counted }: Handed): bigint | undefined {
    if (this.#base === undefined) return undefined;
    const down = sent - counted - this.#base;
    if (down > this.#largest) this.#largest = down;
    return this.#largest;
  }
}
