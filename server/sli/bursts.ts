import type { Ratio } from '../slo/decimal.ts';
import type { Readings } from '../slo/verdict.ts';
import type { SlotLoss, Stretch } from './stretch.ts';

/** A loss period (RFC 3357) in sub-slots, of 100 ms or 1 s as the collector has them. */
export interface Burst {
  /** Sub-slot in which it begins, counted from the first one told. */
  readonly from: number;
  /** From the first that lost to the last. */
  readonly slots: number;
  /** As long as it may have been, together with others, if all that nobody knows inside and beside it was lossy. */
  readonly slotsMax: number;
  /** Of `slots`, those of which nobody knows whether they lost; then `drops` are at least so many. */
  readonly unknown: number;
  readonly drops: bigint;
  /** Loss ratio of its worst sub-slot, and of all that are known. */
  readonly peak: Ratio;
  readonly mean: Ratio;
  /** Sub-slots since the end of the burst before; with unknown ones between it is at most so far. null: none before. */
  readonly distance: { readonly slots: number; readonly isCertain: boolean } | null;
}

export interface Bursts {
  readonly bursts: readonly Burst[];
  /** Lost in gaps: nobody knows in which sub-slots, so they are in no burst. */
  readonly unplacedDrops: bigint;
  /** Time in bursts of all time that is not excluded; its complement is the burst-free share. */
  readonly time: Readings;
}

/** g: as many sub-slots without loss do not end a burst. */
const gapMaxDefault = 3;

/**
 * Bursts of loss (sla research §C.8; RFC 3357): maximal sets of sub-slots with loss, those joined that have at most `gapMax`
 * sub-slots between them. Excluded time ends a burst. Unknown time is not filled in: `high` reads it as free of loss, `low`
 * as lost. Lost packets are at most the offered ones; where they are not, the slot is suspect and to be passed as unknown.
 *
 * Example, g = 3, sub-slots of 100 packets that lose 0 5 0 0 20 0 0 0 0 1, then one unknown, then 0: a burst from 1, 4 long,
 * 25 drops, peak 20/100, mean 25/400; another from 9, 1 long (2 at most), 4 behind the first. Time in bursts: 5 of 12 at
 * least, 6 at most.
 */
export function burstsOf(stretches: Iterable<Stretch<SlotLoss>>, gapMax: number = gapMaxDefault): Bursts {
  const found: OpenBurst[] = [];
  const atMost = new Spans(gapMax);
  let open = false;
  let since = nothing();
  let at = 0;
  let total = 0;
  let unplacedDrops = 0n;
  for (const stretch of stretches) {
    const slots = stretch.state === 'observed' ? 1 : stretch.slots;
    const to = at + slots;
    if (stretch.state === 'excluded') {
      atMost.cut();
      open = false;
    } else if (stretch.state === 'unknown' || (slots > 1 && stretch.bad > 0n)) {
      atMost.add(at, to);
      since.slots += slots;
      since.unknown += slots;
      if (stretch.state !== 'unknown') unplacedDrops += stretch.bad;
    } else if (stretch.bad === 0n) {
      since.slots += slots;
      since.offered += stretch.offered;
    } else {
      atMost.add(at, to);
      const last = open ? found.at(-1) : undefined;
      if (last !== undefined && since.slots <= gapMax) last.extend(since, stretch);
      else found.push(new OpenBurst(at, stretch, last && { slots: since.slots, isCertain: since.unknown === 0 }));
      open = true;
      since = nothing();
    }
    if (stretch.state !== 'excluded') total += slots;
    at = to;
  }
  const bursts = found.map((burst) => burst.closed(atMost.slotsAround(burst.from)));
  const seen = bursts.reduce((sum, { slots }) => sum + slots, 0);
  const of = (slots: number) => ({ total: BigInt(total), bad: BigInt(slots) });
  return { bursts, unplacedDrops, time: { high: of(seen), low: of(atMost.slots()) } };
}

/** What lies behind the last sub-slot with loss. */
interface Since {
  slots: number;
  unknown: number;
  offered: bigint;
}

const nothing = (): Since => ({ slots: 0, unknown: 0, offered: 0n });

class OpenBurst {
  readonly from: number;
  readonly #distance: Burst['distance'];
  #slots = 1;
  #unknown = 0;
  #offered: bigint;
  #drops: bigint;
  #peak: Ratio;

  constructor(from: number, { offered, bad }: SlotLoss, distance: Burst['distance'] | undefined) {
    this.from = from;
    this.#offered = offered;
    this.#drops = bad;
    this.#peak = { num: bad, den: offered };
    this.#distance = distance ?? null;
  }

  extend(since: Since, { offered, bad }: SlotLoss): void {
    this.#slots += since.slots + 1;
    this.#unknown += since.unknown;
    this.#offered += since.offered + offered;
    this.#drops += bad;
    if (bad * this.#peak.den > this.#peak.num * offered) this.#peak = { num: bad, den: offered };
  }

  closed(slotsMax: number): Burst {
    const mean = { num: this.#drops, den: this.#offered };
    const size = { from: this.from, slots: this.#slots, slotsMax, unknown: this.#unknown };
    return { ...size, drops: this.#drops, peak: this.#peak, mean, distance: this.#distance };
  }
}

/** Spans in order, those with at most `gapMax` between them made one. */
class Spans {
  readonly #gapMax: number;
  readonly #spans: { readonly from: number; to: number }[] = [];
  #isCut = true;
  /** Spans before this one lie before every slot that will be asked. */
  #asked = 0;

  constructor(gapMax: number) {
    this.#gapMax = gapMax;
  }

  add(from: number, to: number): void {
    const last = this.#spans.at(-1);
    if (last !== undefined && !this.#isCut && from - last.to <= this.#gapMax) last.to = to;
    else this.#spans.push({ from, to });
    this.#isCut = false;
  }

  cut(): void {
    this.#isCut = true;
  }

  slots(): number {
    return this.#spans.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Length of the span that holds a slot; asked in order of time. */
  slotsAround(slot: number): number {
    while ((this.#spans[this.#asked]?.to ?? Number.POSITIVE_INFINITY) <= slot) this.#asked++;
    const span = this.#spans[this.#asked];
    return span === undefined ? 0 : span.to - span.from;
  }
}

export interface SevereLimits {
  readonly peakRatioMax: Ratio;
  readonly dropsMax: bigint;
}

/** 1 % in one sub-slot, or 10,000 packets; a month may have five such bursts (sla research §C.8). */
const severeDefault: SevereLimits = { peakRatioMax: { num: 1n, den: 100n }, dropsMax: 10_000n };

/**
 * Whether a burst hurts. One with unknown sub-slots that is not severe is not proven to be harmless.
 *
 * Example: a peak of 1/100 and 10,000 drops are not severe; 2/100 or 10,001 are.
 */
export function isSevere({ peak, drops }: Burst, { peakRatioMax, dropsMax }: SevereLimits = severeDefault): boolean {
  return peak.num * peakRatioMax.den > peakRatioMax.num * peak.den || drops > dropsMax;
}
