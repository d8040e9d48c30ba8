import { busiest, highestUse, type Placement, usedPpm, whole } from './placement.ts';
import type { PlanInput } from './plan-input.ts';
import { isStarved } from './rules.ts';

/** Why there is no plan, in the order in which they are looked at. */
export const noPlanReasons = ['frozen', 'notNeeded', 'starved', 'elephant', 'hostFull', 'noAcceptablePlan'] as const;
export type NoPlanReason = (typeof noPlanReasons)[number];

/** Whether anything is to be done at all. */
export function refusal(placement: Placement, { limits, burning, frozen }: PlanInput): NoPlanReason | undefined {
  if (frozen) return 'frozen';
  return highestUse(placement) < limits.enterPpm && burning.length === 0 ? 'notNeeded' : undefined;
}

/** Why nothing that would help was found. */
export function reasonForNone(placement: Placement, input: PlanInput): NoPlanReason {
  const hot = busiest(placement);
  const pmd = hot === undefined ? undefined : placement.pmds[hot];
  if (pmd !== undefined && isStarved(pmd, input)) return 'starved';
  if (hasElephant(placement, input.limits.acceptPpm)) return 'elephant';
  return isFull(placement, input.limits.acceptPpm) ? 'hostFull' : 'noAcceptablePlan';
}

/** One queue that is too much for its thread, had it that alone. */
function hasElephant({ rxqs, home, capacity }: Placement, acceptPpm: number): boolean {
  return rxqs.some(({ usagePpm }, i) => usedPpm(usagePpm, capacity[home[i] ?? 0] ?? 0) > acceptPpm);
}

/** The queues of one node are more than its threads should carry together. */
function isFull({ pmds, rxqs, capacity }: Placement, acceptPpm: number): boolean {
  return [...new Set(pmds.map(({ numa }) => numa))].some((node) => {
    const usage = rxqs.reduce((sum, rxq) => sum + (rxq.numa === node ? rxq.usagePpm : 0), 0);
    const room = capacity.reduce((sum, each, place) => sum + (pmds[place]?.numa === node ? each : 0), 0);
    return BigInt(usage) * BigInt(whole) > BigInt(room) * BigInt(acceptPpm);
  });
}
