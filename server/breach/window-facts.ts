import type { WindowReading } from '../judge/reading.ts';
import { allowedOf, type Ratio } from '../slo/decimal.ts';
import type { Evaluation } from '../slo/evaluate.ts';
import type { Exclusion, Sli, Span } from '../slo/objective.ts';
import { Cuts } from '../slo/spans.ts';

/** What of an objective decides about its breaches. */
export interface BreachTerms {
  /** Of the objective. */
  readonly version: number;
  readonly sli: Sli['sli'];
  readonly target: Ratio;
  /** How long after the end of a window late rows still change it, s. */
  readonly finalAfterSeconds: number;
  /** How long nothing may come before that is told, s. */
  readonly staleWaitSeconds: number;
}

/** A window as read, and what of the time yet to come is excluded already. */
export interface WindowFacts extends Pick<WindowReading, 'window' | 'until' | 'evaluation'> {
  /** Slots of [until, window.to) that an exclusion leaves out. */
  readonly excludedAhead: number;
}

export function windowFacts(reading: WindowReading, exclusions: readonly Exclusion[]): WindowFacts {
  const { window, until, evaluation } = reading;
  const ahead = { from: Math.min(Math.max(until, window.from), window.to), to: window.to };
  return { window, until, evaluation, excludedAhead: excludedSlots(ahead, exclusions) };
}

/** Slots of a span that at least one exclusion covers. */
export function excludedSlots(span: Span, exclusions: readonly Exclusion[]): number {
  const cuts = new Cuts(span, exclusions);
  let slots = 0;
  for (let from = span.from; from < span.to; ) {
    const to = Math.min(cuts.next(from), span.to);
    if (cuts.excludedAt(from)) slots += to - from;
    from = to;
  }
  return slots;
}

export function isOver({ window, until }: WindowFacts): boolean {
  return until >= window.to;
}

/** Whether nothing is awaited for the window: its rows are there, and late ones had their time. */
export function isFinal(facts: WindowFacts, terms: BreachTerms, now: number): boolean {
  return isOver(facts) && now >= facts.window.to + terms.finalAfterSeconds;
}

/**
 * Bad ones of the part of the window that has passed, if all that is unknown there were bad (`low`), and what would be
 * allowed then. Slots: exact. Packets of a window that runs: what is unknown is shared out by slots over past and future,
 * exact for one path and an estimate for several; at the end of the window it is exact.
 *
 * Example, slots: a window of 3,600 of which 1,800 have passed, 40 of them unknown, target 0.99. Low is 1,840 bad of
 * 3,600; less the 1,800 yet to come 40 are left, and 36 allowed.
 */
export function elapsedLow(facts: WindowFacts, terms: BreachTerms): { bad: bigint; allowed: bigint } {
  const { evaluation, window, until, excludedAhead } = facts;
  const { high, low, slots } = evaluation;
  const ahead = BigInt(Math.max(0, window.to - Math.max(until, window.from)) - excludedAhead);
  if (terms.sli === 'availability') {
    const bad = low.bad - ahead;
    return { bad: bad < high.bad ? high.bad : bad, allowed: allowedOf(low.total, terms.target) };
  }
  const unknown = BigInt(slots.unknown);
  const passed = unknown - ahead * BigInt(pathsOf(evaluation, window));
  const packets = unknown === 0n || passed <= 0n ? 0n : ((low.bad - high.bad) * passed) / unknown;
  return { bad: high.bad + packets, allowed: allowedOf(high.total + packets, terms.target) };
}

function pathsOf({ slots }: Evaluation, { from, to }: Span): number {
  return Math.round(slots.expected / (to - from));
}

/** The integers of a window in one form: equal figures are equal texts. */
export function figuresText({ slots, high, low, highLoss, budget, verdict }: Evaluation): string {
  const { expected, observed, bridged, unknown, excluded, idle, suspect } = slots;
  const counts = [expected, observed, bridged, unknown, excluded, idle, suspect];
  const readings = [high.total, high.bad, low.total, low.bad, budget.allowed, budget.spent, budget.remaining];
  return [...counts, ...readings, highLoss?.hli ?? '-', highLoss?.chli ?? '-', verdict].join(' ');
}
