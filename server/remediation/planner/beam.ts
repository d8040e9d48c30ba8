import type { Candidate, Judge } from './candidate.ts';
import type { Shift } from './placement.ts';
import type { Targets } from './search.ts';

/** Pairs of moves that a third is tried with. */
const width = 32;

interface Partial {
  readonly shifts: readonly Shift[];
  readonly highest: number;
  readonly squares: number;
}

/**
 * The best plan of three moves that is found by adding one to the most promising pairs, each move from the thread that is the
 * busiest by then; undefined: none is acceptable and below `most`. No proof that there is no better one.
 */
export function beamSearch(judge: Judge, targets: Targets, most: number): Candidate | undefined {
  let pairs: readonly Partial[] = [{ shifts: [], highest: 0, squares: 0 }];
  for (let moves = 0; moves < 2; moves++)
    pairs = best(
      pairs.flatMap((partial) => longer(judge, targets, partial)),
      judge,
    );
  let found: Candidate | undefined;
  for (const pair of pairs)
    for (const { shifts } of longer(judge, targets, pair))
      found = judge.better(found, judge.judge(shifts, found?.highest ?? most));
  return found;
}

function longer(judge: Judge, targets: Targets, { shifts }: Partial): Partial[] {
  const { queues } = judge.placement;
  const uses = judge.usesAfter(shifts);
  const hot = uses.indexOf(Math.max(...uses));
  const isMoved = new Set(shifts.map(({ rxq }) => rxq));
  const here = [...(queues[hot] ?? []), ...shifts.flatMap(({ rxq, to }) => (to === hot ? [rxq] : []))];
  return here
    .filter((rxq) => !isMoved.has(rxq))
    .flatMap((rxq) => (targets[rxq] ?? []).map((to) => measured(judge, [...shifts, { rxq, to }])));
}

function measured(judge: Judge, shifts: readonly Shift[]): Partial {
  const uses = judge.usesAfter(shifts);
  return { shifts, highest: Math.max(...uses), squares: uses.reduce((sum, use) => sum + use ** 2, 0) };
}

function best(partials: readonly Partial[], judge: Judge): readonly Partial[] {
  const known = new Set<string>();
  return partials
    .map((partial) => ({ ...partial, shifts: judge.sorted(partial.shifts) }))
    .sort((a, b) => judge.compare(a, b))
    .filter(({ shifts }) => {
      const key = shifts.map(({ rxq, to }) => `${rxq}>${to}`).join(' ');
      return !known.has(key) && known.add(key);
    })
    .slice(0, width);
}
