import { describe, expect, it } from 'vitest';
import { simulationPicture } from '../../../cli/simulation-picture.ts';
import { totalsOf } from '../../../cli/simulation-table.ts';
import { simulationJson, simulationText } from '../../../cli/simulation-text.ts';
import { addedScores, type PlannerScores } from '../../../server/remediation/simulator/fleet-scores.ts';
import { type PlannerName, plannerNames } from '../../../server/remediation/simulator/policy.ts';
import { noScores, type Scores } from '../../../server/remediation/simulator/score.ts';

const simulation = { hosts: 1, hours: 1, seeds: [1, 2], planners: plannerNames, workers: 1, approveAfterSeconds: null };

function of(planner: PlannerName, seed: number, scores: Partial<Scores>): PlannerScores {
  return { planner, seed, scores: { ...noScores(), ...scores } };
}

const group = of('auto-lb-group', 1, {
  ...{ lostSeconds: 1_000, lostBy: { curable: 900, elephant: 60, full: 40, theft: 0 }, moves: 100 },
});
const ours = [
  of('ours', 1, {
    ...{ lostSeconds: 600, lostBy: { curable: 450, elephant: 50, full: 60, theft: 40 }, moves: 30 },
    ...{ curableWhile: { suspect: 50, 'advised noReturn': 400 }, suppressedHosts: 1 },
  }),
  of('ours', 2, {
    ...{ lostSeconds: 150, lostBy: { curable: 150, elephant: 0, full: 0, theft: 0 }, moves: 7 },
    curableWhile: { 'cooldown undone': 150 },
  }),
];

describe('what a comparison tells', () => {
  const text = simulationText(simulation, [group, ...ours]);

  it('is the goal, that it is missed, and why', () => {
    expect(text).toContain('Missed: seconds lost 75 % (750, at most 100), moves 37 % (37, at most 10).');
    expect(text).toContain('150 of ours are of causes that no placement cures, more than the 100 allowed');
    expect(text).toMatch(/^ours +600 +150 +50 +60 +40$/m);
    expect(text.match(/^(advised noReturn|cooldown undone|suspect) +.*$/gm)).toEqual([
      'advised noReturn             66.6 %      400',
      'cooldown undone              25.0 %      150',
      'suspect                       8.3 %       50',
    ]);
    expect(text).toContain('1 were damped once or more, and 0 halted');
  });

  it('says so when it is reached, and nothing of a goal without both planners', () => {
    const few = of('ours', 1, {
      lostSeconds: 100,
      moves: 10,
      lostBy: { curable: 60, elephant: 0, full: 40, theft: 0 },
    });
    const reached = simulationText(simulation, [group, few]);
    expect(reached).toContain('Reached: seconds lost 10 % (100, at most 100), moves 10 % (10, at most 10).');
    expect(reached).not.toContain('no placement cures,');
    expect(simulationText(simulation, [group])).not.toMatch(/Goal|while|damped/);
  });

  it('is the same as JSON, whatever the order of hosts', () => {
    const told = JSON.parse(simulationJson(simulation, [group, ...ours]));
    expect(told.goal).toEqual({
      lostSeconds: { ours: 750, most: 100, isKept: false },
      moves: { ours: 37, most: 10, isKept: false },
      ...{ isReached: false, incurable: 150, isReachable: false },
    });
    expect(JSON.parse(simulationJson(simulation, ours)).goal).toBeNull();
    const hosts = ours.map(({ scores }) => scores);
    const sums = [hosts, hosts.toReversed()].map((order) => [{ ...of('ours', 1, addedScores(order)) }]);
    expect(simulationJson(simulation, sums[0] ?? [])).toBe(simulationJson(simulation, sums[1] ?? []));
  });

  it('begins with its terms, who approves among them', () => {
    const [first] = text.split('\n');
    expect(first).toContain('what ours needs a human for: nobody approves, nobody clears');
    const approved = { ...simulation, approveAfterSeconds: 300 };
    expect(simulationText(approved, ours)).toContain('approved 300 s after it is asked for, nobody clears');
    expect(simulationPicture(approved, totalsOf(ours))).toContain('approved 300 s after');
    expect(JSON.parse(simulationJson(approved, ours)).approveAfterSeconds).toBe(300);
    expect(simulationText({ ...simulation, planners: ['none'] }, [])).not.toContain('approve');
  });

  it('is in the picture, too', () => {
    const html = simulationPicture(simulation, totalsOf([group, ...ours]));
    expect(html).toContain('<p>Missed: seconds lost 75 %');
    expect(html).toContain('<th scope="row">cooldown undone</th><td>25.0 %</td><td>150</td>');
    expect(html).toContain('<th scope="row">ours</th><td>600</td><td>150</td>');
    expect(simulationPicture(simulation, totalsOf([group]))).not.toContain('doing in curable seconds');
  });
});
