/**
 * Pauses before the second and each later attempt, s: soon at first, as most receivers that fail are being restarted; then
 * as Standard Webhooks 1.0.0 suggests, over days. The last one repeats.
 */
export const pausesSeconds = [5, 30, 120, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** What could not be delivered for so long is a dead letter, ms. */
export const lifeMs = 3 * 86_400_000;
/** A receiver that asks to be left alone for longer is asked again after this, s. */
const retryAfterMax = 3_600;
/** Each pause is longer or shorter by up to this, so that what failed together does not come back together. */
const jitterPermille = 200;

export interface Tried {
  /** Attempts so far, this one included. */
  readonly attempts: number;
  /** When it is a dead letter, unix ms. */
  readonly untilMs: number;
  readonly nowMs: number;
  /** What the receiver asked for; null: nothing. */
  readonly retryAfterMs: number | null;
  /** Chance, from 0 to 1000. */
  readonly permille: number;
}

/** When the next attempt is due, unix ms; null: its time is over. */
export function nextAttemptMs({ attempts, untilMs, nowMs, retryAfterMs, permille }: Tried): number | null {
  const pause = pausesSeconds[Math.min(attempts, pausesSeconds.length) - 1] ?? 0;
  // In ms: pause s = 1000 pause ms, times (1000 +- 200) permille.
  const jittered = pause * (1_000 - jitterPermille) + Math.floor((pause * 2 * jitterPermille * permille) / 1_000);
  const asked = Math.min(retryAfterMs ?? 0, retryAfterMax * 1_000);
  const due = nowMs + Math.max(jittered, asked);
  return due > untilMs ? null : due;
}

/** Clocks of two servers differ by less, ms: what was written down later than that from now is of a clock that went back. */
export const clockSlackMs = 60_000;

/**
 * Whether a delivery is to be tried. Pauses are times of a clock: when it was set back they would not end, so what changed
 * in the future is due.
 */
export function isDue(
  { dueMs, changedMs }: { readonly dueMs: number; readonly changedMs: number },
  nowMs: number,
): boolean {
  return dueMs <= nowMs || changedMs > nowMs + clockSlackMs;
}
