import { describe, expect, test } from 'vitest';
import { type Answer, type AttemptOutcome, afterAttempt } from '../../../../alerts/outbox/after-attempt.ts';
import { afterFailure, type Circuit, closedCircuit } from '../../../../alerts/outbox/circuit.ts';
import { lifeMs, nextAttemptMs, pausesSeconds } from '../../../../alerts/outbox/schedule.ts';

const nowMs = Date.parse('2026-11-01T00:00:00Z');
const tried = { attempts: 1, untilMs: nowMs + lifeMs, nowMs, retryAfterMs: null, permille: 500 };
const answer = (outcome: AttemptOutcome, over: Partial<Answer> = {}): Answer => {
  return { outcome, status: 500, code: 'FN_TEST', detail: '', retryAfterMs: null, ...over };
};

describe('when the next attempt is due', () => {
  test('after the pauses of the schedule, the last of which repeats', () => {
    const pauses = Array.from({ length: 13 }, (_, i) => nextAttemptMs({ ...tried, attempts: i + 1 }));
    const last = pausesSeconds.at(-1) ?? 0;
    expect(pauses).toEqual([...pausesSeconds, last, last].map((seconds) => nowMs + seconds * 1_000));
  });
  test('shorter or longer by up to a fifth, by chance', () => {
    const due = (permille: number) => (nextAttemptMs({ ...tried, permille }) ?? 0) - nowMs;
    expect([due(0), due(250), due(1_000)]).toEqual([4_000, 4_500, 6_000]);
  });
  test('not before the receiver asked to be asked again, an hour at most', () => {
    const due = (retryAfterMs: number) => (nextAttemptMs({ ...tried, retryAfterMs }) ?? 0) - nowMs;
    expect([due(1_000), due(60_000), due(86_400_000)]).toEqual([5_000, 60_000, 3_600_000]);
  });
  test('never once its time is over', () => {
    expect(nextAttemptMs({ ...tried, untilMs: nowMs + 5_000 })).toBe(nowMs + 5_000);
    expect(nextAttemptMs({ ...tried, untilMs: nowMs + 4_999 })).toBeNull();
  });
});

describe('the circuit of a receiver', () => {
  test('opens with the fifth failure in a row, for half a minute, then for twice as long each time up to ten minutes', () => {
    let circuit: Circuit = closedCircuit;
    const open = Array.from({ length: 12 }, () => {
      circuit = afterFailure(circuit, nowMs);
      return circuit.openUntilMs === 0 ? 0 : (circuit.openUntilMs - nowMs) / 1_000;
    });
    expect(open).toEqual([0, 0, 0, 0, 30, 60, 120, 240, 480, 600, 600, 600]);
  });
});

describe('what becomes of a delivery', () => {
  const facts = {
    attempts: 2,
    untilMs: nowMs + lifeMs,
    circuit: { ...closedCircuit, failures: 4 },
    nowMs,
    permille: 500,
  };
  test.each([
    ['delivered', 'delivered', '', 0, 0],
    ['retry', 'waiting', 'FN_TEST', 5, 120],
    ['giveUp', 'dead', 'FN_TEST', 5, 0],
    ['gone', 'dead', 'FN_DELIVERY_GONE', 5, 0],
  ] as const)('%s: %s', (outcome, state, code, failures, pauseSeconds) => {
    const after = afterAttempt(answer(outcome), facts);
    expect(after).toMatchObject({ attempt: 3, state, code, dueMs: nowMs + pauseSeconds * 1_000 });
    expect(after.circuit.failures).toBe(failures);
    expect(after.circuit.disabled !== '').toBe(outcome === 'gone');
  });
  test('dead, with a code of its own, when the next attempt would come too late', () => {
    const after = afterAttempt(answer('retry'), { ...facts, untilMs: nowMs });
    expect(after).toMatchObject({ state: 'dead', code: 'FN_DELIVERY_EXPIRED' });
  });
});
