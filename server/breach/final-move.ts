import { isOngoing } from './breach.ts';
import type { Move } from './move.ts';
import type { BreachRecord } from './record.ts';
import { figuresText, type WindowFacts } from './window-facts.ts';

/**
 * What goes on when its window is final stays as it is for good; a final one whose figures change nevertheless gets a
 * numbered amendment. Undefined: it is neither, and the facts move it.
 */
export function finalMove(
  record: BreachRecord | undefined,
  facts: WindowFacts,
  { isFinal }: { readonly isFinal: boolean },
): Move | undefined {
  if (record === undefined) return undefined;
  const { state, amendments } = record;
  const figures = figuresText(facts.evaluation);
  if (state === 'finalised' || state === 'amended') {
    if (figures === record.figures) return { patch: {} };
    const patch = { state: 'amended', figures, amendments: amendments + 1 } as const;
    return { patch, reason: `amendment ${amendments + 1}: ${facts.evaluation.verdict}, as the rows are now` };
  }
  if (!isOngoing(state) || !isFinal) return undefined;
  return { patch: { state: 'finalised', figures }, reason: `final: ${facts.evaluation.verdict}` };
}
