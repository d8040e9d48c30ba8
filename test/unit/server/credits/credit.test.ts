import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CreditQuestion, creditOf, type Outcome, type Piece } from '../../../../server/credits/credit.ts';
import { compare } from '../../../../server/credits/ratio.ts';
import { shareOf } from '../../../../server/credits/schedule.ts';
import type { CreditSchedule, CreditTerms } from '../../../../server/objects/object.ts';
import { parseDecimal, type Ratio } from '../../../../server/slo/decimal.ts';
import { verdictOf } from '../../../../server/slo/verdict.ts';
import { november } from '../slo/asking.ts';

const month = 2_592_000n;
const days = (count: number) => november + count * 86_400;
const decimal = (text: string) => parseDecimal(text) as Ratio;

/** AWS and the like: below 99.99 % 10 %, below 99.0 % 30 %, below 95.0 % everything. */
const cloud: CreditSchedule = {
  kind: 'achieved',
  tiers: [
    { from: '0', share: '1.00' },
    { from: '0.95', share: '0.30' },
    { from: '0.99', share: '0.10' },
    { from: '0.9999', share: '0' },
  ],
};
/** PacketFabric: by how much the target was exceeded. */
const fabric: CreditSchedule = {
  kind: 'exceedance',
  tiers: [
    { from: '0', share: '0' },
    { from: '0.10', share: '0.10' },
    { from: '0.25', share: '0.20' },
    { from: '0.50', share: '0.30' },
    { from: '0.75', share: '0.40' },
    { from: '1', share: '0.50' },
  ],
};

function terms(over: Partial<CreditTerms> = {}): CreditTerms {
  return { objectives: ['acme'], schedule: cloud, cap: '1.00', minimumPayout: '0', combine: 'max', ...over };
}

interface Had {
  readonly slo?: string;
  readonly bad?: bigint;
  readonly lowBad?: bigint;
  readonly total?: bigint;
  readonly ports?: readonly string[];
  readonly sli?: Outcome['sli'];
  readonly target?: string;
}

function outcome(had: Had = {}): Outcome {
  const { slo = 'acme', bad = 0n, lowBad = bad, total = month, ports = ['p1'], sli = 'availability' } = had;
  const target = decimal(had.target ?? '0.9999');
  const readings = { high: { bad, total }, low: { bad: lowBad, total } };
  const unknown = { slots: Number(lowBad - bad), bounded: true };
  return { slo, ports, sli, target, ...readings, verdict: verdictOf(readings, target, unknown) };
}

function piece(fee: bigint, outcomes: readonly Outcome[], from = november, to = days(30)): Piece {
  const exact = { num: fee * BigInt(to - from), den: month };
  return { from, to, fee: { exact, text: `${fee} x ${to - from}/${month}` }, outcomes };
}

function owed(pieces: readonly Piece[], over: Partial<CreditQuestion> = {}) {
  const result = creditOf({ terms: terms(), undetermined: 'open', currency: 'VND', pieces, ...over });
  if (result === undefined) throw new Error('nothing was judged');
  return result;
}

