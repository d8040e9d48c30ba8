import { describe, expect, it } from 'vitest';
import { dayFactor } from '../../../../../server/remediation/simulator/arrivals.ts';
import { exponential, logarithm, mix, Random } from '../../../../../server/remediation/simulator/random.ts';
import { peaks, shapes } from '../../../../../server/remediation/simulator/shapes.ts';

describe('chance of a simulation', () => {
  it('has the same bits for the same seed: these, on every machine', () => {
    const random = new Random(1, 2);
    const first = [random.between(0, 999_999), random.between(0, 999_999), random.wait(100)];
    const again = new Random(1, 2);
    expect([again.between(0, 999_999), again.between(0, 999_999), again.wait(100)]).toEqual(first);
    expect([mix(1, 2, 3), mix(0, 0, 0), mix(1, 2, 4)]).toMatchInlineSnapshot(`
      [
        867920338,
        2781466069,
        1972512356,
      ]
    `);
    expect([exponential(1), logarithm(0.1), new Random(7, 7).lognormal(1)]).toMatchInlineSnapshot(`
      [
        2.718281828458697,
        -2.3025850929940455,
        6.8105175534859015,
      ]
    `);
  });

  it('knows e^x and ln x to ten digits', () => {
    for (const x of [-6, -1, -0.01, 0, 0.5, 1, 6]) expect(exponential(x) / Math.exp(x)).toBeCloseTo(1, 10);
    for (const x of [1e-9, 0.1, 0.5, 0.75, 0.9999, 1]) expect(logarithm(x)).toBeCloseTo(Math.log(x), 10);
  });

  it('spreads evenly', () => {
    const counts = Array.from({ length: 16 }, () => 0);
    for (let i = 0; i < 160_000; i++) {
      const part = mix(3, i, 5) >>> 28;
      counts[part] = (counts[part] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});

describe('traffic', () => {
  it('has a day with one highest and one lowest hour, and no jump', () => {
    const day = Array.from({ length: 1_441 }, (_none, minute) => dayFactor(minute * 60));
    expect([Math.min(...day), Math.max(...day)]).toEqual([614, 1_280]);
    expect(day.at(-1)).toBe(day[0]);
    expect(Math.max(...day.map((factor, i) => Math.abs(factor - (day[i + 1] ?? factor))))).toBeLessThanOrEqual(2);
  });

  it('has shapes that are whole seconds', () => {
    for (const [i, shape] of shapes.entries()) {
      expect(shape).toHaveLength(10);
      expect(shape.reduce((sum, each) => sum + each, 0)).toBe(1_000);
      expect(Math.max(...shape)).toBe(peaks[i]);
    }
  });
});
