import { beamSearch } from './beam.ts';
import { type Candidate, Judge } from './candidate.ts';
import { lowerBound } from './lower-bound.ts';
import { highestUse, type Placement, placementOf, whole } from './placement.ts';
import type { PlanInput } from './plan-input.ts';
import { type NoPlanReason, reasonForNone, refusal } from './reason.ts';
import { targetsOf } from './rules.ts';
import { exactSearch } from './search.ts';

export type Plan = MovePlan | NoPlan;

export interface MovePlan {
  readonly decision: 'plan';
  /** By the id of their queues. */
  readonly moves: readonly Move[];
  readonly before: Hottest;
  readonly predicted: Hottest;
  readonly certificate: Certificate;
}

export interface NoPlan {
  readonly decision: 'none';
  readonly reason: NoPlanReason;
  readonly before: Hottest;
}

export interface Move {
  readonly rxq: string;
  readonly from: number;
  readonly to: number;
}

export interface Hottest {
  /** Z. */
  readonly maxUsagePpm: number;
}

/** What holds of a plan whatever was searched. */
export interface Certificate {
  /** No placement that keeps pins and nodes has a smaller Z. */
  readonly lowerBoundPpm: number;
  /** How far Z is above it, ppm of it, rounded up; null: the bound is 0. */
  readonly gapPpm: number | null;
  /** No acceptable plan of at most so many moves has a smaller max(Z, settlePpm). */
  readonly optimalForMoves: number;
}

const exactMoves = 2;

/**
 * Which queues to move to which threads, or why none: a pure function of its input, the same on every machine.
 *
 * The input must be as `readPlanInput` lets it through.
 */
export function plan(input: PlanInput): Plan {
  const placement = placementOf(input);
  const before = { maxUsagePpm: highestUse(placement) };
  const refused = refusal(placement, input);
  if (refused !== undefined) return { decision: 'none', reason: refused, before };
  const found = search(placement, input);
  if (found === undefined) return { decision: 'none', reason: reasonForNone(placement, input), before };
  return {
    decision: 'plan',
    moves: found.shifts.map(({ rxq, to }) => moveOf(placement, rxq, to)),
    before,
    predicted: { maxUsagePpm: found.highest },
    certificate: certificateOf(placement, found.highest, input.limits.maxMoves),
  };
}

function search(placement: Placement, input: PlanInput): Candidate | undefined {
  const { acceptPpm, gainPpm, maxMoves, settlePpm: settle } = input.limits;
  const judge = new Judge(placement, input, Math.min(acceptPpm, highestUse(placement) - gainPpm));
  const targets = targetsOf(placement, input);
  const exact = exactSearch(judge, { targets, maxMoves: Math.min(maxMoves, exactMoves), settle });
  if (maxMoves <= exactMoves || (exact !== undefined && exact.highest <= settle)) return exact;
  return beamSearch(judge, targets, exact === undefined ? judge.bound : exact.highest - 1) ?? exact;
}

function moveOf({ rxqs, pmds }: Placement, rxq: number, to: number): Move {
  const { id = '', core: from = -1 } = rxqs[rxq] ?? {};
  return { rxq: id, from, to: pmds[to]?.core ?? -1 };
}

function certificateOf(placement: Placement, highest: number, maxMoves: number): Certificate {
  const lowerBoundPpm = lowerBound(placement, highest);
  return {
    lowerBoundPpm,
    gapPpm: lowerBoundPpm === 0 ? null : Math.ceil(((highest - lowerBoundPpm) * whole) / lowerBoundPpm),
    optimalForMoves: Math.min(maxMoves, exactMoves),
  };
}
