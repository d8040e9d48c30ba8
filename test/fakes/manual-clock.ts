import type { Clock, Instant } from '../../core/runtime/clock.ts';

const nsPerMs = 1_000_000n;

/** A clock that a test moves. `step` moves the wall clock alone, as an operator or NTP would. */
export class ManualClock implements Clock {
  #wallNs: bigint;
  #monoNs = 1_000_000_000_000n;
  readonly #sleepers = new Set<{ readonly wakeNs: bigint; wake(): void }>();

  constructor(startSecond: number) {
    this.#wallNs = BigInt(startSecond) * 1_000_000_000n;
  }

  get sleepers(): number {
    return this.#sleepers.size;
  }

  read(): Instant {
    return { wallNs: this.#wallNs, monoNs: this.#monoNs };
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { wakeNs: this.#monoNs + BigInt(delayMs) * nsPerMs, wake: resolve };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  advance(ms: number): void {
    this.#wallNs += BigInt(ms) * nsPerMs;
    this.#monoNs += BigInt(ms) * nsPerMs;
    for (const sleeper of this.#sleepers) {
      if (sleeper.wakeNs > this.#monoNs) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }

  step(ms: number): void {
    this.#wallNs += BigInt(ms) * nsPerMs;
  }
}
