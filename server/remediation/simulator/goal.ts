import { lossCauses, type Scores } from './score.ts';

/** Of what Open vSwitch's own balancer loses and moves ours may have one part in so many. */
export const goalOneIn = 10;

/** One thing that the goal is about. */
export interface GoalPart {
  readonly ours: number;
  readonly most: number;
  readonly isKept: boolean;
}

/** What ours was to come to beside `auto-lb-group`, and whether it did. */
export interface Goal {
  readonly lostSeconds: GoalPart;
  readonly moves: GoalPart;
  readonly isReached: boolean;
  /** Seconds that ours lost for reasons that no placement cures. */
  readonly incurable: number;
  /** Curing all that can be cured would have been enough. */
  readonly isReachable: boolean;
}

export function goalOf(ours: Scores, group: Scores): Goal {
  const lostSeconds = partOf(ours.lostSeconds, group.lostSeconds);
  const moves = partOf(ours.moves, group.moves);
  const incurable = incurableOf(ours);
  const isReached = lostSeconds.isKept && moves.isKept;
  return { lostSeconds, moves, isReached, incurable, isReachable: incurable <= lostSeconds.most };
}

function partOf(ours: number, theirs: number): GoalPart {
  return { ours, most: Math.floor(theirs / goalOneIn), isKept: ours * goalOneIn <= theirs };
}

export function incurableOf({ lostBy }: Scores): number {
  return lossCauses.reduce((sum, cause) => sum + (cause === 'curable' ? 0 : lostBy[cause]), 0);
}
