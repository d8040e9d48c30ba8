import type { Ratio } from '../slo/decimal.ts';

export const none: Ratio = { num: 0n, den: 1n };

export function plus(a: Ratio, b: Ratio): Ratio {
  return reduced({ num: a.num * b.den + b.num * a.den, den: a.den * b.den });
}

export function times(a: Ratio, b: Ratio): Ratio {
  return reduced({ num: a.num * b.num, den: a.den * b.den });
}

/** Below 0: `a` is the smaller one. */
export function compare(a: Ratio, b: Ratio): number {
  const difference = a.num * b.den - b.num * a.den;
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

/** The nearest whole number, a half upwards; for what is not negative. Example: 5/2 is 3, 7/3 is 2. */
export function halfUp({ num, den }: Ratio): bigint {
  return (2n * num + den) / (2n * den);
}

export function ratioText({ num, den }: Ratio): string {
  return den === 1n ? String(num) : `${num}/${den}`;
}

export function reduced({ num, den }: Ratio): Ratio {
  const divisor = commonDivisor(num, den);
  return { num: num / divisor, den: den / divisor };
}

function commonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}
