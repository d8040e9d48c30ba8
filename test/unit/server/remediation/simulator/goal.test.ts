import { describe, expect, it } from 'vitest';
import { goalOf } from '../../../../../server/remediation/simulator/goal.ts';
import { noScores, type Scores } from '../../../../../server/remediation/simulator/score.ts';

function scores(lost: Partial<Scores['lostBy']>, moves: number): Scores {
  const lostBy = { ...noScores().lostBy, ...lost };
  const lostSeconds = Object.values(lostBy).reduce((sum, each) => sum + each, 0);
  return { ...noScores(), lostBy, lostSeconds, moves };
}

describe('the goal of the comparison', () => {
  const group = scores({ curable: 950, theft: 59 }, 200);

  it('is a tenth of the seconds with a tenth of the moves, and not one more', () => {
    expect(goalOf(scores({ curable: 100 }, 20), group)).toEqual({
      lostSeconds: { ours: 100, most: 100, isKept: true },
      moves: { ours: 20, most: 20, isKept: true },
      ...{ isReached: true, incurable: 0, isReachable: true },
    });
    expect(goalOf(scores({ curable: 101 }, 20), group)).toMatchObject({ isReached: false, isReachable: true });
    expect(goalOf(scores({ curable: 100 }, 21), group)).toMatchObject({ isReached: false, isReachable: true });
  });

  it('is out of reach where causes that no placement cures are more than that', () => {
    const found = goalOf(scores({ curable: 1, theft: 40, elephant: 30, full: 31 }, 1), group);
    expect(found).toMatchObject({ isReached: false, incurable: 101, isReachable: false });
    expect(goalOf(scores({ theft: 40, elephant: 30, full: 30 }, 1), group).isReachable).toBe(true);
  });

  it('beside nothing lost is kept by nothing lost', () => {
    const nothing = scores({}, 0);
    expect(goalOf(nothing, nothing).isReached).toBe(true);
    expect(goalOf(scores({ curable: 1 }, 0), nothing).lostSeconds).toEqual({ ours: 1, most: 0, isKept: false });
  });
});
