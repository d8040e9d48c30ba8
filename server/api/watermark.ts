import type { Fleet } from '../live/fleet.ts';

/**
 * Up to when rows are stored: before this instant (unix seconds) every slot of every live host asked for can be in a
 * sum. Undefined when no live host is asked for. A silent host does not hold it back; its slots are unknown.
 *
 * `storedTo` is the end of the newest slot the store has of each host.
 */
export function completeTo(
  fleet: Fleet,
  storedTo: ReadonlyMap<string, number>,
  monoMs: number,
  staleAfterMs: number,
  host: string | undefined,
): number | undefined {
  const ends: number[] = [];
  for (const [name, live] of fleet.hosts) {
    if ((host !== undefined && name !== host) || monoMs - live.arrivedAtMs > staleAfterMs) continue;
    // Never past what is live: a clock that ran ahead for a while has left stored slots in the future.
    ends.push(Math.min(storedTo.get(name) ?? 0, (live.lastTick?.slot ?? 0) + 1));
  }
  const earliest = Math.min(...ends);
  return ends.length === 0 || earliest === 0 ? undefined : earliest;
}
