import { describe, expect, it } from 'vitest';
import { type GuardName, guards } from '../../../../../server/remediation/machine/guards.ts';
import type { Mode } from '../../../../../server/remediation/machine/state.ts';
import { type ExecutorRules, wholeExecutor } from '../../../../exploration/executor.ts';
import { type Explored, explore } from '../../../../exploration/explore.ts';
import type { InvariantName } from '../../../../exploration/invariants.ts';
import { disarmed } from '../../../../exploration/without.ts';
import { firstWorld, type Left } from '../../../../exploration/world.ts';

const once: Left = { faults: 1, breaches: 1 };

function walk(mode: Mode, left: Left, guard?: GuardName, rules: ExecutorRules = wholeExecutor): Explored {
  return explore(firstWorld(mode, left), { rules, guards: disarmed(guard) }, { statesMax: 50_000 });
}

describe('every world within the small bound', () => {
  it.each<[Mode, Left, { states: number; phases: number }]>([
    ['auto', { faults: 0, breaches: 2 }, { states: 50, phases: 10 }],
    ['auto', once, { states: 1_500, phases: 14 }],
    ['approve', once, { states: 1_500, phases: 15 }],
    ['advise', once, { states: 150, phases: 6 }],
  ])('keeps all rules: %s, %o', (mode, left, least) => {
    const { violation, isWhole, states, phases } = walk(mode, left);
    expect(violation).toBeNull();
    expect(isWhole).toBe(true);
    // Bounds that show that it went somewhere.
    expect(states).toBeGreaterThan(least.states);
    expect(phases.size).toBeGreaterThanOrEqual(least.phases);
  });

  it('of a machine that only advises writes nothing', () => {
    const { phases } = walk('advise', once);
    expect(['acquire', 'precheck', 'apply', 'rollback'].filter((name) => phases.has(name))).toEqual([]);
  });
});

/** What is found without it, and in which step. */
const missed: Partial<Record<GuardName, readonly [InvariantName, RegExp, Mode?]>> = {
  mayAct: ['I11 advice never writes', /^the intent is durable -> apply/],
  nobodyElse: ['I11 no command while killed, frozen or not alone', /^the intent is durable -> apply/],
  namesQueues: ['I14 nothing is meant by nothing', /^the intent is durable -> apply/],
  fewMoves: ['I8 few moves', /^the intent is durable -> apply/],
  sameNode: ['I5 targets are threads of the own node', /^the intent is durable -> apply/],
  sparesPins: ['I6 no command to move what an operator pinned', /^the intent is durable -> apply/],
  planFresh: ['plans are of now', /^the intent is durable -> apply/],
  hostUnchanged: ['plans are of this host', /^the intent is durable -> apply/],
  threadsRun: ['I7 no command when a thread was seen not to run', /^the intent is durable -> apply/],
  leaseLasts: ['I11 a lease is not at its end', /^the intent is durable -> apply/],
  intentDurable: ['I2 no command without a durable intent', /^the journal is full -> apply/],
};

/** Behind each of these another one stands: mode and phase, another guard, or the executor. */
const doubled: readonly GuardName[] = ['notKilled', 'scopeOpen', 'hostAnswers', 'wayBack'];
/** What they remember takes more changes than a small world has: `guards.test.ts` takes them one by one. */
const ofHistory: readonly GuardName[] = ['withinRate', 'undamped', 'notBarred', 'noReturn'];

describe('without a guard', () => {
  it.each(Object.entries(missed))('%s: the rule is broken, and it is found', (guard, [invariant, last]) => {
    const { violation } = walk('auto', once, guard as GuardName);
    expect(violation?.invariant).toBe(invariant);
    expect(violation?.trace.at(-1)).toMatch(last);
  });

  it.each(doubled)('%s: another one stands behind it', (guard) => {
    expect(walk('auto', once, guard)).toMatchObject({ violation: null, isWhole: true });
  });

  it('is known of each guard what stands behind it', () => {
    const known = [...Object.keys(missed), ...doubled, ...ofHistory].sort();
    expect(known).toEqual(Object.keys(guards).sort());
  });

  it.each<[keyof ExecutorRules, Left, InvariantName, RegExp]>([
    ['fences', once, 'I1 epochs never fall', /^the executor takes apply 1\.2: (committed|aborted)/],
    ['readsCount', once, 'I10 at the end nothing unproven stands', /-> idle/],
    ['compares', once, 'I2 the pre-image is what was there', /^the executor takes apply 1\.2: committed/],
    ['looksFirst', once, 'I7 no write to a thread that does not run', /^the executor takes apply 1\.2: committed/],
  ])('the executor without %s: found, too', (rule, left, invariant, last) => {
    const { violation } = walk('auto', left, undefined, { ...wholeExecutor, [rule]: false });
    expect(violation?.invariant).toBe(invariant);
    expect(violation?.trace.at(-1)).toMatch(last);
  });
});
