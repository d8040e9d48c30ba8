import type { ErrorCode } from '../../core/runtime/error-catalogue.ts';
import type { Answer, AttemptOutcome } from '../outbox/after-attempt.ts';
import type { EgressResult, FailureCode, RefusalCode } from './result.ts';

/** Why, as the label of a metric: a closed list. */
export type OutcomeReason =
  | 'ok'
  | 'redirected'
  | 'timed-out-there'
  | 'too-early'
  | 'throttled'
  | 'gone'
  | 'rejected'
  | 'server-error'
  | FailureCode
  | `refused-${RefusalCode}`;

/** What one attempt over HTTP came to. */
export interface HttpOutcome {
  readonly outcome: AttemptOutcome;
  readonly reason: OutcomeReason;
}

const retried: ReadonlyMap<number, OutcomeReason> = new Map([
  [408, 'timed-out-there'],
  [425, 'too-early'],
  [429, 'throttled'],
]);

/** Standard Webhooks 1.0.0: only 2xx is a success, 3xx is a failure, and 410 means never again. */
export function outcomeOf(result: EgressResult): HttpOutcome {
  if (result.kind === 'refused') return { outcome: 'giveUp', reason: `refused-${result.code}` };
  return result.kind === 'failed' ? { outcome: 'retry', reason: result.code } : outcomeOfStatus(result.status);
}

function outcomeOfStatus(status: number): HttpOutcome {
  if (status >= 200 && status <= 299) return { outcome: 'delivered', reason: 'ok' };
  if (status === 410) return { outcome: 'gone', reason: 'gone' };
  const reason = retried.get(status) ?? (status >= 500 && status <= 599 ? 'server-error' : undefined);
  if (reason !== undefined) return { outcome: 'retry', reason };
  return { outcome: 'giveUp', reason: status >= 300 && status <= 399 ? 'redirected' : 'rejected' };
}

const codes: Readonly<Record<AttemptOutcome, ErrorCode | ''>> = {
  delivered: '',
  retry: 'FN_RECEIVER_FAILING',
  giveUp: 'FN_RECEIVER_REJECTED',
  gone: 'FN_DELIVERY_GONE',
};

/** The same for the delivery log and the queue. */
export function answerOf(result: EgressResult): Answer {
  const { outcome } = outcomeOf(result);
  if (result.kind === 'answered') {
    const { status, retryAfterMs, excerpt: detail } = result;
    return { outcome, status, code: codes[outcome], detail, retryAfterMs };
  }
  const code: ErrorCode = result.kind === 'refused' ? 'FN_EGRESS_REFUSED' : 'FN_RECEIVER_AWAY';
  return { outcome, status: null, code, detail: `${result.code}: ${result.why}`, retryAfterMs: null };
}
