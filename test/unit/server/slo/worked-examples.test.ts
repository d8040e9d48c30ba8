import { describe, expect, test } from 'vitest';
import { availabilityProfiles } from '../../../../server/sli/availability-profiles.ts';
import { judgeHighLoss } from '../../../../server/sli/high-loss.ts';
import { allowedOf, parseDecimal } from '../../../../server/slo/decimal.ts';
import { type Asked, ask, gap, type Line, november, sealed, second, seen, unseen } from './asking.ts';

const daySeconds = 86_400;
const packets: Asked = { sli: 'packetDelivery' };
const telco: Asked = { sli: 'availability', lossRatioMax: '0.10', run: 5 };
const strict: Asked = { sli: 'availability', lossRatioMax: '0.0001', run: 1 };

interface Event {
  readonly atHour: number;
  readonly slots: number;
  /** Of each slot. */
  readonly lost: number;
}

/**
 * sla §4.2: 30 days, from 06:00 to 18:00 2,000,000 packets a second, else 100,000. Packets: 30 x 43,200 x 2,100,000 =
 * 2,721,600,000,000; allowed at 0.9999: 272,160,000. Slots: 30 x 86,400 = 2,592,000; allowed: floor(259.2) = 259.
 */
function monthWith({ atHour, slots, lost }: Event): Line[] {
  const eventDay = 10;
  const lines: Line[] = [];
  const day = november + eventDay * daySeconds;
  const event = { from: day + atHour * 3600, to: day + atHour * 3600 + slots };
  for (let hour = november; hour < november + 30 * daySeconds; hour += 3600) {
    const ofDay = ((hour - november) % daySeconds) / 3600;
    const each = ofDay >= 6 && ofDay < 18 ? 2_000_000 : 100_000;
    const inside = Math.max(0, Math.min(event.to, hour + 3600) - Math.max(event.from, hour));
    if (inside > 0) lines.push(seen(hour, each, lost, { repeat: inside }));
    if (inside < 3600) lines.push(seen(hour + inside, each, 0, { repeat: 3600 - inside }));
  }
  return lines;
}

describe('the same facts by packets and by slots (sla §4.2)', () => {
  test.each([
    // 60 x 100,000 packets: 2.2 % of the packets allowed; 60 of 259 slots: 23 %.
    ['60 s of outage at night', { atHour: 2, slots: 60, lost: 100_000 }, 6_000_000n, 60n, 60n],
    // 60 x 2,000,000: 44 %.
    ['60 s of outage by day', { atHour: 12, slots: 60, lost: 2_000_000 }, 120_000_000n, 60n, 60n],
    // 3,600 x 20 = 72,000 packets: 0.03 %; loss 0.0002: no slot is unavailable, 3,600 are above 1e-4: 1389 %.
    ['1 h of 0.02 % loss at night', { atHour: 2, slots: 3600, lost: 20 }, 72_000n, 0n, 3600n],
    // 3,600 x 400: 0.53 %.
    ['1 h of 0.02 % loss by day', { atHour: 12, slots: 3600, lost: 400 }, 1_440_000n, 0n, 3600n],
    // 300 x 20,000: 2.2 %; 300 of 259: 116 %.
    ['5 min of 1 % loss by day', { atHour: 12, slots: 300, lost: 20_000 }, 6_000_000n, 0n, 300n],
  ])('%s', (_, event, badPackets, unavailable, aboveTenThousandth) => {
    const lines = monthWith(event);
    const byPackets = ask(lines, packets);
    expect(byPackets.high).toEqual({ total: 2_721_600_000_000n, bad: badPackets });
    expect(byPackets.low).toEqual(byPackets.high);
    expect(byPackets.budget).toEqual({
      allowed: 272_160_000n,
      spent: badPackets,
      remaining: 272_160_000n - badPackets,
    });
    expect(byPackets.verdict).toBe('met');
    const bySlots = ask(lines, telco);
    expect(bySlots.high).toEqual({ total: 2_592_000n, bad: unavailable });
    expect(bySlots.budget).toEqual({ allowed: 259n, spent: unavailable, remaining: 259n - unavailable });
    expect(bySlots.verdict).toBe('met');
    const byStrictSlots = ask(lines, strict);
    expect(byStrictSlots.high.bad).toBe(aboveTenThousandth);
    expect(byStrictSlots.budget.remaining).toBe(259n - aboveTenThousandth);
    expect(byStrictSlots.verdict).toBe(aboveTenThousandth > 259n ? 'breached' : 'met');
  });
});

