import { describe, expect, test } from 'vitest';
import { dueBackSeconds, monthsDue } from '../../../../server/credits/months-due.ts';
import { Zone } from '../../../../server/slo/zone-time.ts';
import { second } from '../slo/asking.ts';
import { agreementBody, version } from './versions.ts';

interface Held {
  readonly from?: string;
  readonly to?: string;
  readonly finalAfterDays?: number;
}

function due(zone: string, now: string, { from = '2020-01-01T00:00:00Z', to, finalAfterDays = 3 }: Held = {}) {
  const body = { ...agreementBody, finalAfterDays };
  const held = version('agreement', 'gold', body, second(from), to === undefined ? null : second(to));
  return monthsDue(held, new Zone(zone), second(now)).join(' ');
}

describe('a month is due from the second in which it is final until 40 days after its end', () => {
  test.each<[string, string, string]>([
    ['UTC', '2026-12-03T23:59:59Z', '2026-10'],
    ['UTC', '2026-12-04T00:00:00Z', '2026-10 2026-11'],
    ['UTC', '2026-12-10T23:59:59Z', '2026-10 2026-11'],
    ['UTC', '2026-12-11T00:00:00Z', '2026-11'],
    ['UTC', '2027-01-01T00:00:00Z', '2026-11'],
    ['UTC', '2027-01-04T00:00:00Z', '2026-11 2026-12'],
    ['UTC', '2027-01-09T23:59:59Z', '2026-11 2026-12'],
    ['UTC', '2027-01-10T00:00:00Z', '2026-12'],
    ['Asia/Ho_Chi_Minh', '2026-12-03T16:59:59Z', '2026-10'],
    ['Asia/Ho_Chi_Minh', '2026-12-03T17:00:00Z', '2026-10 2026-11'],
    // March ends an hour earlier than it began by UTC, October an hour later; three days are of 24 hours.
    ['Europe/Paris', '2026-04-03T21:59:59Z', '2026-02'],
    ['Europe/Paris', '2026-04-03T22:00:00Z', '2026-02 2026-03'],
    ['Europe/Paris', '2026-11-03T22:59:59Z', '2026-09'],
    ['Europe/Paris', '2026-11-03T23:00:00Z', '2026-09 2026-10'],
    // Clocks go back on the first of November, after the month has begun: three days of 24 hours end at 23:00.
    ['America/New_York', '2026-11-04T03:59:59Z', '2026-09'],
    ['America/New_York', '2026-11-04T04:00:00Z', '2026-09 2026-10'],
    ['Pacific/Kiritimati', '2026-12-03T10:00:00Z', '2026-10 2026-11'],
    ['Asia/Kathmandu', '2026-12-03T18:14:59Z', '2026-10'],
  ])('%s, at %s: %s', (zone, now, months) => {
    expect(due(zone, now)).toBe(months);
  });
});

describe('a version is due for months in which it held', () => {
  const now = '2026-12-05T00:00:00Z';
  test.each<[string, string, Held]>([
    ['2026-11', 'from the last quarter of the month on', { from: '2026-11-30T23:45:00Z' }],
    ['', 'from its end on', { from: '2026-12-01T00:00:00Z' }],
    ['2026-10 2026-11', 'begins in the first', { from: '2026-10-15T00:00:00Z' }],
    ['2026-10', 'ends with the first', { to: '2026-11-01T00:00:00Z' }],
    ['2026-10 2026-11', 'ends in the second', { to: '2026-11-01T00:15:00Z' }],
    ['2026-11', 'both within one', { from: '2026-11-10T00:00:00Z', to: '2026-11-11T00:00:00Z' }],
    ['', 'long over', { to: '2026-10-01T00:00:00Z' }],
    ['', 'replaced before it began', { from: '2026-11-10T00:00:00Z', to: '2026-11-10T00:00:00Z' }],
  ])('%j: %s', (months, _, held) => {
    expect(due('UTC', now, held)).toBe(months);
  });
});

describe('an agreement that is final late is looked at for ten days from then on', () => {
  test.each<[string, string]>([
    ['2026-12-30T23:59:59Z', ''],
    ['2026-12-31T00:00:00Z', '2026-10'],
    ['2027-01-09T23:59:59Z', '2026-10'],
    ['2027-01-10T00:00:00Z', ''],
    ['2027-01-30T00:00:00Z', '2026-11'],
  ])('60 days, at %s: %s', (now, months) => {
    expect(due('UTC', now, { finalAfterDays: 60 })).toBe(months);
  });

  test('and none that is due held before what is asked for', () => {
    // October in Paris has 31 days and an hour.
    const now = '2027-11-11T22:59:59Z';
    expect(due('Europe/Paris', now, { finalAfterDays: 366 })).toBe('2026-10');
    expect(second(now) - dueBackSeconds).toBeLessThanOrEqual(second('2026-09-30T22:00:00Z'));
  });
});

test('an agreement without credits owes nothing for any month', () => {
  const free = version('agreement', 'free', { ...agreementBody, credits: null }, 0);
  expect(monthsDue(free, new Zone('UTC'), second('2026-12-05T00:00:00Z'))).toEqual([]);
});
