/** Counters for people. They come as decimal digits and stay bigint: a byte counter at 100 Gb/s passes 2^53 in about 8 days. */

/** `1234567` is `1,234,567`. */
export function formatCount(value: bigint | string): string {
  const digits = value.toString();
  const negative = digits.startsWith('-');
  const grouped = (negative ? digits.slice(1) : digits).replace(/\B(?=(\d{3})+$)/g, ',');
  return negative ? `−${grouped}` : grouped;
}

const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/**
 * `num / den` in at most four digits with an SI prefix, cut and never rounded: 999,999 is `999 k`, never `1.00 M`.
 * What is not zero never shows as zero: `< 0.01`.
 */
export function formatScaled(num: bigint, den: bigint, unit: string): string {
  if (den <= 0n) throw new RangeError('a rate needs a time greater than zero');
  if (num === 0n) return joinUnit('0', '', unit);
  if (num < 0n) return `−${formatScaled(-num, den, unit)}`;
  let step = 0;
  let divisor = den;
  while (step < prefixes.length - 1 && num >= divisor * 1000n) {
    divisor *= 1000n;
    step += 1;
  }
  const hundredths = (num * 100n) / divisor;
  if (hundredths === 0n) return `< ${joinUnit('0.01', '', unit)}`;
  return joinUnit(threeDigits(hundredths, num % divisor === 0n && step === 0), prefixes[step] ?? '', unit);
}

function threeDigits(hundredths: bigint, whole: boolean): string {
  const integer = hundredths / 100n;
  if (whole) return formatCount(integer);
  const fraction = (hundredths % 100n).toString().padStart(2, '0');
  if (integer >= 100n) return integer.toString();
  if (integer >= 10n) return `${integer}.${fraction.slice(0, 1)}`;
  return `${integer}.${fraction}`;
}

function joinUnit(digits: string, prefix: string, unit: string): string {
  const suffix = `${prefix}${unit}`;
  return suffix === '' ? digits : `${digits} ${suffix}`;
}

/** A count that may be long, short: `1.23 M`. */
export function formatShort(value: bigint | string): string {
  return formatScaled(BigInt(value), 1n, '');
}
