/**
 * Digits behind the point of a currency's minor unit, ISO 4217 list one (2026): two, but for these. Funds, metals and
 * codes for tests are no money that anybody is paid in.
 */
const digitsOther: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
};
const two =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK ' +
  'DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW ' +
  'KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN ' +
  'PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD ' +
  'TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG';

const digitsOf = new Map(two.split(' ').map((code) => [code, 2]));
for (const [digits, codes] of Object.entries(digitsOther)) {
  for (const code of codes.split(' ')) digitsOf.set(code, Number(digits));
}

/** Undefined: there is no such currency. */
export function minorDigitsOf(currency: string): number | undefined {
  return digitsOf.get(currency);
}