/** 10,000 packets in each slot of November, but for what other lines tell: first free slot, lines in order. */
function around(lines: readonly { readonly line: Line; readonly from: number; readonly slots: number }[]): Line[] {
  const out: Line[] = [];
  let at = november;
  for (const { line, from, slots } of [...lines, { line: {}, from: november + 2_592_000, slots: 0 }]) {
    if (from > at) out.push(seen(at, 10_000, 0, { repeat: from - at }));
    if (slots > 0) out.push(line);
    at = from + slots;
  }
  return out;
}

const noon = november + 12 * 3600;
const at = (slots: number, line: Line) => ({ line, from: noon, slots });

describe('missing data, measured honestly (sla §4.3)', () => {
  test.each([
    // Nothing was lost in the gap: all of its slots are good, and its packets count.
    ['a gap of 40 s without loss', at(40, gap(noon, 40, 400_000)), 0n, 0n, 0n, 'met'],
    // 7 lost packets can be in at most 7 slots; 1 of 400,000 is within the packets allowed.
    ['a gap of 40 s with 7 lost', at(40, gap(noon, 40, 400_000, 7)), 0n, 7n, 7n, 'met'],
    // 100,000 lost packets can be in all of 300 slots: 300 > 259, and nobody knows.
    [
      'a gap of 300 s with 100,000 lost',
      at(300, gap(noon, 300, 3_000_000, 100_000)),
      0n,
      300n,
      100_000n,
      'undetermined',
    ],
    // A hole of 259 s is within what is allowed even if all of it was bad; of 260 s it is not.
    ['a hole of 259 s', at(259, unseen(noon, 259)), 0n, 259n, 0n, 'met'],
    ['a hole of 260 s', at(260, unseen(noon, 260)), 0n, 260n, 0n, 'undetermined'],
    ['5 minutes that nobody collected', at(300, unseen(noon, 300)), 0n, 300n, 0n, 'undetermined'],
    // 260 slots of outage.
    ['an outage of 260 s', at(260, seen(noon, 10_000, 10_000, { repeat: 260 })), 260n, 260n, 2_600_000n, 'breached'],
  ])('%s', (_, event, high, low, badPackets, verdict) => {
    const lines = around([event]);
    const bySlots = ask(lines, telco);
    expect([bySlots.high, bySlots.low]).toEqual([
      { total: 2_592_000n, bad: high },
      { total: 2_592_000n, bad: low },
    ]);
    expect(bySlots.verdict).toBe(verdict);
    expect(ask(lines, packets).high.bad).toBe(badPackets);
  });

  test('coverage comes from the clock, and says how each slot is known', () => {
    // 2,592,000 slots: 40 bridged, 960 unknown, 600 excluded, 5 suspect (unknown, too), the rest observed.
    const lines = around([
      { from: noon, slots: 40, line: gap(noon, 40, 400_000) },
      { from: noon + 100, slots: 955, line: unseen(noon + 100, 955) },
      { from: noon + 2000, slots: 5, line: seen(noon + 2000, 10_000, 0, { suspect: true, repeat: 5, delivered: '7' }) },
    ]);
    const exclusions = [{ from: noon + 3000, to: noon + 3600, category: 'maintenance', reason: 'r', approvedBy: 'a' }];
    const { slots, high } = ask(lines, telco, { exclusions });
    expect(slots).toEqual({
      expected: 2_592_000,
      observed: 2_592_000 - 40 - 960 - 600,
      bridged: 40,
      unknown: 960,
      excluded: 600,
      idle: 0,
      suspect: 5,
    });
    expect(high.total).toBe(2_591_400n);
  });
});

