import { describe, expect, it } from 'vitest';
import { plannerNames } from '../../../../../server/remediation/simulator/policy.ts';
import { type HostTask, simulateHost } from '../../../../../server/remediation/simulator/simulate-host.ts';

const seconds = 2 * 3_600;

function run(task: Partial<HostTask>) {
  return simulateHost({ ...{ seed: 1, host: 0, seconds, planner: 'ours', approveAfterSeconds: null }, ...task });
}

describe('a simulated host', () => {
  it('comes to the same with the same seed, and to something else with another', () => {
    const task = { seed: 5, host: 3, seconds, planner: 'ours', approveAfterSeconds: null } as const;
    expect(simulateHost(task)).toEqual(simulateHost(task));
    expect(simulateHost({ ...task, seed: 6 }).packetsOffered).not.toBe(simulateHost(task).packetsOffered);
  });

  it('is offered the same packets whoever places its queues, and loses only some of them', () => {
    for (const host of [0, 1, 2]) {
      const [first, ...others] = plannerNames.map((planner) => run({ host, planner }));
      for (const other of others) {
        expect(other.packetsOffered).toBe(first?.packetsOffered);
        expect(other.portSeconds).toBe(first?.portSeconds);
        expect(other.packetsLost).toBeLessThan(other.packetsOffered);
      }
    }
  });
});

describe('a host that was damped', () => {
  const day = { seed: 5, host: 12, seconds: 6 * 3_600 };
  const asked = (scores: ReturnType<typeof run>) => scores.curableWhile['await afterSuppression'] ?? 0;

  it('loses what a human takes to approve, and without one goes on losing', () => {
    const nobody = run(day);
    expect(nobody.suppressedHosts).toBe(1);
    const soon = run({ ...day, approveAfterSeconds: 300 });
    expect(soon.acts).toBeGreaterThan(nobody.acts);
    expect(asked(soon)).toBeLessThan(asked(nobody));
    expect(asked(soon)).toBeGreaterThan(0);
    // A request is over after 15 min: who comes later approves nothing.
    expect(run({ ...day, approveAfterSeconds: 1_000 })).toEqual(nobody);
  });
});
