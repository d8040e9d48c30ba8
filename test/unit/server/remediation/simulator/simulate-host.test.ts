import { describe, expect, it } from 'vitest';
import { Datapath } from '../../../../../server/remediation/simulator/datapath.ts';
import { hostSpec } from '../../../../../server/remediation/simulator/host-spec.ts';
import { Invariants } from '../../../../../server/remediation/simulator/invariants.ts';
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

describe('rules of every second', () => {
  const spec = hostSpec(1, 0, seconds);
  const settled = () => {
    const datapath = new Datapath(spec);
    datapath.replace(
      Int32Array.from(spec.queues, ({ pin, numa }) => pin ?? spec.pmds.findIndex((pmd) => pmd.numa === numa)),
    );
    const invariants = new Invariants(spec, datapath, 'here');
    return { datapath, invariants, before: datapath.place.slice() };
  };
  const everyone = new Uint8Array(spec.queues.length).fill(1);
  const queue = spec.queues.findIndex(({ pin }) => pin === null);
  const from = spec.pmds.findIndex(({ numa }) => numa === spec.queues[queue]?.numa);
  const move = { kind: 'move', shifts: [{ queue, from, to: from + 1 }], isRollback: false } as const;

  it('hold as long as nothing is wrong', () => {
    const { invariants, datapath, before } = settled();
    invariants.second(1, everyone);
    datapath.replace(before.with(queue, from + 1));
    invariants.acted(10, move, before);
    expect(invariants.checks).toBe(spec.queues.length);
  });

  it('find a packet too many, a queue that nobody polls and one that moved unplanned', () => {
    const packets = settled();
    packets.datapath.rings.polled[queue] = 1;
    expect(() => packets.invariants.second(7, everyone)).toThrow(
      `here, second 7: queue ${queue}: its packets do not add up`,
    );
    const unpolled = settled();
    unpolled.datapath.replace(unpolled.before.with(queue, -1));
    expect(() => unpolled.invariants.second(7, everyone)).toThrow('is not polled');
    const unplanned = settled();
    expect(() => unplanned.invariants.acted(7, move, unplanned.before)).toThrow('unplanned');
  });

  it('find an act within the cooldown, a queue that is held and two acts at once', () => {
    const { invariants, datapath, before } = settled();
    datapath.replace(before.with(queue, from + 1));
    invariants.acted(1_000, move, before);
    const back = { kind: 'move', shifts: [{ queue, from: from + 1, to: from }], isRollback: false } as const;
    const after = datapath.place.slice();
    datapath.replace(before);
    expect(() => invariants.acted(1_119, back, after)).toThrow('within the cooldown');
    expect(() => invariants.acted(1_120, back, after)).toThrow('too soon');
    invariants.acted(1_120, { ...back, isRollback: true }, after);
    invariants.begun(1_121, move);
    expect(() => invariants.begun(1_122, move)).toThrow('two acts at once');
  });
});
