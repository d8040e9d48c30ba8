import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { delayReadings, delaySlot, isOneWayTold } from '../../../../server/sli/delay.ts';
import {
  type DelayHistogram,
  delayQuantile,
  delaysUpTo,
  delayVariation,
  mergeDelays,
} from '../../../../server/sli/delay-histogram.ts';

const edgesNs = [100, 200, 400];
const histogram = (...counts: number[]): DelayHistogram => ({ edgesNs, counts: counts.map(BigInt) });
const small = histogram(5, 3, 2, 1);
const p50 = { num: 1n, den: 2n };
const p99 = { num: 99n, den: 100n };
const p999 = { num: 999n, den: 1000n };

describe('a histogram', () => {
  test.each([
    // The worked example.
    [200, 8n, 8n],
    [300, 8n, 10n],
    [900, 10n, 11n],
    // An edge is in the bucket that ends there.
    [100, 5n, 5n],
    [99, 0n, 5n],
    [101, 5n, 8n],
    [400, 10n, 10n],
    [0, 0n, 0n],
  ])('at most %i ns: %i to %i', (limitNs, low, high) => {
    expect(delaysUpTo(small, limitNs)).toEqual({ low, high });
  });

  test('the worked example: p50 and p99 of 1,000, and p99.9 needs 10,000', () => {
    const thousand = histogram(600, 395, 5, 0);
    expect(delayQuantile(thousand, p50)).toEqual({ lowNs: 0, highNs: 100 });
    expect(delayQuantile(thousand, p99)).toEqual({ lowNs: 100, highNs: 200 });
    expect(delayQuantile(thousand, p999)).toBeUndefined();
  });

  test.each([
    ['p99 of 999', p99, histogram(999, 0, 0, 0), undefined],
    ['p99.9 of 9,999', p999, histogram(9999, 0, 0, 0), undefined],
    ['p99.9 of 10,000, ten later', p999, histogram(9990, 10, 0, 0), { lowNs: 0, highNs: 100 }],
    ['p99.9 of 10,000, eleven later', p999, histogram(9989, 11, 0, 0), { lowNs: 100, highNs: 200 }],
    ['behind the last edge', p999, histogram(9989, 0, 0, 11), { lowNs: 400, highNs: null }],
    ['p50 of 19', p50, histogram(19, 0, 0, 0), undefined],
    ['p50 of 20', p50, histogram(10, 10, 0, 0), { lowNs: 0, highNs: 100 }],
    ['none', p50, histogram(0, 0, 0, 0), undefined],
    ['the least of 20', { num: 0n, den: 1n }, histogram(0, 0, 20, 0), { lowNs: 200, highNs: 400 }],
  ])('%s', (_, of, told, expected) => expect(delayQuantile(told, of)).toEqual(expected));

  test.each([
    // The worked example: above 200 - 100, up to 400 - 0.
    ['of three buckets', histogram(9000, 980, 20, 0), { lowNs: 100, highNs: 400 }],
    ['of one bucket', histogram(0, 10_000, 0, 0), { lowNs: 0, highNs: 100 }],
    ['that has no upper edge', histogram(9000, 980, 0, 20), { lowNs: 300, highNs: null }],
    ['behind the last edge', histogram(0, 0, 0, 10_000), { lowNs: 0, highNs: null }],
    ['of too few', histogram(9999, 0, 0, 0), undefined],
  ])('the variation %s', (_, told, expected) => expect(delayVariation(told)).toEqual(expected));

  test('quantiles and variation hold the true ones, and merging is adding up, in any order', () => {
    const delays = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 20, maxLength: 60 });
    const edges = fc.uniqueArray(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 8 });
    const of = (list: readonly number[], sorted: readonly number[]): DelayHistogram => {
      const counts = new Array<bigint>(sorted.length + 1).fill(0n);
      for (const delay of list) {
        const found = sorted.findIndex((edge) => delay <= edge);
        const bucket = found < 0 ? sorted.length : found;
        counts[bucket] = (counts[bucket] ?? 0n) + 1n;
      }
      return { edgesNs: sorted, counts };
    };
    fc.assert(
      fc.property(delays, delays, edges, fc.integer({ min: 1, max: 600 }), (one, two, unsorted, limit) => {
        const sorted = [...unsorted].sort((a, b) => a - b);
        const both = mergeDelays(of(one, sorted), of(two, sorted));
        const all = [...one, ...two].sort((a, b) => a - b);
        expect(both).toEqual(mergeDelays(of(two, sorted), of(one, sorted)));
        expect(both).toEqual(of(all, sorted));
        const median = all[Math.ceil(all.length / 2) - 1] as number;
        const told = delayQuantile(both, p50);
        expect(told?.lowNs).toBeLessThan(median);
        expect(told?.highNs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(median);
        const within = BigInt(all.filter((delay) => delay <= limit).length);
        const { low, high } = delaysUpTo(both, limit);
        expect(low <= within && within <= high).toBe(true);
        if (sorted.includes(limit)) expect(low).toBe(high);
      }),
      { numRuns: 200 },
    );
  });

  test('histograms of other edges cannot be added', () => {
    expect(() => mergeDelays(small, { edgesNs: [100, 200, 300], counts: small.counts })).toThrow('the same edges');
  });
});

test('the worked example: T = 200 is an edge, 300 is not', () => {
  const exact = { total: 11n, bad: 3n };
  expect(delayReadings(small, 200)).toEqual({ high: exact, low: exact });
  expect(delayReadings(small, 300)).toEqual({ high: { total: 11n, bad: 1n }, low: exact });
});

describe('a slot', () => {
  const terms = { limitNs: 200, lateRatioMax: { num: 1n, den: 10n } };
  test.each([
    // The worked example.
    ['2 of 20 late', histogram(10, 8, 2, 0), 200, 'good'],
    ['3 of 20 late', histogram(10, 7, 2, 1), 200, 'bad'],
    ['9 answers', histogram(0, 0, 0, 9), 200, 'notExercised'],
    ['10 answers', histogram(0, 0, 0, 10), 200, 'bad'],
    ['nobody measured', undefined, 200, 'unknown'],
    // T inside a bucket of 3: 0 or 3 of 20 are late.
    ['a threshold inside a bucket', histogram(10, 7, 3, 0), 300, 'unknown'],
    ['one that does not decide', histogram(10, 8, 2, 0), 300, 'good'],
  ])('%s', (_, told, limitNs, expected) => expect(delaySlot(told, { ...terms, limitNs })).toBe(expected));
});

test('the share of late probes is of all answers', () => {
  // 3 % of 200 are 6.
  const terms = { limitNs: 200, lateRatioMax: { num: 3n, den: 100n } };
  const of = (late: number) => delaySlot(histogram(200 - late, 0, late, 0), terms);
  expect([of(6), of(7)]).toEqual(['good', 'bad']);
  expect(delaySlot(histogram(193, 0, 7, 0), { ...terms, limitNs: 300 })).toBe('unknown');
  expect(delaySlot(histogram(194, 0, 6, 0), { ...terms, limitNs: 300 })).toBe('good');
});

test.each([
  // The worked example: 10 % of 200 us.
  [true, 12_000, 8000, true],
  [true, 12_000, 9000, false],
  [false, 0, 0, false],
])('one-way is told: both synchronised %s, errors %i and %i ns', (isSynchronised, one, two, expected) => {
  const clock = (errorNs: number) => ({ isSynchronised, errorNs });
  expect(isOneWayTold(clock(one), clock(two), 200_000)).toBe(expected);
  expect(isOneWayTold(clock(one), { isSynchronised: false, errorNs: two }, 200_000)).toBe(false);
});
