import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWriting } from '../../../../../server/remediation/machine/effect.ts';
import type { MachineEvent } from '../../../../../server/remediation/machine/event.ts';
import { grants, initialState, type MachineState } from '../../../../../server/remediation/machine/state.ts';
import { dueInMs, step } from '../../../../../server/remediation/machine/step.ts';
import { aMoved, calm, hot, placedAt, Story, twoOnOne } from './story.ts';

describe('a suspicion', () => {
  it('takes two windows one after the other, or three of five seconds', () => {
    expect(new Story().tell(hot).tell(hot).phase).toBe('diagnose');
    expect(new Story().tell(hot).tell(calm).tell(hot).phase).toBe('suspect');
    const second = { ...hot, span: 'sample' } as const;
    const quiet = { ...calm, span: 'sample' } as const;
    const five = (...readings: readonly MachineEvent[]) =>
      readings.reduce<Story>((s, e) => s.tell(e), new Story()).phase;
    expect(five(second, quiet, second, quiet, second)).toBe('diagnose');
    expect(five(second, quiet, quiet, second, quiet, second)).toBe('suspect');
  });

  it('of what was over by the time that somebody looked leads to nothing', () => {
    const story = new Story().breaks('calm');
    expect([story.phase, story.all('advise')]).toEqual(['idle', []]);
  });

  it('is dropped after 30 s, and was none below 90 %', () => {
    expect(new Story().tell(hot).wait(29_999).phase).toBe('suspect');
    expect(new Story().tell(hot).wait(30_000).phase).toBe('idle');
    const warm = { ...calm, maxUsagePpm: 899_999 };
    expect(new Story().tell(warm).phase).toBe('idle');
    expect(new Story().tell({ ...warm, maxUsagePpm: 900_000 }).phase).toBe('suspect');
  });
});

describe('where there was no plan', () => {
  const none = (reason: string): MachineEvent => ({ kind: 'planned', plan: null, reason });

  it('it is looked for again after 15 s, after two hot windows as ever, and told once', () => {
    const story = new Story().breaks().tell(none('noAcceptablePlan'));
    expect(story.tell(hot, 14_999).tell(hot).phase).toBe('advised');
    expect(story.wait(1).phase).toBe('idle');
    expect(story.tell(hot).phase).toBe('suspect');
    expect(story.tell(hot, 5_000).phase).toBe('diagnose');
    story
      .tell({ kind: 'diagnosed', cause: 'overload', subject: 'core 1', heldBy: null })
      .tell(none('noAcceptablePlan'));
    expect(story.all('advise')).toHaveLength(1);
    expect(story.wait(15_000).breaks().plans().phase).toBe('acquire');
  });

  it('for one reason and then for another, each is told once', () => {
    const story = new Story();
    for (const reason of ['noAcceptablePlan', 'frozen', 'noAcceptablePlan', 'frozen'])
      story.breaks().tell(none(reason)).wait(15_000);
    story.breaks('theft').wait(15_000).breaks('theft');
    expect(story.all('advise').map(({ reason }) => reason)).toEqual(['noAcceptablePlan', 'frozen', 'theft']);
    // What is remembered of a breach without end is bounded.
    for (let i = 0; i < 40; i++)
      story
        .wait(15_000)
        .breaks()
        .tell(none(`reason ${i}`));
    expect(story.state.history.advised).toHaveLength(32);
  });

  it('is another thing than a plan that was told: that has its 10 min', () => {
    for (const story of [new Story('advise').breaks().plans(), new Story().breaks().plans({ moves: [] })]) {
      expect(story.all('advise')[0]?.proposal).not.toBeNull();
      expect(story.wait(599_999).phase).toBe('advised');
      expect(story.wait(1).phase).toBe('idle');
    }
  });
});

describe('an approval', () => {
  const decided = (isApproved = true, proposal = 'p1'): MachineEvent => {
    return { kind: 'decided', proposal, isApproved, by: 'ann' };
  };

  it('in time goes straight on; later the same moves are planned anew', () => {
    expect(new Story('approve').breaks().plans().tell(decided(), 1_000).phase).toBe('acquire');
    const late = new Story('approve').breaks().plans().tell(decided(), 60_000);
    expect(late.phase).toBe('plan');
    expect(late.plans({ id: 'p2' }).phase).toBe('acquire');
    expect(late.isGranted().isChecked().isWritten().writes).toHaveLength(1);
  });

  it('does not hold for other moves, nor for another proposal', () => {
    const story = new Story('approve').breaks().plans().tell(decided(), 60_000);
    expect(story.plans({ id: 'p2', moves: [{ rxq: 'b', from: 1, to: 2 }] }).phase).toBe('await');
    expect(story.all('askApproval')).toHaveLength(2);
    expect(story.tell(decided()).phase).toBe('await');
  });

  it('that does not come, or is a no, ends it', () => {
    const denied = new Story('approve').breaks().plans().tell(decided(false));
    expect(denied.phase).toBe('cooldown');
    const silent = new Story('approve')
      .breaks()
      .plans()
      .wait(15 * 60_000);
    expect(silent.phase).toBe('cooldown');
    expect(silent.last('withdrawRequest').proposal).toBe('p1');
  });

  it('is not asked for what may not be done', () => {
    expect(new Story('approve').breaks().plans({ moves: [] }).phase).toBe('advised');
  });
});

