/** Flap damping as routers do it (RFC 2439): each change costs, what it cost is halved again and again. */
export interface Damping {
  readonly perAction: number;
  /** On top, when it had to be undone. */
  readonly perRollback: number;
  readonly halfLifeMs: number;
  /** No further change that would bring it so high. */
  readonly suppressAt: number;
  readonly reuseAt: number;
}

export const defaultDamping: Damping = {
  ...{ perAction: 1_000, perRollback: 1_000, halfLifeMs: 900_000, suppressAt: 3_000, reuseAt: 750 },
};

/** A penalty as it was at an instant. */
export interface Penalty {
  readonly points: number;
  readonly chargedAt: number;
}

/** 2^(-i/16), in millionths, rounded up: a table, so that every machine gives the same integers. */
const sixteenths = [
  1_000_000, 957_604, 917_005, 878_127, 840_897, 805_246, 771_106, 738_414, 707_107, 677_128, 648_420, 620_929, 594_604,
  569_395, 545_254, 522_137,
] as const;

/**
 * What is left of it; never less than the exact value, so that nothing is let off early.
 *
 * Example: of 2,000 points 1,000 are left after a half-life of 15 min, and 1,415 after half of one.
 */
export function penaltyAt({ points, chargedAt }: Penalty, at: number, { halfLifeMs }: Damping): number {
  const elapsed = Math.max(0, at - chargedAt);
  const steps = Math.floor((elapsed * 16) / halfLifeMs);
  const halvings = Math.floor(steps / 16);
  if (halvings > 30) return 0;
  const left = points * (sixteenths[steps % 16] ?? 0);
  return Math.ceil(left / 2 ** halvings / 1_000_000);
}

export function charged(penalty: Penalty, points: number, at: number, damping: Damping): Penalty {
  return { points: penaltyAt(penalty, at, damping) + points, chargedAt: at };
}

/** Ms until it is at most `points`; 0 if it is already. */
export function msUntil(penalty: Penalty, points: number, at: number, damping: Damping): number {
  for (let step = 0; step <= 16 * 31; step++) {
    const ms = Math.ceil((step * damping.halfLifeMs) / 16);
    if (penaltyAt(penalty, penalty.chargedAt + ms, damping) <= points) return Math.max(0, penalty.chargedAt + ms - at);
  }
  return 0;
}
