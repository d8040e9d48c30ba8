import { usedPpm, whole } from '../planner/placement.ts';
import type { PlanInput } from '../planner/plan-input.ts';
import type { Telling, ValidWindows } from './valid-windows.ts';

/**
 * Whether some thread was above the limit in each of the last two windows, taken one by one: what is long over still stands in
 * loads made of a minute. Undefined: one of the two does not count.
 */
export function isHotTwice({ tellings }: Pick<ValidWindows, 'tellings'>, input: PlanInput): boolean | undefined {
  const last = tellings.slice(-2);
  const hot = last.map((telling) => isHot(telling, input));
  if (last.length < 2 || hot.includes(undefined)) return undefined;
  return hot.every(Boolean);
}

function isHot({ queues, overheadPpm }: Telling, { pmds, limits }: PlanInput): boolean | undefined {
  const uses = pmds.map(({ core, stolenPpm }) => {
    const overhead = overheadPpm.get(core);
    if (overhead === undefined) return undefined;
    const own = queues.filter((queue) => queue.core === core);
    const load = own.reduce((sum, { usagePpm }) => sum + (usagePpm ?? 0), 0);
    const capacity = whole - overhead - stolenPpm;
    // Nothing left for queues is more than full.
    return capacity > 0 ? usedPpm(load, capacity) : whole;
  });
  if (uses.includes(undefined)) return undefined;
  return uses.some((use) => (use ?? 0) >= limits.enterPpm);
}
