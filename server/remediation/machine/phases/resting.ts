import { isDamped, toIdle, toSuppressed } from '../entering.ts';
import type { Rules } from './rules.ts';

export const cooldown: Rules<'cooldown'> = {
  on: {},
  expired: (turn) => (isDamped(turn) ? toSuppressed(turn) : toIdle(turn)),
};

export const suppressed: Rules<'suppressed'> = { on: {}, expired: toIdle };