describe('packet delivery (sla §C.1)', () => {
  const drops = (...of: [string, number][]) =>
    of.map(([owner, count]) => ({ cause: 'c', owner, packets: String(count) }));
  const row = (slot: number, offered: number, delivered: number, lost: [string, number][]) =>
    seen(slot, offered, 0, { delivered: String(delivered), drops: drops(...lost) });

  test('drops of provider and unknown are bad; what the contract takes was not offered to it; the tenant pays his own', () => {
    // O = 10,000 - 30 = 9,970; D = 5 + 2 = 7. Then O = 20,000, D = 0. Total 29,970; allowed floor(2.997) = 2; bad 7.
    const lines = [
      row(noon, 10_000, 9_943, [
        ['provider', 5],
        ['unknown', 2],
        ['contract', 30],
        ['tenant', 20],
      ]),
      row(noon + 1, 20_000, 20_000, []),
    ];
    const told = ask(lines, { ...packets, calendar: ['1m', '2026-11-01 12:00:00', 'UTC'] });
    expect(told.high).toEqual({ total: 29_970n, bad: 7n });
    // 58 unknown slots at the largest O, 20,000, all lost: 1,160,000 more on both sides.
    expect(told.low).toEqual({ total: 1_189_970n, bad: 1_160_007n });
    expect(told.budget).toEqual({ allowed: 2n, spent: 7n, remaining: -5n });
    expect(told.verdict).toBe('breached');
  });

  test('the largest offered may be that of a sealed run, never that of a gap or a suspect slot', () => {
    const lines = [
      seen(noon, 500, 0),
      sealed(noon + 1, 10, 800),
      gap(noon + 11, 2, 90_000),
      seen(noon + 13, 99_999, 0, { suspect: true }),
    ];
    const told = ask(lines, { ...packets, calendar: ['1m', '2026-11-01 12:00:00', 'UTC'] });
    // 500 + 8,000 + 90,000; 60 - 13 = 47 unknown slots (the suspect one too) x 800 = 37,600.
    expect(told.high).toEqual({ total: 98_500n, bad: 0n });
    expect(told.low).toEqual({ total: 136_100n, bad: 37_600n });
    expect(told.slots).toMatchObject({ observed: 11, bridged: 2, unknown: 47, suspect: 1 });
  });

  test('a path of which no slot was observed has no bound: nothing is met', () => {
    const minute: Asked = { ...packets, target: '0.9', calendar: ['1m', '2026-11-01 12:00:00', 'UTC'] };
    expect(ask([gap(noon, 59, 59_000)], minute).verdict).toBe('undetermined');
    expect(ask([gap(noon, 60, 59_000)], minute).verdict).toBe('met');
  });

  test.each([
    ['no traffic, every slot known', [seen(noon, 0, 0, { repeat: 60 })], 'noTraffic'],
    ['no traffic, one slot unknown', [seen(noon, 0, 0, { repeat: 59 })], 'undetermined'],
    [
      'only what the contract takes',
      [seen(noon, 9, 0, { repeat: 60, delivered: '0', drops: drops(['contract', 9]) })],
      'noTraffic',
    ],
  ])('%s', (_, lines, verdict) => {
    expect(ask(lines, { ...packets, calendar: ['1m', '2026-11-01 12:00:00', 'UTC'] }).verdict).toBe(verdict);
  });
});

describe('budgets of real months (sla §4.2, §4.8)', () => {
  test.each([
    // Days of the month x 86,400 x 0.0001: 241.92, 250.56, 259.2, 267.84.
    [28, 241n],
    [29, 250n],
    [30, 259n],
    [31, 267n],
  ])('%i days allow %i slots at 0.9999', (days, allowed) => {
    expect(allowedOf(BigInt(days * daySeconds), parseDecimal('0.9999') ?? { num: 0n, den: 1n })).toBe(allowed);
  });
  test.each([
    ['0.9999', 2_721_600_000_000n, 272_160_000n],
    // 1e12 x 0.00009999999 = 99,999,990.
    ['0.90000000001', 1_000_000_000_000n, 99_999_999_990n],
    ['0.99990000001', 1_000_000_000_000n, 99_999_990n],
    ['1', 10n ** 18n, 0n],
    ['0', 10n ** 18n, 10n ** 18n],
    ['0.999999999999999999', 10n ** 18n, 1n],
  ])('target %s of %i allows %i', (target, total, allowed) => {
    expect(allowedOf(total, parseDecimal(target) ?? { num: 0n, den: 1n })).toBe(allowed);
  });
});

const hour: Asked = { calendar: ['1h', '2026-11-01 12:00:00', 'UTC'] };

/** An hour that begins with runs of seconds: `l` total loss, `h` half lost, `f` a fifth, `g` nothing, `?` unknown. */
function hourOf(pattern: readonly (readonly [string, number])[]): Line[] {
  const lost: Record<string, number> = { l: 10_000, h: 5000, f: 2000, g: 0 };
  let from = noon;
  const lines = pattern.map(([kind, slots]) => {
    const line = kind === '?' ? unseen(from, slots) : seen(from, 10_000, lost[kind], { repeat: slots });
    from += slots;
    return line;
  });
  return [...lines, seen(from, 10_000, 0, { repeat: noon + 3600 - from })];
}

