import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { burstsOf, isSevere } from '../../../../server/sli/bursts.ts';
import type { SlotLoss, Stretch } from '../../../../server/sli/stretch.ts';

type Told = Stretch<SlotLoss>;
const seen = (bad: number, offered = 100): Told => ({ state: 'observed', offered: BigInt(offered), bad: BigInt(bad) });

/** One sub-slot of 100 packets a character: . without loss, a digit loses as many, ? unknown, x excluded. */
const text = (of: string): Told[] =>
  [...of].map((kind) => {
    if (kind === '?') return { state: 'unknown', slots: 1 };
    if (kind === 'x') return { state: 'excluded', slots: 1 };
    return seen(kind === '.' ? 0 : Number(kind));
  });

test('the worked example: 0 5 0 0 20 0 0 0 0 1, unknown, 0', () => {
  const slots = [0, 5, 0, 0, 20, 0, 0, 0, 0, 1].map((bad) => seen(bad));
  expect(burstsOf([...slots, { state: 'unknown', slots: 1 }, seen(0)])).toEqual({
    bursts: [
      {
        from: 1,
        slots: 4,
        slotsMax: 4,
        unknown: 0,
        drops: 25n,
        peak: { num: 20n, den: 100n },
        mean: { num: 25n, den: 400n },
        distance: null,
      },
      {
        from: 9,
        slots: 1,
        slotsMax: 2,
        unknown: 0,
        drops: 1n,
        peak: { num: 1n, den: 100n },
        mean: { num: 1n, den: 100n },
        distance: { slots: 4, isCertain: true },
      },
    ],
    unplacedDrops: 0n,
    time: { high: { total: 12n, bad: 5n }, low: { total: 12n, bad: 6n } },
  });
});

describe('where bursts begin and end', () => {
  test.each<[string, [number, number, number, number][], [number, number, number]]>([
    // From, length, longest length, unknown sub-slots inside; then total, time at least, time at most.
    ['....', [], [4, 0, 0]],
    ['1...1', [[0, 5, 5, 0]], [5, 5, 5]],
    [
      '1....1',
      [
        [0, 1, 1, 0],
        [5, 1, 1, 0],
      ],
      [6, 2, 2],
    ],
    [
      '1.1.1....1',
      [
        [0, 5, 5, 0],
        [9, 1, 1, 0],
      ],
      [10, 6, 6],
    ],
    // Four unknown ones between: two bursts, or one of six.
    [
      '1????1',
      [
        [0, 1, 6, 0],
        [5, 1, 6, 0],
      ],
      [6, 2, 6],
    ],
    ['1.?.1', [[0, 5, 5, 1]], [5, 5, 5]],
    [
      '1....?....1',
      [
        [0, 1, 1, 0],
        [10, 1, 1, 0],
      ],
      [11, 2, 3],
    ],
    [
      '1..?..1',
      [
        [0, 1, 7, 0],
        [6, 1, 7, 0],
      ],
      [7, 2, 7],
    ],
    ['????', [], [4, 0, 4]],
    // Excluded time ends a burst, and is in no total.
    [
      '1x1',
      [
        [0, 1, 1, 0],
        [2, 1, 1, 0],
      ],
      [2, 2, 2],
    ],
    ['?x1', [[2, 1, 1, 0]], [2, 1, 2]],
  ])('%s', (slots, expected, [total, atLeast, atMost]) => {
    const { bursts, time } = burstsOf(text(slots));
    expect(bursts.map((burst) => [burst.from, burst.slots, burst.slotsMax, burst.unknown])).toEqual(expected);
    expect(time).toEqual({
      high: { total: BigInt(total), bad: BigInt(atLeast) },
      low: { total: BigInt(total), bad: BigInt(atMost) },
    });
  });

  test('the distance is certain only where everything between is known', () => {
    const distances = (of: string) => burstsOf(text(of)).bursts.map(({ distance }) => distance);
    expect(distances('1....1....?1')).toEqual([null, { slots: 4, isCertain: true }, { slots: 5, isCertain: false }]);
    expect(distances('1....x....1')).toEqual([null, null]);
  });

  test('a gap with loss is in no burst: nobody knows where in it', () => {
    const lost: Told = { state: 'bridged', slots: 10, offered: 1000n, bad: 7n };
    const told = burstsOf([seen(5), lost, seen(0)]);
    expect(told.bursts).toMatchObject([{ from: 0, slots: 1, slotsMax: 11, drops: 5n }]);
    expect(told.unplacedDrops).toBe(7n);
    expect(told.time).toEqual({ high: { total: 12n, bad: 1n }, low: { total: 12n, bad: 11n } });
  });

  test('a gap without loss is free of it, and one of a single sub-slot is known', () => {
    const free: Told = { state: 'bridged', slots: 10, offered: 1000n, bad: 0n };
    expect(burstsOf([seen(5), free, seen(5)]).bursts.map(({ slots, slotsMax }) => [slots, slotsMax])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    const one: Told = { state: 'bridged', slots: 1, offered: 100n, bad: 7n };
    expect(burstsOf([one])).toMatchObject({ bursts: [{ from: 0, drops: 7n }], unplacedDrops: 0n });
  });

  test('the peak is the worst ratio, not the most packets', () => {
    const [burst] = burstsOf([seen(20, 1000), seen(5), seen(20, 1000)]).bursts;
    expect(burst).toMatchObject({ peak: { num: 5n, den: 100n }, mean: { num: 45n, den: 2100n } });
  });

  test('other gaps may be joined', () => {
    expect(burstsOf(text('1.1'), 0).bursts).toHaveLength(2);
    expect(burstsOf(text('11'), 0).bursts).toHaveLength(1);
  });
});

test('whatever the unknown sub-slots were, time in bursts lies between both readings', () => {
  const kinds = fc.array(fc.constantFrom('.', '.', '.', '5', '?', 'x'), { maxLength: 60 });
  const put = fc.array(fc.constantFrom('.', '5'), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(kinds, put, fc.integer({ min: 0, max: 4 }), (list, choices, gapMax) => {
      const before = burstsOf(text(list.join('')), gapMax);
      const complete = list.map((kind, i) => (kind === '?' ? (choices[i % choices.length] as string) : kind));
      const after = burstsOf(text(complete.join('')), gapMax);
      expect(after.time.high).toEqual(after.time.low);
      expect(after.time.high.total).toBe(before.time.high.total);
      expect(after.time.high.bad).toBeGreaterThanOrEqual(before.time.high.bad);
      expect(after.time.high.bad).toBeLessThanOrEqual(before.time.low.bad);
      // Each burst is part of one that is no longer than told.
      for (const { from, slots, slotsMax, drops } of before.bursts) {
        const around = after.bursts.find((each) => each.from <= from && from + slots <= each.from + each.slots);
        expect(around?.slots).toBeLessThanOrEqual(slotsMax);
        expect(around?.drops).toBeGreaterThanOrEqual(drops);
      }
    }),
    { numRuns: 300 },
  );
});

test.each([
  // The worked example.
  [1n, 100n, 10_000n, false],
  [2n, 100n, 10_000n, true],
  [1n, 100n, 10_001n, true],
  [10n, 1000n, 1n, false],
  [11n, 1000n, 1n, true],
  [1n, 99n, 1n, true],
])('a peak of %i/%i and %i drops: severe %s', (num, den, drops, severe) => {
  const [burst] = burstsOf([seen(1)]).bursts;
  expect(isSevere({ ...(burst as NonNullable<typeof burst>), peak: { num, den }, drops })).toBe(severe);
});
