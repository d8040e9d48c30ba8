import type { Move } from './move.ts';
import type { BreachRecord } from './record.ts';
import { type BreachTerms, elapsedLow, isOver, type WindowFacts } from './window-facts.ts';

/**
 * Whether what nobody knows of a window is more than the budget that is left: a risk while it may still become known. Of a
 * window that is over the verdict says it.
 */
export function unprovenMove(
  record: BreachRecord | undefined,
  facts: WindowFacts,
  terms: BreachTerms,
): Move | undefined {
  const { evaluation } = facts;
  const low = elapsedLow(facts, terms);
  const against = low.bad - evaluation.high.bad;
  const isBroken = evaluation.verdict === 'breached';
  const isUnproven = isOver(facts) ? evaluation.verdict === 'undetermined' : !isBroken && low.bad > low.allowed;
  if (record?.state === 'risk') {
    if (isUnproven) return { patch: { against } };
    const known = against < record.against && !isBroken;
    return known
      ? { patch: { state: 'retracted', against }, reason: 'what was unknown has become known' }
      : {
          patch: { state: 'resolved', against },
          reason: isBroken ? 'the promise is proven broken' : 'the budget is more than what is unknown',
        };
  }
  if (!isUnproven) return record === undefined ? undefined : { patch: { against } };
  const reason = `${against} unknown ones would be more than the budget that is left`;
  return { patch: { state: 'risk', against }, reason };
}
