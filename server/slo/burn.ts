import type { Ratio } from './decimal.ts';
import type { Loss } from './loss.ts';
import type { Sli, Span } from './objective.ts';
import type { Piece } from './pieces.ts';
import { isSealed, isUnknown, segmentKinds } from './segment.ts';

/** Long and short window in seconds, and how often the allowed ratio both must reach (sla research §5). */
const rules = [
  { tier: 'T0', long: 60, short: 10, threshold: '1000', of: { num: 1000n, den: 1n } },
  { tier: 'T1', long: 300, short: 30, threshold: '173', of: { num: 173n, den: 1n } },
  { tier: 'T2', long: 3600, short: 300, threshold: '14.4', of: { num: 144n, den: 10n } },
  { tier: 'T3', long: 21_600, short: 1800, threshold: '6', of: { num: 6n, den: 1n } },
  { tier: 'T4', long: 259_200, short: 21_600, threshold: '1', of: { num: 1n, den: 1n } },
] as const;

export type TierName = (typeof rules)[number]['tier'];

/** Lengths of a tier's windows, in seconds. */
export type BurnRule = (typeof rules)[number];

export const longestBurnSeconds = 259_200;

export function burnRule<T extends TierName>(tier: T): Extract<BurnRule, { tier: T }> {
  return rules.find((rule) => rule.tier === tier) as Extract<BurnRule, { tier: T }>;
}

export interface BurnTier {
  readonly tier: TierName;
  readonly long: { readonly bad: string; readonly total: string };
  readonly short: { readonly bad: string; readonly total: string };
  readonly threshold: string;
  readonly state: 'firing' | 'frozen' | 'quiet';
}

/** A tier with the instant at which its windows end, unix seconds. */
export interface TimedBurnTier extends BurnTier {
  readonly at: number;
}

/** One window: bad of total, packets or slots, over its known slots; `known` is how many of its slots are. */
export interface BurnSums {
  readonly bad: bigint;
  readonly total: bigint;
  readonly known: number;
}

/** The only place where the state of a tier is decided, whoever has added up its windows. */
export function burnTierOf(rule: BurnRule, long: BurnSums, short: BurnSums, target: Ratio): BurnTier {
  const frozen = long.known * 2 < rule.long || short.known * 2 < rule.short;
  const reached = reaches(long, rule.of, target) && reaches(short, rule.of, target);
  return {
    tier: rule.tier,
    long: { bad: String(long.bad), total: String(long.total) },
    short: { bad: String(short.bad), total: String(short.total) },
    threshold: rule.threshold,
    state: frozen ? 'frozen' : reached ? 'firing' : 'quiet',
  };
}

/** Whether the short window burns at less than half of the threshold. */
export function isBelowHalf({ tier, short }: BurnTier, target: Ratio): boolean {
  const { num, den } = burnRule(tier).of;
  const sums = { bad: BigInt(short.bad), total: BigInt(short.total) };
  return !reaches(sums, { num, den: 2n * den }, target);
}

/** bad/total >= threshold x (1 - target), without dividing; nothing bad never reaches it, also where nothing is allowed. */
function reaches({ bad, total }: Pick<BurnSums, 'bad' | 'total'>, threshold: Ratio, target: Ratio): boolean {
  const allowed = threshold.num * (target.den - target.num);
  return bad > 0n && bad * threshold.den * target.den >= allowed * total;
}

/**
 * Burn rates at an instant: bad over total of known slots, divided by what the target allows, in two windows that end
 * there. Too little known freezes a tier, whatever the known part says: sealed slots are unknown here, so the few that are
 * kept one by one would make every tier fire.
 *
 * Example, target 0.9999, T2: 6 bad of 3,600 slots is 16.7 times the allowed ratio, 6 of the last 300 is 200 times: fires.
 */
export class Burn {
  readonly #span: Span;
  readonly #pairs;

  constructor(at: number) {
    this.#span = { from: at - longestBurnSeconds, to: at };
    this.#pairs = rules.map((rule) => ({
      rule,
      long: new BurnWindow({ from: at - rule.long, to: at }),
      short: new BurnWindow({ from: at - rule.short, to: at }),
    }));
  }

  /** Packets of a piece of one path. */
  addPackets(piece: Piece): void {
    if (this.#isOutside(piece)) return;
    for (const { long, short } of this.#pairs) {
      long.addPackets(piece);
      short.addPackets(piece);
    }
  }

  /** Slots of a piece of one path, and what its loss says. */
  addSlots(piece: Piece, loss: Loss): void {
    if (this.#isOutside(piece)) return;
    const known = !piece.excluded && (piece.kind === segmentKinds.observed || piece.kind === segmentKinds.bridged);
    const lossy = known && loss === 'lossy';
    const blind = !known || loss === 'idle';
    for (const { long, short } of this.#pairs) {
      long.mark(piece, lossy, blind);
      short.mark(piece, lossy, blind);
    }
  }

  #isOutside({ from, to }: Piece): boolean {
    return to <= this.#span.from || from >= this.#span.to;
  }

  tiers(sli: Sli['sli'], target: Ratio): BurnTier[] {
    return this.#pairs.map(({ rule, long, short }) => burnTierOf(rule, long.sums(sli), short.sums(sli), target));
  }
}

class BurnWindow {
  readonly #span: Span;
  /** 1: lossy on some path. */
  readonly #lossy: Uint8Array;
  /** 1: some path does not know it. */
  readonly #blind: Uint8Array;
  #bad = 0n;
  #total = 0n;

  constructor(span: Span) {
    this.#span = span;
    this.#lossy = new Uint8Array(span.to - span.from);
    this.#blind = new Uint8Array(span.to - span.from);
  }

  mark(piece: Piece, lossy: boolean, blind: boolean): void {
    const from = Math.max(piece.from - this.#span.from, 0);
    const to = Math.min(piece.to, this.#span.to) - this.#span.from;
    if (from >= to) return;
    if (lossy) this.#lossy.fill(1, from, to);
    if (blind) this.#blind.fill(1, from, to);
  }

  addPackets(piece: Piece): void {
    const slots = Math.min(piece.to, this.#span.to) - Math.max(piece.from, this.#span.from);
    if (slots <= 0) return;
    const lump = piece.kind !== segmentKinds.observed;
    // Of a gap only the sum is known, so it counts where it lies wholly inside.
    const cut = lump && slots < piece.to - piece.from;
    const hidden = isUnknown(piece.kind) || isSealed(piece.kind) || piece.kind === segmentKinds.folded;
    if (piece.excluded || hidden || cut) {
      this.mark(piece, false, true);
      return;
    }
    const times = lump ? 1n : BigInt(slots);
    this.#bad += piece.bad * times;
    this.#total += piece.offered * times;
  }

  sums(sli: Sli['sli']): BurnSums {
    let lossy = 0;
    let known = 0;
    for (let i = 0; i < this.#lossy.length; i++) {
      if (this.#lossy[i] === 1) {
        lossy++;
        known++;
      } else if (this.#blind[i] === 0) known++;
    }
    if (sli === 'packetDelivery') return { bad: this.#bad, total: this.#total, known };
    return { bad: BigInt(lossy), total: BigInt(known), known };
  }
}