describe('a command', () => {
  it('goes out after its intent is durable, and not after another one', () => {
    const story = new Story().breaks().plans().isGranted().isChecked();
    expect(story.writes).toEqual([]);
    story.tell({ kind: 'journalled', intent: '7.0', isDurable: true });
    expect(story.writes).toEqual([]);
    expect(story.last('journal').entry.what).toBe('abandoned');
  });

  it('does not go out for an earlier intent, whose answer comes late', () => {
    const story = new Story().breaks().plans().isGranted().isChecked();
    const { intent } = story.last('journalIntent').action;
    story.wait(3_000).wait(30_000).breaks().plans({ id: 'p2' }).isGranted().isChecked();
    expect(story.last('journalIntent').action.intent).not.toBe(intent);
    expect(story.tell({ kind: 'journalled', intent, isDurable: true }).writes).toEqual([]);
  });

  it('does not go out when the journal cannot be written (F24), or a lock is not given', () => {
    const full = new Story().breaks().plans().isGranted().isChecked();
    full.tell({ kind: 'journalled', intent: full.last('journalIntent').action.intent, isDurable: false });
    expect([full.phase, full.last('advise').reason]).toEqual(['advised', 'intentDurable']);
    const refused = new Story().breaks().plans().tell({ kind: 'refused', what: 'fleetToken', proposal: 'p1' });
    expect(refused.phase).toBe('cooldown');
    expect(new Story().breaks().plans().wait(3_000).phase).toBe('cooldown');
    expect([...full.writes, ...refused.writes]).toEqual([]);
  });

  it('with less than 5 s of its lease left stays here', () => {
    const leased = (forMs: number) => new Story().breaks().plans().isGranted().tell({ kind: 'lease', epoch: 7, forMs });
    const short = leased(4_999).isChecked();
    expect([short.phase, short.all('journalIntent')]).toEqual(['cooldown', []]);
    const late = leased(5_000).isChecked().wait(1).isWritten();
    expect([late.phase, late.writes]).toEqual(['cooldown', []]);
    expect(leased(5_000).isChecked().isWritten().writes).toHaveLength(1);
  });

  it('whose outcome is unknown is looked for, under a number of its own', () => {
    const story = new Story().applies().comesTo('unknown');
    expect(story.phase).toBe('reconcile');
    expect(story.last('readPlacement').command.seq).toBeGreaterThan(story.last('apply').command.seq);
    expect(story.isRead(aMoved).phase).toBe('settle');
    expect(new Story().applies().wait(5_000).isRead(twoOnOne).phase).toBe('cooldown');
    expect(
      new Story()
        .applies()
        .wait(5_000)
        .isRead(placedAt({ a: 2, b: 2 })).phase,
    ).toBe('rollback');
  });

  it('that nobody can tell the outcome of is asked for again, and after 10 s left to a human', () => {
    const story = new Story().applies().wait(5_000).isRead(null);
    for (const _ of [1, 2, 3]) expect(story.wait(2_500).isRead(null).phase).toBe('reconcile');
    expect(story.all('readPlacement')).toHaveLength(4);
    expect(story.wait(2_500).phase).toBe('halt');
    const second = new Story().applies().wait(5_000).wait(2_500);
    expect(second.isRead(aMoved, second.all('readPlacement')[0]?.command).phase).toBe('reconcile');
    expect(second.isRead(aMoved).phase).toBe('settle');
  });

  it('that the host refuses (F21) is given up, for now', () => {
    const story = new Story().applies().comesTo('refused');
    expect([story.phase, story.last('release').proposal]).toEqual(['cooldown', 'p1']);
  });

  it('is answered once: what comes late or twice changes nothing', () => {
    const story = new Story().applies();
    const { command } = story.last('apply');
    story.comesTo('committed');
    const before = story.state.phase;
    for (const result of ['committed', 'aborted', 'refused', 'unknown'] as const)
      story.tell({ kind: 'outcome', command, result });
    story.isRead(twoOnOne, command);
    expect(story.state.phase).toEqual(before);
  });
});

