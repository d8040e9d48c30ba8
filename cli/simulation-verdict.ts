import { whileLost } from '../server/remediation/simulator/fleet-scores.ts';
import { type Goal, goalOf, goalOneIn, incurableOf } from '../server/remediation/simulator/goal.ts';
import type { PlannerName } from '../server/remediation/simulator/policy.ts';
import { lossCauses, type Scores } from '../server/remediation/simulator/score.ts';
import { grouped, type PlannerTotal, type Table } from './simulation-table.ts';

/** What ours was to come to beside what the switch has; null: not both were simulated. */
export function goalIn(totals: readonly PlannerTotal[]): Goal | null {
  const [ours, group] = [scoresOf(totals, 'ours'), scoresOf(totals, 'auto-lb-group')];
  return ours === undefined || group === undefined ? null : goalOf(ours, group);
}

function scoresOf(totals: readonly PlannerTotal[], name: PlannerName): Scores | undefined {
  return totals.find(({ planner }) => planner === name)?.scores;
}

/** The goal, whether it is reached, and what stands between; sentences for a terminal and for the picture. */
export function verdictOf(totals: readonly PlannerTotal[]): readonly string[] {
  const goal = goalIn(totals);
  const [ours, group] = [scoresOf(totals, 'ours'), scoresOf(totals, 'auto-lb-group')];
  if (goal === null || ours === undefined || group === undefined) return [];
  const { lostSeconds, moves, incurable, isReachable } = goal;
  const told = [
    `Goal: ours loses at most a ${ordinals[goalOneIn] ?? 'part'} of the seconds that auto-lb-group loses, with at most as small a part of its moves.`,
    `${goal.isReached ? 'Reached' : 'Missed'}: seconds lost ${shareOf(ours.lostSeconds, group.lostSeconds)} (${grouped(ours.lostSeconds)}, at most ${grouped(lostSeconds.most)}), ` +
      `moves ${shareOf(ours.moves, group.moves)} (${grouped(ours.moves)}, at most ${grouped(moves.most)}).`,
    `Of the curable seconds: ${shareOf(ours.lostBy.curable, group.lostBy.curable)}.`,
  ];
  if (isReachable) return told;
  const most = `${grouped(incurable)} of ours are of causes that no placement cures, more than the ${grouped(lostSeconds.most)} allowed`;
  return [...told, `${most}: with all others cured it would still be missed.`];
}

const ordinals: Readonly<Record<number, string>> = { 10: 'tenth' };

/** In percent rounded up: never better than it is. */
function shareOf(a: number, b: number): string {
  return b === 0 ? 'none to compare with' : `${grouped(Math.ceil((a * 100) / b))} %`;
}

/** Of each planner: what one placement or another might have kept, and what none would. */
export function causeTable(totals: readonly PlannerTotal[]): Table {
  const causes = lossCauses.filter((cause) => cause !== 'curable');
  return [
    ['seconds lost', 'curable', 'by no placement', ...causes],
    ...totals.map(({ planner, scores }) => [
      planner,
      ...[scores.lostBy.curable, incurableOf(scores), ...causes.map((cause) => scores.lostBy[cause])].map(grouped),
    ]),
  ];
}

/** Of ours: what the machine was doing while curable seconds were lost; a header alone: none was, or it was not simulated. */
export function whileTable(totals: readonly PlannerTotal[]): Table {
  const ours = scoresOf(totals, 'ours');
  const rows = ours === undefined ? [] : whileLost(ours);
  const all = rows.reduce((sum, [, seconds]) => sum + seconds, 0);
  return [
    ['ours, curable seconds while', 'share', 'seconds'],
    ...rows.map(([doing, seconds]) => [doing, tenthsOf(seconds, all), grouped(seconds)]),
  ];
}

/** One decimal, rounded down. */
function tenthsOf(part: number, all: number): string {
  const tenths = Math.floor((part * 1_000) / all);
  return `${Math.floor(tenths / 10)}.${tenths % 10} %`;
}

/** Hosts that the machine left to humans. */
export function leftToHumans(totals: readonly PlannerTotal[]): string | null {
  const ours = scoresOf(totals, 'ours');
  if (ours === undefined) return null;
  return `Of the hosts under ours ${grouped(ours.suppressedHosts)} were damped once or more, and ${grouped(ours.haltedHosts)} halted.`;
}
