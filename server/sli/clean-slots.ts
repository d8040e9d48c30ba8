import type { Ratio } from '../slo/decimal.ts';
import type { Reading, Readings } from '../slo/verdict.ts';
import type { SlotLoss, Stretch } from './stretch.ts';

/** Slots of a path; each is counted once. */
export interface CleanSlots {
  readonly good: number;
  readonly bad: number;
  /** In gaps with loss: nobody knows which of these slots it hit, nor with which others they would have been judged. */
  readonly uncertain: number;
  /** With too few packets, up to a cut or the end: neither good nor bad. */
  readonly unjudged: number;
  readonly unknown: number;
  readonly excluded: number;
}

/** ceil(1 / θ): with fewer packets one that is lost would decide alone. Example: θ = 0.0001 needs 10,000. */
export function packetsMin({ num, den }: Ratio): bigint {
  return (den + num - 1n) / num;
}

/**
 * Packet delivery by slots (sla research §C.1, §4.4): a slot is bad when D/O is above θ. Slots with fewer than ceil(1/θ)
 * packets are collected, one after another, until they have as many together; then the verdict of the sum is that of each
 * of them. Unknown and excluded slots cut such a bucket, and the end does: what is in it is told as unjudged.
 *
 * A gap without loss goes in like a slot. A gap with loss cuts, and all of it is uncertain: slots without loss may have been
 * in a bucket with those that lost.
 *
 * θ is above 0. Stricter than the ratio over all packets by far (sla research §4.2), so no credits rest on it.
 *
 * Example, θ = 0.01 (100 packets): slots offered/lost 200/2, 60/0, 30/1, 40/1, 50/0, unknown, 70/3. 200/2 is good (0.01 is
 * not above); 60 + 30 + 40 = 130 with 2 lost is bad, three slots; 50 is cut, 70 is left: 2 unjudged, 1 unknown.
 */
export function cleanSlots(stretches: Iterable<Stretch<SlotLoss>>, lossRatioMax: Ratio): CleanSlots {
  const told = { good: 0, bad: 0, uncertain: 0, unjudged: 0, unknown: 0, excluded: 0 };
  const enough = packetsMin(lossRatioMax);
  const isBad = ({ offered, bad }: SlotLoss) => bad * lossRatioMax.den > lossRatioMax.num * offered;
  let bucket = { slots: 0, offered: 0n, bad: 0n };
  const cut = () => {
    told.unjudged += bucket.slots;
    bucket = { slots: 0, offered: 0n, bad: 0n };
  };
  for (const stretch of stretches) {
    if (stretch.state === 'unknown' || stretch.state === 'excluded') {
      cut();
      told[stretch.state] += stretch.slots;
      continue;
    }
    const { offered, bad } = stretch;
    const slots = stretch.state === 'bridged' ? stretch.slots : 1;
    if (slots > 1 && bad > 0n) {
      cut();
      told.uncertain += slots;
      continue;
    }
    bucket = { slots: bucket.slots + slots, offered: bucket.offered + offered, bad: bucket.bad + bad };
    if (bucket.offered < enough) continue;
    told[isBad(bucket) ? 'bad' : 'good'] += bucket.slots;
    bucket = { slots: 0, offered: 0n, bad: 0n };
  }
  cut();
  return told;
}

/** Bad slots of those judged, with uncertain and unknown ones read as good and as bad. */
export function cleanReadings({ good, bad, uncertain, unknown }: CleanSlots): Readings {
  const total = BigInt(good + bad + uncertain + unknown);
  const of = (slots: number): Reading => ({ total, bad: BigInt(slots) });
  return { high: of(bad), low: of(bad + uncertain + unknown) };
}