describe('a change', () => {
  it('that leaves a queue unpolled, or moves another one, is undone', () => {
    for (const host of [
      placedAt({ a: 2, b: 2 }),
      { ...aMoved, queues: aMoved.queues.map((q) => ({ ...q, core: q.id === 'b' ? null : q.core })) },
    ])
      expect(new Story().applies().comesTo('committed').isRead(host).phase).toBe('rollback');
  });

  it('that nobody shows to have helped is undone', () => {
    expect(new Story().verifies().wait(30_000).phase).toBe('rollback');
    expect(new Story().verifies().isMeasured('unknown', null).phase).toBe('rollback');
    expect(new Story().verifies().isMeasured('good', null).phase).toBe('rollback');
    expect(new Story().applies().comesTo('committed').wait(10_000).phase).toBe('rollback');
    // Shown, but the host does not hear of it: it would undo it by itself.
    expect(new Story().verifies().isMeasured('good').wait(30_000).phase).toBe('rollback');
  });

  it('is not shown by what was measured of others', () => {
    const story = new Story().verifies();
    const { intent } = story.last('apply');
    story.tell({ kind: 'measured', intent, of: 'guards', verdict: 'good', observedMaxUsagePpm: 1 });
    expect(story.all('confirm')).toEqual([]);
    expect(story.tell({ kind: 'measured', intent, of: 'guards', verdict: 'worse', observedMaxUsagePpm: 1 }).phase).toBe(
      'rollback',
    );
  });

  it('that did not help is kept, and nothing more is tried for its cause', () => {
    const story = new Story().verifies().isMeasured('ineffective', 900_000).isConfirmed();
    expect(story.wait(900_000).phase).toBe('idle');
    story.breaks().plans({ id: 'p2', moves: [{ rxq: 'b', from: 1, to: 2 }] });
    expect(story.last('advise').reason).toBe('notBarred');
  });

  it('that the host undid by itself is taken for undone', () => {
    const story = new Story().verifies().isMeasured('good').isConfirmed(false);
    expect(story.last('journal').entry.what).toBe('restored');
  });

  it('is watched for 5 min, and undone if it turns out badly, whatever goes on', () => {
    const good = () => new Story().verifies().isMeasured('good').isConfirmed();
    expect(good().wait(200_000).isMeasured('worse').phase).toBe('rollback');
    expect(good().wait(120_000).breaks().isMeasured('worse').phase).toBe('rollback');
    expect(good().wait(300_000).isMeasured('worse').phase).toBe('idle');
  });

  it('after which the switch does not answer is left to a human', () => {
    expect(new Story().applies().comesTo('committed').isRead(null).phase).toBe('halt');
  });
});

describe('a kill switch', () => {
  it('before the command ends it, after it lets it be seen to its end', () => {
    const killed: MachineEvent = { kind: 'killed', by: 'fleet' };
    const before = new Story().breaks().plans().isGranted().isChecked().tell(killed);
    expect([before.phase, before.isWritten().writes]).toEqual(['idle', []]);
    const after = new Story().verifies().tell(killed);
    expect(after.phase).toBe('verify');
    expect(after.isMeasured('worse').writes).toHaveLength(2);
    after.comesTo('committed', 'rollback').isRead(twoOnOne).wait(900_000);
    expect(after.breaks().phase).toBe('idle');
    expect(after.tell({ kind: 'cleared', by: 'ann' }).breaks().phase).toBe('plan');
  });
});

describe('another hand, another leader', () => {
  it('F18 a pin of somebody else: stand off, and in the midst of a change halt', () => {
    const foreign: MachineEvent = { kind: 'foreign', what: 'pin' };
    expect(new Story().breaks().plans().isGranted().tell(foreign).phase).toBe('cooldown');
    expect(new Story().verifies().tell(foreign).phase).toBe('halt');
    const resting = new Story().verifies().isMeasured('good').isConfirmed().tell(foreign);
    expect(resting.isMeasured('worse').phase).toBe('cooldown');
  });

  it('a lost lease ends what was not written, and leaves what was to whoever leads next', () => {
    expect(new Story().breaks().plans().isGranted().tell({ kind: 'leaseLost' }).phase).toBe('cooldown');
    const story = new Story().verifies().tell({ kind: 'leaseLost' }).isMeasured('worse').wait(3_600_000);
    expect([story.phase, dueInMs(story.state)]).toEqual(['verify', null]);
    story.tell({ kind: 'lease', epoch: 8, forMs: 60_000 });
    expect([story.phase, story.last('readPlacement').command]).toEqual(['reconcile', { epoch: 8, seq: 1 }]);
  });

  it('a rollback that another leader takes up is still one', () => {
    const story = new Story().verifies().isMeasured('worse').tell({ kind: 'recovered' });
    story.tell({ kind: 'lease', epoch: 8, forMs: 60_000 }).isRead(aMoved);
    expect(story.phase).toBe('rollback');
  });

  it('an epoch that is over is not taken again', () => {
    const story = new Story().tell({ kind: 'leaseLost' }).tell({ kind: 'lease', epoch: 6, forMs: 60_000 });
    expect([story.state.epoch, story.state.lease]).toEqual([7, null]);
  });

  it('time in which nobody ran does not pass, whatever the clock says', () => {
    const story = new Story().verifies().isMeasured('good').isConfirmed();
    story.now = 5;
    story.tell({ kind: 'recovered' }).wait(119_999);
    expect(story.phase).toBe('cooldown');
    expect(story.wait(1).phase).toBe('idle');
    // A clock that goes back is none: no time has passed.
    story.now = 0;
    expect(story.tell(hot).state.clock).toMatchObject({ read: 0 });
  });
});