describe('availability by the named profiles (sla §C.5)', () => {
  const flapping = Array.from(
    { length: 24 },
    () =>
      [
        ['l', 4],
        ['g', 1],
      ] as const,
  ).flat();
  // Bad in high, bad in low, high-loss intervals, runs of two and more.
  test.each<[string, readonly (readonly [string, number])[], number[], number[]]>([
    ['1 s of outage', [['l', 1]], [0, 0, 1, 0], [0, 0, 1, 0]],
    ['4 s of outage', [['l', 4]], [0, 0, 4, 1], [0, 0, 4, 1]],
    ['5 s of outage', [['l', 5]], [0, 0, 5, 1], [5, 5, 0, 0]],
    ['9 s of outage', [['l', 9]], [0, 0, 9, 1], [9, 9, 0, 0]],
    ['10 s of outage', [['l', 10]], [10, 10, 0, 0], [10, 10, 0, 0]],
    // A fifth is above 0.10 only; half is not above 0.5.
    ['10 s that lose a fifth', [['f', 10]], [0, 0, 0, 0], [10, 10, 0, 0]],
    ['300 s that lose half', [['h', 300]], [0, 0, 0, 0], [300, 300, 0, 0]],
    // Up again after 4 good seconds by neither: 3 + 2 + 3.
    [
      'two outages, 2 s apart',
      [
        ['l', 12],
        ['g', 2],
        ['l', 12],
      ],
      [26, 26, 0, 0],
      [26, 26, 0, 0],
    ],
    // 5 good seconds are back by one profile, not by the other.
    [
      'two outages, 5 s apart',
      [
        ['l', 12],
        ['g', 5],
        ['l', 12],
      ],
      [29, 29, 0, 0],
      [24, 24, 0, 0],
    ],
    // Never five in a row: 24 x 4 intervals in 24 runs.
    ['4 s lossy, 1 s not, 24 times', flapping, [0, 0, 96, 24], [0, 0, 96, 24]],
    // The unknown slot neither counts nor breaks: eight in a row.
    [
      'an unknown second among lossy ones',
      [
        ['l', 4],
        ['?', 1],
        ['l', 4],
      ],
      [0, 1, 8, 1],
      [8, 9, 0, 0],
    ],
  ])('%s', (_, pattern, ...expected) => {
    const told = (['standard', 'telcoCloud'] as const).map((name) => {
      const { lossRatioMax, run } = availabilityProfiles[name];
      const { high, low, highLoss } = ask(hourOf(pattern), { ...hour, lossRatioMax, run });
      expect([high.total, low.total]).toEqual([3600n, 3600n]);
      return [high.bad, low.bad, highLoss?.hli, highLoss?.chli].map(Number);
    });
    expect(told).toEqual(expected);
  });

  test('a link that flaps is available and still breaks its limits', () => {
    const { verdict, highLoss, slots } = ask(hourOf(flapping), { ...hour, ...telco });
    expect(verdict).toBe('met');
    expect(highLoss && judgeHighLoss(highLoss, slots.unknown)).toBe('exceeded');
  });
});

