import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../../../server/remediation/policy/diagnose.ts';
import { diagnosedOf, plannedOf, windowsToTell } from '../../../../../server/remediation/policy/machine-events.ts';
import { type ADatapath, aDatapath, at } from './a-datapath.ts';

const collided = [
  { id: 'vhu1/0', core: 2, usagePpm: 500_000 },
  { id: 'vhu2/0', core: 2, usagePpm: 420_000 },
  { id: 'vhu3/0', core: 4, usagePpm: 200_000 },
];
const newest = at - 2;
const burning = { burning: [{ port: 'vhu1', lostPackets: 7n }] };
const toTell = (of: ADatapath, toldSlot: number | null = null) => {
  const readings = aDatapath(of);
  return windowsToTell(readings, diagnose(readings), toldSlot);
};
const reading = { kind: 'reading', span: 'window', isValid: true, isBurning: false } as const;

describe('windows that are told', () => {
  it('are the last two, each by itself, oldest first, and none twice', () => {
    const usual = Array.from({ length: 11 }, () => 500_000);
    const queues = [{ id: 'vhu1/0', core: 2, usagePpm: [...usual, 100_000] }, ...collided.slice(1)];
    const told = toTell({ queues });
    // floor of 920,000 and 520,000 in 980,000.
    expect(told).toEqual([
      { slot: newest - 5, reading: { ...reading, maxUsagePpm: 938_775 } },
      { slot: newest, reading: { ...reading, maxUsagePpm: 530_612 } },
    ]);
    expect(toTell({ queues }, newest - 5)).toEqual(told.slice(1));
    expect(toTell({ queues }, newest)).toEqual([]);
  });

  it('that were missed are told by the last calm one, which ends what was before', () => {
    const told = (usagePpm: readonly number[], toldSlot: number | null) =>
      toTell({ queues: [{ id: 'vhu1/0', core: 2, usagePpm }, ...collided.slice(1)] }, toldSlot).map(
        ({ slot, reading: of }) => [(slot ?? 0) - newest, of.maxUsagePpm],
      );
    const hot = (count: number) => Array.from({ length: count }, () => 500_000);
    const last = [
      [-5, 938_775],
      [0, 938_775],
    ];
    // floor of 520,000 in 980,000, six windows ago.
    const [before, calmed] = [newest - 40, [...hot(5), 100_000, ...hot(6)]];
    expect(told(calmed, before)).toEqual([[-30, 530_612], ...last]);
    expect(told(calmed, newest - 30)).toEqual(last);
    expect(told(hot(12), before)).toEqual(last);
    expect(told(calmed, null)).toEqual(last);
  });

  it('in which a share is not there are not known, and not calm', () => {
    const usual = Array.from({ length: 11 }, () => 100_000);
    const queues = [{ id: 'vhu1/0', core: 2, usagePpm: [...usual, null] }];
    const [last] = toTell({ queues, cores: [2] }, newest - 5);
    expect(last?.reading).toEqual({ ...reading, isValid: false, maxUsagePpm: null });
  });

  it('of a thread that calls itself full are hot, though nobody knows what others take from it', () => {
    const [last] = toTell({ queues: collided, over: { waits: [] } }, newest - 5);
    expect(last?.reading).toEqual({ ...reading, maxUsagePpm: 940_000 });
    const quiet = collided.map((queue) => ({ ...queue, usagePpm: 200_000 }));
    const [unknown] = toTell({ queues: quiet, over: { waits: [] } }, newest - 5);
    expect(unknown?.reading).toEqual({ ...reading, isValid: false, maxUsagePpm: null });
  });

  it('of a datapath that tells nothing any more say so each time, and burn if its service does', () => {
    const silent = { queues: collided, over: { at: at + 60 } };
    const none = { ...reading, isValid: false, maxUsagePpm: null };
    expect(toTell(silent, newest)).toEqual([{ slot: null, reading: none }]);
    const [told] = toTell({ ...silent, over: { ...silent.over, ...burning } }, newest);
    expect(told?.reading).toEqual({ ...none, isValid: true, isBurning: true });
  });
});

describe('what is answered', () => {
  const found = (of: ADatapath) => diagnose(aDatapath(of));

  it('is the cause by the busiest thread, and the first gate with the moves that it holds back', () => {
    const cause = { kind: 'diagnosed', cause: 'overload', subject: 'core 2' } as const;
    expect(diagnosedOf(found({ queues: collided }))).toEqual({ ...cause, heldBy: null });
    const settings = { isolate: null, autoLb: 'true' };
    expect(diagnosedOf(found({ queues: collided, settings }))).toEqual({ ...cause, heldBy: 'isolate vhu2/0>4' });
  });

  it('is held by nothing where there is nothing to hold', () => {
    const elephant = [{ id: 'vhu1/0', core: 2, usagePpm: 950_000 }];
    expect(diagnosedOf(found({ queues: elephant, settings: { isolate: null } }))).toMatchObject({
      cause: 'elephant',
      heldBy: null,
    });
  });

  it('is the plan with its moves, by a host that nobody read now', () => {
    const readings = aDatapath({ queues: collided });
    const { plan } = plannedOf(diagnose(readings), readings);
    expect(plan).toMatchObject({ moves: [{ rxq: 'vhu2/0', from: 2, to: 4 }], predictedMaxUsagePpm: 632_653 });
    expect([plan?.ageMs, plan?.host.unixctlMs]).toEqual([2_000, Number.MAX_SAFE_INTEGER]);
  });

  it('is why there is none', () => {
    const readings = aDatapath({ queues: collided, settings: { remediation: 'off' } });
    expect(plannedOf(diagnose(readings), readings)).toEqual({ kind: 'planned', plan: null, reason: 'frozen' });
    const unknown = aDatapath({ queues: collided, over: { waits: [] } });
    expect(plannedOf(diagnose(unknown), unknown)).toMatchObject({ plan: null, reason: 'noPlan' });
  });
});
