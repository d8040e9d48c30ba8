import { lossOf } from '../slo/loss.ts';
import { isOfSlots, type Objective, type Span } from '../slo/objective.ts';
import type { Piece } from '../slo/pieces.ts';
import { segmentKinds } from '../slo/segment.ts';
import type { Bucket } from './burn-buckets.ts';
import type { OwnWindow } from './own-window.ts';

/** 300 slots of 4,000 paths with no more each add up to less than 2^64. */
const packetsMax = 1n << 43n;
const minute = 60;

/** What a gap says of the slots of one bucket; or numbers that a bucket cannot hold, as a gap of no slot. */
export interface Part {
  readonly bucket: Span;
  /** Of the whole gap. */
  readonly from: number;
  readonly to: number;
  readonly bad: bigint;
  readonly total: bigint;
  /** Slots of the bucket that would be unknown if this gap was. */
  readonly slots: readonly Span[];
}

/** Adds up one bucket of one objective from the pieces of all its paths. */
export class BucketFilling {
  readonly #objective: Objective;
  readonly #own: OwnWindow;
  readonly #bucket: Span;
  /** 1: lossy on some path; 1: some path does not know it. */
  readonly #lossy: Uint8Array;
  readonly #blind: Uint8Array;
  readonly #gaps: Piece[] = [];
  readonly #huge: Part[] = [];
  #room: number;
  #untold = 0;
  #bad = 0n;
  #total = 0n;

  /** @param room how much may be kept apart; what is beyond counts as unknown. */
  constructor(objective: Objective, own: OwnWindow, bucket: Span, room: number) {
    this.#objective = objective;
    this.#own = own;
    this.#bucket = bucket;
    this.#room = room;
    this.#lossy = new Uint8Array(bucket.to - bucket.from);
    this.#blind = new Uint8Array(bucket.to - bucket.from);
  }

  get untold(): number {
    return this.#untold;
  }

  add(piece: Piece): void {
    const { from, to } = this.#bucket;
    const [first, behind] = [Math.max(piece.from, from), Math.min(piece.to, to)];
    if (first >= behind) return;
    const { sli } = this.#objective;
    const isObserved = piece.kind === segmentKinds.observed;
    const isKnown = !piece.excluded && (isObserved || piece.kind === segmentKinds.bridged);
    const loss = isKnown && isOfSlots(sli) ? lossOf(piece, sli) : undefined;
    const isHuge = sli.sli === 'packetDelivery' && isObserved && piece.offered >= packetsMax;
    const isApart = isKnown && (isHuge || (!isObserved && this.#isApart(piece)));
    if (!isKnown || loss === 'idle' || (isApart && !this.#hasRoom())) {
      this.#blind.fill(1, first - from, behind - from);
      return;
    }
    if (isApart && !isHuge) this.#gaps.push(piece);
    if (loss === 'lossy') this.#lossy.fill(1, first - from, behind - from);
    if (sli.sli === 'packetDelivery') this.#count(piece, isObserved, behind - first);
  }

  /** Whether windows of burn rates, or the objective's own, may hold only some of a gap. */
  #isApart(gap: Piece): boolean {
    const crosses = Math.floor(gap.from / minute) !== Math.floor((gap.to - 1) / minute);
    return crosses || this.#own.cuts(gap, gap.to);
  }

  #hasRoom(): boolean {
    if (this.#room-- > 0) return true;
    this.#untold++;
    return false;
  }

  #count(piece: Piece, isObserved: boolean, slots: number): void {
    if (!isObserved && this.#gaps.at(-1) === piece) return;
    const times = isObserved ? BigInt(slots) : 1n;
    if (piece.offered < packetsMax) {
      this.#bad += piece.bad * times;
      this.#total += piece.offered * times;
      return;
    }
    const { from } = this.#bucket;
    const packets = { bad: piece.bad * times, total: piece.offered * times };
    this.#huge.push({ bucket: this.#bucket, from, to: from, ...packets, slots: [] });
  }

  sums(): Bucket {
    let [known, lossy] = [0, 0];
    for (let i = 0; i < this.#lossy.length; i++) {
      if (this.#lossy[i] === 1) lossy++;
      if (this.#lossy[i] === 1 || this.#blind[i] === 0) known++;
    }
    const isSlots = isOfSlots(this.#objective.sli);
    return isSlots
      ? { known, bad: BigInt(lossy), total: BigInt(known) }
      : { known, bad: this.#bad, total: this.#total };
  }

  /** Once all pieces are in. */
  parts(): Part[] {
    const gaps = this.#gaps.map(({ from, to, bad, offered }): Part => {
      return { bucket: this.#bucket, from, to, bad, total: offered, slots: this.#knownOf(from, to) };
    });
    return [...gaps, ...this.#huge];
  }

  #knownOf(gapFrom: number, gapTo: number): Span[] {
    const { from, to } = this.#bucket;
    const out: Span[] = [];
    let first: number | undefined;
    const behind = Math.min(gapTo, to);
    for (let slot = Math.max(gapFrom, from); slot <= behind; slot++) {
      const i = slot - from;
      const isKnown = slot < behind && this.#blind[i] === 0 && this.#lossy[i] === 0;
      if (isKnown) first ??= slot;
      else if (first !== undefined) {
        out.push({ from: first, to: slot });
        first = undefined;
      }
    }
    return out;
  }
}
