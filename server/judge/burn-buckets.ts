import type { BurnSums } from '../slo/burn.ts';
import type { SliName } from '../slo/objective.ts';
import { BucketRing } from './bucket-ring.ts';

/** What one minute, or five, come to. Slots: `bad` are lossy ones, of `known`. Packets: `bad` of `total`. */
export interface Bucket {
  readonly known: number;
  readonly bad: bigint;
  readonly total: bigint;
}

const emptyBucket: Bucket = { known: 0, bad: 0n, total: 0n };

/** A ring of buckets of equal length: 4 bytes each for slots, 18 for packets. A bucket that was never set knows nothing. */
export class BurnBuckets {
  readonly seconds: number;
  readonly ring: BucketRing;
  readonly #known: Uint16Array;
  readonly #lossy: Uint16Array | undefined;
  readonly #bad: BigUint64Array;
  readonly #total: BigUint64Array;

  /** @param end unix seconds, a whole bucket. */
  constructor(sli: SliName, seconds: number, buckets: number, end: number) {
    const isSlots = sli !== 'packetDelivery';
    this.seconds = seconds;
    this.#known = new Uint16Array(buckets);
    this.#lossy = isSlots ? new Uint16Array(buckets) : undefined;
    this.#bad = new BigUint64Array(isSlots ? 0 : buckets);
    this.#total = new BigUint64Array(isSlots ? 0 : buckets);
    this.ring = new BucketRing(buckets, end / seconds, (from, to) => {
      this.#known.fill(0, from, to);
      this.#lossy?.fill(0, from, to);
      this.#bad.fill(0n, from, to);
      this.#total.fill(0n, from, to);
    });
  }

  /** @param slot unix seconds. */
  at(slot: number): Bucket {
    const bucket = Math.floor(slot / this.seconds);
    if (!this.ring.holds(bucket)) return emptyBucket;
    const i = this.ring.place(bucket);
    const known = this.#known[i] as number;
    if (this.#lossy !== undefined) return { known, bad: BigInt(this.#lossy[i] as number), total: BigInt(known) };
    return { known, bad: this.#bad[i] as bigint, total: this.#total[i] as bigint };
  }

  set(slot: number, { known, bad, total }: Bucket): void {
    const bucket = Math.floor(slot / this.seconds);
    if (!this.ring.holds(bucket)) return;
    const i = this.ring.place(bucket);
    this.#known[i] = known;
    if (this.#lossy !== undefined) {
      this.#lossy[i] = Number(bad);
      return;
    }
    this.#bad[i] = bad;
    this.#total[i] = total;
  }

  /** Sums over [from, to), whole buckets. */
  sums(from: number, to: number): BurnSums {
    let [known, lossy] = [0, 0];
    const [bad, total] = [new WideSum(this.#bad), new WideSum(this.#total)];
    const end = Math.min(to / this.seconds, this.ring.end);
    for (let bucket = Math.max(from / this.seconds, this.ring.from); bucket < end; bucket++) {
      const i = this.ring.place(bucket);
      known += this.#known[i] as number;
      if (this.#lossy !== undefined) lossy += this.#lossy[i] as number;
      else {
        bad.add(i);
        total.add(i);
      }
    }
    if (this.#lossy !== undefined) return { known, bad: BigInt(lossy), total: BigInt(known) };
    return { known, bad: bad.value, total: total.value };
  }
}

/** A sum of 64-bit integers in two halves, each exact as a number: without one object for each integer. */
class WideSum {
  readonly #halves: Uint32Array;
  #low = 0;
  #high = 0;

  constructor(of: BigUint64Array) {
    this.#halves = new Uint32Array(of.buffer);
  }

  add(i: number): void {
    this.#low += this.#halves[2 * i] as number;
    this.#high += this.#halves[2 * i + 1] as number;
  }

  get value(): bigint {
    return (BigInt(this.#high) << 32n) + BigInt(this.#low);
  }
}
