import type { Ratio } from '../slo/decimal.ts';
import { type Entitlement, RateBucket, type RateContract } from './rate-bucket.ts';
import { noSlots, type SlotTally, type SlotVerdict } from './slot-verdict.ts';
import type { Stretch } from './stretch.ts';

export interface Passed {
  readonly offered: bigint;
  readonly delivered: bigint;
}

export interface PpsTerms {
  /** Without one everything offered is entitled. */
  readonly contract: RateContract | undefined;
  /** θ of a slot: 0.001 for conformity, 0.10 for a clause of at most 10 % loss of throughput. */
  readonly shortfallMax: Ratio;
}

export interface PpsConformity {
  /** Packets the contract entitles to: what was offered, up to the committed rate and the burst saved up. */
  readonly entitled: bigint;
  /** Of those, delivered. */
  readonly conforming: bigint;
  /** Offered above the contract: drops up to here are the contract's. */
  readonly excess: bigint;
  readonly slots: SlotTally;
}

/**
 * PPS conformity (sla research §C.2): delivered against entitled packets, slot by slot, PPSc = min(1, V/E); a slot is bad
 * when PPSc < 1 - θ. Monthly: bad slots of qualified ones.
 *
 * Sums take the contract at the most it may entitle to in all, so the excess is never too large. A slot is bad only if it is at the
 * least, too, and good only if it is at the most; in between it is unknown. A gap that lost nothing has good slots, at most one
 * a packet; of one that lost, one slot a lost packet is unknown.
 *
 * Example, 1,000 pps and a burst of 200 (full at first), θ = 0.001: slots offered 900, 1,500, 1,500 and delivered 900, 1,250,
 * 990. Entitled 900, then 1,200 (1,000 and the burst), then 1,000: 3,100. Conforming 900 + 1,200 + 990 = 3,090. Excess
 * 0 + 300 + 500 = 800. 990 < 0.999 x 1,000: good, good, bad.
 */
export function ppsConformity(stretches: Iterable<Stretch<Passed>>, terms: PpsTerms): PpsConformity {
  const bucket = terms.contract && new RateBucket(terms.contract);
  const sums = { entitled: 0n, conforming: 0n, excess: 0n };
  const tally = noSlots();
  for (const stretch of stretches) {
    if (stretch.state === 'unknown' || stretch.state === 'excluded') {
      bucket?.skip(stretch.slots);
      if (stretch.state === 'unknown') tally.unknown += stretch.slots;
      continue;
    }
    const { offered, delivered } = stretch;
    const slots = stretch.state === 'bridged' ? stretch.slots : 1;
    const entitled = bucket?.take(offered, slots) ?? { low: offered, high: offered, ofSum: offered };
    sums.entitled += entitled.ofSum;
    sums.conforming += min(delivered, entitled.ofSum);
    sums.excess += offered - entitled.ofSum;
    if (slots === 1) {
      tally[slotOf(delivered, entitled, terms.shortfallMax)]++;
      continue;
    }
    const exercised = slotsOf(offered, slots);
    const hit = slotsOf(offered - delivered, slots);
    tally.unknown += hit;
    tally.good += exercised - hit;
    tally.notExercised += slots - exercised;
  }
  return { ...sums, slots: tally };
}

/** In how many of a gap's slots so many packets can have been. */
function slotsOf(packets: bigint, slots: number): number {
  return packets < BigInt(slots) ? Number(packets) : slots;
}

function slotOf(delivered: bigint, { low, high }: Entitlement, { num, den }: Ratio): SlotVerdict {
  if (high === 0n) return 'notExercised';
  const isBad = (entitled: bigint) => delivered * den < entitled * (den - num);
  if (isBad(low)) return 'bad';
  return isBad(high) ? 'unknown' : 'good';
}

/**
 * Whose drops above the contract are: as many as were offered in excess are the contract's, and nobody else's.
 *
 * Example: 500 offered in excess and 510 dropped are 500 of the contract and 10 of the rest.
 */
export function splitDrops(drops: bigint, excess: bigint): { readonly contract: bigint; readonly rest: bigint } {
  const contract = min(drops, excess);
  return { contract, rest: drops - contract };
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
