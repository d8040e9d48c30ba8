import { expect, test } from 'vitest';
import { coverageAgainst } from '../../../../server/slo/coverage-floor.ts';
import { parseDecimal, type Ratio } from '../../../../server/slo/decimal.ts';

const none = { expected: 0, observed: 0, bridged: 0, unknown: 0, excluded: 0, idle: 0, suspect: 0 };
const month = { ...none, expected: 2_592_000 };

test('the worked example: 2,591,040 of 2,592,000', () => {
  const slots = { ...month, observed: 2_591_000, bridged: 40, unknown: 960 };
  expect(coverageAgainst(slots)).toEqual({ num: 2_591_040, den: 2_592_000, reached: true });
});

test.each([
  // 0.999 of 2,592,000 is 2,589,408.
  ['just enough', { observed: 2_589_408, unknown: 2592 }, 0, true],
  ['one slot too few', { observed: 2_589_407, unknown: 2593 }, 0, false],
  ['idle slots are known', { observed: 1, bridged: 1, idle: 2_589_406, unknown: 2592 }, 0, true],
  // 0.999 of 2,588,400 is 2,585,811.6.
  ['what is excluded was never to be known', { observed: 2_585_812, excluded: 3600, unknown: 2588 }, 0, true],
  ['less than that', { observed: 2_585_811, excluded: 3600, unknown: 2589 }, 0, false],
  // Half the month: 0.999 of 1,296,000 is 1,294,704.
  ['what is yet to come is not missing', { observed: 1_294_704, unknown: 1_297_296 }, 1_296_000, true],
  ['nothing has come yet', { unknown: 2_592_000 }, 2_592_000, false],
  ['all is excluded', { excluded: 2_592_000 }, 0, false],
])('%s', (_, over, ahead, reached) => {
  expect(coverageAgainst({ ...month, ...over }, undefined, ahead).reached).toBe(reached);
});

test('the floor is the decimal that an agreement names', () => {
  const slots = { ...none, expected: 10, observed: 9, unknown: 1 };
  const reached = (floor: string) => coverageAgainst(slots, parseDecimal(floor) as Ratio).reached;
  expect([reached('0.9'), reached('0.90000000000000000001'), reached('1'), reached('0')]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});
