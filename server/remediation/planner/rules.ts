import { type Placement, type Shift, usedPpm, whole } from './placement.ts';
import type { PlanInput, Pmd, Rxq } from './plan-input.ts';

/** A thread that others take time from: nothing is written while it would have to answer. */
export function isStarved({ stolenPpm }: Pmd, { limits }: Pick<PlanInput, 'limits'>): boolean {
  return stolenPpm > limits.stolenMaxPpm;
}

/** Whether a queue may leave its thread at all; one that was moved in a future that a clock told is held, too. */
function mayMove(rxq: Rxq, pmd: Pmd, { at, limits }: Pick<PlanInput, 'at' | 'limits'>): boolean {
  if (rxq.pin === 'operator' || isStarved(pmd, { limits })) return false;
  return rxq.movedAt === null || at - rxq.movedAt >= limits.queueHoldMs;
}

/** Threads that a queue may go to, apart from its own: of its own node, and not starved. */
export function targetsOf(
  placement: Placement,
  input: Pick<PlanInput, 'at' | 'limits'>,
): readonly (readonly number[])[] {
  const { pmds, rxqs, home } = placement;
  return rxqs.map((rxq, index) => {
    const own = home[index] ?? 0;
    const pmd = pmds[own];
    if (pmd === undefined || !mayMove(rxq, pmd, input)) return [];
    return [...pmds.entries()]
      .filter(([place, each]) => place !== own && each.numa === rxq.numa && !isStarved(each, input))
      .map(([place]) => place);
  });
}

/** How many queues of each machine a plan may move: its share, and at least one. */
export function vmAllowances({ rxqs, limits }: Pick<PlanInput, 'rxqs' | 'limits'>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { vm } of rxqs) if (vm !== null) counts.set(vm, (counts.get(vm) ?? 0) + 1);
  return new Map([...counts].map(([vm, n]) => [vm, Math.max(1, Math.floor((n * limits.vmSharePpm) / whole))]));
}

/** Whether the moves leave each machine what they must. */
export function sparesVms(
  shifts: readonly Shift[],
  { rxqs }: Placement,
  allowances: ReadonlyMap<string, number>,
): boolean {
  return shifts.every(({ rxq }) => {
    const vm = rxqs[rxq]?.vm ?? null;
    if (vm === null) return true;
    return shifts.filter((other) => rxqs[other.rxq]?.vm === vm).length <= (allowances.get(vm) ?? 0);
  });
}

/** Queues that share their thread with another of their group, once the moves are made. */
export function sharing(
  shifts: readonly Shift[],
  { rxqs, home }: Placement,
  grouped: readonly number[],
): readonly number[] {
  const placeOf = (rxq: number) => shifts.find((shift) => shift.rxq === rxq)?.to ?? home[rxq];
  const met = new Map<string, number>();
  const found = new Set<number>();
  for (const rxq of grouped) {
    const key = `${placeOf(rxq)} ${rxqs[rxq]?.group}`;
    const other = met.get(key);
    if (other === undefined) met.set(key, rxq);
    else found.add(other).add(rxq);
  }
  return [...found];
}

/** What a moved queue may have become by the time it is moved: 15 % more, rounded down. */
function raised(usagePpm: number): number {
  return Math.floor((usagePpm * 115) / 100);
}

/** Whether every thread that is touched stays where it may be, should each moved queue have grown meanwhile. */
export function isRobust(shifts: readonly Shift[], placement: Placement, enterPpm: number): boolean {
  const { rxqs, home, load, capacity } = placement;
  const touched = shifts.flatMap(({ rxq, to }) => [home[rxq] ?? 0, to]);
  return touched.every((place) => {
    let sum = load[place] ?? 0;
    for (const { rxq, to } of shifts) {
      const usage = rxqs[rxq]?.usagePpm ?? 0;
      if (to === place) sum += raised(usage);
      if (home[rxq] === place) sum -= usage;
    }
    return usedPpm(sum, capacity[place] ?? 0) <= enterPpm;
  });
}
