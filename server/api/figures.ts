import type { Evaluation } from '../slo/evaluate.ts';
import type { Reading } from '../slo/verdict.ts';
import type { Figures } from './schema/slos.ts';

const readingOf = ({ total, bad }: Reading) => ({ total: String(total), bad: String(bad) });

/** The integers of an evaluation as the API tells them. */
export function figuresOf({ slots, high, low, highLoss, budget, verdict }: Evaluation): Figures {
  const { allowed, spent, remaining } = budget;
  return {
    slots: { ...slots },
    high: readingOf(high),
    low: readingOf(low),
    highLoss: highLoss === undefined ? null : { hli: String(highLoss.hli), chli: String(highLoss.chli) },
    budget: { allowed: String(allowed), spent: String(spent), remaining: String(remaining) },
    verdict,
  };
}
