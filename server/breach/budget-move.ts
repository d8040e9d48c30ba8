import type { Evaluation } from '../slo/evaluate.ts';
import { budgetLevels } from './breach.ts';
import type { Move } from './move.ts';
import type { BreachRecord } from './record.ts';
import { type BreachTerms, isOver, type WindowFacts } from './window-facts.ts';

/** A level is left only so many percent points below itself: packets of a young window go to and fro. */
const levelSlack = 5n;

/**
 * The budget of a window: a risk from the first level on, open once the promise is proven broken. Slots: as soon as the
 * bad ones of `high` are more than the whole window allows, what is yet to come taken as good (it is in the total already).
 * Packets: at the end of the window, because nobody knows the traffic to come.
 */
export function budgetMove(record: BreachRecord | undefined, facts: WindowFacts, terms: BreachTerms): Move | undefined {
  const { evaluation } = facts;
  const against = evaluation.budget.spent;
  const isProven = evaluation.verdict === 'breached' && (terms.sli !== 'packetDelivery' || isOver(facts));
  const level = isProven ? 100 : levelOf(evaluation, record?.level ?? null, terms);
  if (isProven) {
    if (record?.state === 'open') return { patch: { against, level } };
    return { patch: { state: 'open', against, level }, reason: provenReason(evaluation) };
  }
  switch (record?.state) {
    case undefined:
      if (level === null) return undefined;
      return { patch: { against, level }, reason: levelReason(level) };
    case 'open':
      return { patch: { state: 'retracted', against, level }, reason: 'what was proven is not, as the rows are now' };
    case 'risk':
      if (level === null) return quieted(record, against);
      if (level === record.level) return { patch: { against } };
      return { patch: { against, level }, reason: levelReason(level) };
    default:
      if (level === null || level <= (record?.level ?? 0)) return { patch: { against, level } };
      return { patch: { state: 'risk', against, level }, reason: levelReason(level) };
  }
}

/** Below the first level: either less speaks against it than before, or the same beside more traffic. */
function quieted(record: BreachRecord, against: bigint): Move {
  const patch = { against, level: null };
  if (against < record.against) {
    return { patch: { ...patch, state: 'retracted' }, reason: 'less is lost than was known, as the rows are now' };
  }
  return { patch: { ...patch, state: 'resolved' }, reason: 'more traffic came: less than the first level is gone' };
}

/**
 * The highest level that is reached, in percent of what is allowed (slots: of the whole window, packets: so far). As long as
 * there were fewer packets than one bad one is allowed of, there is none (sla §4.4).
 *
 * Example: 259 allowed. 129 spent: none (49.8 %); 130: 50; 195: 75; back to 182: still 75; to 181 (69.9 %): 50.
 */
function levelOf({ budget }: Evaluation, before: number | null, { sli, target }: BreachTerms): number | null {
  const { spent, allowed } = budget;
  if (spent === 0n) return null;
  if (allowed === 0n && sli === 'packetDelivery' && target.num < target.den) return null;
  const isReached = (percent: bigint) => spent * 100n >= percent * allowed;
  const kept = budgetLevels.filter((level) => {
    const slack = before !== null && level <= before ? levelSlack : 0n;
    return isReached(BigInt(level) - slack);
  });
  return kept.at(-1) ?? null;
}

function levelReason(level: number): string {
  return `${level} % of the budget is gone`;
}

function provenReason({ high, budget }: Evaluation): string {
  return `broken whatever else comes: ${high.bad} bad, ${budget.allowed} allowed`;
}
