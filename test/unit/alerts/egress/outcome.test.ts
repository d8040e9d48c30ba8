import { describe, expect, it } from 'vitest';
import { answerOf, type HttpOutcome, outcomeOf } from '../../../../alerts/egress/outcome.ts';
import { type EgressResult, failureCodes, refusalCodes } from '../../../../alerts/egress/result.ts';

const travel = { latencyMs: 5, address: '93.184.216.34' };

function answered(status: number, retryAfterMs: number | null = null): EgressResult {
  return { kind: 'answered', status, retryAfterMs, excerpt: '', bodyBytes: 0, bodyIsCut: false, ...travel };
}

const statuses: readonly (readonly [status: number, outcome: HttpOutcome['outcome'], reason: HttpOutcome['reason']])[] =
  [
    [200, 'delivered', 'ok'],
    [201, 'delivered', 'ok'],
    [202, 'delivered', 'ok'],
    [204, 'delivered', 'ok'],
    [299, 'delivered', 'ok'],
    [300, 'giveUp', 'redirected'],
    [301, 'giveUp', 'redirected'],
    [302, 'giveUp', 'redirected'],
    [304, 'giveUp', 'redirected'],
    [307, 'giveUp', 'redirected'],
    [308, 'giveUp', 'redirected'],
    [400, 'giveUp', 'rejected'],
    [401, 'giveUp', 'rejected'],
    [403, 'giveUp', 'rejected'],
    [404, 'giveUp', 'rejected'],
    [405, 'giveUp', 'rejected'],
    [408, 'retry', 'timed-out-there'],
    [409, 'giveUp', 'rejected'],
    [410, 'gone', 'gone'],
    [413, 'giveUp', 'rejected'],
    [415, 'giveUp', 'rejected'],
    [422, 'giveUp', 'rejected'],
    [425, 'retry', 'too-early'],
    [429, 'retry', 'throttled'],
    [451, 'giveUp', 'rejected'],
    [500, 'retry', 'server-error'],
    [501, 'retry', 'server-error'],
    [502, 'retry', 'server-error'],
    [503, 'retry', 'server-error'],
    [504, 'retry', 'server-error'],
    [599, 'retry', 'server-error'],
    [600, 'giveUp', 'rejected'],
    [999, 'giveUp', 'rejected'],
    // No status of a final answer: nothing that was accepted.
    [0, 'giveUp', 'rejected'],
    [199, 'giveUp', 'rejected'],
  ];

describe('what an attempt means for the queue', () => {
  it.each(statuses)('%i: %s', (status, outcome, reason) => {
    expect(outcomeOf(answered(status))).toEqual({ outcome, reason });
  });

  it.each(failureCodes)('%s is tried again', (code) => {
    expect(outcomeOf({ kind: 'failed', code, why: '', ...travel })).toEqual({ outcome: 'retry', reason: code });
  });

  it.each(refusalCodes)('refused by %s is not tried again', (code) => {
    const outcome = outcomeOf({ kind: 'refused', code, why: '', ...travel });
    expect(outcome).toEqual({ outcome: 'giveUp', reason: `refused-${code}` });
  });
});

describe('what the delivery log has of an attempt', () => {
  it.each([
    [204, 'delivered', ''],
    [302, 'giveUp', 'FN_RECEIVER_REJECTED'],
    [404, 'giveUp', 'FN_RECEIVER_REJECTED'],
    [410, 'gone', 'FN_DELIVERY_GONE'],
    [429, 'retry', 'FN_RECEIVER_FAILING'],
    [503, 'retry', 'FN_RECEIVER_FAILING'],
  ])('%i', (status, outcome, code) => {
    const result = { ...answered(status, 7000), excerpt: 'its own words' };
    expect(answerOf(result)).toEqual({ outcome, status, code, detail: 'its own words', retryAfterMs: 7000 });
  });

  it('no answer, and none asked for', () => {
    expect(answerOf({ kind: 'failed', code: 'reset', why: 'it closed', ...travel })).toEqual({
      outcome: 'retry',
      status: null,
      code: 'FN_RECEIVER_AWAY',
      detail: 'reset: it closed',
      retryAfterMs: null,
    });
    expect(answerOf({ kind: 'refused', code: 'port', why: 'port 22', ...travel })).toMatchObject({
      outcome: 'giveUp',
      code: 'FN_EGRESS_REFUSED',
      detail: 'port: port 22',
    });
  });
});
