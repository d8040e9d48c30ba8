import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LossRow } from '../../../../server/sli/loss-stretches.ts';
import { fullPeriods, lostWithin, type RunPiece, secondsTouching } from '../../../../server/sli/ring-full.ts';

const ms = 1_000_000n;
const second = 1_000n * ms;

function aPiece(slot: number, fromMs: number, over: Partial<RunPiece> = {}): RunPiece {
  return {
    ...{ queue: 0, slot, fromNs: BigInt(fromMs) * ms, lengthNs: 5n * ms, lengthNsMin: 4n * ms, lengthNsMax: 6n * ms },
    beganBefore: false,
    ...over,
  };
}

const inMs = (periods: ReturnType<typeof fullPeriods>) =>
  periods.map(({ earliestNs, fromNs, toNs, latestNs }) =>
    [earliestNs, fromNs, toNs, latestNs].map((ns) => Number(ns / ms)),
  );

describe('times in which rings were full', () => {
  it('lie between bounds, as samples give them', () => {
    expect(inMs(fullPeriods([aPiece(0, 10)]))).toEqual([[9, 10, 14, 16]]);
    expect(inMs(fullPeriods([aPiece(3, 10, { lengthNsMax: 5n * ms })]))).toEqual([[3_010, 3_010, 3_014, 3_015]]);
  });

  it('are one when they go on from second to second', () => {
    const long = { lengthNs: second, lengthNsMin: second, lengthNsMax: second, beganBefore: true };
    const pieces = [
      aPiece(5, 900, { lengthNs: 100n * ms, lengthNsMin: 100n * ms, lengthNsMax: 101n * ms }),
      aPiece(6, 0, long),
      aPiece(7, 0, { lengthNs: 30n * ms, lengthNsMin: 29n * ms, lengthNsMax: 30n * ms, beganBefore: true }),
    ];
    expect(inMs(fullPeriods(pieces))).toEqual([[5_899, 5_900, 7_029, 7_030]]);
  });

  it('stay apart where the piece before was not kept, and between queues that were full at other times', () => {
    const began = aPiece(6, 0, { beganBefore: true });
    expect(fullPeriods([aPiece(5, 100), began])).toHaveLength(2);
    expect(fullPeriods([aPiece(5, 100), aPiece(5, 300, { queue: 1 })])).toHaveLength(2);
  });

  it('are one for queues that were full at the same time', () => {
    const [both, ...others] = fullPeriods([aPiece(5, 100), aPiece(5, 103, { queue: 3 })]);
    expect(others).toEqual([]);
    expect(both?.queues).toEqual([0, 3]);
    expect([both?.earliestNs, both?.latestNs]).toEqual([5n * second + 99n * ms, 5n * second + 109n * ms]);
  });
});

function lost(slot: number, packets: bigint, over: Partial<LossRow> = {}): LossRow {
  return { slot, slots: 1, isKnown: true, offered: packets, lost: packets, ...over };
}

const seconds = (from: number, to: number, packets = 10n) =>
  Array.from({ length: to - from }, (_, i) => lost(from + i, packets));

describe('packets lost while rings were full', () => {
  const long = {
    queues: [0],
    earliestNs: 10_200n * ms,
    fromNs: 10_200n * ms,
    toNs: 13_900n * ms,
    latestNs: 13_900n * ms,
  };
  const short = {
    queues: [0],
    earliestNs: 12_400n * ms,
    fromNs: 12_400n * ms,
    toNs: 12_404n * ms,
    latestNs: 12_405n * ms,
  };

  it('are at least what whole rows inside lost, and at most what seconds that touch it did', () => {
    const rows = seconds(0, 30);
    expect(lostWithin(long, rows)).toEqual({ low: 20n, high: 60n });
    // Second 11 was read between 10.5 and 12.5 s: the ring may not have been full yet.
    const unsure = { ...long, earliestNs: 10_400n * ms, fromNs: 10_600n * ms };
    expect(lostWithin(unsure, rows)).toEqual({ low: 10n, high: 60n });
    // A few milliseconds hold no row whole; a read half a second late may bring the second before.
    expect(lostWithin(short, rows)).toEqual({ low: 0n, high: 20n });
    expect(secondsTouching(short)).toEqual({ from: 11, to: 13 });
  });

  it('are zero for sure where the seconds that touch it lost nothing', () => {
    const rows = [lost(11, 0n), lost(12, 0n), lost(13, 500n)];
    expect(lostWithin(short, rows)).toEqual({ low: 0n, high: 0n });
  });

  it('have no upper bound where a second that touches it is not known or not told', () => {
    const gone = seconds(0, 30).map((row) => (row.slot === 11 ? { ...row, isKnown: false } : row));
    expect(lostWithin(short, gone).high).toBeNull();
    expect(lostWithin(short, [lost(12, 5n)]).high).toBeNull();
    // A long gap elsewhere does not stand for the second that is missing.
    expect(lostWithin(short, [lost(12, 5n, { slots: 10 })]).high).toBeNull();
    expect(lostWithin(short, [lost(5, 7n, { slots: 10 })]).high).toBe(7n);
  });

  it('have a lower bound from what is known, also where the upper one is not', () => {
    const rows = seconds(0, 30).map((row) => (row.slot === 12 ? { ...row, isKnown: false } : row));
    expect(lostWithin(long, rows)).toEqual({ low: 10n, high: null });
  });

  it('hold the truth, wherever the packets were lost', () => {
    const times = fc.array(fc.integer({ min: 0, max: 29_999 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        times,
        fc.integer({ min: 3_000, max: 20_000 }),
        fc.integer({ min: 1, max: 7_000 }),
        fc.integer({ min: 0, max: 900 }),
        (at, from, length, slack) => {
          const to = from + length;
          const sure = { fromNs: BigInt(from) * ms, toNs: BigInt(to) * ms };
          const period = { ...sure, earliestNs: BigInt(from - slack) * ms, latestNs: BigInt(to + slack) * ms };
          // Each second is read up to 499 ms late.
          const readAt = Array.from({ length: 31 }, (_, i) => i * 1_000 + ((i * 263) % 500));
          const rows = Array.from({ length: 30 }, (_, i) => {
            const own = at.filter((time) => time >= (readAt[i] ?? 0) && time < (readAt[i + 1] ?? 0));
            return lost(i, BigInt(own.length));
          });
          const truth = (begin: number, end: number) => BigInt(at.filter((time) => time >= begin && time < end).length);
          const { low, high } = lostWithin(period, rows);
          expect(low <= truth(from, to)).toBe(true);
          expect(high !== null && high >= truth(from - slack, to + slack)).toBe(true);
        },
      ),
    );
  });
});
