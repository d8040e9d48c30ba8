/**
 * Chance from a seed, the same bytes on any machine: whole numbers of 32 bits, and of doubles only + - x /, which IEEE 754
 * rounds alike everywhere. Math.exp and Math.log may differ between engines and are not used.
 */

/** One number of 32 bits from three; in whatever order it is asked. */
export function mix(a: number, b: number, c: number): number {
  let h = Math.imul(a ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(b ^ 0xc2b2_ae35, 0x27d4_eb2f);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d) ^ Math.imul(c ^ 0x1656_67b1, 0x297a_2d39);
  h = Math.imul(h ^ (h >>> 16), 0x7feb_352d);
  h = Math.imul(h ^ (h >>> 15), 0x846c_a68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A row of numbers of its own. */
export class Random {
  readonly #seed: number;
  readonly #stream: number;
  #at = 0;

  constructor(seed: number, stream: number) {
    this.#seed = seed;
    this.#stream = stream;
  }

  /** From 0 up to and without 1. */
  unit(): number {
    return mix(this.#seed, this.#stream, this.#at++) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  chance(percent: number): boolean {
    return this.unit() * 100 < percent;
  }

  /** Median 1; sigma of the logarithm. The normal number under it is a sum of twelve, so that it ends at 6 sigma. */
  lognormal(sigma: number): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.unit();
    return exponential(sigma * sum);
  }

  /** A wait in whole seconds, at least 1, memoryless. */
  wait(meanSeconds: number): number {
    return 1 + Math.floor(-meanSeconds * logarithm(1 - this.unit()));
  }
}

/** e^x for |x| below 20, by a short series and ten squarings: to eleven digits, and to the last bit the same everywhere. */
export function exponential(x: number): number {
  const t = x / 1_024;
  let power = 1 + t * (1 + (t / 2) * (1 + (t / 3) * (1 + (t / 4) * (1 + t / 5))));
  for (let i = 0; i < 10; i++) power *= power;
  return power;
}

/** The natural logarithm of what is above 0 and at most 1. */
export function logarithm(x: number): number {
  let [mantissa, halvings] = [x, 0];
  while (mantissa < 0.75) {
    mantissa *= 2;
    halvings++;
  }
  const y = (mantissa - 1) / (mantissa + 1);
  const square = y * y;
  let [sum, term] = [0, y];
  for (let n = 1; n <= 21; n += 2) {
    sum += term / n;
    term *= square;
  }
  return 2 * sum - halvings * Math.LN2;
}
