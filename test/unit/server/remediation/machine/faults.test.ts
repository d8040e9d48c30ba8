import { describe, expect, it } from 'vitest';
import { aMoved, calm, hot, placedAt, Story, twoOnOne } from './story.ts';

/** Faults of the design (research: remediation 5.4), by their numbers, and what is to come of each. */
describe('what a diagnosis says', () => {
  it.each([
    ['F3 interrupts or a thief on the thread', 'theft', null, 'theft'],
    ['F4 one queue is too much for any thread', 'elephant', null, 'elephant'],
    ['F5 the host is full', 'hostFull', null, 'hostFull'],
    ['the loss is above this host', 'upstream', null, 'upstream'],
    ['F19 readings that nobody understands', 'unknown', null, 'unknown'],
    ['F23 latency of a thread that sleeps', 'overload', 'sleeping', 'sleeping'],
    ['pins isolate their threads', 'overload', 'isolate', 'isolate'],
  ] as const)('%s: it is told, once, and nothing is written', (_, cause, heldBy, reason) => {
    const story = new Story().breaks(cause, heldBy);
    expect(story.phase).toBe('advised');
    expect(story.last('advise')).toMatchObject({ reason, proposal: null });
    // The advice is over, the breach is not: the same again is nothing new.
    story.wait(600_000).breaks(cause, heldBy);
    expect(story.phase).toBe('advised');
    expect(story.all('advise')).toHaveLength(1);
    // Nor is it behind a moment of calm, but once all was calm for a minute.
    story.tell(calm).breaks(cause, heldBy);
    expect(story.all('advise')).toHaveLength(1);
    story.tell(calm).tell(calm, 60_000).breaks(cause, heldBy);
    expect(story.all('advise')).toHaveLength(2);
    expect(story.writes).toEqual([]);
  });

  it('F19 windows that are not valid confirm nothing, and are not calm either', () => {
    const unknown = { ...hot, isValid: false };
    const story = new Story().tell(unknown).tell(hot).tell(unknown, 5_000).tell(hot, 5_000);
    expect(story.phase).toBe('suspect');
    expect(story.tell(hot, 5_000).phase).toBe('diagnose');
    expect(new Story().breaks('theft').tell({ ...calm, isValid: false }).phase).toBe('advised');
    expect(new Story().breaks('theft').tell({ ...calm, maxUsagePpm: null }).phase).toBe('advised');
  });

  it('F19 a thread whose delay was not read may be one that does not run', () => {
    const host = { ...twoOnOne, pmds: twoOnOne.pmds.map((pmd) => ({ ...pmd, runDelayPpm: null })) };
    const story = new Story().breaks().plans({ host }).isGranted().isChecked(host);
    expect(story.last('advise').reason).toBe('threadsRun');
    expect(story.writes).toEqual([]);
  });
});

