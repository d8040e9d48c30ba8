import type { WindowReading } from '../judge/reading.ts';
import type { Ratio } from '../slo/decimal.ts';
import type { Evaluation } from '../slo/evaluate.ts';
import type { Sli } from '../slo/objective.ts';

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

/** A window as read. Of one that is over, `elapsed` is the same as `evaluation`. */
export type WindowFacts = Pick<WindowReading, 'window' | 'until' | 'evaluation' | 'elapsed'>;

export function isOver({ window, until }: WindowFacts): boolean {
  return until >= window.to;
}

/** Whether nothing is awaited for the window: its rows are there, and late ones had their time. */
export function isFinal(facts: WindowFacts, terms: BreachTerms, now: number): boolean {
  return isOver(facts) && now >= facts.window.to + terms.finalAfterSeconds;
}

/** The integers of a window in one form: equal figures are equal texts. */
export function figuresText({ slots, high, low, highLoss, budget, verdict }: Evaluation): string {
  const { expected, observed, bridged, unknown, excluded, idle, suspect } = slots;
  const counts = [expected, observed, bridged, unknown, excluded, idle, suspect];
  const readings = [high.total, high.bad, low.total, low.bad, budget.allowed, budget.spent, budget.remaining];
  return [...counts, ...readings, highLoss?.hli ?? '-', highLoss?.chli ?? '-', verdict].join(' ');
}
