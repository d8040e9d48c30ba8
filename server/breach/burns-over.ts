import type { ObjectiveReading } from '../judge/reading.ts';
import type { Span } from '../slo/objective.ts';

/**
 * Tells when burns of objectives are over. Fast burn rates take what was lost for bad before anybody can say whose it was; when
 * the burn is over that is known, and it is judged once more.
 */
export class BurnsOver {
  /** By objective: since when it burns, and which tiers have fired. */
  readonly #burning = new Map<string, { readonly from: number; readonly tiers: ReadonlySet<string> }>();

  /** The time of a burn, when no tier that fired in it fires any more or is frozen as it was. Unix seconds. */
  saw({ objective, at, burn }: Pick<ObjectiveReading, 'at' | 'burn'> & BurnOf): Span | undefined {
    const fires = burn.filter(({ state }) => state === 'firing').map(({ tier }) => tier);
    const known = this.#burning.get(objective.name);
    if (fires.length > 0) {
      this.#burning.set(objective.name, {
        from: known?.from ?? at,
        tiers: new Set([...(known?.tiers ?? []), ...fires]),
      });
      return undefined;
    }
    if (known === undefined || burn.some(({ tier, state }) => state === 'frozen' && known.tiers.has(tier)))
      return undefined;
    this.#burning.delete(objective.name);
    return { from: known.from, to: Math.max(at, known.from + 1) };
  }
}

interface BurnOf {
  readonly objective: { readonly name: string };
}
