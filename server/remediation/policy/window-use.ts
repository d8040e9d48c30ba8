import { usedPpm, whole } from '../planner/placement.ts';
import type { PlanInput } from '../planner/plan-input.ts';
import type { Telling } from './valid-windows.ts';

/** Use of the busiest thread by one telling alone, ppm; undefined: a thread of it does not count. */
export function windowUse({ queues, overheadPpm }: Telling, { pmds }: PlanInput): number | undefined {
  const uses = pmds.map(({ core, stolenPpm }) => {
    const overhead = overheadPpm.get(core);
    if (overhead === undefined) return undefined;
    const own = queues.filter((queue) => queue.core === core);
    const load = own.reduce((sum, { usagePpm }) => sum + (usagePpm ?? 0), 0);
    const capacity = whole - overhead - stolenPpm;
    // Nothing left for queues is more than full.
    return capacity > 0 ? usedPpm(load, capacity) : whole;
  });
  const known = uses.filter((use) => use !== undefined);
  return known.length < uses.length || known.length === 0 ? undefined : Math.max(...known);
}
