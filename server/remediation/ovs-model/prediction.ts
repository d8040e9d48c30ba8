import { placementOf, usedPpm } from '../planner/placement.ts';
import type { PlanInput } from '../planner/plan-input.ts';
import { type OvsAlgorithm, ovsSchedule } from './schedule.ts';

/** What a rebalance by Open vSwitch itself would come to. */
export interface OvsPrediction {
  readonly algorithm: OvsAlgorithm;
  /** Queues that would be on another core than now. */
  readonly moved: number;
  /** Queues that nobody would poll any more. */
  readonly unpolled: number;
  /** Z afterwards, by the same loads. */
  readonly maxUsagePpm: number;
}

/** From the input of a plan: its loads stand for cycles, and ports are numbered as they come. */
export function predictOvs(input: PlanInput, algorithm: OvsAlgorithm, isolate: boolean): OvsPrediction {
  const { rxqs, pmds } = input;
  const { capacity } = placementOf(input);
  const ports = [...new Set(rxqs.map(({ port }) => port))];
  const queues = rxqs.map(({ port, queue, numa, usagePpm, pin, core }, index) => {
    const pinned = pin === null ? null : core;
    return { port, portNo: ports.indexOf(port), queue, numa, cycles: BigInt(usagePpm), pin: pinned, index };
  });
  const { assignments } = ovsSchedule(pmds, queues, { algorithm, isolate });
  const loads = new Map<number, number>();
  let [moved, unpolled] = [0, 0];
  for (const { queue, core } of assignments) {
    const before = rxqs[(queue as (typeof queues)[number]).index];
    if (core === null) unpolled++;
    else loads.set(core, (loads.get(core) ?? 0) + (before?.usagePpm ?? 0));
    if (core !== null && core !== before?.core) moved++;
  }
  const uses = pmds.map(({ core }, place) => usedPpm(loads.get(core) ?? 0, capacity[place] ?? 0));
  return { algorithm, moved, unpolled, maxUsagePpm: Math.max(0, ...uses) };
}