describe('a schedule', () => {
  const achieved = (bad: bigint, total = month) =>
    shareOf(cloud, { bad, total, target: decimal('0.9999'), sli: 'availability' }).share;

  test.each<[string, bigint, Ratio]>([
    ['one slot more than 99.99 % allows', 260n, { num: 1n, den: 10n }],
    ['exactly 99.0 % is the tier that begins there', 25_920n, { num: 1n, den: 10n }],
    ['one slot less', 25_921n, { num: 3n, den: 10n }],
    ['exactly 95.0 %', 129_600n, { num: 3n, den: 10n }],
    ['one slot less than 95 %', 129_601n, { num: 1n, den: 1n }],
    ['nothing at all', month, { num: 1n, den: 1n }],
  ])('by what was achieved: %s', (_name, bad, share) => expect(achieved(bad)).toEqual(share));

  test('is asked before anything is rounded: 98.99999999999999999999 % is below 99 %', () => {
    const total = 10n ** 24n;
    expect(achieved(total / 100n, total)).toEqual({ num: 1n, den: 10n });
    expect(achieved(total / 100n + 1n, total)).toEqual({ num: 3n, den: 10n });
  });

  const exceeded = (bad: bigint, target = '0.999') =>
    shareOf(fabric, { bad, total: 1_000_000n, target: decimal(target), sli: 'packetDelivery' });
  test.each<[bigint, Ratio]>([
    [1_001n, { num: 0n, den: 1n }],
    [1_099n, { num: 0n, den: 1n }],
    [1_100n, { num: 1n, den: 10n }],
    [1_249n, { num: 1n, den: 10n }],
    [1_250n, { num: 1n, den: 5n }],
    [2_000n, { num: 1n, den: 2n }],
    [1_000_000n, { num: 1n, den: 2n }],
  ])('by how much the allowed share was exceeded: 1,000 allowed, %s bad', (bad, share) => {
    expect(exceeded(bad).share).toEqual(share);
  });
  test('where nothing was allowed the last tier holds', () => {
    expect(exceeded(1n, '1')).toEqual({ share: { num: 1n, den: 2n }, because: 'nothing was allowed, tier from 1' });
    expect(exceeded(1_250n).because).toBe('allowed share exceeded by 1/4, tier from 0.25');
  });

  test('by bad minutes: 90 slots at 0.001 a minute are 0.0015', () => {
    const minutes: CreditSchedule = { kind: 'badMinutes', sharePerMinute: '0.001' };
    const facts = { bad: 90n, total: month, target: decimal('0.9999') };
    expect(shareOf(minutes, { ...facts, sli: 'availability' }).share).toEqual({ num: 3n, den: 2000n });
    expect(() => shareOf(minutes, { ...facts, sli: 'packetDelivery' })).toThrow(/packets that are lost have none/);
  });

  test('leaves no hole: bands as TELUS publishes them give 96.89 to 97.9 % and 99.98 to 99.99 % to nobody', () => {
    const tiers = ['0', '0.9689', '0.979', '0.9998', '0.9999'].map((from, i) => ({ from, share: `0.${4 - i}` }));
    const of = (good: bigint) =>
      shareOf(
        { kind: 'achieved', tiers },
        { bad: 10_000n - good, total: 10_000n, target: decimal('1'), sli: 'availability' },
      );
    expect([9_688n, 9_689n, 9_789n, 9_790n, 9_998n, 9_999n].map((good) => of(good).share.num)).toEqual([
      ...[2n, 3n, 3n, 1n, 1n, 0n],
    ]);
    const bounds = ['0', '0.979', '0.9689'].map((from) => ({ from, share: '0.1' }));
    expect(() =>
      shareOf({ kind: 'achieved', tiers: bounds }, { bad: 1n, total: 2n, target: decimal('1'), sli: 'availability' }),
    ).toThrow('the tier from 0.9689 does not follow the one from 0.979');
  });

  test.each<[string, CreditSchedule]>([
    ['none', { kind: 'achieved', tiers: [] }],
    ['a hole at the bottom', { kind: 'achieved', tiers: [{ from: '0.95', share: '0.3' }] }],
    ['twice the same', { kind: 'exceedance', tiers: ['0', '0.1', '0.1'].map((from) => ({ from, share: from })) }],
    ['backwards', { kind: 'exceedance', tiers: ['0', '0.2', '0.1'].map((from) => ({ from, share: from })) }],
    [
      'more for more that was achieved',
      { kind: 'achieved', tiers: ['0', '0.9'].map((from) => ({ from, share: from })) },
    ],
    ['more than the fee', { kind: 'achieved', tiers: [{ from: '0', share: '1.01' }] }],
    ['no number', { kind: 'achieved', tiers: [{ from: '0', share: '10 %' }] }],
  ])('tiers that do not follow each other are refused: %s', (_name, schedule) => {
    const facts = { bad: 1n, total: 1n, target: decimal('0.9'), sli: 'availability' } as const;
    expect(() => shareOf(schedule, facts)).toThrow(expect.objectContaining({ code: 'FN_OBJECTIVE_FILE' }));
  });
});

