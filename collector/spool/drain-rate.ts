/** Monotonic time in ms, and waiting: so that an hour can pass in a test at once. */
export interface DrainClock {
  monoMs(): number;
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

/**
 * At most so many bytes a second, one second's worth at once. A record larger than that passes too, and the next ones pay
 * for it.
 */
export class DrainRate {
  readonly #bytesPerSecond: number;
  readonly #clock: DrainClock;
  #credit: number;
  #atMs: number;

  constructor(bytesPerSecond: number, clock: DrainClock) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.#credit = bytesPerSecond;
    this.#atMs = clock.monoMs();
  }

  /** Waits until `bytes` may pass; rejects with the signal's reason. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    this.#refill();
    while (this.#credit <= 0) {
      await this.#clock.sleep(Math.max(1, Math.ceil((-this.#credit * 1000) / this.#bytesPerSecond)), signal);
      this.#refill();
    }
    this.#credit -= bytes;
  }

  #refill(): void {
    const nowMs = this.#clock.monoMs();
    const earned = ((nowMs - this.#atMs) * this.#bytesPerSecond) / 1000;
    this.#credit = Math.min(this.#bytesPerSecond, this.#credit + earned);
    this.#atMs = nowMs;
  }
}
