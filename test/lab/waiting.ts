import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from './lab-error.ts';

/** Where to look when a wait ends without what it waited for. */
export interface Wait {
  readonly what: string;
  readonly deadlineMs: number;
  /** Asked for only when the wait has failed. */
  readonly hint?: () => string;
  readonly signal?: AbortSignal | undefined;
  /** Between two looks, ms. */
  readonly everyMs?: number;
}

/**
 * Looks until `check` gives something (neither undefined nor false) and gives that. A check that throws has not
 * succeeded yet; its last error is the cause when the deadline passes.
 */
export async function until<T>(
  wait: Wait,
  check: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + wait.deadlineMs;
  let last: unknown;
  for (;;) {
    wait.signal?.throwIfAborted();
    try {
      const found = await check();
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new LabError(1, `${wait.what}: not within ${wait.deadlineMs} ms`, {
        hint: wait.hint?.() ?? "The lab's log folder has what its programs said.",
        cause: last,
      });
    }
    await delay(wait.everyMs ?? 20, undefined, wait.signal === undefined ? {} : { signal: wait.signal });
  }
}
