import { describe, expect, it } from 'vitest';
import { stepGrid } from '../../../../server/api/series.ts';

describe('a grid of steps', () => {
  const grid = stepGrid(100, 130, 10);

  it('tells a value only where every slot of the step is observed', () => {
    expect(grid.at).toEqual([100, 110, 120]);
    expect(
      grid.fill([
        { at: 100, observed: 10, value: '7' },
        { at: 110, observed: 9, value: '8' },
      ]),
    ).toEqual(['7', null, null]);
  });

  it('what is written when it moves is zero where the port is known, and unknown where its own row says so', () => {
    const known = ['1', '1', null];
    expect(grid.fillMoved([{ at: 100, observed: 1, value: '3' }], known)).toEqual(['3', '0', null]);
    expect(grid.fillMoved([{ at: 110, observed: 1, value: null }], known)).toEqual(['0', null, null]);
  });

  it('points outside of it are passed over', () => {
    expect(grid.fill([{ at: 130, observed: 10, value: '1' }])).toEqual([null, null, null]);
  });
});
