import { isBelowHalf, type TierName, type TimedBurnTier } from './burn.ts';
import type { Ratio } from './decimal.ts';

/** How long a tier fires at least, in seconds: what it has set off must not flap. */
const holdSeconds: Readonly<Record<TierName, number>> = { T0: 10, T1: 30, T2: 300, T3: 1800, T4: 21_600 };

/** Little traffic makes large ratios of few losses: fewer bad slots, or packets, than these in the long window never fire. */
const badMin = 3n;

/** What is done about a tier, which changes less often than its burn does. */
export interface TierLevel {
  readonly tier: TierName;
  /** `unknown`: nothing was known yet. */
  readonly level: 'unknown' | 'quiet' | 'firing';
  /** When this level began, unix seconds. */
  readonly since: number;
  /** Too little is known at present: the level is the last one that was known. */
  readonly frozen: boolean;
}

/**
 * The level of a tier after one more reading (sla research §5). It fires when both windows reach the threshold with at least
 * 3 bad; it is released when it has fired long enough and the short window burns at less than half of the threshold. A
 * frozen reading changes no level: unknown is not better, and not worse.
 *
 * Example, T0 at 0.9999, fired at second 100: at 109 the short window has nothing bad, but only 9 seconds have passed: it
 * fires; at 110 it is quiet.
 */
export function nextLevel(before: TierLevel | undefined, burn: TimedBurnTier, target: Ratio): TierLevel {
  const { tier, at, state } = burn;
  const last = before ?? { tier, level: 'unknown', since: at, frozen: true };
  if (state === 'frozen') return { ...last, frozen: true };
  const level = last.level === 'firing' ? kept(last, burn, target) : raised(burn);
  return { tier, level, since: level === last.level ? last.since : at, frozen: false };
}

function raised({ state, long }: TimedBurnTier): TierLevel['level'] {
  return state === 'firing' && BigInt(long.bad) >= badMin ? 'firing' : 'quiet';
}

function kept({ since }: TierLevel, burn: TimedBurnTier, target: Ratio): TierLevel['level'] {
  const held = burn.at - since >= holdSeconds[burn.tier];
  return held && isBelowHalf(burn, target) ? 'quiet' : 'firing';
}
