import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Passed, ppsConformity, splitDrops } from '../../../../server/sli/pps.ts';
import { RateBucket } from '../../../../server/sli/rate-bucket.ts';
import { ratePeaks } from '../../../../server/sli/rate-peaks.ts';
import type { Stretch } from '../../../../server/sli/stretch.ts';

const slot = (offered: bigint, delivered: bigint): Stretch<Passed> => ({ state: 'observed', offered, delivered });
const gap = (slots: number, offered: bigint, delivered: bigint): Stretch<Passed> => ({
  state: 'bridged',
  slots,
  offered,
  delivered,
});
const thousand = { committedPps: 1000n, burstPackets: 200n };
const terms = { contract: thousand, shortfallMax: { num: 1n, den: 1000n } };
const none = { good: 0, bad: 0, notExercised: 0, unknown: 0 };

describe('PPS conformity', () => {
  test('the worked example: 1,000 pps with a burst of 200', () => {
    const slots = [slot(900n, 900n), slot(1500n, 1250n), slot(1500n, 990n)];
    expect(ppsConformity(slots, terms)).toEqual({
      entitled: 3100n,
      conforming: 3090n,
      excess: 800n,
      slots: { ...none, good: 2, bad: 1 },
    });
  });

  test('without a contract everything offered is entitled', () => {
    expect(ppsConformity([slot(10n, 7n)], { ...terms, contract: undefined })).toEqual({
      entitled: 10n,
      conforming: 7n,
      excess: 0n,
      slots: { ...none, bad: 1 },
    });
  });

  test.each<[string, Stretch<Passed>[], Partial<typeof none>]>([
    ['999 of 1,000 is at the limit', [slot(1000n, 999n)], { good: 1 }],
    ['998 of 1,000 is not', [slot(1000n, 998n)], { bad: 1 }],
    ['what was lost above the contract is not missing', [slot(5000n, 1200n)], { good: 1 }],
    ['nothing offered is no evidence', [slot(0n, 0n)], { notExercised: 1 }],
    // Nobody knows whether the burst was saved: 1,200 or 1,000 are entitled.
    ['1,000 of them behind an unknown slot', [{ state: 'unknown', slots: 1 }, slot(1500n, 1000n)], { unknown: 2 }],
    ['1,199 of them', [{ state: 'unknown', slots: 1 }, slot(1500n, 1199n)], { unknown: 1, good: 1 }],
    ['998 of them', [{ state: 'unknown', slots: 1 }, slot(1500n, 998n)], { unknown: 1, bad: 1 }],
    // A slot that offered 800 or less fills the bucket again.
    [
      'a quiet slot later it is known again',
      [{ state: 'unknown', slots: 1 }, slot(800n, 800n), slot(1500n, 1000n)],
      { unknown: 1, good: 1, bad: 1 },
    ],
    ['an excluded slot is asked nothing', [{ state: 'excluded', slots: 9 }, slot(1000n, 1000n)], { good: 1 }],
    ['a gap that lost nothing is good', [gap(40, 99_000n, 99_000n)], { good: 40 }],
    ['at most one slot a packet was exercised', [gap(40, 9n, 7n)], { good: 7, notExercised: 31, unknown: 2 }],
    ['one that lost 7 may have 7 bad slots', [gap(40, 9000n, 8993n)], { good: 33, unknown: 7 }],
  ])('%s', (_, slots, expected) => expect(ppsConformity(slots, terms).slots).toEqual({ ...none, ...expected }));

  test('never entitles to more than the rate and one burst, nor counts more than was delivered', () => {
    const slots = fc.array(
      fc.record({ slots: fc.integer({ min: 1, max: 5 }), offered: fc.bigInt(0n, 5000n), lost: fc.bigInt(0n, 5000n) }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(slots, fc.bigInt(0n, 2000n), fc.bigInt(0n, 2000n), (list, committedPps, burstPackets) => {
        const all = list.map((s) => gap(s.slots, s.offered, s.offered > s.lost ? s.offered - s.lost : 0n));
        const told = ppsConformity(all, { ...terms, contract: { committedPps, burstPackets } });
        const seconds = BigInt(list.reduce((sum, s) => sum + s.slots, 0));
        const offered = list.reduce((sum, s) => sum + s.offered, 0n);
        expect(told.entitled).toBeLessThanOrEqual(committedPps * seconds + burstPackets);
        expect(told.entitled + told.excess).toBe(offered);
        expect(told.conforming).toBeLessThanOrEqual(told.entitled);
      }),
    );
  });
});

describe('the token bucket', () => {
  test('the worked example: 900, 1,500, 1,500, and 1,500 behind an unknown slot', () => {
    const bucket = new RateBucket(thousand);
    const exact = (packets: bigint) => ({ low: packets, high: packets, ofSum: packets });
    expect([900n, 1500n, 1500n].map((offered) => bucket.take(offered))).toEqual([900n, 1200n, 1000n].map(exact));
    bucket.skip(1);
    expect(bucket.take(1500n)).toEqual({ low: 1000n, high: 1200n, ofSum: 1200n });
  });

  test('behind a gap as little as if its last slot had offered all, as much as if its first had', () => {
    const bucket = new RateBucket(thousand);
    // In one slot 1,100 of 1,200 are used. Last: 200 + 1,000 - 1,100 = 100 are left; first: the burst is full again.
    expect(bucket.take(1100n, 2)).toEqual({ low: 1100n, high: 1100n, ofSum: 1100n });
    expect(bucket.take(1500n)).toEqual({ low: 1100n, high: 1200n, ofSum: 1200n });
  });

  test('unknown slots save up a second’s worth each, up to the burst', () => {
    const bucket = new RateBucket({ committedPps: 1000n, burstPackets: 5000n });
    expect(bucket.take(6000n)).toEqual({ low: 6000n, high: 6000n, ofSum: 6000n });
    bucket.skip(3);
    expect(bucket.take(10_000n)).toEqual({ low: 1000n, high: 4000n, ofSum: 4000n });
  });

  test('whatever unknown slots and gaps held, what followed is entitled to something in between', () => {
    const step = fc.record({
      kind: fc.constantFrom('slot', 'gap', 'unknown'),
      offered: fc.array(fc.bigInt(0n, 40n), { minLength: 1, maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.bigInt(0n, 20n), fc.bigInt(0n, 30n), (steps, rate, burst) => {
        const contract = { committedPps: rate, burstPackets: burst };
        const [told, truth] = [new RateBucket(contract), new RateBucket(contract)];
        let [most, covered] = [0n, 0n];
        for (const { kind, offered } of steps) {
          const slots = kind === 'slot' ? offered.slice(0, 1) : offered;
          const real = slots.map((each) => truth.take(each)).reduce((sum, { low }) => sum + low, 0n);
          if (kind === 'unknown') {
            told.skip(slots.length);
            continue;
          }
          const sum = slots.reduce((a, b) => a + b, 0n);
          const { low, high, ofSum } = told.take(sum, slots.length);
          expect(low).toBeLessThanOrEqual(real);
          expect(high).toBeGreaterThanOrEqual(real);
          most += ofSum;
          covered += real;
          expect(most).toBeGreaterThanOrEqual(covered);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  // The worked example.
  [510n, 500n, 500n, 10n],
  [499n, 500n, 499n, 0n],
  [7n, 0n, 0n, 7n],
])('of %i drops with %i offered in excess, %i are the contract’s', (drops, excess, contract, rest) => {
  expect(splitDrops(drops, excess)).toEqual({ contract, rest });
});

test('the worked example: peak and 95th percentile of 20 slots with 1 to 20 packets, in any order', () => {
  const packets = Array.from({ length: 20 }, (_, i) => BigInt(((i * 7) % 20) + 1));
  expect(ratePeaks(packets)).toEqual({ peakPps: 20n, p95Pps: 19n, slots: 20 });
  expect(ratePeaks([1n << 60n, 3n])).toEqual({ peakPps: 1n << 60n, p95Pps: 1n << 60n, slots: 2 });
  expect(ratePeaks([])).toBeUndefined();
});
