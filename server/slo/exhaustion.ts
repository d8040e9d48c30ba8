/** What went wrong lately: in `seconds` that are known. Slots or packets, as the budget counts them. */
export interface Pace {
  readonly bad: bigint;
  readonly seconds: number;
}

/**
 * Whole seconds until a budget is gone at the present pace (sla research §C.9), rounded down; 0: it is gone; null: nothing
 * burns. An estimate: it holds as long as the pace does.
 *
 * Example: 247 slots are left, and 6 of the last 3,600 s were bad: 247 x 3,600 / 6 = 148,200 s.
 */
export function exhaustionSeconds(remaining: bigint, { bad, seconds }: Pace): bigint | null {
  if (remaining <= 0n) return 0n;
  return bad === 0n ? null : (remaining * BigInt(seconds)) / bad;
}
