/** Of each act and each one undone; half is forgotten in a quarter of an hour. */
const penaltyOfAct = 1_000;
const suppressAt = 3_000;
const reuseAt = 750;
/** What is left after 5 s, ppm: 2^(-5/900). */
const keptPpm = 996_157;
const hourMost = 6;
const dayMost = 20;

/** Keeps one host from being mended again and again (research: penalty with decay, as routes that flap have). */
export class Damping {
  readonly #acts: number[] = [];
  #penalty = 0;
  #isSuppressed = false;

  /** 5 s have passed. */
  decay(): void {
    this.#penalty = Math.floor((this.#penalty * keptPpm) / 1_000_000);
    if (this.#penalty <= reuseAt) this.#isSuppressed = false;
  }

  acted(second: number, isRollback: boolean): void {
    this.#acts.push(second);
    this.#penalty += isRollback ? 2 * penaltyOfAct : penaltyOfAct;
    if (this.#penalty >= suppressAt) this.#isSuppressed = true;
  }

  allows(second: number): boolean {
    const within = (seconds: number) => this.#acts.filter((at) => at > second - seconds).length;
    return !this.#isSuppressed && within(3_600) < hourMost && within(86_400) < dayMost;
  }
}
