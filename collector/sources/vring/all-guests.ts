import type { Found, FoundRing, RingFinder } from './finder.ts';

/** Finders of several kinds of guests as one. */
export class AllGuests implements RingFinder {
  readonly #finders: readonly RingFinder[];
  /** Who found a ring. */
  readonly #foundBy = new WeakMap<FoundRing, RingFinder>();

  constructor(finders: readonly RingFinder[]) {
    this.#finders = finders;
  }

  async refresh(boundary: number, signal: AbortSignal): Promise<void> {
    for (const finder of this.#finders) await finder.refresh?.(boundary, signal);
  }

  find(boundary: number): Found {
    const found = this.#finders.map((finder) => {
      const own = finder.find(boundary);
      for (const ring of own.rings) this.#foundBy.set(ring, finder);
      return own;
    });
    return { rings: found.flatMap(({ rings }) => rings), refusals: found.flatMap(({ refusals }) => refusals) };
  }

  check({ rings, refusals }: Found): Found {
    const still = this.#finders.flatMap((finder) => {
      const own = rings.filter((ring) => this.#foundBy.get(ring) === finder);
      return finder.check({ rings: own, refusals: [] }).rings;
    });
    return { rings: still, refusals };
  }

  /** Undefined: nobody follows guests that could. */
  migrating(): ReadonlyMap<string, string> | undefined {
    const told = this.#finders.flatMap((finder) => finder.migrating?.() ?? []);
    return told.length === 0 ? undefined : new Map(told.flatMap((guests) => [...guests]));
  }

  close(): void {
    for (const finder of this.#finders) finder.close?.();
  }
}
