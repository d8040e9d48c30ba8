/** A decimal text such as a target or a threshold, exactly. */
export interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

const decimalPattern = /^(\d+)(?:\.(\d+))?$/;

/** `0.9999` is 9,999 of 10,000; null: no decimal. */
export function fractionOf(text: string): Fraction | null {
  const [, whole, decimals = ''] = decimalPattern.exec(text) ?? [];
  if (whole === undefined) return null;
  return { num: BigInt(`${whole}${decimals}`), den: 10n ** BigInt(decimals.length) };
}

/** The point moved by two places and nothing rounded: `0.9999` is `99.99 %`. What is no decimal stays as it is. */
export function formatPercent(text: string): string {
  const [, whole = '', decimals = ''] = decimalPattern.exec(text) ?? [];
  if (whole === '') return text;
  const digits = decimals.padEnd(2, '0');
  const integer = `${whole}${digits.slice(0, 2)}`.replace(/^0+(?=\d)/, '');
  const rest = digits.slice(2);
  return `${integer}${rest === '' ? '' : `.${rest}`} %`;
}

/** How many times: `16.6×`, cut to three digits, and never zero for what is not: `< 0.01×`. */
export function formatTimes({ num, den }: Fraction): string {
  if (den === 0n) return '—';
  if (num === 0n) return '0×';
  const hundredths = (num * 100n) / den;
  if (hundredths === 0n) return '< 0.01×';
  const integer = hundredths / 100n;
  if (integer >= 100n) return `${integer}×`;
  const fraction = (hundredths % 100n).toString().padStart(2, '0');
  return `${integer}.${integer >= 10n ? fraction.slice(0, 1) : fraction}×`;
}
