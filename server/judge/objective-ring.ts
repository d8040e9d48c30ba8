import { type BurnSums, burnRule, burnTierOf, type TimedBurnTier } from '../slo/burn.ts';
import { lossOf, SlotLoss } from '../slo/loss.ts';
import { type Exclusion, isOfSlots, type Objective, type Span } from '../slo/objective.ts';
import { isLump, isUnknown, type Segment } from '../slo/segment.ts';
import { Cuts } from '../slo/spans.ts';
import { BucketRing } from './bucket-ring.ts';
import { OwnWindow } from './own-window.ts';
import { ringSlots } from './ring-span.ts';
import { ringCount } from './source-ring.ts';

const fastRules = [burnRule('T0'), burnRule('T1')] as const;
/** Lengths of their windows, shortest first: all end at one instant, so one walk back adds up all of them. */
const lengths: readonly number[] = [...new Set(fastRules.flatMap(({ long, short }) => [long, short]))].sort(
  (a, b) => a - b,
);

/** A gap, or a slot with numbers that no ring holds, of one of the objective's paths. */
interface Apart {
  readonly path: number;
  readonly segment: Segment;
}

interface Sums {
  known: number;
  bad: number;
  total: number;
}

/**
 * The last seconds of one objective, all its paths added up slot by slot: on how many paths a slot is known, and its packets,
 * or on how many it is lossy. Counts stay below 2^53, so they are exact as numbers: 4,000 paths of 2^32 packets, 300 slots.
 */
export class ObjectiveRing {
  readonly ring: BucketRing;
  readonly objective: Objective;
  /** Paths that must know a slot; of a port that never had a row nothing is known. */
  paths = 0;
  readonly #cuts: Cuts;
  readonly #isExcluding: boolean;
  readonly #loss: SlotLoss | undefined;
  readonly #known = new Uint16Array(ringSlots);
  /** Availability: paths on which the slot is lossy. */
  readonly #lossy: Uint16Array;
  /** Packet delivery. */
  readonly #bad: Float64Array;
  readonly #total: Float64Array;
  #apart: Apart[] = [];
  readonly #own: OwnWindow;

  constructor(objective: Objective, exclusions: readonly Exclusion[], end: number) {
    const { sli } = objective;
    const isSlots = isOfSlots(sli);
    this.objective = objective;
    this.#own = new OwnWindow(objective);
    this.#cuts = new Cuts(undefined, exclusions);
    this.#isExcluding = exclusions.length > 0;
    this.#loss = isSlots ? new SlotLoss(sli) : undefined;
    this.#lossy = new Uint16Array(isSlots ? ringSlots : 0);
    this.#bad = new Float64Array(isSlots ? 0 : ringSlots);
    this.#total = new Float64Array(isSlots ? 0 : ringSlots);
    this.ring = new BucketRing(ringSlots, end, (from, to) => {
      this.#known.fill(0, from, to);
      this.#lossy.fill(0, from, to);
      this.#bad.fill(0, from, to);
      this.#total.fill(0, from, to);
    });
  }

