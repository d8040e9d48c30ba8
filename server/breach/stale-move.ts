import type { Stale } from '../judge/reading.ts';
import type { Ratio } from '../slo/decimal.ts';
import type { Move } from './move.ts';
import type { BreachRecord } from './record.ts';

/** The tier whose pace says how long silence may last: the first one that pages (sla §5). */
const paced = { factor: { num: 144n, den: 10n }, longSeconds: 3600 } as const;

/**
 * How long nothing may come before that is told, s: as long as a total loss needs to be noticed, and a hold beside it
 * (Pyrra's rule, sla §4.3): factor x (1 - target) x long window + hold, rounded up.
 *
 * Example, target 0.9999, hold 60: 14.4 x 0.0001 x 3600 = 5.184, so 66. Target 0.99: 518.4, so 579.
 */
export function staleWaitSeconds(target: Ratio, holdSeconds: number, pace = paced): number {
  const num = pace.factor.num * (target.den - target.num) * BigInt(pace.longSeconds);
  const den = pace.factor.den * target.den;
  return Number((num + den - 1n) / den) + holdSeconds;
}

/** Silence is told once it has lasted, and its end. It moves nothing else. */
export function staleMove(
  record: BreachRecord | undefined,
  stale: Stale | null,
  { at, waitSeconds }: { readonly at: number; readonly waitSeconds: number },
): Move | undefined {
  if (stale === null) {
    if (record === undefined) return undefined;
    return { patch: { state: 'resolved' }, reason: 'slots come again' };
  }
  if (record !== undefined || at - stale.since < waitSeconds) return undefined;
  const { hosts } = stale;
  const named = hosts.slice(0, 5).join(', ') + (hosts.length > 5 ? ` and ${hosts.length - 5} more` : '');
  return { patch: {}, reason: hosts.length === 0 ? 'no complete slots come' : `no complete slots come: ${named}` };
}
