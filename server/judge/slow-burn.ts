import {
  type BurnRule,
  type BurnSums,
  burnRule,
  burnTierOf,
  longestBurnSeconds,
  type TimedBurnTier,
} from '../slo/burn.ts';
import { isOfSlots, type Objective, type Span } from '../slo/objective.ts';
import type { Piece } from '../slo/pieces.ts';
import { BucketFilling, type Part } from './bucket-filling.ts';
import { type Bucket, BurnBuckets } from './burn-buckets.ts';
import { OwnWindow } from './own-window.ts';

const minute = 60;
const five = 300;
const longestMinuteSeconds = 21_600;
/** Instants may be so much older than the newest minute. */
const slackSeconds = 600;
/** Minutes between the newest one and the last whole five; and one for what is just being added. */
const minutes = (longestMinuteSeconds + slackSeconds) / minute + 6;
const fives = (longestBurnSeconds + slackSeconds) / five + 2;
const minuteRules = [burnRule('T2'), burnRule('T3')] as const;
const fiveRules = [burnRule('T4')] as const;
/** More gaps over whole minutes than this in three days are not kept: their slots count as unknown. */
const partsMax = 4096;
/**
 * T2 to T4 of one objective from sums of minutes: a minute is added up once, and again when late rows or exclusions change
 * it. What it says of an instant is what `evaluate --at` says on the same rows, second by second. Minutes of six hours and
 * five minutes of three days; gaps over whole minutes are kept apart, since their packets count only where a window holds
 * all of them.
 */
export class SlowBurn {
  readonly #objective: Objective;
  readonly #own: OwnWindow;
  readonly #minutes: BurnBuckets;
  readonly #fives: BurnBuckets;
  #parts: Part[] = [];
  #untold = 0;

  /** @param end of the newest minute that will be known first, unix seconds. */
  constructor(objective: Objective, end: number) {
    const { sli } = objective.sli;
    this.#objective = objective;
    this.#own = new OwnWindow(objective);
    this.#minutes = new BurnBuckets(sli, minute, minutes, Math.floor(end / minute) * minute);
    this.#fives = new BurnBuckets(sli, five, fives, Math.ceil(end / five) * five);
  }

  /** Gaps that found no room. */
  get untold(): number {
    return this.#untold;
  }

  /** The end of the newest minute. */
  get end(): number {
    return this.#minutes.ring.end * minute;
  }

  /** All that tiers can look at: what is to be set first, oldest last or first. */
  get held(): Span {
    return { from: this.#fives.ring.from * five, to: this.end };
  }

  /** What is to be set anew when a slot has changed: its minute, or, if that is old, its five minutes. */
  spanOf(slot: number): Span | undefined {
    if (slot < this.held.from) return undefined;
    const seconds = slot < this.#minutesFrom ? five : minute;
    const from = Math.floor(slot / seconds) * seconds;
    return { from, to: from + seconds };
  }

  /** A whole five: its minutes are either all here or none is. */
  get #minutesFrom(): number {
    return Math.floor(this.end / five) * five - longestMinuteSeconds - slackSeconds;
  }

