import { describe, expect, it } from 'vitest';
import { busError, problemOf } from '../../../../bus/kafka/kafka-error.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';
// Taken from Kafka 4.4 and the client 2.12.1 by doing to a real broker what the names say.
import captured from './broker-errors.json' with { type: 'json' };

describe('errors of Kafka', () => {
  it.each(Object.entries(captured))('%s is understood by its codes', (_, { problem, error }) => {
    expect(problemOf(error)).toBe(problem);
  });

  it('mean the same whatever their text says', () => {
    const withoutText = (error: unknown): unknown => {
      if (typeof error !== 'object' || error === null) return error;
      if (Array.isArray(error)) return error.map(withoutText);
      return Object.fromEntries(
        Object.entries(error).map(([key, value]) => [key, key === 'message' ? 'changed' : withoutText(value)]),
      );
    };
    for (const { problem, error } of Object.values(captured)) expect(problemOf(withoutText(error))).toBe(problem);
  });

  it.each([
    ['nobody listens', 'FN_BUS_AWAY', true],
    ['wrong password', 'FN_BUS_REFUSED', false],
    ['unknown topic', 'FN_BUS_TOPIC', false],
    ['fetch beyond the end', 'FN_BUS_OFFSET', false],
    ['record larger than the topic takes', 'FN_BUS_RECORD_TOO_LARGE', false],
  ] as const)('%s becomes %s', (name, code, retryable) => {
    const error = busError(captured[name].error, 'cannot', { topic: 't' });
    expect(error).toMatchObject({ code, retryable, context: { topic: 't' } });
  });

  it('an error of ours stays what it is, and what nobody knows is a mistake of ours', () => {
    const own = new FourninesError('FN_BUS_OFFSET', 'x');
    expect(busError(own, 'cannot')).toBe(own);
    expect(busError(new TypeError('x'), 'cannot').code).toBe('FN_INTERNAL');
    for (const strange of [undefined, null, 'text', 7, {}, []]) expect(problemOf(strange)).toBe('unknown');
  });

  it('a chain of causes that leads back to itself ends', () => {
    const first: { cause?: unknown; code: string } = { code: 'x' };
    first.cause = { code: 'y', cause: first };
    expect(problemOf(first)).toBe('unknown');
  });
});
