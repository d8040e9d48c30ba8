import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ratio } from '../../../../server/slo/decimal.ts';
import { forecast } from '../../../../server/slo/forecast.ts';

const units = (bad: readonly number[], total = 100) => bad.map((each) => ({ total: BigInt(total), bad: BigInt(each) }));
const target = (percentAllowed: bigint): Ratio => ({ num: 100n - percentAllowed, den: 100n });
const soFar = (bad: bigint, total: bigint, unknown = 0n) => ({
  high: { total, bad },
  low: { total, bad: bad + unknown },
});

describe('the end of a window', () => {
  const eight = units([0, 0, 4, 0, 0, 0, 0, 4]);

  test('the worked example: 8 hours of 100, 8 bad, 800 to come', () => {
    const asked = { soFar: soFar(8n, 800n), units: eight, toCome: 800n, target: target(2n) };
    expect(forecast(asked)).toEqual({ bad: 16n, low: 8n, high: 34n, allowed: 32n, units: 8, outlook: 'open' });
  });

  test.each([
    // Of 1,600: 48 allowed, more than 34; 0 allowed, fewer than 8 that already are.
    ['even the worst is allowed', 3n, 'met'],
    ['even the best is not', 0n, 'breached'],
  ])('%s', (_, allowed, outlook) => {
    const asked = { soFar: soFar(8n, 800n), units: eight, toCome: 800n, target: target(allowed) };
    expect(forecast(asked)?.outlook).toBe(outlook);
  });

  test('as many as are allowed are not yet too many', () => {
    // 0.5 % of 1,600 are 8, and 8 there are.
    const asked = { soFar: soFar(8n, 800n), units: eight, toCome: 800n, target: { num: 995n, den: 1000n } };
    expect(forecast(asked)).toMatchObject({ low: 8n, allowed: 8n, outlook: 'open' });
  });

  test('what nobody knows so far widens the interval upwards only', () => {
    const asked = { soFar: soFar(8n, 800n, 5n), units: eight, toCome: 800n, target: target(2n) };
    expect(forecast(asked)).toMatchObject({ bad: 16n, low: 8n, high: 39n });
  });

  test('with nothing to come it is what is', () => {
    const asked = { soFar: soFar(8n, 800n), units: eight, toCome: 0n, target: target(1n) };
    expect(forecast(asked)).toMatchObject({ bad: 8n, low: 8n, high: 8n, allowed: 8n, outlook: 'met' });
  });

  test('units that are all alike leave only the rounding', () => {
    const asked = { soFar: soFar(7n, 700n), units: units([1, 1, 1, 1, 1, 1, 1]), toCome: 150n, target: target(2n) };
    // 7 + 1.5.
    expect(forecast(asked)).toMatchObject({ bad: 8n, low: 8n, high: 9n });
  });

  test.each([
    ['six units', units([0, 4, 0, 0, 0, 4])],
    ['empty units', [...units([0, 4, 0, 0, 0, 4]), ...units([0, 0, 0], 0)]],
    ['nothing bad', units([0, 0, 0, 0, 0, 0, 0, 0])],
  ])('%s say too little', (_, few) => {
    expect(forecast({ soFar: soFar(8n, 800n), units: few, toCome: 800n, target: target(2n) })).toBeNull();
  });
});

test('agrees with the formula in floating point, rounded outwards', () => {
  const unit = fc.record({ total: fc.bigInt(1n, 5000n), bad: fc.bigInt(0n, 300n) });
  const drawn = fc.tuple(fc.array(unit, { minLength: 7, maxLength: 40 }), fc.bigInt(0n, 100_000n));
  fc.assert(
    fc.property(drawn, ([list, toCome]) => {
      const told = forecast({ soFar: soFar(0n, 0n), units: list, toCome, target: target(1n) });
      const total = list.reduce((sum, each) => sum + Number(each.total), 0);
      const bad = list.reduce((sum, each) => sum + Number(each.bad), 0);
      if (bad === 0) return expect(told).toBeNull();
      const m = list.length;
      const r = bad / total;
      const squares = list.reduce((sum, each) => sum + (Number(each.bad) - r * Number(each.total)) ** 2, 0);
      const f = Number(toCome) / total;
      const spread = (1.96 + 3 / (m - 1)) * Math.sqrt((m / (m - 1)) * squares * f * (1 + f));
      expect(Math.abs(Number(told?.high) - (r * Number(toCome) + spread))).toBeLessThan(2.01);
      // The spread is the smallest integer that is no less: as integers, since a square may be met exactly.
      const [n, d] = [BigInt(total), BigInt(bad)];
      const t = { num: 196n * BigInt(m - 1) + 300n, den: 100n * BigInt(m - 1) };
      const scaled = list.reduce((sum, each) => sum + (each.bad * n - d * each.total) ** 2n, 0n);
      const num = t.num ** 2n * BigInt(m) * scaled * toCome * (n + toCome);
      const den = t.den ** 2n * BigInt(m - 1) * n ** 4n;
      const whole = (told?.high ?? 0n) - (d * toCome + n - 1n) / n;
      expect(whole ** 2n * den).toBeGreaterThanOrEqual(num);
      if (whole > 0n) expect((whole - 1n) ** 2n * den).toBeLessThan(num);
      expect(Math.abs(Number(told?.low) - Math.max(0, r * Number(toCome) - spread))).toBeLessThan(2.01);
    }),
    { numRuns: 100, seed: 7 },
  );
});

test('of months with clustered loss, at least nine in ten end inside their interval; the binomial one would hold few', () => {
  // A xorshift generator, so that the months are the same in each run.
  let state = 0x2545_f491;
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  // An hour in five has a burst of 1 to 60 bad slots.
  const hours = () =>
    units(
      Array.from({ length: 720 }, () => (random() < 0.2 ? 1 + Math.floor(random() * 60) : 0)),
      3600,
    );
  let [inside, insideBinomial] = [0, 0];
  const months = 200;
  for (let i = 0; i < months; i++) {
    const month = hours();
    const past = month.slice(0, 480);
    const bad = past.reduce((sum, unit) => sum + unit.bad, 0n);
    const end = month.reduce((sum, unit) => sum + unit.bad, 0n);
    const toCome = 240n * 3600n;
    const told = forecast({ soFar: soFar(bad, 480n * 3600n), units: past, toCome, target: target(1n) });
    if (told !== null && told.low <= end && end <= told.high) inside++;
    const mean = Number(bad) / 2;
    if (Math.abs(Number(end - bad) - mean) <= 1.96 * Math.sqrt(mean * 1.5)) insideBinomial++;
  }
  expect(inside / months).toBeGreaterThanOrEqual(0.9);
  expect(insideBinomial / months).toBeLessThan(0.5);
});
