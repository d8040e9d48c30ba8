import { burnRule, type TierName } from '../slo/burn.ts';

/** Lengths of a tier's windows, s; of what is no tier, nothing. */
export function tierSeconds(tier: string): { readonly long: number; readonly short: number } {
  const { long, short } = burnRule(tier as TierName) ?? { long: 0, short: 0 };
  return { long, short };
}
