/** Digits of the minor unit, ISO 4217, where they are not two. */
const minorDigits: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0]),
  ),
  ...Object.fromEntries('BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3])),
  CLF: 4,
  UYW: 4,
};

/** An amount in minor units as people write it: `1234567` EUR is `12,345.67 EUR`, of VND `1,234,567 VND`. */
export function formatMoney(amount: string, currency: string): string {
  const digits = minorDigits[currency] ?? 2;
  const negative = amount.startsWith('-');
  const whole = (negative ? amount.slice(1) : amount).padStart(digits + 1, '0');
  const cut = whole.length - digits;
  const integer = whole.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${negative ? '−' : ''}${integer}${digits === 0 ? '' : `.${whole.slice(cut)}`} ${currency}`;
}
