import type { PlannerName } from './policy.ts';
import { lossCauses, noScores, type Scores } from './score.ts';

const sums = [
  ...(['portSeconds', 'lostSeconds', 'acts', 'rollbacks', 'dropped'] as const),
  ...(['falseActs', 'moves', 'foreignMoves', 'checks'] as const),
  ...(['suppressedHosts', 'haltedHosts'] as const),
];
const largeSums = ['packetsOffered', 'packetsLost', 'waitedSteps'] as const;

/** Of one planner with one seed. */
export interface PlannerScores {
  readonly planner: PlannerName;
  readonly seed: number;
  readonly scores: Scores;
}

/** The scores of many hosts together; in whatever order they come. */
export function addedScores(all: readonly Scores[]): Scores {
  const total = noScores();
  for (const each of all) {
    for (const key of sums) total[key] += each[key];
    for (const key of largeSums) total[key] += each[key];
    for (const cause of lossCauses) total.lostBy[cause] += each.lostBy[cause];
    for (const [doing, seconds] of Object.entries(each.curableWhile))
      total.curableWhile[doing] = (total.curableWhile[doing] ?? 0) + seconds;
    total.longestWaitUs = Math.max(total.longestWaitUs, each.longestWaitUs);
  }
  return total;
}

/** What the machine was doing in curable seconds, the most first: in whatever order hosts came. */
export function whileLost({ curableWhile }: Scores): readonly (readonly [doing: string, seconds: number])[] {
  return Object.entries(curableWhile).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** As JSON: what may pass 2^53 is text. */
export function scoresJson(scores: Scores) {
  const { packetsOffered, packetsLost, waitedSteps, ...rest } = scores;
  return {
    ...rest,
    curableWhile: Object.fromEntries(whileLost(scores)),
    ...{ packetsOffered: `${packetsOffered}`, packetsLost: `${packetsLost}`, waitedSteps: `${waitedSteps}` },
  };
}
