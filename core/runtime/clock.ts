/**
 * Time. Slots are placed by the wall clock, lengths are measured by the monotonic one; they are never mixed.
 *
 * `monoNs` counts time since boot including suspend where the platform can tell (CLOCK_BOOTTIME by the addon).
 */
export interface Clock {
  /** Nanoseconds since 1970 UTC. */
  wallNs(): bigint;
  /** Nanoseconds since boot; never steps. */
  monoNs(): bigint;
  /** Resolves after `delayMs`, or rejects with the signal's reason. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

export function sleepMs(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** The process's own clocks; CLOCK_MONOTONIC, which stands still while the machine is suspended. */
export const systemClock: Clock = {
  // Date.now has milliseconds; performance keeps microseconds but drifts from a stepped clock, so it is not used here.
  wallNs: () => BigInt(Date.now()) * 1_000_000n,
  monoNs: () => process.hrtime.bigint(),
  sleep: sleepMs,
};