  advance(end: number): void {
    if (!this.ring.advance(end) || this.#apart.length === 0) return;
    const { from } = this.ring;
    this.#apart = this.#apart.filter(({ segment }) => segment.to > from);
  }

  /** A slot that one path has observed, with numbers below 2^32; `sign` -1 takes it back. */
  addSlot(slot: number, offered: number, bad: number, sign: 1 | -1): void {
    if (!this.ring.holds(slot) || (this.#isExcluding && this.#cuts.excludedAt(slot))) return;
    const i = this.ring.place(slot);
    if (this.#loss === undefined) {
      this.#bad[i] = (this.#bad[i] as number) + sign * bad;
      this.#total[i] = (this.#total[i] as number) + sign * offered;
    } else {
      const loss = this.#loss.of(offered, bad);
      if (loss === 'idle') return;
      if (loss === 'lossy') this.#lossy[i] = (this.#lossy[i] as number) + sign;
    }
    this.#known[i] = (this.#known[i] as number) + sign;
  }

  /** Whatever one path says of some slots. */
  add(path: number, segment: Segment, sign: 1 | -1): void {
    const { from, to, kind, offered, bad } = segment;
    if (isUnknown(kind)) return;
    if (!isLump(kind) && offered < ringCount) {
      this.addSlot(from, Number(offered), Number(bad), sign);
      return;
    }
    // Of a gap that an exclusion cuts nobody knows what lies on which side.
    if (this.#cuts.excludedAt(from) || this.#cuts.next(from) < to) return;
    const { sli } = this.objective;
    const loss = isOfSlots(sli) ? lossOf(segment, sli) : 'good';
    for (let slot = Math.max(from, this.ring.from); slot < Math.min(to, this.ring.end); slot++) {
      const i = this.ring.place(slot);
      this.#known[i] = (this.#known[i] as number) + sign;
      if (loss === 'lossy') this.#lossy[i] = (this.#lossy[i] as number) + sign;
    }
    if (sign > 0) this.#apart.push({ path, segment });
    else this.#remove(path, segment);
  }

  #remove(path: number, { from, to }: Segment): void {
    const at = this.#apart.findIndex(
      (each) => each.path === path && each.segment.from === from && each.segment.to === to,
    );
    if (at >= 0) this.#apart.splice(at, 1);
  }

  /** T0 and T1 at an instant. Slots that the ring does not hold are not known. */
  tiers(at: number): TimedBurnTier[] {
    const walked = this.#walk(at);
    const sums = (length: number) => {
      return this.#exact(walked[lengths.indexOf(length)] as Sums, { from: at - length, to: at });
    };
    return fastRules.map((rule) => {
      return { ...burnTierOf(rule, sums(rule.long), sums(rule.short), this.objective.target), at };
    });
  }

  /** Sums of the windows that end at an instant, one for each of `lengths`. */
  #walk(at: number): Sums[] {
    // Ten thousand objectives each second: fields are read once.
    const [knownOn, lossyOn, badOf, totalOf] = [this.#known, this.#lossy, this.#bad, this.#total];
    const isSlots = this.#loss !== undefined;
    const { paths } = this;
    const { from, end } = this.ring;
    const out: Sums[] = [];
    let [known, bad, total] = [0, 0, 0];
    let slot = Math.min(at, end);
    let i = this.ring.place(slot);
    for (const length of lengths) {
      for (const first = Math.max(at - length, from); slot > first; slot--) {
        i = i === 0 ? ringSlots - 1 : i - 1;
        if (isSlots) {
          const lossy = (lossyOn[i] as number) > 0;
          if (lossy) bad++;
          if (lossy || knownOn[i] === paths) known++;
        } else {
          if (knownOn[i] === paths) known++;
          bad += badOf[i] as number;
          total += totalOf[i] as number;
        }
      }
      out.push({ known, bad, total: isSlots ? known : total });
    }
    return out;
  }

  /** With what stands apart. */
  #exact({ known, bad, total }: Sums, window: Span): BurnSums {
    const sums = { known, bad: BigInt(bad), total: BigInt(total) };
    if (this.#apart.length === 0) return sums;
    const isSlots = this.#loss !== undefined;
    const hidden: Span[] = [];
    for (const { segment } of this.#apart) {
      if (segment.to <= window.from || segment.from >= window.to) continue;
      const isCut = segment.from < window.from || segment.to > window.to;
      if ((isCut && !isSlots) || this.#own.cuts(segment, window.to)) hidden.push(segment);
      else if (!isSlots) {
        sums.bad += segment.bad;
        sums.total += segment.offered;
      }
    }
    const lost = this.#knownIn(hidden, window);
    sums.known -= lost;
    if (isSlots) sums.total -= BigInt(lost);
    return sums;
  }

  /** Slots of some spans that count as known and are lossy on no path, each once. */
  #knownIn(spans: Span[], window: Span): number {
    let [known, done] = [0, Math.max(window.from, this.ring.from)];
    for (const { from, to } of spans.sort((a, b) => a.from - b.from)) {
      for (let slot = Math.max(from, done); slot < Math.min(to, window.to, this.ring.end); slot++) {
        const i = this.ring.place(slot);
        if (this.#known[i] === this.paths && !((this.#lossy[i] ?? 0) > 0)) known++;
      }
      done = Math.max(done, to);
    }
    return known;
  }
}
