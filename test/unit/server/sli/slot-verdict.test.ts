import { expect, test } from 'vitest';
import { readingsOf, type SlotVerdict, tallyOf, worstOf } from '../../../../server/sli/slot-verdict.ts';

test('the worked example: 90 good, 2 bad, 5 not exercised, 3 unknown', () => {
  const times = (verdict: SlotVerdict, count: number) => new Array<SlotVerdict>(count).fill(verdict);
  const all = [...times('good', 90), ...times('bad', 2), ...times('notExercised', 5), ...times('unknown', 3)];
  const tally = tallyOf(all);
  expect(tally).toEqual({ good: 90, bad: 2, notExercised: 5, unknown: 3 });
  expect(readingsOf(tally)).toEqual({ high: { total: 95n, bad: 2n }, low: { total: 95n, bad: 5n } });
});

test.each<[SlotVerdict[], SlotVerdict]>([
  [['good', 'unknown', 'bad'], 'bad'],
  [['good', 'unknown', 'notExercised'], 'unknown'],
  [['notExercised', 'good'], 'good'],
  [['notExercised'], 'notExercised'],
  // Nobody vouches for it.
  [[], 'unknown'],
])('of %j the worst is %s', (verdicts, worst) => expect(worstOf(verdicts)).toBe(worst));
