import { sleepMs } from '../../core/runtime/clock.ts';

const delayMsMin = 50;
const delayMsMax = 5_000;

/** Bounded exponential backoff: 50 ms, 100 ms ... 5 s. */
export class Retry {
  failures = 0;

  async wait(signal: AbortSignal): Promise<void> {
    const delayMs = Math.min(delayMsMin * 2 ** this.failures, delayMsMax);
    this.failures++;
    await sleepMs(delayMs, signal);
  }
}