describe('a plan that is carried out', () => {
  it('F6 two queues collide: one moves, and it is shown to help', () => {
    const story = new Story().verifies().isMeasured('good').isConfirmed();
    expect(story.phase).toBe('cooldown');
    expect(story.writes).toMatchObject([{ kind: 'apply', moves: [{ rxq: 'a', from: 1, to: 2 }], preImage: twoOnOne }]);
    const verified = { what: 'verified', predictedMaxUsagePpm: 710_000, observedMaxUsagePpm: 720_000 };
    expect(story.last('journal').entry).toMatchObject(verified);
    expect(story.wait(120_000).phase).toBe('idle');
  });

  it('F7 a port is added before the command: planned again, at most twice', () => {
    const added = { ...twoOnOne, queues: [...twoOnOne.queues, { id: 'd', numa: 0, core: 2, pin: null }] };
    const story = new Story().breaks().plans().isGranted().isChecked(added);
    expect(story.phase).toBe('plan');
    story.plans({ id: 'p2' }).isGranted().isChecked(added).plans({ id: 'p3' }).isGranted().isChecked(added);
    expect(story.last('advise').reason).toBe('hostUnchanged');
    expect(story.all('acquire')).toHaveLength(3);
    expect(story.all('release')).toHaveLength(3);
    expect(story.writes).toEqual([]);
  });

  it('F7 a port is added while it is written: the transaction aborts, and it is planned again', () => {
    expect(new Story().applies().comesTo('aborted').phase).toBe('plan');
  });

  it('F14 another tenant gets worse: undone within 10 s, and not tried again', () => {
    const story = new Story().applies().comesTo('committed').isRead(aMoved).isMeasured('worse');
    expect(story.last('rollback')).toMatchObject({ preImage: twoOnOne, expiresInMs: 10_000 });
    story.comesTo('committed', 'rollback').isRead(twoOnOne);
    expect(story.phase).toBe('cooldown');
    expect(story.last('journal').entry.what).toBe('restored');
    story.wait(3_600_000).breaks().plans({ id: 'p9' });
    expect(story.last('advise').reason).toBe('notBarred');
    expect(story.all('apply')).toHaveLength(1);
  });

  it('F14 a rollback that nobody confirms within 10 s halts', () => {
    const story = new Story().applies().comesTo('committed').isRead(aMoved).isMeasured('worse').wait(10_000);
    expect(story.phase).toBe('halt');
    expect(story.all('rollback')).toHaveLength(1);
  });

  it('F15 the core to go back to is gone: halted, a human is called, nothing is written', () => {
    const gone = { ...placedAt({ b: 2 }), pmds: twoOnOne.pmds.filter(({ core }) => core !== 1) };
    const story = new Story().applies().comesTo('committed').isRead(gone);
    expect(story.phase).toBe('halt');
    expect(story.last('alarm').what).toBe('halted: rollback: wayBack');
    expect(story.all('rollback')).toEqual([]);
    expect(story.breaks().phase).toBe('halt');
    expect(story.tell({ kind: 'cleared', by: 'ann' }).phase).toBe('idle');
    expect(story.last('release').proposal).toBe('p1');
  });

  it('F20 the machine is deleted meanwhile: moot, and let go', () => {
    const deleted = { ...twoOnOne, queues: twoOnOne.queues.filter(({ id }) => id !== 'a') };
    const story = new Story().applies().comesTo('committed').isRead(deleted).isConfirmed();
    expect(story.last('journal').entry.what).toBe('moot');
    expect(story.last('release').proposal).toBe('p1');
    const later = new Story().verifies().isMeasured('moot', null).isConfirmed();
    expect(later.last('journal').entry.what).toBe('moot');
    expect(later.state.history.errorsPpm).toEqual([]);
  });

  it('F22 an empty plan means nothing', () => {
    const story = new Story().breaks().plans({ moves: [] });
    expect(story.last('advise').reason).toBe('namesQueues');
    expect(story.writes).toEqual([]);
  });

  it.each([
    ['a queue that is not there', [{ rxq: '*', from: 1, to: 2 }]],
    ['a queue that is elsewhere', [{ rxq: 'a', from: 2, to: 1 }]],
    ['one queue to two places', ['a', 'a'].map((rxq) => ({ rxq, from: 1, to: 2 }))],
  ])('F22 a plan for %s means nothing either', (_, moves) => {
    expect(new Story().breaks().plans({ moves }).last('advise').reason).toBe('namesQueues');
  });
});

describe('many at once, and again and again', () => {
  it.each([20, 60, 120, 200, 300])(
    'F16 load that comes and goes every %i s is left alone after at most 3 changes',
    (seconds) => {
      const story = new Story();
      for (let at = 0; at < 3_600; at += 5) {
        const isHigh = at % seconds < Math.max(15, seconds / 2);
        story.tell(isHigh ? hot : calm, 5_000);
        if (story.is('diagnose')) story.tell({ kind: 'diagnosed', cause: 'overload', subject: 'core 1', heldBy: null });
        if (!story.is('plan')) continue;
        // Always another queue, so that only damping stands in the way.
        const rxq = `q${story.all('apply').length}`;
        const host = { ...twoOnOne, queues: [{ id: rxq, numa: 0, core: 1, pin: null }] };
        const moved = { ...host, queues: [{ id: rxq, numa: 0, core: 2, pin: null }] };
        story.plans({ id: rxq, host, moves: [{ rxq, from: 1, to: 2 }] });
        if (!story.is('acquire')) continue;
        story.isGranted().isChecked(host).isWritten().comesTo('committed').isRead(moved).wait(10_000);
        story.isMeasured('good').isConfirmed();
      }
      expect(story.all('apply').length).toBeGreaterThan(0);
      expect(story.all('apply').length).toBeLessThanOrEqual(3);
      expect(story.all('alarm')).toContainEqual({ kind: 'alarm', what: 'suppressed' });
    },
  );

  it('F17 a common cause: every host advises, none is changed', () => {
    const story = new Story().tell({ kind: 'scope', frozen: true, adviseOnly: false }).breaks().plans();
    expect(story.phase).toBe('advised');
    const late = new Story().breaks().plans().isGranted().tell({ kind: 'scope', frozen: true, adviseOnly: false });
    expect(late.isChecked().phase).toBe('advised');
    expect([...story.writes, ...late.writes]).toEqual([]);
  });
});
