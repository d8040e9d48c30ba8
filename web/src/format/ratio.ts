/** Decimals shown at most; a ratio closer to its bound than that is shown as a bound. */
const decimalsMax = 12;

/**
 * `num / den` as a percentage, cut and never rounded, so that `100 %` and `0 %` appear only when they are exact.
 * Two digits more than tell it from its bound at most, and at least `decimals`.
 *
 * Example: 999,999,993 of 1,000,000,000 is `99.99999930 %`; 1 of 3,000,000 is `0.000033 %`.
 */
export function formatRatio(num: bigint, den: bigint, decimals = 3): string {
  if (den === 0n) return '—';
  if (num === den) return '100 %';
  if (num === 0n) return '0 %';
  if (num > den || num < 0n) return `${percentDigits(num, den, decimals)} %`;
  const needed = Math.max(decimalsToTell(num, den), decimalsToTell(den - num, den));
  if (needed > decimalsMax) {
    const far = '9'.repeat(decimalsMax);
    return num > den - num ? `> 99.${far} %` : `< 0.${'0'.repeat(decimalsMax - 1)}1 %`;
  }
  return `${percentDigits(num, den, Math.max(decimals, needed))} %`;
}

/** Decimals of the percentage after which two significant digits of `part / den` have appeared. */
function decimalsToTell(part: bigint, den: bigint): number {
  let scaled = part * 100n;
  let decimals = 0;
  while (scaled < den && decimals <= decimalsMax) {
    scaled *= 10n;
    decimals += 1;
  }
  return decimals === 0 ? 0 : decimals > decimalsMax ? decimals : Math.min(decimals + 1, decimalsMax);
}

function percentDigits(num: bigint, den: bigint, decimals: number): string {
  const scale = 10n ** BigInt(decimals);
  const scaled = (num * 100n * scale) / den;
  const integer = (scaled / scale).toString();
  return decimals === 0 ? integer : `${integer}.${(scaled % scale).toString().padStart(decimals, '0')}`;
}
