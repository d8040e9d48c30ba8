/** Sum of the steps that are known, and how many they are. Never a zero for silence. */
export interface KnownSum {
  readonly sum: bigint;
  readonly known: number;
  readonly steps: number;
}

export function knownSum(values: readonly (string | null)[]): KnownSum {
  let sum = 0n;
  let known = 0;
  for (const value of values) {
    if (value === null) continue;
    sum += BigInt(value);
    known += 1;
  }
  return { sum, known, steps: values.length };
}