describe('real months: clocks that change, a leap day (sla §4.8)', () => {
  test.each([
    // 31 x 86,400 - 3,600; the clock leaps at 01:00 UTC on the 29th.
    ['Europe/Berlin', '2026-03-01', '2026-02-28T23:00:00Z', 2_674_800, 267, '2026-03-29T01:00:00Z'],
    // 31 x 86,400 + 3,600; an hour is shown twice.
    ['Europe/Berlin', '2026-10-01', '2026-09-30T22:00:00Z', 2_682_000, 268, '2026-10-25T01:00:00Z'],
    // 30 x 86,400 + 3,600; on its first day, from four to five hours behind UTC.
    ['America/New_York', '2026-11-01', '2026-11-01T04:00:00Z', 2_595_600, 259, '2026-11-01T06:00:00Z'],
    // 29 x 86,400.
    ['Asia/Ho_Chi_Minh', '2028-02-01', '2028-01-31T17:00:00Z', 2_505_600, 250, '2028-02-28T17:00:00Z'],
  ])('%s from %s: from %s %i slots, of which %i may be bad', (zone, start, iso, slots, allowed, change) => {
    const from = second(iso);
    const end = from + slots;
    // Half before the change of clocks, or the leap day, and half behind it.
    const at = second(change) - 100;
    const month = (event: Line, count: number, asked: Asked) => {
      const lines = [
        seen(from, 1000, 0, { repeat: at - from }),
        event,
        seen(at + count, 1000, 0, { repeat: end - at - count }),
      ];
      return ask(lines, { ...asked, calendar: ['1M', `${start} 00:00:00`, zone] });
    };
    const total = BigInt(slots);
    const more = allowed + 1;
    const spent = month(seen(at, 1000, 1000, { repeat: allowed }), allowed, telco);
    expect(spent.slots).toMatchObject({ expected: slots, observed: slots, unknown: 0 });
    expect(spent.budget).toEqual({ allowed: BigInt(allowed), spent: BigInt(allowed), remaining: 0n });
    expect(spent.verdict).toBe('met');
    const overspent = month(seen(at, 1000, 1000, { repeat: more }), more, telco);
    expect([overspent.budget.remaining, overspent.verdict]).toEqual([-1n, 'breached']);
    const hole = month(unseen(at, more), more, telco);
    expect([hole.high, hole.low]).toEqual([
      { total, bad: 0n },
      { total, bad: BigInt(more) },
    ]);
    expect(hole.verdict).toBe('undetermined');
    // 1,000 packets a slot, one in ten thousand.
    const byPackets = month(seen(at, 1000, 1000, { repeat: allowed }), allowed, packets);
    expect(byPackets.high).toEqual({ total: total * 1000n, bad: BigInt(allowed) * 1000n });
    expect(byPackets.budget.allowed).toBe(total / 10n);
  });

  test.each([
    // Both changes of clocks: 365 x 86,400, and 366 x 86,400 with a leap day.
    ['Europe/Berlin', '2026-01-01', '2025-12-31T23:00:00Z', 31_536_000, 3_153_600n],
    ['America/New_York', '2028-01-01', '2028-01-01T05:00:00Z', 31_622_400, 3_162_240n],
  ])('the year of %s from %s', (zone, start, iso, slots, allowed) => {
    const lines = [seen(second(iso), 1000, 0, { repeat: slots - 1 }), unseen(second(iso) + slots - 1)];
    const told = ask(lines, { ...packets, calendar: ['1Y', `${start} 00:00:00`, zone] });
    expect(told.slots).toMatchObject({ expected: slots, observed: slots - 1, unknown: 1 });
    expect(told.low).toEqual({ total: BigInt(slots) * 1000n, bad: 1000n });
    // Of the slots that are known: a tenth of a packet less, rounded down.
    expect(told.budget.allowed).toBe(allowed - 1n);
  });
});

describe('targets at their ends', () => {
  const minute: Asked = { calendar: ['1m', '2026-11-01 12:00:00', 'UTC'] };
  const lines = [seen(noon, 100, 100, { repeat: 5 }), seen(noon + 5, 100, 0, { repeat: 55 })];
  test.each([
    // Of 60 slots, 5 bad; of 6,000 packets, 500.
    ['1', 0n, 'breached', 0n, 'breached'],
    ['0', 60n, 'met', 6000n, 'met'],
    ['0.91666666666666666666', 5n, 'met', 500n, 'met'],
    ['0.91666666666666666667', 4n, 'breached', 499n, 'breached'],
    ['0.99990000001', 0n, 'breached', 0n, 'breached'],
  ])('%s allows %i slots: %s; %i packets: %s', (target, slots, bySlots, packetsAllowed, byPackets) => {
    const told = [telco, packets].map((sli) => ask(lines, { ...sli, ...minute, target }));
    expect(told.map(({ budget, verdict }) => [budget.allowed, verdict])).toEqual([
      [slots, bySlots],
      [packetsAllowed, byPackets],
    ]);
  });

  test('with 1 nothing may go wrong, and nothing that did is met', () => {
    const good = [seen(noon, 100, 0, { repeat: 60 })];
    expect(ask(good, { ...telco, ...minute, target: '1' }).verdict).toBe('met');
    expect(ask([seen(noon, 100, 0, { repeat: 59 })], { ...telco, ...minute, target: '1' }).verdict).toBe(
      'undetermined',
    );
  });
});
