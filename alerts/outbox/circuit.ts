/**
 * Whether a receiver is sent to at all. Deliveries to one receiver keep their order, so the first one that waits is the
 * only one that is tried; the circuit keeps the next ones from hurrying into a receiver that has just failed, and it is
 * what people see of a receiver.
 */
export interface Circuit {
  /** Attempts in a row that failed. */
  readonly failures: number;
  /** Nothing is sent before, unix ms; 0: it is closed. */
  readonly openUntilMs: number;
  /** Why nothing is ever sent until somebody enables it again; empty: it is enabled. */
  readonly disabled: string;
}

export const closedCircuit: Circuit = { failures: 0, openUntilMs: 0, disabled: '' };

/** Failures in a row until it opens, and how long it is open then; each later failure doubles that. */
const failuresMax = 5;
const openSeconds = 30;
const openSecondsMax = 600;
/** None is open for longer, ms: one that says so was opened before the clock was set back. */
export const openMsMax = openSecondsMax * 1_000;

export function afterSuccess(): Circuit {
  return closedCircuit;
}

export function afterFailure({ failures }: Circuit, nowMs: number): Circuit {
  const next = failures + 1;
  if (next < failuresMax) return { failures: next, openUntilMs: 0, disabled: '' };
  const seconds = Math.min(openSeconds * 2 ** Math.min(next - failuresMax, 10), openSecondsMax);
  return { failures: next, openUntilMs: nowMs + seconds * 1_000, disabled: '' };
}

/** The receiver said that it is gone (410). */
export function afterGone({ failures }: Circuit): Circuit {
  return { failures: failures + 1, openUntilMs: 0, disabled: 'the receiver answered 410 Gone' };
}
