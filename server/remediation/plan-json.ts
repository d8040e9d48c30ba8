import type { Plan } from './planner/plan.ts';

/** A plan as one line of JSON: the same plan gives the same bytes. */
export function planJson(plan: Plan): string {
  const { decision, before } = plan;
  if (decision === 'none') return JSON.stringify({ decision, reason: plan.reason, before: hottest(before) });
  const { lowerBoundPpm, gapPpm, optimalForMoves } = plan.certificate;
  return JSON.stringify({
    decision,
    moves: plan.moves.map(({ rxq, from, to }) => ({ rxq, from, to })),
    before: hottest(before),
    predicted: hottest(plan.predicted),
    certificate: { lowerBoundPpm, gapPpm, optimalForMoves },
  });
}

function hottest({ maxUsagePpm }: Plan['before']) {
  return { maxUsagePpm };
}
