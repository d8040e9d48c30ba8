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
  nowMs: number,
  staleAfterMs: number,
  host: string | undefined,
): number | undefined {
  const ends: number[] = [];
  for (const [name, live] of fleet.hosts) {
    if ((host !== undefined && name !== host) || nowMs - live.arrivedAtMs > staleAfterMs) continue;
    ends.push(storedTo.get(name) ?? 0);
  }
  const earliest = Math.min(...ends);
  return ends.length === 0 || earliest === 0 ? undefined : earliest;
}
