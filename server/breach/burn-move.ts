import type { BurnTier } from '../slo/burn.ts';
import { parseDecimal, type Ratio } from '../slo/decimal.ts';
import type { Move } from './move.ts';
import type { BreachRecord } from './record.ts';

/** Instants of a burn that are judged again at most, beside those at which it was opened or became faster. */
const instantsBetween = 12;

/**
 * Burn rates move a breach: opened when a tier fires, faster when one before it in the list does, over when none is held
 * any more. A frozen tier stays as it was last known, and while nothing comes a quiet one does, too: unknown is never good.
 */
export function burnMove(
  record: BreachRecord | undefined,
  tiers: readonly BurnTier[],
  { at, isStale }: { readonly at: number; readonly isStale: boolean },
): Move | undefined {
  const held = heldAfter(record?.held ?? [], tiers, isStale);
  const [fastest] = held;
  if (record === undefined) {
    if (fastest === undefined) return undefined;
    return { patch: { tier: fastest, held, fired: [{ tier: fastest, at }] }, reason: `${fastest} fires` };
  }
  if (fastest === undefined) {
    return { patch: { state: 'resolved', tier: null, held }, reason: 'no tier fires any more' };
  }
  if (isFaster(fastest, record.tier, tiers)) {
    return {
      patch: { tier: fastest, held, fired: [...record.fired, { tier: fastest, at }] },
      reason: `${fastest} fires`,
    };
  }
  return { patch: { held } };
}

/** Tiers that fire, fastest first, with those of which nothing newer is known. */
function heldAfter(before: readonly string[], tiers: readonly BurnTier[], isStale: boolean): string[] {
  return tiers
    .filter(({ tier, state }) => state === 'firing' || ((state === 'frozen' || isStale) && before.includes(tier)))
    .map(({ tier }) => tier);
}

function isFaster(tier: string, than: string | null, tiers: readonly BurnTier[]): boolean {
  const rank = (name: string | null) => tiers.findIndex((each) => each.tier === name);
  return than === null || rank(tier) < rank(than);
}

/**
 * The instants at which a burn is judged again when exclusions or late rows may have taken its facts away, sorted: where it
 * was opened, where it became faster, and some between, because what is left of it may begin later.
 */
export function burnInstants({ openedAt, fired }: BreachRecord, endedAt: number): readonly number[] {
  const length = Math.max(0, endedAt - openedAt);
  const between = Array.from({ length: instantsBetween }, (_, i) => {
    return openedAt + Math.floor((length * (i + 1)) / (instantsBetween + 1));
  });
  return [...new Set([...fired.map(({ at }) => at), ...between])].sort((a, b) => a - b);
}

/** The tiers of one instant as they are now, and as they would be if nothing were excluded. */
export interface BurnJudged {
  readonly tiers: readonly BurnTier[];
  readonly unexcluded: readonly BurnTier[];
}

/**
 * What tiers judged again at `burnInstants` say of a burn. Retracted only when at none of them a tier reaches its threshold;
 * where too little is known of a tier that fired, and not because of exclusions, nobody knows better than before. A
 * retracted one whose facts come back is over, but stands.
 */
export function burnAgain(record: BreachRecord, judged: readonly BurnJudged[], target: Ratio): Move | undefined {
  const stands = judged.some(({ tiers }) => tiers.some((tier) => isReached(tier, target)));
  if (record.state === 'retracted') {
    return stands ? { patch: { state: 'resolved' }, reason: 'it did fire, as the rows are now' } : undefined;
  }
  // One that goes on is judged by the present.
  if (record.state !== 'resolved' || stands || judged.length === 0) return undefined;
  const isUnknown = judged.some(({ unexcluded }) => hasFrozen(record, unexcluded));
  if (isUnknown) return undefined;
  return { patch: { state: 'retracted' }, reason: 'no tier ever fired, as the rows and exclusions are now' };
}

/** Whether too little is known of a tier that fired. */
export function hasFrozen({ fired }: BreachRecord, tiers: readonly BurnTier[]): boolean {
  return tiers.some(({ tier, state }) => state === 'frozen' && fired.some((each) => each.tier === tier));
}

/** Also where it is frozen: what is known of both windows is as bad as the threshold says. */
function isReached({ long, short, threshold }: BurnTier, target: Ratio): boolean {
  const factor = parseDecimal(threshold) ?? { num: 0n, den: 1n };
  const allowed = factor.num * (target.den - target.num);
  return [long, short].every(({ bad, total }) => {
    return BigInt(bad) > 0n && BigInt(bad) * factor.den * target.den >= allowed * BigInt(total);
  });
}
