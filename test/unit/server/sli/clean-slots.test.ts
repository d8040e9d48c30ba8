import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanReadings, cleanSlots, packetsMin } from '../../../../server/sli/clean-slots.ts';
import type { SlotLoss, Stretch } from '../../../../server/sli/stretch.ts';

type Told = Stretch<SlotLoss>;
const seen = (offered: number, bad = 0): Told => ({ state: 'observed', offered: BigInt(offered), bad: BigInt(bad) });
const gap = (slots: number, offered: number, bad = 0): Told => ({
  state: 'bridged',
  slots,
  offered: BigInt(offered),
  bad: BigInt(bad),
});
const unknown = (slots = 1): Told => ({ state: 'unknown', slots });
const excluded = (slots = 1): Told => ({ state: 'excluded', slots });
const hundredth = { num: 1n, den: 100n };
const none = { good: 0, bad: 0, uncertain: 0, unjudged: 0, unknown: 0, excluded: 0 };

test.each([
  ['0.0001', { num: 1n, den: 10_000n }, 10_000n],
  ['0.01', hundredth, 100n],
  ['0.3', { num: 3n, den: 10n }, 4n],
])('a loss of %s needs packets', (_, ratio, packets) => expect(packetsMin(ratio)).toBe(packets));

test('the worked example: 200/2, 60/0, 30/1, 40/1, 50/0, unknown, 70/3', () => {
  const slots = [seen(200, 2), seen(60), seen(30, 1), seen(40, 1), seen(50), unknown(), seen(70, 3)];
  const told = cleanSlots(slots, hundredth);
  expect(told).toEqual({ ...none, good: 1, bad: 3, unjudged: 2, unknown: 1 });
  expect(cleanReadings(told)).toEqual({ high: { total: 5n, bad: 3n }, low: { total: 5n, bad: 4n } });
});

describe('clean slots at 0.01', () => {
  test.each([
    ['one above it', [seen(100, 2)], { bad: 1 }],
    ['one at it', [seen(100, 1)], { good: 1 }],
    ['a bucket that ends with the packet that fills it', [seen(99), seen(1), seen(99)], { good: 2, unjudged: 1 }],
    ['idle slots are in the bucket, too', [seen(0), seen(0), seen(100)], { good: 3 }],
    ['nothing but idle slots', [seen(0), seen(0)], { unjudged: 2 }],
    ['an excluded slot cuts', [seen(60), excluded(3), seen(60)], { unjudged: 2, excluded: 3 }],
    ['a gap without loss is in the bucket', [seen(50), gap(7, 50)], { good: 8 }],
    ['a gap with loss is uncertain', [gap(7, 1000, 1)], { uncertain: 7 }],
    ['a gap with loss cuts', [seen(60), gap(2, 50, 9), seen(60)], { unjudged: 2, uncertain: 2 }],
    ['a gap of one slot is a slot', [gap(1, 100, 2)], { bad: 1 }],
    ['no slots', [], {}],
  ])('%s', (_, slots, expected) => expect(cleanSlots(slots, hundredth)).toEqual({ ...none, ...expected }));
});

test('at 0.3 four packets are enough, and one of four is not above it', () => {
  const told = cleanSlots([seen(4, 1), seen(4, 2), gap(3, 50, 9), unknown(2)], { num: 3n, den: 10n });
  expect(told).toEqual({ ...none, good: 1, bad: 1, uncertain: 3, unknown: 2 });
  expect(cleanReadings(told)).toEqual({ high: { total: 7n, bad: 1n }, low: { total: 7n, bad: 6n } });
});

test('each slot is counted once, and an unknown one is never good', () => {
  const stretch = fc.oneof(
    fc.tuple(fc.nat(300), fc.nat(5)).map(([offered, bad]) => seen(offered + bad, bad)),
    fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(300), fc.nat(5)).map(([n, o, bad]) => gap(n, o + bad, bad)),
    fc.integer({ min: 1, max: 5 }).map(unknown),
    fc.integer({ min: 1, max: 5 }).map(excluded),
  );
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 40 }), (list) => {
      const told = cleanSlots(list, hundredth);
      const slotsOf = (state?: string) =>
        list
          .filter((each) => state === undefined || each.state === state)
          .reduce((sum, each) => sum + (each.state === 'observed' ? 1 : each.slots), 0);
      expect(Object.values(told).reduce((a, b) => a + b, 0)).toBe(slotsOf());
      expect([told.unknown, told.excluded]).toEqual([slotsOf('unknown'), slotsOf('excluded')]);
      const { high, low } = cleanReadings(told);
      expect(low.bad - high.bad).toBe(BigInt(told.uncertain + told.unknown));
    }),
    { numRuns: 200 },
  );
});
