import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daysOf, isoOf } from '../../../../server/slo/instant.ts';
import { addMonths, type LocalTime, Zone } from '../../../../server/slo/zone-time.ts';

const zones = [
  'UTC',
  'Europe/Berlin',
  'Asia/Ho_Chi_Minh',
  'America/St_Johns',
  'America/Havana',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Antarctica/Troll',
];

function clockOf({ year, month, day, time }: LocalTime): string {
  return isoOf(daysOf(year, month, day) * 86_400 + time)
    .replace('T', ' ')
    .replace('Z', '');
}

/** What the clock of a zone shows, as another formatter says it. */
function shows(zone: string): (unix: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
  return (unix) => format.format(unix * 1000);
}

const local = fc.record({
  year: fc.integer({ min: 1971, max: 2100 }),
  month: fc.integer({ min: 1, max: 12 }),
  day: fc.integer({ min: 1, max: 28 }),
  // On minutes, as all changes of clocks in these years are.
  time: fc.integer({ min: 0, max: 1439 }).map((minutes) => minutes * 60),
});

describe('local time', () => {
  test('is the first instant at which the clock shows it, or it is leapt over', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), local, (name, time) => {
        const show = shows(name);
        const unix = new Zone(name).unixOf(time);
        const wanted = clockOf(time);
        // Changes of clocks are at least 15 minutes, at most a day.
        const near = Array.from({ length: 2 * 97 }, (_, i) => unix + (i - 97) * 900);
        const showing = near.filter((at) => show(at) === wanted);
        if (show(unix) === wanted) expect(showing[0]).toBe(unix);
        else {
          expect(showing).toEqual([]);
          // The clock was before it, and then behind it.
          expect(show(unix - 86_400) < wanted && show(unix) > wanted).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    // Shown twice, leapt over, midnight leapt over, a whole day leapt over.
    ['Europe/Berlin', '2026-10-25 02:30:00', '2026-10-25T00:30:00Z'],
    ['Europe/Berlin', '2026-03-29 02:30:00', '2026-03-29T01:30:00Z'],
    ['Africa/Cairo', '2026-04-24 00:00:00', '2026-04-23T22:00:00Z'],
    ['Pacific/Apia', '2011-12-30 00:00:00', '2011-12-30T10:00:00Z'],
    ['America/St_Johns', '2026-01-01 00:00:00', '2026-01-01T03:30:00Z'],
  ])('%s %s', (name, text, instant) => {
    const [year, month, day, hour, minute] = text.split(/[- :]/).map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    expect(isoOf(new Zone(name).unixOf({ year, month, day, time: hour * 3600 + minute * 60 }))).toBe(instant);
  });
});

test('months are counted by the calendar, and end where they end', () => {
  const from = { year: 2027, month: 10, day: 31, time: 5 };
  const told = [1, 2, 3, 4, 5, -8].map((months) => clockOf(addMonths(from, months)).slice(0, 10));
  expect(told).toEqual(['2027-11-30', '2027-12-31', '2028-01-31', '2028-02-29', '2028-03-31', '2027-02-28']);
});
