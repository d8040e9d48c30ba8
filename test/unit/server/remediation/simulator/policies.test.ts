import { describe, expect, it } from 'vitest';
import { AutoLbPolicy } from '../../../../../server/remediation/simulator/auto-lb-policy.ts';
import { Datapath } from '../../../../../server/remediation/simulator/datapath.ts';
import { MachinePolicy } from '../../../../../server/remediation/simulator/machine-policy.ts';
import type { Act, Policy } from '../../../../../server/remediation/simulator/policy.ts';
import { evenly, hostOf } from './hosts.ts';

/** Three queues that crowd the first thread; what a policy makes of it, at the end of which interval. */
function firstAct(
  policy: Policy,
  packets: readonly number[],
  seconds: number,
): { second: number; act: Act } | undefined {
  const spec = hostOf(...packets.map((_none, i) => ({ vm: `vm${i}` })));
  const datapath = new Datapath(spec);
  datapath.replace(new Int32Array(packets.length));
  const { place, queuesOf, readings, rings, stolenPpm } = datapath;
  for (let second = 1; second <= seconds; second++) {
    datapath.second(evenly(...packets));
    if (second % 5 !== 0) continue;
    readings.close(queuesOf);
    const act = policy.look({ second, spec, readings, place, queuesOf, stolenPpm, packets: rings });
    if (act !== undefined) return { second, act };
  }
  return undefined;
}

const crowded = [1_000_000, 800_000, 650_000];

describe('pmd-auto-lb', () => {
  it('reshuffles at the first look a minute after twelve overloaded intervals', () => {
    // The first interval has a reload in it and counts for nothing.
    expect(firstAct(new AutoLbPolicy('group'), crowded, 180)).toEqual({ second: 120, act: { kind: 'reshuffle' } });
  });

  it('does nothing below 95 %', () => {
    expect(firstAct(new AutoLbPolicy('group'), [800_000, 800_000, 650_000], 600)).toBeUndefined();
  });
});

describe('ours', () => {
  it('moves one queue after two valid windows', () => {
    const found = firstAct(new MachinePolicy(), crowded, 60);
    // Blind in the first interval; the second and third are hot.
    expect(found?.second).toBe(15);
    const { act } = found ?? {};
    expect(act?.kind === 'move' && act.shifts.length).toBe(1);
    expect(act?.kind === 'move' && act.shifts[0]).toMatchObject({ from: 0, to: 1 });
  });

  it('leaves a thread at 85 % alone, and one queue that no thread can carry', () => {
    expect(firstAct(new MachinePolicy(), [1_000_000, 600_000, 500_000], 300)).toBeUndefined();
    expect(firstAct(new MachinePolicy(), [2_600_000], 300)).toBeUndefined();
  });
});
