import type { Ratio } from './decimal.ts';
import type { AvailabilitySli, SlotSli } from './objective.ts';
import type { Piece } from './pieces.ts';
import { isUnknown, segmentKinds } from './segment.ts';

/** With fewer packets a slot has no loss ratio: its probes are asked, and without any it is idle. */
const offeredMin = 10;
const offeredMinPackets = BigInt(offeredMin);

/** ceil(1 / θ): with fewer packets one that is lost would decide alone. Example: θ = 0.0001 needs 10,000. */
export function packetsMin({ num, den }: Ratio): bigint {
  return (den + num - 1n) / num;
}

/** What the slots of a piece say, each alone; `gap`: something was lost, nobody knows in which of them. */
export type Loss = 'lossy' | 'good' | 'gap' | 'idle' | 'unknown' | 'excluded';

/** The same at its worst; `idleLossy`: lossy if loss further up was this path's, else idle. */
export type WorstLoss = Loss | 'idleLossy';

/**
 * Loss of a slot against the objective's threshold (MEF 10.4 flr; sla research §C.5): D/O with 10 packets or more, else
 * probes lost/sent, else none. Compared as integers.
 *
 * Example, threshold 0.10: 1 of 10 lost is not above it, 2 of 19 is (20 > 19).
 *
 * Clean slots ask no probes, and take a slot that loses some for one of `packetsMin` packets at least, all others of which
 * arrived. Example, threshold 0.01: 1 of 20 lost is 1 of 100, not above it, 2 of 20 is.
 */
export function lossOf(piece: Piece, sli: SlotSli): Loss {
  const { num, den } = sli.lossRatioMax;
  if (piece.excluded) return 'excluded';
  if (isUnknown(piece.kind)) return 'unknown';
  if (piece.kind === segmentKinds.clean) return 'good';
  if (piece.kind === segmentKinds.idle) return 'idle';
  if (piece.kind !== segmentKinds.observed) return piece.bad === 0n ? 'good' : 'gap';
  if (sli.sli === 'cleanSlots' && piece.bad > 0n) {
    const enough = packetsMin(sli.lossRatioMax);
    const isAbove = piece.bad * den > num * piece.offered && piece.bad * den > num * enough;
    return isAbove ? 'lossy' : 'good';
  }
  if (piece.offered >= offeredMinPackets) {
    // Most slots: without the arithmetic.
    if (piece.bad === 0n) return 'good';
    return piece.bad * den > num * piece.offered ? 'lossy' : 'good';
  }
  if (piece.sent === 0 || sli.sli === 'cleanSlots') return 'idle';
  return BigInt(piece.lost) * den > num * BigInt(piece.sent) ? 'lossy' : 'good';
}

/**
 * `loss` of a piece, made as bad as what was lost further up can make it: all of it was offered here, and lost. A slot that
 * this makes lossy is; nothing is made better by it, so an idle slot never becomes a good one.
 *
 * Example, threshold 0.10: 0 of 100 lost and 12 shared is 12 of 112, lossy; 11 shared is 11 of 111, good.
 */
export function worstLossOf(piece: Piece, loss: Loss, { lossRatioMax: { num, den } }: AvailabilitySli): WorstLoss {
  if (piece.shared === 0n || loss === 'excluded' || loss === 'unknown' || loss === 'lossy') return loss;
  if (piece.kind !== segmentKinds.observed) return 'gap';
  const offered = piece.offered + piece.shared;
  if (offered < offeredMinPackets || (piece.bad + piece.shared) * den <= num * offered) return loss;
  return loss === 'idle' ? 'idleLossy' : 'lossy';
}

/** Packets of a slot below 2^32 times a ratio's numbers below 2^21 stay exact as numbers. */
const exactCount = 2 ** 32;
const exactTerm = 2n ** 21n;

/**
 * The same of many slots without probes whose packets are below 2^32, fast: as numbers where that is exact, else as
 * `lossOf` does it.
 */
export class SlotLoss {
  readonly #ratio: Ratio;
  readonly #num: number;
  readonly #den: number;
  readonly #isExact: boolean;
  /** Packets that a slot with loss is taken to have at least; 0: it has those it has. */
  readonly #enough: bigint;
  readonly #isLossJudged: boolean;

  constructor({ sli, lossRatioMax }: SlotSli) {
    this.#isLossJudged = sli === 'cleanSlots';
    this.#enough = this.#isLossJudged ? packetsMin(lossRatioMax) : 0n;
    this.#ratio = lossRatioMax;
    this.#num = Number(lossRatioMax.num);
    this.#den = Number(lossRatioMax.den);
    this.#isExact = lossRatioMax.num < exactTerm && lossRatioMax.den < exactTerm && this.#enough < exactTerm;
  }

  of(offered: number, bad: number): 'lossy' | 'good' | 'idle' {
    if (offered < offeredMin && (bad === 0 || !this.#isLossJudged)) return 'idle';
    if (bad === 0) return 'good';
    if (this.#isExact && offered < exactCount) {
      return bad * this.#den > this.#num * Math.max(offered, Number(this.#enough)) ? 'lossy' : 'good';
    }
    const [lost, { num }] = [BigInt(bad) * this.#ratio.den, this.#ratio];
    return lost > num * BigInt(offered) && lost > num * this.#enough ? 'lossy' : 'good';
  }
}
