import type { Watermark } from '../live/watermark.ts';
import type { Stale } from './reading.ts';

/** What is known of the hosts that an objective depends on. */
export interface HostsTold {
  /** Up to when all that can be known is stored, unix seconds: of a silent host nothing more is awaited. */
  readonly until: number;
  readonly stale: Stale | null;
}

/**
 * A host that talks holds the objective back until its rows are stored; a silent one does not: its slots have passed, and
 * are unknown. Nobody has heard of a host that the store does not know either: it is silent since `since`.
 *
 * Example, now 1000: host a stored to 998, b silent since 400: until 998, stale since 400.
 */
export function hostsTold(
  hosts: Iterable<string>,
  watermarks: ReadonlyMap<string, Watermark>,
  { now, since }: { readonly now: number; readonly since: number },
): HostsTold {
  let until = now;
  const silent: { host: string; since: number }[] = [];
  for (const host of hosts) {
    const watermark = watermarks.get(host);
    if (watermark?.completeTo !== undefined) until = Math.min(until, watermark.completeTo);
    else silent.push({ host, since: watermark?.silent[0]?.since || since });
  }
  if (silent.length === 0) return { until, stale: null };
  const names = silent.map(({ host }) => host).sort();
  return { until, stale: { since: Math.min(...silent.map((each) => each.since)), hosts: names } };
}
