import type { PortSeries } from '../../../../server/api/schema/ports.ts';
import type { Sli } from '../../../../server/api/schema/slis.ts';
import type { CauseInterval } from '../../charts/lanes.ts';
import { formatRatio } from '../../format/ratio.ts';

interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

/** What a delivery ratio can be said to be. */
export type SliView =
  | { readonly state: 'unknown' }
  | { readonly state: 'noTraffic' }
  | { readonly state: 'whole'; readonly text: string }
  | { readonly state: 'bounded'; readonly text: string; readonly low: string; readonly high: string };

const decimals = 4;

/**
 * Where slots are unknown the ratio has bounds: every unknown slot lost whole, or delivered whole, each taken to have
 * been offered what the known ones were on average.
 *
 * Example: 990 of 1,000 delivered in 9 known slots, 1 unknown: low 990x9/(1000x10) = 89.1 %, high
 * (990x9 + 1000x1)/(1000x10) = 99.1 %.
 */
export function viewSli(sli: Sli): SliView {
  if (sli.verdict !== 'measured') return { state: sli.verdict };
  const ratio = fractionOf(sli);
  const text = formatRatio(ratio.num, ratio.den, decimals);
  if (sli.slots.unknown === 0) return { state: 'whole', text };
  const { low, high } = boundsOf(ratio, sli.slots);
  return {
    state: 'bounded',
    text,
    low: formatRatio(low.num, low.den, decimals),
    high: formatRatio(high.num, high.den, decimals),
  };
}

export function boundsOf(
  ratio: Fraction,
  slots: { readonly observed: number; readonly bridged: number; readonly unknown: number },
): { readonly low: Fraction; readonly high: Fraction } {
  const known = BigInt(slots.observed + slots.bridged);
  const unknown = BigInt(slots.unknown);
  const den = ratio.den * (known + unknown);
  return {
    low: { num: ratio.num * known, den },
    high: { num: ratio.num * known + ratio.den * unknown, den },
  };
}

function fractionOf({ ratio }: Sli): Fraction {
  return { num: BigInt(ratio.num), den: BigInt(ratio.den) };
}

/** No loss: what was never meant for the port. */
const noLoss = 'filtered';

/** Losses of a direction whose causes were told as sums over some seconds. */
export function causeIntervals({ directions }: PortSeries, direction: string): CauseInterval[] {
  return directions
    .filter((item) => item.direction === direction)
    .flatMap((item) => item.causeIntervals)
    .filter(({ cause }) => cause !== noLoss)
    .map(({ cause, from, to, packets }) => ({
      cause,
      fromSeconds: Date.parse(from) / 1_000,
      toSeconds: Date.parse(to) / 1_000,
      packets: BigInt(packets),
    }));
}

/** Whose a lost packet is, in the order in which they always stand; unknown is one of its own, and last. */
export const ownerNames = ['provider', 'tenant', 'contract', 'unknown'] as const;
export type OwnerName = (typeof ownerNames)[number];

/** Owners with packets. */
export function ownedBy(owners: Readonly<Record<OwnerName, string>>): { owner: OwnerName; packets: bigint }[] {
  return ownerNames.map((owner) => ({ owner, packets: BigInt(owners[owner]) })).filter(({ packets }) => packets > 0n);
}
