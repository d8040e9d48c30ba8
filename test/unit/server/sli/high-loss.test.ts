import { describe, expect, test } from 'vitest';
import { availabilityProfiles } from '../../../../server/sli/availability-profiles.ts';
import { judgeHighLoss } from '../../../../server/sli/high-loss.ts';
import { PathAvailability } from '../../../../server/slo/availability.ts';
import { ask, november, seen } from '../slo/asking.ts';

const mefSli = (run: number) => ({ sli: 'availability', lossRatioMax: { num: 1n, den: 10n }, run }) as const;

describe('profiles', () => {
  // Six slots that lose 60 of 100, in a minute without other loss.
  const lines = [seen(november, 100, 60, { repeat: 6 }), seen(november + 6, 100, 0, { repeat: 54 })];
  const asked = { target: '0.5', calendar: ['1m', '2026-11-01 00:00:00', 'UTC'] } as const;

  test.each([
    ['standard', 0n, { hli: 6n, chli: 1n }],
    ['telcoCloud', 6n, { hli: 0n, chli: 0n }],
  ] as const)('the worked example, %s: six slots that lose 60 %%', (name, unavailable, highLoss) => {
    const { lossRatioMax, run, consecutiveMin } = availabilityProfiles[name];
    const told = ask(lines, { ...asked, lossRatioMax, run });
    expect(told.high).toEqual({ total: 60n, bad: unavailable });
    const states = new PathAvailability(mefSli(run), { from: 0, to: 60 });
    states.add({ from: 0, to: 6, bad: 0n }, 'lossy');
    states.add({ from: 6, to: 60, bad: 0n }, 'good');
    expect(states.highLoss(consecutiveMin)).toEqual(highLoss);
  });

  test.each([
    // Runs of lossy slots of an hour, n = 10: of two and more, of five and more.
    [[1, 2, 4, 5, 9], 2, 4n],
    [[1, 2, 4, 5, 9], 5, 2n],
    [[4, 4, 4], 5, 0n],
  ])('runs of %j count from %i on: %i', (runs, consecutiveMin, chli) => {
    const states = new PathAvailability(mefSli(10), { from: 0, to: 3600 });
    let at = 0;
    for (const run of runs) {
      states.add({ from: at, to: at + run, bad: 0n }, 'lossy');
      states.add({ from: at + run, to: at + run + 20, bad: 0n }, 'good');
      at += run + 20;
    }
    expect(states.highLoss(consecutiveMin)).toEqual({ hli: BigInt(runs.reduce((a, b) => a + b)), chli });
  });
});

describe('limits', () => {
  test.each([
    // The worked example: 60 and 5.
    [58n, 2n, 2, 'within'],
    [58n, 2n, 3, 'undetermined'],
    [61n, 0n, 0, 'exceeded'],
    [61n, 0n, 9, 'exceeded'],
    [58n, 4n, 2, 'undetermined'],
    [60n, 5n, 0, 'within'],
    [0n, 6n, 0, 'exceeded'],
    [0n, 0n, 2_592_000, 'undetermined'],
  ])('%i intervals, %i runs, %i unknown slots: %s', (hli, chli, unknown, expected) => {
    expect(judgeHighLoss({ hli, chli }, unknown)).toBe(expected);
  });

  test('others may be agreed', () => {
    expect(judgeHighLoss({ hli: 61n, chli: 0n }, 0, { hli: 100n, chli: 0n })).toBe('within');
  });
});
