import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planJson } from '../../../../../server/remediation/plan-json.ts';
import { plan } from '../../../../../server/remediation/planner/plan.ts';
import { bestZ, bruteForce } from './brute-force.ts';
import { input, pmd, rxq, smallInputs, usualLimits } from './inputs.ts';

const runs = { numRuns: 3_000, seed: 9 };

describe('a plan', () => {
  it('is the one that trying every plan finds, move for move, or none for the same reason', () => {
    const plans = [0, 0, 0];
    fc.assert(
      fc.property(smallInputs(), (each) => {
        const told = plan(each);
        const all = bruteForce(each);
        expect(BigInt(told.before.maxUsagePpm)).toBe(all.before);
        if (told.decision === 'none' || all.decision === 'none') {
          expect(told).toMatchObject({
            decision: all.decision,
            ...(all.decision === 'none' ? { reason: all.reason } : {}),
          });
          return;
        }
        plans[told.moves.length] = (plans[told.moves.length] ?? 0) + 1;
        expect(told.moves).toEqual([...all.moves].sort((a, b) => (a.rxq < b.rxq ? -1 : 1)));
        expect(BigInt(told.predicted.maxUsagePpm)).toBe(all.after);
        expect(planJson(plan(each))).toBe(planJson(told));
      }),
      runs,
    );
    expect(plans[1]).toBeGreaterThan(200);
    expect(plans[2]).toBeGreaterThan(40);
  });

  it('has a bound that no placement whatsoever is below', () => {
    fc.assert(
      fc.property(smallInputs(), (each) => {
        const told = plan(each);
        if (told.decision === 'none') return;
        const { lowerBoundPpm, gapPpm } = told.certificate;
        expect(BigInt(lowerBoundPpm)).toBeLessThanOrEqual(bestZ(each));
        const beyond = BigInt(told.predicted.maxUsagePpm - lowerBoundPpm) * 1_000_000n;
        if (gapPpm === null) expect(lowerBoundPpm).toBe(0);
        else expect(BigInt(gapPpm) * BigInt(lowerBoundPpm)).toBeGreaterThanOrEqual(beyond);
      }),
      { numRuns: 400, seed: 10 },
    );
  });

  it('of three moves is acceptable, and better than every one of two', () => {
    fc.assert(
      fc.property(smallInputs({ maxMoves: 3 }), (each) => {
        const told = plan({ ...each, limits: { ...each.limits, maxMoves: 3 } });
        if (told.decision === 'none' || told.moves.length < 3) return;
        const two = bruteForce({ ...each, limits: { ...each.limits, maxMoves: 2 } });
        const all = bruteForce({ ...each, limits: { ...each.limits, maxMoves: 3 } });
        expect(all.decision).toBe('plan');
        if (two.decision === 'plan') expect(BigInt(told.predicted.maxUsagePpm)).toBeLessThan(two.after);
        if (all.decision === 'plan') expect(BigInt(told.predicted.maxUsagePpm)).toBeGreaterThanOrEqual(all.after);
      }),
      { numRuns: 600, seed: 11 },
    );
  });

  it('is told in the bytes of the format', () => {
    const rxqs = [rxq('vhu1/0', 2, 260_000), rxq('vhu2/0', 2, 710_000), rxq('vhu3/0', 4, 410_000)];
    expect(planJson(plan(input({ pmds: [pmd(2), pmd(4)], rxqs })))).toBe(
      '{"decision":"plan","moves":[{"rxq":"vhu1/0","from":2,"to":4}],"before":{"maxUsagePpm":970000},' +
        '"predicted":{"maxUsagePpm":710000},"certificate":{"lowerBoundPpm":710000,"gapPpm":0,"optimalForMoves":2}}',
    );
    const alone = input({ pmds: [pmd(2), pmd(4)], rxqs: [rxq('vhu1/0', 2, 970_000)] });
    expect(planJson(plan(alone))).toBe('{"decision":"none","reason":"elephant","before":{"maxUsagePpm":970000}}');
  });

  it('moves nothing where there is nothing: no threads, no queues, one thread, only pinned queues', () => {
    const none = (reason: string) => ({ decision: 'none', reason });
    expect(plan(input({}))).toMatchObject(none('notNeeded'));
    expect(plan(input({ burning: ['vhu1'] }))).toMatchObject(none('noAcceptablePlan'));
    expect(plan(input({ pmds: [pmd(2)], burning: ['vhu1'] }))).toMatchObject(none('noAcceptablePlan'));
    const pair = [rxq('vhu1/0', 2, 500_000), rxq('vhu1/1', 2, 450_000)];
    expect(plan(input({ pmds: [pmd(2)], rxqs: pair }))).toMatchObject(none('hostFull'));
    const pinned = pair.map((each) => ({ ...each, pin: 'operator' as const }));
    expect(plan(input({ pmds: [pmd(2), pmd(4)], rxqs: pinned }))).toMatchObject(none('noAcceptablePlan'));
    const elsewhere = input({ pmds: [pmd(2), pmd(4, 1)], rxqs: pair });
    expect(plan(elsewhere)).toMatchObject(none('hostFull'));
  });

  it('takes two moves where one does not settle it, and one where two would do no better', () => {
    const pmds = [pmd(1), pmd(2), pmd(3)];
    const heavy = [
      ...['a/0', 'b/0', 'c/0', 'd/0'].map((id) => rxq(id, 1, 240_000)),
      ...[rxq('e/0', 2, 450_000), rxq('f/0', 3, 460_000)],
    ];
    const one = plan(input({ pmds, rxqs: heavy }));
    expect(one).toMatchObject({ decision: 'plan', moves: [{ rxq: 'a/0', to: 2 }] });
    const lower = plan(input({ pmds, rxqs: heavy, limits: { ...usualLimits, settlePpm: 0 } }));
    expect(lower.decision === 'plan' && lower.moves.length).toBe(2);
  });
});
