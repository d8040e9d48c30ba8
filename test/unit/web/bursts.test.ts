import { describe, expect, it } from 'vitest';
import type { FullPeriod, LossBurst, PortBursts } from '../../../server/api/schema/bursts.ts';
import {
  burstRows,
  fullLength,
  lengthText,
  lossyText,
  lostText,
  marksOf,
  noBurstText,
  placeOf,
  stepBursts,
} from '../../../web/src/features/bursts/model.ts';
import { formatInstantNs } from '../../../web/src/format/time.ts';

const start = Date.UTC(2026, 6, 14, 14, 0, 0) / 1_000;
const iso = (at: number) => new Date((start + at) * 1_000).toISOString().replace('.000Z', 'Z');
const ns = (ms: number) => `${BigInt(start) * 1_000_000_000n + BigInt(Math.round(ms * 1_000)) * 1_000n}`;

function aBurst(over: Partial<LossBurst> = {}): LossBurst {
  return {
    ...{ from: iso(10), to: iso(13), seconds: 3, secondsMax: 3, unknownSeconds: 0, lost: '9007199254740993' },
    ...{ peak: { lost: '20', offered: '1000' }, mean: { lost: '30', offered: '3000' } },
    ...{ sinceSeconds: null, sinceIsCertain: true, severe: true },
    ...over,
  };
}

function aFull(fromMs: number, lengthMs: number, over: Partial<FullPeriod> = {}): FullPeriod {
  return {
    ...{ direction: 'toGuest', queues: [0], earliestNs: ns(fromMs - 1), fromNs: ns(fromMs) },
    ...{ toNs: ns(fromMs + lengthMs), latestNs: ns(fromMs + lengthMs + 1), lost: { low: '0', high: '120' } },
    ...over,
  };
}

function told(over: Partial<PortBursts> = {}): PortBursts {
  return {
    ...{ host: 'h', port: 'p', window: { from: iso(0), to: iso(60) }, more: false },
    directions: [
      { direction: 'toGuest', bursts: [aBurst()], unplaced: '0', lossySeconds: { least: 3, most: 3, of: 60 } },
    ],
    full: [aFull(10_500, 4), aFull(11_500, 400)],
    ...over,
  };
}

describe('bursts', () => {
  it('say how long they were, and how long they may have been', () => {
    expect(lengthText(aBurst())).toBe('3 s');
    expect(lengthText(aBurst({ secondsMax: 12 }))).toBe('3 – 12 s');
  });

  it('say which part of a window lost, what nobody knows, and what has no place', () => {
    const [way] = told().directions;
    if (way === undefined) throw new Error('a direction');
    expect(lossyText(way)).toBe('to guest: 3 of 60 s in bursts');
    expect(lossyText({ ...way, unplaced: '1500', lossySeconds: { least: 3, most: 20, of: 60 } })).toBe(
      'to guest: 3 of 60 s in bursts, up to 20 if what nobody knows lost too; 1,500 lost in gaps, at a time that nobody knows',
    );
  });

  it('that are not there are good news only where seconds are known', () => {
    const none = { direction: 'toGuest' as const, bursts: [], unplaced: '0' };
    const seen = told({ directions: [{ ...none, lossySeconds: { least: 0, most: 5, of: 60 } }] });
    const blind = told({ directions: [{ ...none, lossySeconds: { least: 0, most: 60, of: 60 } }] });
    expect(noBurstText(seen)).toBe('No known second of this window lost a packet.');
    expect(noBurstText(blind)).toMatch(/^No second of this window is known/);
    expect(noBurstText(told({ directions: [] }))).toMatch(/^No second of this window is known/);
  });

  it('have a row each, whatever their direction', () => {
    expect(burstRows(told()).map(({ direction, burst }) => [direction, burst.lost])).toEqual([
      ['toGuest', '9007199254740993'],
    ]);
  });
});

describe('full rings', () => {
  it('have bounds of their length and of what was lost in them', () => {
    expect(fullLength(aFull(0, 4))).toBe('4 ms – 6 ms');
    expect(lostText(aFull(0, 4))).toBe('0 – 120');
    expect(lostText(aFull(0, 4, { lost: { low: '1200', high: null } }))).toBe('at least 1,200');
    expect(lostText(aFull(0, 4, { lost: { low: '0', high: null } }))).toBe('not known');
    expect(lostText(aFull(0, 4, { lost: { low: '0', high: '0' } }))).toBe('0');
    expect(lostText(aFull(0, 4, { lost: null }))).toBe('none: back-pressure');
  });

  it('stand where they surely were, within where they may have been', () => {
    const { sure, may } = placeOf(aFull(10_500, 4));
    expect(sure.fromSeconds).toBeCloseTo(start + 10.5, 5);
    expect(may.fromSeconds).toBeLessThan(sure.fromSeconds);
    expect(may.toSeconds).toBeGreaterThan(sure.toSeconds);
    expect(formatInstantNs(aFull(10_500, 4).fromNs, 'utc')).toBe('2026-07-14 14:00:10.500');
    expect(formatInstantNs(ns(10_005), 'utc')).toBe('2026-07-14 14:00:10.005');
  });

  it('are drawn at least as wide as can be seen, and cut to the window', () => {
    const window = { fromSeconds: 0, toSeconds: 100 };
    expect(marksOf([{ fromSeconds: 50, toSeconds: 50.004 }], window)).toBe('M500.00 0h1.50v12H500.00z');
    expect(marksOf([{ fromSeconds: -5, toSeconds: 10 }], window)).toBe('M0.00 0h100.00v12H0.00z');
    expect(marksOf([{ fromSeconds: 100, toSeconds: 110 }], window)).toBe('');
  });

  it('are told of the step under the cursor, three of them by name', () => {
    const step = { fromSeconds: start + 11, toSeconds: start + 12 };
    expect(stepBursts(told(), step)).toBe(
      'burst to guest, 3 s, 9,007,199,254,740,993 lost, worst second 2.00 %, to guest full 400 ms – 402 ms',
    );
    expect(stepBursts(told(), { fromSeconds: start + 30, toSeconds: start + 31 })).toBe('');
    const many = told({ directions: [], full: [0, 20, 40, 60, 80].map((at) => aFull(11_100 + at, 5)) });
    expect(stepBursts(many, step)).toMatch(/, and 2 more$/);
  });
});
