/** Lengths of the windows of each tier, s (sla §5). */
const lengths: Readonly<Record<string, { readonly long: number; readonly short: number }>> = {
  T0: { long: 60, short: 10 },
  T1: { long: 300, short: 30 },
  T2: { long: 3600, short: 300 },
  T3: { long: 21_600, short: 1800 },
  T4: { long: 259_200, short: 21_600 },
};

export function tierSeconds(tier: string): { readonly long: number; readonly short: number } {
  return lengths[tier] ?? { long: 0, short: 0 };
}
