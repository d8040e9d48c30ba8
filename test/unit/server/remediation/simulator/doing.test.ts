import { describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../../../../server/remediation/machine/event.ts';
import { DoingOf } from '../../../../../server/remediation/simulator/doing.ts';
import { aMoved, calm, hot, Story, twoOnOne } from '../machine/story.ts';

/** A machine that is followed from its beginning. */
class Followed extends Story {
  readonly doing = new DoingOf();

  override tell(event: MachineEvent, afterMs = 0): this {
    const { state: before, effects } = this;
    const known = effects.length;
    super.tell(event, afterMs);
    // The lease is told before the follower is there.
    this.doing?.stepped({ before, after: this.state, effects: effects.slice(known) });
    return this;
  }

  get at(): string {
    const { phase, reason } = this.doing.now(this.state);
    return reason === null ? phase : `${phase} ${reason}`;
  }
}

const none = { kind: 'planned', plan: null, reason: 'noAcceptablePlan' } as const;

describe('what a repair is doing', () => {
  it('is why there was no plan, until a window is calm or there is one', () => {
    const story = new Followed().breaks().tell(none);
    expect(story.at).toBe('advised noAcceptablePlan');
    expect([story.wait(15_000).phase, story.at]).toEqual(['idle', 'advised noAcceptablePlan']);
    expect([story.tell(hot).phase, story.at]).toEqual(['suspect', 'advised noAcceptablePlan']);
    const over = new Followed().breaks().tell(none).wait(15_000).tell(calm);
    expect([over.at, over.tell(hot).at]).toEqual(['idle', 'suspect']);
    story.tell(hot, 5_000).tell({ kind: 'diagnosed', cause: 'overload', subject: 'core 1', heldBy: null });
    expect(story.plans().at).toBe('acquire');
  });

  it('is the guard that held a plan', () => {
    expect(new Followed().breaks().plans({ moves: [] }).at).toBe('advised namesQueues');
  });

  it('is what it rests from', () => {
    const done = () => new Followed().applies().comesTo('committed').isRead(aMoved).wait(10_000);
    expect(done().isMeasured('good').isConfirmed().at).toBe('cooldown afterSuccess');
    expect(done().isMeasured('ineffective', 900_000).isConfirmed().at).toBe('cooldown didNotHelp');
    const undone = done().isMeasured('worse');
    expect(undone.at).toBe('rollback');
    expect(undone.comesTo('committed', 'rollback').isRead(twoOnOne).at).toBe('cooldown undone');
    expect(new Followed().applies().comesTo('refused').at).toBe('cooldown notBegun');
  });

  it('is whom it waits for, and why', () => {
    const asked = new Followed('approve').breaks().plans();
    expect(asked.at).toBe('await predictions');
    expect(asked.wait(15 * 60_000).at).toBe('cooldown notApproved');
    const { state } = new Followed();
    const forced = new Followed('auto', { history: { ...state.history, approvalForcedUntilAt: 1e9 } });
    expect(forced.breaks().plans().at).toBe('await afterSuppression');
  });
});
