import type { TimedBurnTier } from '../slo/burn.ts';
import { nextLevel, type TierLevel } from '../slo/burn-hysteresis.ts';
import type { Ratio } from '../slo/decimal.ts';

/** The levels of the tiers of many objectives: what is done about a burn changes less often than the burn does. */
export class BurnLevels {
  readonly #levels = new Map<string, ReadonlyMap<string, TierLevel>>();

  /** Tiers with their levels as states: a tier that is held fires, one that little speaks for is quiet. */
  next(objective: string, tiers: readonly TimedBurnTier[], target: Ratio): TimedBurnTier[] {
    const before = this.#levels.get(objective);
    const levels = new Map(tiers.map((tier) => [tier.tier, nextLevel(before?.get(tier.tier), tier, target)]));
    this.#levels.set(objective, new Map([...(before ?? []), ...levels]));
    return tiers.map((tier) => ({ ...tier, state: stateOf(levels.get(tier.tier)) }));
  }

  keep(objectives: ReadonlySet<string>): void {
    for (const name of this.#levels.keys()) if (!objectives.has(name)) this.#levels.delete(name);
  }
}

function stateOf(level: TierLevel | undefined): TimedBurnTier['state'] {
  if (level === undefined || level.frozen) return 'frozen';
  return level.level === 'firing' ? 'firing' : 'quiet';
}