/** A change from its beginning to where it is measured. */
const road: readonly MachineEvent[] = [
  ...[hot, hot],
  { kind: 'diagnosed', cause: 'overload', subject: 'core 1', heldBy: null },
  {
    ...{ kind: 'planned', reason: '' },
    plan: { id: 'p1', moves: [{ rxq: 'a', from: 1, to: 2 }], predictedMaxUsagePpm: 7, host: twoOnOne, ageMs: 0 },
  },
  { kind: 'decided', proposal: 'p1', isApproved: true, by: 'ann' },
  ...grants.map((what) => ({ kind: 'granted', what, proposal: 'p1' }) as const),
  { kind: 'prechecked', proposal: 'p1', host: twoOnOne },
  { kind: 'journalled', intent: '1.1', isDurable: true },
  { kind: 'outcome', command: { epoch: 1, seq: 2 }, result: 'committed' },
  { kind: 'placement', command: { epoch: 1, seq: 3 }, host: aMoved },
  { kind: 'measured', intent: '1.1', of: 'guards', verdict: 'worse', observedMaxUsagePpm: null },
];

const command = fc.record({ epoch: fc.integer({ min: 1, max: 2 }), seq: fc.integer({ min: 1, max: 4 }) });
/** Anything whatsoever, also what nobody would say. */
const stray: fc.Arbitrary<MachineEvent> = fc.oneof(
  fc.constantFrom<MachineEvent[]>(
    ...([{ kind: 'tick' }, { kind: 'recovered' }, { kind: 'leaseLost' }, hot, calm] as const),
    ...([1, 2] as const).map((epoch) => ({ kind: 'lease', epoch, forMs: 60_000 }) as const),
    ...([
      { kind: 'killed', by: 'host' },
      { kind: 'cleared', by: 'ann' },
      { kind: 'foreign', what: 'mask' },
    ] as const),
  ),
  fc.constantFrom(...road),
  fc.record({
    ...{ kind: fc.constant('outcome' as const), command },
    result: fc.constantFrom('committed' as const, 'aborted' as const, 'refused' as const, 'unknown' as const),
  }),
  fc.record({
    ...{ kind: fc.constant('placement' as const), command },
    host: fc.constantFrom(twoOnOne, aMoved, placedAt({ b: 2 }), null),
  }),
);
/** Null: the next one of the road. */
const told = fc.tuple(
  fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: stray }),
  fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(100, 5_000, 900_000) }),
);
const modes = fc.constantFrom('auto' as const, 'approve' as const, 'advise' as const);

it('gives the same for the same, leaves what it is given, and never goes back in time or epoch', () => {
  let writes = 0;
  fc.assert(
    fc.property(fc.array(told, { minLength: 8, maxLength: 40 }), modes, (events, mode) => {
      let state: MachineState = { ...initialState, mode, cleanPlans: 20 };
      let [now, next] = [0, 0];
      state = step(state, { kind: 'lease', epoch: 1, forMs: 1e9 }, { now }).state;
      for (const [event, ms] of events) {
        now += ms;
        const text = JSON.stringify(state);
        const heard = event ?? road[next++ % road.length] ?? { kind: 'tick' };
        const once = step(state, heard, { now });
        expect(JSON.stringify(state)).toBe(text);
        expect(step(JSON.parse(text) as MachineState, heard, { now })).toEqual(once);
        expect(once.state.epoch).toBeGreaterThanOrEqual(state.epoch);
        expect(once.state.clock.own).toBeGreaterThanOrEqual(state.clock.own);
        const written = once.effects.filter(isWriting).length;
        if (mode === 'advise') expect(written).toBe(0);
        writes += written;
        state = once.state;
      }
    }),
    { seed: 12, numRuns: 600 },
  );
  expect(writes).toBeGreaterThan(100);
});
