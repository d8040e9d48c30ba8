export interface Instant {
  /** Nanoseconds since 1970 UTC; may step. */
  readonly wallNs: bigint;
  /** Nanoseconds since boot; never steps. Counts suspend where the platform can tell (CLOCK_BOOTTIME, by the addon). */
  readonly monoNs: bigint;
}

/** Time. Slots are placed by the wall clock, lengths are measured by the monotonic one; they are never mixed. */
export interface Clock {
  /** Both clocks, read back to back. */
  read(): Instant;
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
