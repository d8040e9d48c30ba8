import { addedScores, type PlannerScores, scoresJson } from '../server/remediation/simulator/fleet-scores.ts';
import type { PlannerName } from '../server/remediation/simulator/policy.ts';
import type { Scores } from '../server/remediation/simulator/score.ts';
import type { Simulation } from './simulation.ts';

export interface PlannerTotal {
  readonly planner: PlannerName;
  /** Of all seeds. */
  readonly scores: Scores;
}

export function totalsOf(results: readonly PlannerScores[]): readonly PlannerTotal[] {
  const planners = [...new Set(results.map(({ planner }) => planner))];
  return planners.map((planner) => ({
    planner,
    scores: addedScores(results.filter((each) => each.planner === planner).map(({ scores }) => scores)),
  }));
}

const columns: readonly { readonly title: string; readonly of: (scores: Scores) => number | bigint }[] = [
  { title: 'seconds lost', of: ({ lostSeconds }) => lostSeconds },
  { title: 'of them curable', of: ({ lostBy }) => lostBy.curable },
  { title: 'packets lost', of: ({ packetsLost }) => packetsLost },
  { title: 'acts', of: ({ acts }) => acts },
  { title: 'moves', of: ({ moves }) => moves },
  { title: 'foreign moves', of: ({ foreignMoves }) => foreignMoves },
  { title: 'rollbacks', of: ({ rollbacks }) => rollbacks },
  { title: 'false acts', of: ({ falseActs }) => falseActs },
  { title: 'longest wait, us', of: ({ longestWaitUs }) => longestWaitUs },
];

/** Header and rows of the table that a terminal and the picture show. */
export function tableOf(totals: readonly PlannerTotal[]): readonly (readonly string[])[] {
  return [
    ['planner', ...columns.map(({ title }) => title)],
    ...totals.map(({ planner, scores }) => [planner, ...columns.map(({ of }) => grouped(of(scores)))]),
  ];
}

export function simulationText(simulation: Simulation, results: readonly PlannerScores[]): string {
  const totals = totalsOf(results);
  const table = tableOf(totals);
  const widths = (table[0] ?? []).map((_cell, i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
  const lines = table.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
  return [described(simulation, totals), '', ...lines, ...comparison(totals)].join('\n');
}

export function described({ hosts, hours, seeds }: Simulation, totals: readonly PlannerTotal[]): string {
  const first = seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]} to ${seeds.at(-1)}`;
  const { portSeconds = 0 } = totals[0]?.scores ?? {};
  return `${hosts} hosts x ${hours} h, ${first}: ${grouped(portSeconds)} seconds of ports, every rule held in each`;
}

/** Ours beside the better of what the switch has, in percent rounded up: never better than it is. */
function comparison(totals: readonly PlannerTotal[]): readonly string[] {
  const of = (name: PlannerName) => totals.find(({ planner }) => planner === name)?.scores;
  const [ours, group] = [of('ours'), of('auto-lb-group')];
  if (ours === undefined || group === undefined) return [];
  const share = (a: number, b: number) => (b === 0 ? 'none to compare with' : `${grouped(Math.ceil((a * 100) / b))} %`);
  return [
    '',
    `ours beside auto-lb-group: seconds lost ${share(ours.lostSeconds, group.lostSeconds)}, ` +
      `curable ones ${share(ours.lostBy.curable, group.lostBy.curable)}, moves ${share(ours.moves, group.moves)}`,
  ];
}

export function simulationJson({ hosts, hours, seeds }: Simulation, results: readonly PlannerScores[]): string {
  return JSON.stringify({
    ...{ hosts, hours, seeds },
    planners: totalsOf(results).map(({ planner, scores }) => ({ planner, ...scoresJson(scores) })),
    bySeed: results.map(({ planner, seed, scores }) => ({ planner, seed, ...scoresJson(scores) })),
  });
}

/** Thousands apart. */
function grouped(value: number | bigint): string {
  return `${value}`.replace(/\B(?=(\d{3})+$)/g, ',');
}
