const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** Memory and sizes, in powers of 1024, cut to one decimal. */
export function formatBytes(value: bigint | string): string {
  const bytes = BigInt(value);
  let step = 0;
  let divisor = 1n;
  while (step < units.length - 1 && bytes >= divisor * 1024n) {
    divisor *= 1024n;
    step += 1;
  }
  const tenths = (bytes * 10n) / divisor;
  const text = step === 0 ? `${bytes}` : `${tenths / 10n}.${tenths % 10n}`;
  return `${text} ${units[step]}`;
}
