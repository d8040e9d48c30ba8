import type { Candidate, Judge } from './candidate.ts';
import { busiest, type Shift } from './placement.ts';

/** Where each queue may go, by its place. */
export type Targets = readonly (readonly number[])[];

/**
 * The best acceptable plan of at most `maxMoves` moves (two at most): smallest max(Z, `settle`), then fewest moves, smallest
 * Z, smallest sum of squares, and the first by queue and core. Exact: whatever is not looked at cannot be it.
 *
 * One queue must leave the busiest thread: what is left above the bound otherwise is that thread. A second move is looked at
 * only where one move does not settle it, and must then reach less than one move does; so after the first of the two some
 * thread is still too busy, and the second queue must come from there, unless the first alone is refused for another reason:
 * then it must come from a thread that it touched or mend the groups.
 */
export function exactSearch(
  judge: Judge,
  { targets, maxMoves, settle }: { readonly targets: Targets; readonly maxMoves: number; readonly settle: number },
): Candidate | undefined {
  const first = firstShifts(judge, targets);
  let one: Candidate | undefined;
  if (maxMoves >= 1)
    for (const shift of first) one = judge.better(one, judge.judge([shift], one?.highest ?? judge.bound));
  if (maxMoves < 2 || (one !== undefined && one.highest <= settle)) return one;
  let two: Candidate | undefined;
  for (const shift of first) {
    const most = two?.highest ?? (one === undefined ? judge.bound : one.highest - 1);
    two = judge.better(two, bestSecond(judge, targets, { shift, most }));
  }
  return two ?? one;
}

function firstShifts({ placement, bound }: Judge, targets: Targets): readonly Shift[] {
  const hot = busiest(placement);
  if (hot === undefined || (placement.use[hot] ?? 0) <= bound) return [];
  return (placement.queues[hot] ?? []).flatMap((rxq) => (targets[rxq] ?? []).map((to) => ({ rxq, to })));
}

function bestSecond(
  judge: Judge,
  targets: Targets,
  { shift, most: atFirst }: { readonly shift: Shift; readonly most: number },
): Candidate | undefined {
  let best: Candidate | undefined;
  let most = atFirst;
  for (const rxq of secondQueues(judge, shift, most)) {
    for (const to of targets[rxq] ?? []) {
      best = judge.better(best, judge.judge([shift, { rxq, to }], most));
      most = best?.highest ?? most;
    }
  }
  return best;
}

function secondQueues(judge: Judge, shift: Shift, most: number): readonly number[] {
  const { queues, home } = judge.placement;
  const on = (place: number) => (queues[place] ?? []).filter((rxq) => rxq !== shift.rxq);
  const [over, ...others] = judge.over([shift], most);
  if (others.length > 0) return [];
  if (over !== undefined) return on(over);
  const touched = [home[shift.rxq] ?? 0, shift.to].flatMap(on);
  return [...new Set([...touched, ...judge.sharing([shift]).filter((rxq) => rxq !== shift.rxq)])];
}
