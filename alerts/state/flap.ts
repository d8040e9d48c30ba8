import type { FlappingTerms } from './config.ts';

export interface Flaps {
  readonly flips: readonly number[];
  readonly heldUntil: number | null;
}

/**
 * After one more change from firing to over or back, at `at`. Once it flaps, each further change begins the quiet time anew.
 *
 * Example: more than 5 within 600 s, quiet for 600 s: the sixth, at 100 s, holds it until 700 s; a seventh at 650 s until
 * 1250 s.
 */
export function flipped({ flips, heldUntil }: Flaps, at: number, terms: FlappingTerms | null): Flaps {
  if (terms === null) return { flips: [], heldUntil: null };
  const recent = [...flips, at].filter((flip) => flip > at - terms.withinSeconds).slice(-(terms.changes + 1));
  const isHeld = heldUntil !== null && at < heldUntil;
  return { flips: recent, heldUntil: isHeld || recent.length > terms.changes ? at + terms.quietSeconds : null };
}