describe('a credit', () => {
  test.each<[string, string, bigint, Had, bigint]>([
    ['VND has no minor unit', 'VND', 10_000_001n, { bad: 400n }, 1_000_000n],
    ['JPY, a half upwards', 'JPY', 12_345n, { bad: 400n }, 1_235n],
    ['JPY, less than a half', 'JPY', 12_344n, { bad: 400n }, 1_234n],
    ['USD, 250.00', 'USD', 25_000n, { bad: 25_921n }, 7_500n],
    ['KWD, 1.005 of three places', 'KWD', 1_005n, { bad: 25_921n }, 302n],
    ['everything', 'USD', 25_000n, { bad: 129_601n }, 25_000n],
    ['kept', 'USD', 25_000n, { bad: 259n }, 0n],
  ])('%s', (_name, currency, fee, had, amount) => {
    expect(owed([piece(fee, [outcome(had)])], { currency }).amount).toBe(amount);
  });

  test('says its arithmetic in integers', () => {
    const result = owed([piece(10_000_001n, [outcome({ bad: 400n })])]);
    expect(result).toMatchObject({ slo: 'acme', verdict: 'breached', bad: 400n, total: month, fee: 10_000_001n });
    expect(result.share).toEqual({ num: 1n, den: 10n });
    expect(result.explanation).toBe(
      '2026-11-01T00:00:00Z to 2026-12-01T00:00:00Z: acme breached, bad 400 of 2592000 (high), 259 allowed: achieved ' +
        '2591600/2592000, tier from 0.99, share 1/10. Fee 10000001 x 2592000/2592000, times 1/10. 10000001/10 rounds to 1000000 minor units of VND.',
    );
  });

  test('of half a month in service is of half the fee, rounded once', () => {
    const half = piece(10_000_001n, [outcome({ bad: 400n, total: month / 2n })], days(15));
    expect(owed([half])).toMatchObject({ fee: 5_000_001n, amount: 500_000n });
    const whole = [days(0), days(15)].map((from) => piece(5n, [outcome({ bad: 400n })], from, from + 15 * 86_400));
    // Twice 2.5 x 1/10 is 0.5; each alone would be 0.25 and come to nothing.
    expect(owed(whole).amount).toBe(1n);
  });

  test('tells the objective that decided, of the piece that pays most', () => {
    const bad = piece(1000n, [outcome({ bad: 400n })], days(0), days(15));
    const worse = piece(1000n, [outcome({ slo: 'later', bad: month })], days(15), days(30));
    expect(owed([bad, worse])).toMatchObject({ slo: 'later', amount: 550n });
  });

  test('below the minimum payout is not paid, and says so', () => {
    const pieces = [piece(1000n, [outcome({ bad: 400n })])];
    expect(owed(pieces, { terms: terms({ minimumPayout: '100' }) }).amount).toBe(100n);
    const unpaid = owed(pieces, { terms: terms({ minimumPayout: '101' }) });
    expect(unpaid.amount).toBe(0n);
    expect(unpaid.explanation).toMatch(/Below the minimum payout of 101: nothing is paid\.$/);
  });

  test('is capped, also for minutes without end', () => {
    const minutes = terms({ schedule: { kind: 'badMinutes', sharePerMinute: '0.01' }, cap: '0.275' });
    expect(owed([piece(1000n, [outcome({ bad: month })])], { terms: minutes }).amount).toBe(275n);
    expect(owed([piece(1000n, [outcome({ bad: 600n })])], { terms: minutes }).amount).toBe(100n);
  });

  describe('where nothing is proven', () => {
    const pieces = [piece(1000n, [outcome({ bad: 12n, lowBad: 26_000n })])];
    test.each<[CreditQuestion['undetermined'], bigint, bigint]>([
      ['tenant', 300n, 26_000n],
      ['provider', 0n, 12n],
      ['open', 0n, 12n],
    ])('%s gains', (undetermined, amount, bad) => {
      expect(owed(pieces, { undetermined })).toMatchObject({ verdict: 'undetermined', amount, bad });
    });
    test('open says that nothing was decided', () => {
      expect(owed(pieces).explanation).toMatch(/leaves open who gains where nothing is proven, nothing is paid/);
    });
    test('a breach that is proven is never worth less to the tenant than one that is not', () => {
      const breached = [piece(1000n, [outcome({ bad: 260n, lowBad: 26_000n })])];
      expect(owed(breached, { undetermined: 'tenant' }).amount).toBe(300n);
      expect(owed(breached, { undetermined: 'open' }).amount).toBe(100n);
    });
    test('no traffic, and nothing known at all, pay nothing', () => {
      const silent = outcome({ total: 0n });
      expect(owed([piece(1000n, [silent])], { undetermined: 'tenant' })).toMatchObject({
        verdict: 'noTraffic',
        amount: 0n,
      });
      const unseen: Outcome = { ...silent, verdict: 'undetermined' };
      expect(owed([piece(1000n, [unseen])], { undetermined: 'tenant' }).amount).toBe(0n);
    });
  });

  describe('of several objectives', () => {
    const both = (ports: readonly string[]) => [
      piece(1000n, [outcome({ bad: 400n }), outcome({ slo: 'packets', bad: 26_000n, ports, sli: 'packetDelivery' })]),
    ];
    test('the highest pays', () => expect(owed(both(['p2']))).toMatchObject({ slo: 'packets', amount: 300n }));
    test('or their sum', () => expect(owed(both(['p2']), { terms: terms({ combine: 'sum' }) }).amount).toBe(400n));
    test('but the same seconds once: those with a port in common pay as one', () => {
      expect(owed(both(['p2', 'p1']), { terms: terms({ combine: 'sum' }) }).amount).toBe(300n);
    });
    test('also where a third one connects them', () => {
      const three = ['p1', 'p2'].map((port) => outcome({ slo: port, bad: 400n, ports: [port] }));
      const joined = outcome({ slo: 'all', bad: 400n, ports: ['p1', 'p2'] });
      const sum = { terms: terms({ combine: 'sum' }) };
      expect(owed([piece(1000n, three)], sum).amount).toBe(200n);
      expect(owed([piece(1000n, [...three, joined])], sum).amount).toBe(100n);
    });
  });

  test('without an objective that held there is none', () => {
    const question = { terms: terms(), undetermined: 'open', currency: 'VND' } as const;
    expect(creditOf({ ...question, pieces: [] })).toBeUndefined();
    expect(creditOf({ ...question, pieces: [piece(1000n, [])] })).toBeUndefined();
  });
});

test('more that is bad never pays less, and never more than the cap', () => {
  const schedule = fc.constantFrom<CreditSchedule>(cloud, fabric, { kind: 'badMinutes', sharePerMinute: '0.0007' });
  const count = fc.bigInt({ min: 0n, max: month });
  fc.assert(
    fc.property(schedule, count, count, fc.bigInt({ min: 0n, max: 10n ** 12n }), (kind, a, b, fee) => {
      const [less, more] = a < b ? [a, b] : [b, a];
      const pay = (bad: bigint) =>
        owed([piece(fee, [outcome({ bad })])], { terms: terms({ schedule: kind, cap: '0.9' }) });
      const [low, high] = [pay(less), pay(more)];
      expect(compare(low.share, high.share)).toBeLessThanOrEqual(0);
      expect(low.amount <= high.amount && high.amount * 10n <= fee * 9n + 5n).toBe(true);
    }),
    { numRuns: 300 },
  );
});
