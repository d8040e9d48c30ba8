import { type PlannerScores, scoresJson } from '../server/remediation/simulator/fleet-scores.ts';
import type { Simulation } from './simulation.ts';
import { grouped, linesOf, type PlannerTotal, scoreTable, totalsOf } from './simulation-table.ts';
import { causeTable, goalIn, leftToHumans, verdictOf, whileTable } from './simulation-verdict.ts';

export function simulationText(simulation: Simulation, results: readonly PlannerScores[]): string {
  const totals = totalsOf(results);
  const lost = whileTable(totals);
  const parts = [
    [described(simulation, totals)],
    linesOf(scoreTable(totals)),
    linesOf(causeTable(totals)),
    lost.length > 1 ? linesOf(lost) : [],
    [leftToHumans(totals) ?? [], verdictOf(totals)].flat(),
  ];
  return parts
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** The terms that everything else holds under. */
export function described(simulation: Simulation, totals: readonly PlannerTotal[]): string {
  const { hosts, hours, seeds, planners, approveAfterSeconds } = simulation;
  const first = seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds.at(-1)}`;
  const { portSeconds = 0 } = totals[0]?.scores ?? {};
  const human =
    approveAfterSeconds === null ? 'nobody approves' : `approved ${approveAfterSeconds} s after it is asked for`;
  const asked = planners.includes('ours') ? `; what ours needs a human for: ${human}, nobody clears` : '';
  return `${hosts} hosts x ${hours} h, ${first}: ${grouped(portSeconds)} seconds of ports, every rule held in each${asked}`;
}

export function simulationJson(simulation: Simulation, results: readonly PlannerScores[]): string {
  const { hosts, hours, seeds, approveAfterSeconds } = simulation;
  const totals = totalsOf(results);
  return JSON.stringify({
    ...{ hosts, hours, seeds, approveAfterSeconds, goal: goalIn(totals) },
    planners: totals.map(({ planner, scores }) => ({ planner, ...scoresJson(scores) })),
    bySeed: results.map(({ planner, seed, scores }) => ({ planner, seed, ...scoresJson(scores) })),
  });
}