  /**
   * Sets what is known of a span of `spanOf`, or of a minute behind the newest one.
   *
   * @param paths the pieces of every path of the objective (`piecesOf`, with `span` as its view), cut by exclusions alone;
   *   a gap is told whole, also where it reaches beyond the span.
   * @returns slots of a gap that now says something else, in other spans, too: these have to be set as well. Rows that
   *   come one by one only ask for what they cover; this is where hosts meet in a gap.
   */
  set(span: Span, paths: Iterable<Iterable<Piece>>): Span | undefined {
    if (span.from >= this.end) this.#advance(span.to);
    const asked = this.spanOf(span.from);
    if (asked?.from !== span.from || asked.to !== span.to)
      throw new RangeError(`${span.from} begins no span of slow burn rates`);
    const before = this.#parts.filter(({ bucket }) => bucket.from >= span.from && bucket.from < span.to);
    if (before.length > 0) this.#parts = this.#parts.filter((part) => !before.includes(part));
    const filling = new BucketFilling(this.#objective, this.#own, span, partsMax - this.#parts.length);
    for (const path of paths) for (const piece of path) filling.add(piece);
    this.#untold += filling.untold;
    this.#keep(span, filling.sums());
    const parts = filling.parts();
    const touched = this.#touched(span, before, parts);
    this.#parts.push(...parts);
    return touched;
  }

  #keep(span: Span, bucket: Bucket): void {
    if (span.to - span.from === five) {
      this.#fives.set(span.from, bucket);
      return;
    }
    const [before, whole] = [this.#minutes.at(span.from), this.#fives.at(span.from)];
    this.#minutes.set(span.from, bucket);
    this.#fives.set(span.from, {
      known: whole.known + bucket.known - before.known,
      bad: whole.bad + bucket.bad - before.bad,
      total: whole.total + bucket.total - before.total,
    });
  }

  /** Gaps of this bucket that the other buckets in which they lie know otherwise. */
  #touched(span: Span, before: readonly Part[], after: readonly Part[]): Span | undefined {
    let touched: Span | undefined;
    for (const gap of new Map([...before, ...after].map((part) => [idOf(part), part])).values()) {
      const id = idOf(gap);
      const count = (parts: readonly Part[]) => parts.reduce((sum, part) => sum + (idOf(part) === id ? 1 : 0), 0);
      if (isHuge(gap) || count(this.#parts) === count(after) * this.#bucketsBeside(span, gap)) continue;
      const [from, to] = [Math.max(gap.from, this.held.from), Math.min(gap.to, this.end)];
      touched = { from: Math.min(from, touched?.from ?? from), to: Math.max(to, touched?.to ?? to) };
    }
    return touched;
  }

  #bucketsBeside(span: Span, gap: Part): number {
    let buckets = 0;
    for (let slot = Math.max(gap.from, this.held.from); slot < Math.min(gap.to, this.end); ) {
      const next = this.spanOf(slot) as Span;
      if (next.from !== span.from) buckets++;
      slot = next.to;
    }
    return buckets;
  }

  #advance(end: number): void {
    this.#minutes.ring.advance(end / minute);
    this.#fives.ring.advance(Math.ceil(end / five));
    const { from } = this.held;
    this.#parts = this.#parts.filter(({ bucket }) => bucket.from >= from);
  }

  /** T2 and T3 at the last whole minute up to `at`, T4 at the last whole five minutes. */
  tiers(at: number): TimedBurnTier[] {
    return [
      ...this.#tiers(this.#minutes, minuteRules, Math.floor(at / minute) * minute),
      ...this.#tiers(this.#fives, fiveRules, Math.floor(at / five) * five),
    ];
  }

  #tiers(buckets: BurnBuckets, rules: readonly BurnRule[], at: number): TimedBurnTier[] {
    const sums = (seconds: number) => this.#exact(buckets.sums(at - seconds, at), { from: at - seconds, to: at });
    return rules.map((rule) => {
      return { ...burnTierOf(rule, sums(rule.long), sums(rule.short), this.#objective.target), at };
    });
  }

  /** With what stands apart. */
  #exact({ known, bad, total }: BurnSums, window: Span): BurnSums {
    const isSlots = isOfSlots(this.#objective.sli);
    const sums = { known, bad, total };
    const hidden: Span[] = [];
    for (const part of this.#parts) {
      if (part.bucket.to <= window.from || part.bucket.from >= window.to) continue;
      const isCut = part.from < window.from || part.to > window.to;
      if ((isCut && !isSlots) || this.#own.cuts(part, window.to)) hidden.push(...part.slots);
      else if (!isSlots && isFirst(part)) {
        sums.bad += part.bad;
        sums.total += part.total;
      }
    }
    const lost = slotsOf(hidden);
    sums.known -= lost;
    if (isSlots) sums.total -= BigInt(lost);
    return sums;
  }
}

function isHuge({ from, to }: Part): boolean {
  return from === to;
}

/** The packets of a gap count where it begins. */
function isFirst(part: Part): boolean {
  return part.from >= part.bucket.from;
}

function idOf({ from, to, bad, total }: Part): string {
  return `${from} ${to} ${bad} ${total}`;
}

/** Slots of spans, each once. */
function slotsOf(spans: Span[]): number {
  let [slots, done] = [0, 0];
  for (const { from, to } of spans.sort((a, b) => a.from - b.from)) {
    slots += Math.max(0, to - Math.max(from, done));
    done = Math.max(done, to);
  }
  return slots;
}
