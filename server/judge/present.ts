import type { Arrival, Fleet } from '../live/fleet.ts';
import type { ServicePort } from '../objects/object.ts';
import type { TimedBurnTier } from '../slo/burn.ts';
import { FastBurn } from './fast-burn.ts';
import type { Follower } from './follower.ts';
import type { PlacedPort } from './objective-ports.ts';

/** T0 to T4 of what holds now: the fast ones from rows as they arrive, the slow ones from what was read last. */
export class Present {
  readonly #fast = new FastBurn();
  readonly #now: () => number;
  readonly #followers = new Map<string, Follower>();
  #end: (() => void) | undefined;

  /** @param now wall clock, unix seconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get stats(): FastBurn['stats'] {
    return this.#fast.stats;
  }

  listen(fleet: Pick<Fleet, 'subscribe'>): void {
    this.#end = fleet.subscribe(({ host, slot, rows }: Arrival) => this.#fast.take({ host, slot, rows }, this.#now()));
  }

  close(): void {
    this.#end?.();
  }

  /** Forgets all others. */
  keep(followers: readonly Follower[]): void {
    const names = new Set(followers.map(({ terms }) => terms.version.name));
    for (const name of this.#followers.keys()) {
      if (names.has(name)) continue;
      this.#followers.delete(name);
      this.#fast.remove(name);
    }
  }

  /** Begins with an objective once its paths are known, or goes on with it as it is now. */
  follow(follower: Follower): void {
    const { name } = follower.terms.version;
    if (this.#followers.get(name) === follower) return;
    this.#followers.set(name, follower);
    this.#fast.set({
      objective: follower.terms.objective,
      ports: portsOf(follower.terms.placed),
      exclusions: follower.leftOut,
      paths: follower.paths,
    });
  }

  tiers(follower: Follower): TimedBurnTier[] {
    const { name } = follower.terms.version;
    return [...this.#fast.tiers(name, this.#fast.asOf(name, this.#now())), ...follower.slowTiers()];
  }
}

function portsOf(placed: readonly PlacedPort[]): ServicePort[] {
  const ports = new Map<string, ServicePort['placements'][number][]>();
  for (const { name, host, port, from, to } of placed) {
    const placements = ports.get(name) ?? [];
    placements.push({ host, port, from, to: to === Number.POSITIVE_INFINITY ? null : to });
    ports.set(name, placements);
  }
  return [...ports].map(([name, placements]) => ({ name, placements }));
}
