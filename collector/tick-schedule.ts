import { lateNsMax, slotNs } from './slot.ts';

/**
 * When to tick. Ticks lie on whole seconds of the wall clock; a tick that cannot begin in the first half of its second,
 * or whose second passed while the last one still ran, is skipped and counted, never made up for: the next read closes
 * the slots in between as one bridged row.
 */
export type Wake =
  | {
      readonly kind: 'tick';
      readonly boundary: number;
      readonly lateNs: bigint;
      readonly skipped: number;
      readonly stepped: boolean;
    }
  | { readonly kind: 'wait'; readonly delayMs: number };

export interface LastTick {
  readonly boundary: number;
  readonly wallNs: bigint;
  readonly monoNs: bigint;
}

/** What to do now. `last` is undefined before the first tick. */
export function decideWake(last: LastTick | undefined, wallNs: bigint, monoNs: bigint): Wake {
  const boundary = Number(wallNs / slotNs);
  const lateNs = wallNs - BigInt(boundary) * slotNs;
  if (last !== undefined) {
    const driftNs = wallNs - last.wallNs - (monoNs - last.monoNs);
    const stepped = driftNs > lateNsMax || driftNs < -lateNsMax;
    if (stepped && lateNs <= lateNsMax) return { kind: 'tick', boundary, lateNs, skipped: 0, stepped };
    if (!stepped && boundary <= last.boundary) return { kind: 'wait', delayMs: delayTo(last.boundary + 1, wallNs) };
  }
  if (lateNs > lateNsMax) return { kind: 'wait', delayMs: delayTo(boundary + 1, wallNs) };
  const skipped = last === undefined ? 0 : Math.max(0, boundary - last.boundary - 1);
  return { kind: 'tick', boundary, lateNs, skipped, stepped: false };
}

/** Whole milliseconds until a boundary, rounded up so that the timer does not fire before it; at most a second. */
function delayTo(boundary: number, wallNs: bigint): number {
  const ns = BigInt(boundary) * slotNs - wallNs;
  return Math.min(1000, Math.max(1, Number((ns + 999_999n) / 1_000_000n)));
}
