import { describe, expect, it } from 'vitest';
import { dryRun, type PolledQueue, wouldReshuffle } from '../../../../../server/remediation/ovs-model/auto-lb.ts';
import { predictOvs } from '../../../../../server/remediation/ovs-model/prediction.ts';
import { ovsSchedule } from '../../../../../server/remediation/ovs-model/schedule.ts';
import { input, pmd, rxq } from '../planner/inputs.ts';

const threads = [1, 2].map((core) => ({ core, numa: 0, intervalCycles: 1_000n }));
const terms = { algorithm: 'group', isolate: false } as const;
/** Of twelve intervals of 1,000 cycles, so many percent. */
const polled = (portNo: number, core: number, percent: bigint, more: Partial<PolledQueue> = {}): PolledQueue => {
  const known = { port: `p${portNo}`, portNo, queue: 0, numa: 0, cycles: percent * 120n, pin: null, core };
  return { ...known, ...more };
};

describe('a look of pmd-auto-lb', () => {
  it('holds the variance of whole percents now against that afterwards', () => {
    const found = dryRun(threads, [polled(1, 1, 60n), polled(2, 1, 30n), polled(3, 2, 10n)], terms);
    // 90 and 10 percent, then 60 and 40.
    expect(found.nodes).toEqual([{ numa: 0, before: 1_600n, after: 100n, gain: 93n }]);
    expect([25n, 93n, 94n].map((threshold) => wouldReshuffle(found, threshold))).toEqual([true, true, false]);
  });

  it('does not look at threads that are isolated, nor gains where it would get worse', () => {
    const pinned = polled(1, 1, 90n, { pin: 1 });
    const found = dryRun(threads, [pinned, polled(2, 2, 10n)], { algorithm: 'cycles', isolate: true });
    expect(found.nodes).toEqual([{ numa: 0, before: 0n, after: 0n, gain: 0n }]);
    expect(wouldReshuffle(found, 0n)).toBe(true);
  });

  it('does not trust itself where a queue would be on a foreign node', () => {
    const two = [...threads, { core: 3, numa: 1, intervalCycles: 1_000n }];
    const stranger = polled(3, 2, 5n, { numa: 7 });
    expect(dryRun(two, [polled(1, 1, 90n), stranger], terms).isRefused).toBe(true);
    expect(dryRun(threads, [polled(1, 1, 90n), stranger], terms).isRefused).toBe(false);
  });

  it('takes a thread without an ended interval for idle', () => {
    const fresh = threads.map((thread) => ({ ...thread, intervalCycles: 0n }));
    expect(dryRun(fresh, [polled(1, 1, 90n)], terms).nodes[0]?.before).toBe(0n);
  });
});

describe('a prediction', () => {
  it('counts what would be elsewhere, and what nobody would poll', () => {
    const rxqs = [rxq('a/0', 2, 600_000), rxq('b/0', 2, 300_000), rxq('c/0', 4, 100_000)];
    expect(predictOvs(input({ pmds: [pmd(2), pmd(4)], rxqs }), 'group', false)).toEqual({
      ...{ algorithm: 'group', moved: 1, unpolled: 0, maxUsagePpm: 600_000 },
    });
    const pinned = rxqs.map((each, i) => ({ ...each, pin: i === 1 ? null : ('operator' as const) }));
    expect(predictOvs(input({ pmds: [pmd(2), pmd(4)], rxqs: pinned }), 'group', true).unpolled).toBe(1);
  });

  it('numbers an empty host without a word', () => {
    expect(predictOvs(input({}), 'cycles', false)).toMatchObject({ moved: 0, maxUsagePpm: 0 });
    expect(ovsSchedule([], [polled(1, 1, 5n)], terms).assignments).toMatchObject([{ core: null }]);
  });
});
