import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadOf } from '../../../../../server/remediation/policy/queue-load.ts';

const twelve = (last: number) => [...Array.from({ length: 11 }, () => 100_000), last];

describe('the load of a queue', () => {
  it.each([
    ['one window says nothing', [500_000], undefined],
    ['nor does none', [], undefined],
    ['two of one value', [300_000, 300_000], 300_000],
    ['two apart: mean and one deviation', [100_000, 300_000], 300_000],
    ['rounded up', [0, 0, 1], 1],
    ['three', [100_000, 200_000, 300_000], 281_650],
    ['of twelve one may stand out', twelve(900_000), 100_000],
    ['two may not', [...twelve(900_000).slice(1), 800_000], 800_000],
    ['only the last twelve count', [990_000, 990_000, ...twelve(0)], 100_000],
  ])('%s', (_what, windows, load) => {
    expect(loadOf(windows)).toBe(load);
  });

  it('is never below the mean of few windows, nor beyond what was told of many', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 2, maxLength: 12 }), (windows) => {
        const load = loadOf(windows) ?? -1;
        const mean = windows.reduce((sum, each) => sum + each, 0) / windows.length;
        if (windows.length === 12) return windows.includes(load);
        const deviation = Math.sqrt(windows.reduce((sum, each) => sum + (each - mean) ** 2, 0) / windows.length);
        return Number.isInteger(load) && load >= mean + deviation - 1e-6 && load < mean + deviation + 2;
      }),
    );
  });
});
