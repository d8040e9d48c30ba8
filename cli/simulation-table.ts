import { addedScores, type PlannerScores } from '../server/remediation/simulator/fleet-scores.ts';
import type { PlannerName } from '../server/remediation/simulator/policy.ts';
import type { Scores } from '../server/remediation/simulator/score.ts';

export interface PlannerTotal {
  readonly planner: PlannerName;
  /** Of all seeds. */
  readonly scores: Scores;
}

/** A header and rows of as many cells; the first of each names it. */
export type Table = readonly (readonly string[])[];

export function totalsOf(results: readonly PlannerScores[]): readonly PlannerTotal[] {
  const planners = [...new Set(results.map(({ planner }) => planner))];
  return planners.map((planner) => ({
    planner,
    scores: addedScores(results.filter((each) => each.planner === planner).map(({ scores }) => scores)),
  }));
}

const columns: readonly { readonly title: string; readonly of: (scores: Scores) => number | bigint }[] = [
  { title: 'seconds lost', of: ({ lostSeconds }) => lostSeconds },
  { title: 'packets lost', of: ({ packetsLost }) => packetsLost },
  { title: 'acts', of: ({ acts }) => acts },
  { title: 'moves', of: ({ moves }) => moves },
  { title: 'foreign moves', of: ({ foreignMoves }) => foreignMoves },
  { title: 'rollbacks', of: ({ rollbacks }) => rollbacks },
  { title: 'false acts', of: ({ falseActs }) => falseActs },
  { title: 'longest wait, us', of: ({ longestWaitUs }) => longestWaitUs },
];

/** What became of packets and queues under each planner. */
export function scoreTable(totals: readonly PlannerTotal[]): Table {
  return [
    ['planner', ...columns.map(({ title }) => title)],
    ...totals.map(({ planner, scores }) => [planner, ...columns.map(({ of }) => grouped(of(scores)))]),
  ];
}

/** Its lines for a terminal: the first column to the left, numbers to the right. */
export function linesOf(table: Table): readonly string[] {
  const widths = (table[0] ?? []).map((_cell, i) => Math.max(...table.map((row) => row[i]?.length ?? 0)));
  return table.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
}

/** Thousands apart. */
export function grouped(value: number | bigint): string {
  return `${value}`.replace(/\B(?=(\d{3})+$)/g, ',');
}
