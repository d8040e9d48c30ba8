import type { PlanInput } from '../planner/plan-input.ts';
import type { ValidWindows } from './valid-windows.ts';
import { windowUse } from './window-use.ts';

/**
 * Whether some thread was above the limit in each of the last two windows, taken one by one: what is long over still stands in
 * loads made of a minute. Undefined: one of the two does not count.
 */
export function isHotTwice({ tellings }: Pick<ValidWindows, 'tellings'>, input: PlanInput): boolean | undefined {
  const uses = tellings.slice(-2).map((telling) => windowUse(telling, input));
  if (uses.length < 2 || uses.includes(undefined)) return undefined;
  return uses.every((use) => (use ?? 0) >= input.limits.enterPpm);
}
