import { describe, expect, it } from 'vitest';
import { type Advice, adviceOf } from '../../../../../server/remediation/advise/advice.ts';
import { outcomeOf } from '../../../../../server/remediation/advise/outcome.ts';
import { diagnose } from '../../../../../server/remediation/policy/diagnose.ts';
import type { DatapathReadings } from '../../../../../server/remediation/policy/readings.ts';
import { type AQueue, aDatapath, at } from '../policy/a-datapath.ts';

const cores = [2, 4, 6];
const before: readonly AQueue[] = [
  { id: 'vhu1/0', core: 2, usagePpm: 450_000 },
  { id: 'vhu2/0', core: 2, usagePpm: 440_000 },
  { id: 'vhu3/0', core: 2, usagePpm: 430_000 },
  { id: 'vhu4/0', core: 4, usagePpm: 100_000 },
  { id: 'vhu5/0', core: 6, usagePpm: 100_000 },
];

/** Both moves of it: vhu1 and vhu2 leave core 2. */
function advised(): Advice {
  const of = { host: 'cn1', datapath: 'netdev@ovs-netdev', at, engine: 'test', isolates: false };
  return adviceOf(diagnose(aDatapath({ queues: before, cores })), of);
}

/** As advised, with queues on other cores since eleven windows ago. */
function moved(to: Readonly<Record<string, number>>): DatapathReadings {
  const readings = aDatapath({ queues: before, cores });
  const after = aDatapath({ queues: before.map((queue) => ({ ...queue, core: to[queue.id] ?? queue.core })), cores });
  const first = readings.queues[0]?.slot ?? 0;
  return {
    ...after,
    queues: [
      ...readings.queues.filter(({ slot }) => slot === first),
      ...after.queues.filter(({ slot }) => slot > first),
    ],
    threads: [
      ...readings.threads.filter(({ to: end }) => end === first + 2),
      ...after.threads.filter(({ to: end }) => end > first + 2),
    ],
  };
}

describe('what came of advice', () => {
  const advice = advised();
  const moves = advice.plan?.decision === 'plan' ? advice.plan.moves : [];
  const [one, other] = moves;
  const came = (to: Readonly<Record<string, number>>) => outcomeOf(advice, 'id', moved(to));
  const targets = Object.fromEntries(moves.map(({ rxq, to }) => [rxq, to]));

  it('has two moves to be made', () => {
    expect(advice).toMatchObject({ decision: 'plan', diagnosis: 'overload' });
    expect(moves).toHaveLength(2);
  });

  it('all of it was done: what was predicted is what is seen where loads stay', () => {
    const predictedPpm = advice.plan?.decision === 'plan' ? advice.plan.predicted.maxUsagePpm : -1;
    const seen = { predictedPpm, observedPpm: predictedPpm, errorPpm: 0 };
    expect(came(targets)).toMatchObject({ advice: 'id', movesAdvised: 2, movesMade: 2, othersMoved: 0, ...seen });
  });

  it('half of it was done: predicted is what the placement that came about comes to', () => {
    const left = before.filter(({ id, core }) => core === 2 && id !== one?.rxq);
    const load = left.reduce((sum, { usagePpm }) => sum + Number(usagePpm), 0);
    const predictedPpm = Math.floor((load * 1_000_000) / 980_000);
    expect(came({ [one?.rxq ?? '']: one?.to ?? 0 })).toMatchObject({
      movesMade: 1,
      othersMoved: 0,
      predictedPpm,
      errorPpm: 0,
    });
  });

  it('others moved beside it: they are counted, and in what was predicted', () => {
    expect(came({ ...targets, 'vhu4/0': 2 })).toMatchObject({ movesMade: 2, othersMoved: 1, errorPpm: 0 });
  });

  it('a queue that went elsewhere is no move of the advice', () => {
    const elsewhere = other?.to === 4 ? 6 : 4;
    expect(came({ ...targets, [other?.rxq ?? '']: elsewhere })).toMatchObject({ movesMade: 1, othersMoved: 1 });
  });

  it('nothing was done: nothing came of it', () => {
    expect(came({})).toBeUndefined();
    expect(came({ 'vhu4/0': 6 })).toBeUndefined();
  });

  it('not yet: six windows behind it have to count', () => {
    const readings = moved(targets);
    const slots = [...new Set(readings.queues.map(({ slot }) => slot))];
    const until = (n: number) => {
      const last = slots[n - 1] ?? 0;
      return { ...readings, queues: readings.queues.filter(({ slot }) => slot <= last) };
    };
    // The first is from before the move, and the next two are too close behind it.
    expect(outcomeOf(advice, 'id', until(8))).toBeUndefined();
    expect(outcomeOf(advice, 'id', until(9))).toMatchObject({ movesMade: 2 });
  });

  it('advice without moves has none', () => {
    const calm = { ...advice, plan: null };
    expect(outcomeOf(calm, 'id', moved(targets))).toBeUndefined();
  });
});
