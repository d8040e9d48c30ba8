import type { Plan } from '../server/remediation/planner/plan.ts';
import type { NoPlanReason } from '../server/remediation/planner/reason.ts';

const reasons: Record<NoPlanReason, string> = {
  frozen: 'the host is frozen: nothing may be moved',
  notNeeded: 'not needed: no thread is busy enough, and nothing burns its budget',
  starved: 'others take time from the busiest thread: whatever takes it must go first',
  elephant: 'one queue alone is more than a thread should carry: no placement helps; give it more queues',
  hostFull:
    'the queues are more than the threads should carry together: no placement helps; add threads or move a guest',
  noAcceptablePlan: 'no acceptable plan of as many moves as are allowed helps enough',
};

/** A plan in words. */
export function planText(plan: Plan): string {
  const before = percent(plan.before.maxUsagePpm);
  if (plan.decision === 'none') return `no plan: ${reasons[plan.reason]}\nbusiest thread: ${before}`;
  const { lowerBoundPpm, gapPpm, optimalForMoves } = plan.certificate;
  const bound = `no placement can do better than ${percent(lowerBoundPpm)}`;
  return [
    ...plan.moves.map(({ rxq, from, to }) => `move ${rxq} from core ${from} to core ${to}`),
    `busiest thread: ${before} before, ${percent(plan.predicted.maxUsagePpm)} after`,
    gapPpm === null ? bound : `${bound}; this plan is within ${percent(gapPpm)} of that`,
    `no acceptable plan of at most ${optimalForMoves} ${optimalForMoves === 1 ? 'move' : 'moves'} does better`,
  ].join('\n');
}

/** Tenths, rounded up: the busiest thread is never made to look better. */
function percent(ppm: number): string {
  const tenths = Math.ceil(ppm / 1_000);
  return `${Math.floor(tenths / 10)}.${tenths % 10} %`;
}
