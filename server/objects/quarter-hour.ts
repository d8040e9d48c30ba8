import { FourninesError } from '../../core/runtime/error.ts';
import { isoOf, lastSecond, parseInstant } from '../slo/instant.ts';

/** Objects change only where sealed runs of seconds end: a run that is cut cannot be judged any more. */
export const quarterSeconds = 900;

export function quarterBefore(atMs: number): number {
  return Math.floor(atMs / (quarterSeconds * 1000)) * quarterSeconds;
}

/** The next one, or this very instant. */
export function quarterAfter(atMs: number): number {
  return Math.ceil(atMs / (quarterSeconds * 1000)) * quarterSeconds;
}

/** Unix seconds of an instant from which objects may hold. FN_OBJECT_FILE for any other. */
export function effectiveInstant(text: string): number {
  const instant = parseInstant(text);
  if (instant === undefined) {
    throw new FourninesError('FN_OBJECT_FILE', `from ${text.slice(0, 40)} is no RFC 3339 instant in UTC`, {
      hint: 'Write it with a Z, such as 2026-12-01T00:00:00Z.',
    });
  }
  const { second, whole } = instant;
  if (whole && second % quarterSeconds === 0) return second;
  const before = quarterBefore(second * 1000);
  const after = Math.min(before + quarterSeconds, quarterBefore(lastSecond * 1000));
  throw new FourninesError('FN_OBJECT_FILE', `from ${text.slice(0, 40)} is not on a quarter hour of UTC`, {
    hint: `Seconds are sealed in runs that end at quarter hours: take ${isoOf(before)} or ${isoOf(after)}.`,
  });
}
