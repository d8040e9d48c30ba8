import { type pressureResources, type pressureShares, pressureSlot } from '../../../core/catalogue/kinds.ts';
import type { Accumulator } from '../../accumulator.ts';
import { identityOf, type ReadTime } from '../../slot.ts';

export interface PressureLine {
  readonly share: (typeof pressureShares)[number];
  readonly totalUs: bigint;
}

/**
 * /proc/pressure/RESOURCE. Lines that are not of this form are passed over: newer kernels may add some.
 *
 *     some avg10=0.00 avg60=0.00 avg300=0.00 total=12345
 */
export function parsePressure(text: string): PressureLine[] {
  return [...text.matchAll(/^(some|full) .*\btotal=(\d+)$/gm)].map(([, share, total]) => ({
    share: share as PressureLine['share'],
    totalUs: BigInt(total as string),
  }));
}

// A stall of two seconds in one cannot be; the margin is for late reads.
const stalledUs = { widthBits: 64, perSecondMax: 2_000_000n } as const;

export function closePressure(
  resource: (typeof pressureResources)[number],
  lines: readonly PressureLine[],
  place: string,
  time: ReadTime,
  into: Accumulator,
): void {
  for (const { share, totalUs } of lines) {
    into.close({
      kind: pressureSlot,
      own: { resource, share },
      time,
      identity: identityOf(place, 'pressure', resource, share),
      values: { totalUs },
      rules: { totalUs: stalledUs },
    });
  }
}
