import { describe, expect, it } from 'vitest';
import type { History, MachineState } from '../../../../../server/remediation/machine/state.ts';
import { initialState } from '../../../../../server/remediation/machine/state.ts';
import { Story, twoOnOne } from './story.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** A machine a week old, with a past. */
function withPast(history: Partial<History>, more: Partial<MachineState> = {}): Story {
  const clock = { own: 7 * day, read: 0 };
  return new Story('auto', { clock, history: { ...initialState.history, ...history }, ...more });
}

function reasonOf(story: Story): string | null {
  story.breaks().plans();
  return story.is('acquire') ? null : story.last('advise').reason;
}

const now = 7 * day;
const fingerprint = 'overload core 1 a:1>2';

describe('what a machine remembers', () => {
  it.each<[string, Partial<History>, string | null]>([
    ['nothing', {}, null],
    ['6 changes within an hour', { appliedAt: Array(6).fill(now - hour + 60_000) }, 'withinRate'],
    ['6 changes an hour ago', { appliedAt: Array(6).fill(now - hour) }, null],
    ['20 changes within a day', { appliedAt: Array(20).fill(now - day + 60_000) }, 'withinRate'],
    ['20 changes a day ago', { appliedAt: Array(20).fill(now - day) }, null],
    ['a penalty that one more would bring too high', { penalty: { points: 2_050, chargedAt: now } }, 'undamped'],
    ['a penalty that has decayed', { penalty: { points: 2_050, chargedAt: now - hour } }, null],
    ['this plan, which was undone', { barred: [{ key: fingerprint, endsAt: now + hour }] }, 'notBarred'],
    ['this cause, which nothing helped', { barred: [{ key: 'overload core 1', endsAt: now + hour }] }, 'notBarred'],
    ['another plan', { barred: [{ key: `${fingerprint}0`, endsAt: now + hour }] }, null],
    ['a plan that is not barred any more', { barred: [{ key: fingerprint, endsAt: now }] }, null],
    ['that this queue left that core', { departures: [{ rxq: 'a', core: 2, endsAt: now + hour }] }, 'noReturn'],
    ['that another queue left it', { departures: [{ rxq: 'b', core: 2, endsAt: now + hour }] }, null],
    ['that it left it long ago', { departures: [{ rxq: 'a', core: 2, endsAt: now }] }, null],
    ['a foreign hand', { foreignAt: now - 590_000 }, 'nobodyElse'],
    ['a foreign hand (F18) ten minutes ago', { foreignAt: now - 600_000 }, null],
  ])('%s', (_, history, reason) => {
    expect(reasonOf(withPast(history))).toBe(reason);
  });

  it('is forgotten in time: no list grows without end', () => {
    const old = { key: 'x', endsAt: 1 };
    const story = withPast({ barred: [old], departures: [{ rxq: 'x', core: 1, endsAt: 1 }], appliedAt: [1] });
    story.applies().comesTo('committed').isMeasured('worse');
    const { barred, departures, appliedAt } = story.state.history;
    expect([barred.length, departures.length, appliedAt.length]).toEqual([1, 1, 1]);
    expect(barred[0]?.key).toBe(fingerprint);
  });
});

describe('the mode that holds', () => {
  it.each<[string, Story]>([
    ['approve, because 20 clean plans are not there', new Story('auto', { cleanPlans: 19 })],
    ['approve, after a suppression', withPast({ approvalForcedUntilAt: now + day })],
    ['approve, when predictions were wrong', withPast({ errorsPpm: [0, 0, 0, 0, 750_001] })],
  ])('%s', (_, story) => {
    expect(story.breaks().plans().phase).toBe('await');
  });

  it('is auto with predictions within 15 % in the mean, and when the day after a suppression is over', () => {
    expect(reasonOf(withPast({ errorsPpm: [0, 0, 0, 0, 750_000], approvalForcedUntilAt: now }))).toBeNull();
  });

  it('is auto as long as too few verdicts are there for a mean', () => {
    expect(reasonOf(withPast({ errorsPpm: [400_000, 400_000, 400_000, 400_000] }))).toBeNull();
  });

  it('is advice while the scope has tripped', () => {
    const story = new Story().tell({ kind: 'scope', frozen: false, adviseOnly: true });
    expect(reasonOf(story)).toBe('advise');
  });

  it('is off: nothing is even suspected', () => {
    expect(new Story('off').breaks().phase).toBe('idle');
    expect(new Story().tell({ kind: 'killed', by: 'ovsdb' }).breaks().phase).toBe('idle');
  });
});

describe('a plan as it comes', () => {
  it.each([
    ['fewMoves', { moves: ['a', 'b'].map((rxq) => ({ rxq, from: 1, to: 2 })) }],
    ['sameNode', { moves: [{ rxq: 'a', from: 1, to: 3 }] }],
    ['sameNode', { moves: [{ rxq: 'a', from: 1, to: 9 }] }],
    ['sparesPins', { moves: [{ rxq: 'c', from: 2, to: 1 }] }],
  ])('%s: %o', (reason, more) => {
    expect(new Story().breaks().plans(more).last('advise').reason).toBe(reason);
  });

  it('of two moves is taken where there are queues enough', () => {
    const more = Array.from({ length: 5 }, (_, i) => ({ id: `z${i}`, numa: 0, core: 2, pin: null }));
    const host = { ...twoOnOne, queues: [...twoOnOne.queues, ...more] };
    const moves = ['a', 'b'].map((rxq) => ({ rxq, from: 1, to: 2 }));
    expect(new Story().breaks().plans({ host, moves }).phase).toBe('acquire');
  });

  it('made from old readings is planned again, and then told', () => {
    const story = new Story().breaks().plans({ ageMs: 5_001 });
    expect(story.phase).toBe('plan');
    expect(story.plans({ ageMs: 5_001 }).plans({ ageMs: 5_001 }).last('advise').reason).toBe('planFresh');
  });
});

describe('the host as it is read before', () => {
  it.each([
    ['hostAnswers', { ...twoOnOne, unixctlMs: 1_001 }],
    ['threadsRun', { ...twoOnOne, pmds: twoOnOne.pmds.map((pmd) => ({ ...pmd, runDelayPpm: 1_001 })) }],
  ])('%s', (reason, host) => {
    expect(new Story().breaks().plans().isGranted().isChecked(host).last('advise').reason).toBe(reason);
  });

  it('may have a thread that does not run, if it need not answer', () => {
    const pmds = twoOnOne.pmds.map((pmd) => ({ ...pmd, runDelayPpm: pmd.core === 3 ? 90_000 : 1_000 }));
    const story = new Story()
      .breaks()
      .plans()
      .isGranted()
      .isChecked({ ...twoOnOne, pmds });
    expect(story.phase).toBe('precheck');
    expect(story.last('journalIntent').action.preImage.pmds).toEqual(pmds);
  });
});
