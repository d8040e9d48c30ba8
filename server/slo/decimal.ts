/** An exact number: no float touches a verdict. */
export interface Ratio {
  readonly num: bigint;
  /** Above 0. */
  readonly den: bigint;
}

const decimal = /^(\d{1,18})(?:\.(\d{1,30}))?$/;

/**
 * The number that stands in a text, exactly; undefined: not a plain decimal (a sign, an exponent, 31 or more places).
 *
 * Example: 0.9999 is 9999 / 10000.
 */
export function parseDecimal(text: string): Ratio | undefined {
  const [, whole, places = ''] = decimal.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return { num: BigInt(whole + places), den: 10n ** BigInt(places.length) };
}

/**
 * What may go wrong: floor(total x (1 - target)).
 *
 * Example: of 2,592,000 slots at 0.9999 it is floor(259.2) = 259.
 */
export function allowedOf(total: bigint, target: Ratio): bigint {
  return (total * (target.den - target.num)) / target.den;
}
