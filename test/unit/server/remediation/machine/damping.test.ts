import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { charged, defaultDamping, msUntil, penaltyAt } from '../../../../../server/remediation/machine/damping.ts';

const minute = 60_000;
const penalty = { points: 2_000, chargedAt: 0 };

describe('a penalty', () => {
  it.each([
    [0, 2_000],
    [7.5 * minute, 1_415],
    [15 * minute, 1_000],
    [60 * minute, 125],
    [60 * 24 * minute, 0],
  ])('after %i ms is %i of 2,000', (ms, left) => {
    expect(penaltyAt(penalty, ms, defaultDamping)).toBe(left);
  });

  it('is never less than what is left exactly, at most a sixteenth of a half-life late, and only falls', () => {
    const ms = fc.integer({ min: 0, max: 8 * 900_000 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12_000 }), ms, fc.integer({ min: 0, max: minute }), (points, at, more) => {
        const left = penaltyAt({ points, chargedAt: 0 }, at, defaultDamping);
        expect(left).toBeGreaterThanOrEqual(Math.floor(points * 2 ** (-at / 900_000)));
        expect(left).toBeLessThanOrEqual(Math.ceil(points * 2 ** (-(at - 56_250) / 900_000)) + 1);
        expect(penaltyAt({ points, chargedAt: 0 }, at + more, defaultDamping)).toBeLessThanOrEqual(left);
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  it('is charged on top of what is left', () => {
    expect(charged(penalty, 1_000, 15 * minute, defaultDamping)).toEqual({ points: 2_000, chargedAt: 15 * minute });
  });

  it('says when it will be low enough, to the step', () => {
    const ms = msUntil(penalty, defaultDamping.reuseAt, minute, defaultDamping);
    expect(penaltyAt(penalty, minute + ms, defaultDamping)).toBeLessThanOrEqual(750);
    expect(penaltyAt(penalty, minute + ms - 1, defaultDamping)).toBeGreaterThan(750);
    expect(msUntil({ points: 10, chargedAt: 0 }, 750, 5, defaultDamping)).toBe(0);
  });
});
