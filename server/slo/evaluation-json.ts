import type { Evaluation, Question } from './evaluate.ts';
import { isoOf } from './instant.ts';
import type { Reading } from './verdict.ts';

const readingOf = ({ total, bad }: Reading) => ({ total: String(total), bad: String(bad) });

/** The stable form of a verdict: counts that can pass 2^53 are texts, keys have one order. */
export function evaluationJson({ objective, window }: Question, evaluation: Evaluation): string {
  const { slots, high, low, highLoss, budget, verdict, burn } = evaluation;
  const { allowed, spent, remaining } = budget;
  return JSON.stringify({
    slo: objective.name,
    window: { from: isoOf(window.from), to: isoOf(window.to), zone: window.zone },
    slots,
    high: readingOf(high),
    low: readingOf(low),
    ...(highLoss === undefined ? {} : { hli: String(highLoss.hli), chli: String(highLoss.chli) }),
    budget: { allowed: String(allowed), spent: String(spent), remaining: String(remaining) },
    verdict,
    burn,
  });
}
