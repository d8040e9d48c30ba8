import { describe, expect, test } from 'vitest';
import { readObjective } from '../../../../server/openslo/objective-file.ts';
import { isoOf } from '../../../../server/slo/instant.ts';
import { judgedAt } from '../../../../server/slo/window.ts';
import { type Asked, answerOf, ask, objectiveText, question, second, seen, unseen } from './asking.ts';

function windowOf(asked: Asked, at?: string): [string, string, number] {
  const objective = readObjective('slo.yaml', objectiveText(asked));
  const { window } = judgedAt(objective, at === undefined ? undefined : second(at));
  return [isoOf(window.from), isoOf(window.to), window.to - window.from];
}

const calendar = (duration: string, start: string, zone: string): Asked => ({ calendar: [duration, start, zone] });

describe('calendar windows', () => {
  test.each([
    // No change of clocks: 30 x 86,400.
    ['1M', '2026-11-01 00:00:00', 'Asia/Ho_Chi_Minh', '2026-10-31T17:00:00Z', '2026-11-30T17:00:00Z', 2_592_000],
    // Clocks go forward on 29 March 2026: 31 x 86,400 - 3,600. From +01:00 to +02:00.
    ['1M', '2026-03-01 00:00:00', 'Europe/Berlin', '2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z', 2_674_800],
    // Back on 25 October 2026: 31 x 86,400 + 3,600.
    ['1M', '2026-10-01 00:00:00', 'Europe/Berlin', '2026-09-30T22:00:00Z', '2026-10-31T23:00:00Z', 2_682_000],
    // A leap year with both changes of clocks: 366 x 86,400.
    ['1Y', '2028-01-01 00:00:00', 'America/New_York', '2028-01-01T05:00:00Z', '2029-01-01T05:00:00Z', 31_622_400],
    // A leap February: 29 x 86,400; the southern summer ends on 5 April 2026: 30 x 86,400 + 3,600.
    ['1M', '2028-02-01 00:00:00', 'UTC', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z', 2_505_600],
    ['1M', '2026-04-01 00:00:00', 'Australia/Sydney', '2026-03-31T13:00:00Z', '2026-04-30T14:00:00Z', 2_595_600],
    // Lord Howe Island moves by half an hour only: 30 x 86,400 + 1,800.
    ['1M', '2026-04-01 00:00:00', 'Australia/Lord_Howe', '2026-03-31T13:00:00Z', '2026-04-30T13:30:00Z', 2_593_800],
    // A day of 23 hours, of 25, and a week of 167.
    ['1d', '2026-03-29 00:00:00', 'Europe/Berlin', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', 82_800],
    ['1d', '2026-10-25 00:00:00', 'Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', 90_000],
    ['1w', '2026-03-23 00:00:00', 'Europe/Berlin', '2026-03-22T23:00:00Z', '2026-03-29T22:00:00Z', 601_200],
    ['1Q', '2026-01-01 00:00:00', 'Europe/Berlin', '2025-12-31T23:00:00Z', '2026-03-31T22:00:00Z', 7_772_400],
    // Midnight does not exist on 24 April 2026 in Cairo: the day begins at 01:00, which is 22:00 UTC.
    ['1d', '2026-04-24 00:00:00', 'Africa/Cairo', '2026-04-23T22:00:00Z', '2026-04-24T21:00:00Z', 82_800],
    // 02:30 is shown twice on 25 October: the first showing.
    ['1h', '2026-10-25 02:30:00', 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', 3600],
    // A day behind the end of the year, and a clock that is never on the hour.
    ['1M', '2026-12-15 08:30:00', 'Asia/Kathmandu', '2026-12-15T02:45:00Z', '2027-01-15T02:45:00Z', 2_678_400],
  ])('%s from %s in %s', (duration, start, zone, from, to, slots) => {
    expect(windowOf(calendar(duration, start, zone))).toEqual([from, to, slots]);
  });

  test.each([
    // The end of a month still means this month; a slot later is the next.
    ['1M', '2026-11-01 00:00:00', 'Asia/Ho_Chi_Minh', '2026-10-31T17:00:00Z', '2026-10-31T17:00:00Z'],
    ['1M', '2026-11-01 00:00:00', 'Asia/Ho_Chi_Minh', '2026-11-30T17:00:00Z', '2026-10-31T17:00:00Z'],
    ['1M', '2026-11-01 00:00:00', 'Asia/Ho_Chi_Minh', '2026-11-30T17:00:01Z', '2026-11-30T17:00:00Z'],
    ['1M', '2020-01-01 00:00:00', 'Europe/Berlin', '2026-10-31T23:00:00Z', '2026-09-30T22:00:00Z'],
    // Months are counted from the start: 31 January, 28 February, 31 March.
    ['1M', '2026-01-31 00:00:00', 'UTC', '2026-03-01T00:00:00Z', '2026-02-28T00:00:00Z'],
    ['1M', '2026-01-31 00:00:00', 'UTC', '2026-04-01T00:00:00Z', '2026-03-31T00:00:00Z'],
    ['1w', '2026-01-05 00:00:00', 'Europe/Berlin', '2026-04-02T12:00:00Z', '2026-03-29T22:00:00Z'],
    ['6h', '2026-03-28 00:00:00', 'Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-29T11:00:00Z'],
  ])('%s from %s in %s at %s begins %s', (duration, start, zone, at, from) => {
    expect(windowOf(calendar(duration, start, zone), at)[0]).toBe(from);
  });

  test('an instant before the first one is refused', () => {
    expect(() => windowOf(calendar('1M', '2026-11-01 00:00:00', 'UTC'), '2026-10-31T23:59:59Z')).toThrow(
      '--at 2026-10-31T23:59:59Z lies before acme begins, 2026-11-01T00:00:00Z',
    );
  });
  test.each([
    ['2Y', '2026-01-01 00:00:00', 'key spec.timeWindow[0].duration: is longer than 400 days'],
    ['14M', '2026-01-01 00:00:00', 'the window of acme is longer than 400 days'],
    ['1Y', '2105-06-01 00:00:00', 'the window of acme does not lie between 1970 and 2106'],
  ])('%s from %s is too much', (duration, start, what) => {
    expect(() => windowOf(calendar(duration, start, 'UTC'))).toThrow(what);
  });
});

describe('rolling windows', () => {
  test.each([
    ['28d', '2026-11-29T00:00:00Z', '2026-11-01T00:00:00Z'],
    ['1w', '2026-11-08T12:00:01Z', '2026-11-01T12:00:01Z'],
    ['90m', '2026-11-01T01:00:00Z', '2026-10-31T23:30:00Z'],
    // Months go back by the calendar of UTC; 31 March less a month is the last of February.
    ['1M', '2028-03-31T06:00:00Z', '2028-02-29T06:00:00Z'],
    ['1Q', '2026-11-30T00:00:00Z', '2026-08-30T00:00:00Z'],
  ])('%s to %s', (rolling, at, from) => expect(windowOf({ rolling }, at).slice(0, 2)).toEqual([from, at]));

  test('without --at is refused: it would be another verdict each second', () => {
    expect(() => windowOf({ rolling: '28d' })).toThrow(
      'acme has a rolling window, which ends at an instant that --at must name',
    );
  });

  test('judges the slots before its end', () => {
    const at = second('2026-11-01T01:00:00Z');
    const lines = [seen(at - 120, 100, 100, { repeat: 60 }), seen(at - 60, 100, 0, { repeat: 120 })];
    const told = answerOf(question(lines, { rolling: '1m', target: '0.9' }, { at }));
    expect(told).toMatchObject({
      window: { from: '2026-11-01T00:59:00Z', to: '2026-11-01T01:00:00Z', zone: 'UTC' },
      slots: { expected: 60, observed: 60 },
      verdict: 'met',
    });
  });
});

test('a month in which clocks go forward, as it is printed', () => {
  // Berlin, March 2026: 2,674,800 slots, allowed floor(267.48) = 267. Of two directions, one has an outage of 200 s that
  // begins on the 29th at 01:59:00 and ends at 03:02:20 on the clock; the other does not know 70 slots of another day.
  // High 200; low 270.
  const from = second('2026-02-28T23:00:00Z');
  const to = second('2026-03-31T22:00:00Z');
  const outage = second('2026-03-29T00:59:00Z');
  const hole = second('2026-03-10T12:00:00Z');
  const lines = [
    seen(from, 5000, 0, { repeat: outage - from }),
    seen(outage, 5000, 5000, { repeat: 200 }),
    seen(outage + 200, 5000, 0, { repeat: to - outage - 200 }),
    seen(from, 100, 0, { repeat: hole - from, direction: 'fromGuest' }),
    unseen(hole, 70, { direction: 'fromGuest' }),
    seen(hole + 70, 100, 0, { repeat: to - hole - 70, direction: 'fromGuest' }),
  ];
  const asked = calendar('1M', '2026-03-01 00:00:00', 'Europe/Berlin');
  const { burn, ...told } = answerOf(question(lines, asked, { at: outage + 200 }));
  expect(told).toEqual({
    slo: 'acme',
    window: { from: '2026-02-28T23:00:00Z', to: '2026-03-31T22:00:00Z', zone: 'Europe/Berlin' },
    slots: { expected: 5_349_600, observed: 5_349_530, bridged: 0, unknown: 70, excluded: 0, idle: 0, suspect: 0 },
    high: { total: '2674800', bad: '200' },
    low: { total: '2674800', bad: '270' },
    hli: '0',
    chli: '0',
    budget: { allowed: '267', spent: '200', remaining: '67' },
    verdict: 'undetermined',
  });
  expect(burn).toMatchObject([
    {
      tier: 'T0',
      long: { bad: '60', total: '60' },
      short: { bad: '10', total: '10' },
      threshold: '1000',
      state: 'firing',
    },
    { tier: 'T1', long: { bad: '200', total: '300' }, short: { bad: '30', total: '30' }, threshold: '173' },
    { tier: 'T2', long: { bad: '200', total: '3600' }, threshold: '14.4', state: 'firing' },
    { tier: 'T3', long: { bad: '200', total: '21600' }, threshold: '6', state: 'firing' },
    { tier: 'T4', long: { bad: '200', total: '259200' }, threshold: '1', state: 'firing' },
  ]);
  // The same by packets: both directions, 2,674,800 x 5,100 less 70 x 100; bad 200 x 5,000.
  const packets = ask(lines, { ...asked, sli: 'packetDelivery' });
  expect(packets.high).toEqual({ total: 13_641_473_000n, bad: 1_000_000n });
  expect(packets.low).toEqual({ total: 13_641_480_000n, bad: 1_007_000n });
  expect(packets.budget.allowed).toBe(1_364_147n);
  expect(packets.verdict).toBe('met');
});
