import type { Move } from './move.ts';
import type { BreachRecord } from './record.ts';
import { type BreachTerms, isOver, type WindowFacts } from './window-facts.ts';

/**
 * Whether what nobody knows of a window is more than the budget that is left: a risk while it may still become known. Of a
 * window that is over the verdict says it, and of packets that of the part that has passed.
 *
 * Example, slots: a window of 3,600 of which 1,800 have passed, 40 of them unknown, target 0.99. The whole window allows 36;
 * all of the unknown ones bad would be 40: a risk. Had only 30 been unknown, it would be none, although 18 would be allowed
 * of 1,800.
 */
export function unprovenMove(
  record: BreachRecord | undefined,
  facts: WindowFacts,
  terms: BreachTerms,
): Move | undefined {
  const { high, low } = facts.elapsed;
  const against = low.bad - high.bad;
  if (isUnproven(facts, terms)) {
    if (record?.state === 'risk') return { patch: { against } };
    const reason = `${against} unknown ones could be more than the budget that is left`;
    return { patch: { state: 'risk', against }, reason };
  }
  if (record === undefined) return undefined;
  if (record.state !== 'risk') return { patch: { against } };
  if (facts.evaluation.verdict === 'breached') {
    return { patch: { state: 'resolved', against }, reason: 'the promise is proven broken' };
  }
  if (against < record.against) {
    return { patch: { state: 'retracted', against }, reason: 'what was unknown has become known' };
  }
  return { patch: { state: 'resolved', against }, reason: 'the budget is more than what is unknown' };
}

function isUnproven(facts: WindowFacts, { sli }: BreachTerms): boolean {
  const { evaluation, elapsed } = facts;
  if (isOver(facts)) return evaluation.verdict === 'undetermined';
  if (sli === 'packetDelivery') return elapsed.verdict === 'undetermined';
  return evaluation.verdict !== 'breached' && elapsed.low.bad > evaluation.budget.allowed;
}
