import { afterFailure, afterGone, afterSuccess, type Circuit } from './circuit.ts';
import { nextAttemptMs } from './schedule.ts';

/** `dead`: no attempt is made any more, unless somebody has it replayed. */
export type DeliveryState = 'waiting' | 'delivered' | 'dead';

/**
 * What an attempt came to. `retry`: it may work later; `giveUp`: the receiver understood and refused, as it would again;
 * `gone`: the receiver says that it is no more.
 */
export type AttemptOutcome = 'delivered' | 'retry' | 'giveUp' | 'gone';

export interface Answer {
  readonly outcome: AttemptOutcome;
  /** HTTP status or the reply of an SMTP server; null: none came. */
  readonly status: number | null;
  /** Code of the error; empty: it was delivered. */
  readonly code: string;
  /** What the other side said, made harmless and short. */
  readonly detail: string;
  readonly retryAfterMs: number | null;
}

export interface AttemptFacts {
  /** Attempts before this one. */
  readonly attempts: number;
  /** When it is a dead letter, unix ms. */
  readonly untilMs: number;
  readonly circuit: Circuit;
  readonly nowMs: number;
  /** Chance, from 0 to 1000. */
  readonly permille: number;
}

export interface AfterAttempt {
  readonly attempt: number;
  readonly state: DeliveryState;
  /** When the next attempt is due, unix ms. */
  readonly dueMs: number;
  readonly code: string;
  readonly circuit: Circuit;
}

/** What becomes of a delivery and of its receiver after an attempt. */
export function afterAttempt(answer: Answer, facts: AttemptFacts): AfterAttempt {
  const { attempts, circuit, nowMs } = facts;
  const after = { attempt: attempts + 1, dueMs: nowMs };
  switch (answer.outcome) {
    case 'delivered':
      return { ...after, state: 'delivered', code: '', circuit: afterSuccess() };
    case 'gone':
      return { ...after, state: 'dead', code: 'FN_DELIVERY_GONE', circuit: afterGone(circuit) };
    case 'giveUp':
      return { ...after, state: 'dead', code: answer.code, circuit: afterFailure(circuit, nowMs) };
    case 'retry': {
      const dueMs = nextAttemptMs({ ...facts, attempts: after.attempt, retryAfterMs: answer.retryAfterMs });
      const failed = afterFailure(circuit, nowMs);
      if (dueMs === null) return { ...after, state: 'dead', code: 'FN_DELIVERY_EXPIRED', circuit: failed };
      return { ...after, state: 'waiting', dueMs, code: answer.code, circuit: failed };
    }
  }
}
