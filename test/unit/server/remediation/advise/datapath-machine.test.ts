import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answering, DatapathMachine } from '../../../../../server/remediation/advise/datapath-machine.ts';
import { type KeptMachine, readMachine } from '../../../../../server/remediation/advise/kept-machine.ts';
import type { MachineRow } from '../../../../../server/remediation/advise/state.ts';
import { advisingEffects, type Effect } from '../../../../../server/remediation/machine/effect.ts';
import type { Cause, EventOf, MachineEvent } from '../../../../../server/remediation/machine/event.ts';
import { grants, initialState, type MachineState } from '../../../../../server/remediation/machine/state.ts';
import { step } from '../../../../../server/remediation/machine/step.ts';
import { aMoved, calm, hot, twoOnOne } from '../machine/story.ts';

const which = { host: 'cn1', datapath: 'netdev@ovs-netdev' };
const overload = { kind: 'diagnosed', cause: 'overload', subject: 'core 1', heldBy: null } as const;
const moves = [{ rxq: 'a', from: 1, to: 2 }];
const planned: EventOf<'planned'> = {
  kind: 'planned',
  plan: { id: 'p1', moves, predictedMaxUsagePpm: 700_000, host: twoOnOne, ageMs: 0 },
  reason: '',
};
const none = (reason: string): EventOf<'planned'> => ({ kind: 'planned', plan: null, reason });

/** One datapath, its store, and answers that a test sets. */
class Shell {
  machine: DatapathMachine;
  monoMs = 0;
  /** What was stored, in order. */
  readonly stored: { readonly row: MachineRow; readonly tells: boolean }[] = [];
  readonly refused: Effect[] = [];
  diagnosed: EventOf<'diagnosed'> = overload;
  planned: EventOf<'planned'> = planned;
  isStoreAway = false;

  constructor(kept?: KeptMachine, stepping?: typeof step) {
    this.machine = new DatapathMachine(which, kept, 0, stepping);
  }

  get told(): number {
    return this.stored.filter(({ tells }) => tells).length;
  }

  async tell(event: MachineEvent, afterMs = 0, slot: number | null = null): Promise<this> {
    this.monoMs += afterMs;
    const answering: Answering = {
      ...{ monoMs: this.monoMs, at: Math.floor(this.monoMs / 1_000) },
      diagnosed: () => this.diagnosed,
      planned: () => this.planned,
      keep: async (row, tells) => {
        if (this.isStoreAway) throw new Error('the store is away');
        this.stored.push({ row, tells });
      },
      refused: (effect) => this.refused.push(effect),
    };
    await this.machine.tell(event, answering, slot);
    return this;
  }

  /** Another process takes up what was stored last; its monotonic clock is another one. */
  async restarts(): Promise<this> {
    const kept = readMachine(this.stored.at(-1)?.row.machine ?? '');
    this.machine = new DatapathMachine(which, kept, 0);
    this.monoMs = 7;
    return this.tell({ kind: 'recovered' });
  }
}

describe('a datapath that is full', () => {
  it('is told once two windows are hot, each state stored before what it asks for', async () => {
    const shell = await new Shell().tell(hot);
    expect([shell.machine.row.phase, shell.stored]).toEqual(['suspect', []]);
    await shell.tell(hot, 5_000);
    expect(shell.stored.map(({ row, tells }) => [row.phase, tells])).toEqual([
      ['diagnose', false],
      ['plan', false],
      ['advised', true],
    ]);
    expect(shell.machine.row).toMatchObject({ ...which, phase: 'advised', since: 5 });
  });

  it('is told once, and again once all was calm for a minute', async () => {
    const shell = new Shell();
    for (let i = 0; i < 300; i++) await shell.tell(hot, 5_000);
    expect(shell.told).toBe(1);
    await shell.tell(calm, 5_000);
    expect(shell.machine.isAwake).toBe(false);
    // Load that comes and goes is one breach.
    for (let i = 0; i < 3; i++) await shell.tell(hot, 5_000);
    for (let i = 0; i < 12; i++) await shell.tell(calm, 5_000);
    for (let i = 0; i < 3; i++) await shell.tell(hot, 5_000);
    expect(shell.told).toBe(1);
    for (let i = 0; i < 13; i++) await shell.tell(calm, 5_000);
    for (let i = 0; i < 3; i++) await shell.tell(hot, 5_000);
    expect(shell.told).toBe(2);
  });

  it('is told anew when the reason is another', async () => {
    const shell = new Shell();
    shell.planned = none('noAcceptablePlan');
    for (let i = 0; i < 12; i++) await shell.tell(hot, 5_000);
    expect(shell.told).toBe(1);
    shell.planned = planned;
    for (let i = 0; i < 12; i++) await shell.tell(hot, 5_000);
    expect(shell.told).toBe(2);
  });

  it('is told anew when other moves are held back, and not again the same', async () => {
    const shell = new Shell();
    for (const heldBy of ['isolate a>2', 'isolate b>2', 'isolate a>2']) {
      shell.diagnosed = { ...overload, heldBy };
      for (let i = 0; i < 12; i++) await shell.tell(hot, 5_000);
    }
    expect(shell.told).toBe(2);
  });

  it('but no more by the time that somebody looks is told nowhere', async () => {
    const shell = new Shell();
    shell.diagnosed = { ...overload, cause: 'calm' };
    await shell.tell(hot);
    await shell.tell(hot, 5_000);
    expect([shell.machine.row.phase, shell.told]).toEqual(['idle', 0]);
  });
});

describe('its deadlines', () => {
  it('come by the clock that never steps, from the last step on', async () => {
    const shell = await new Shell().tell(hot, 40);
    expect(shell.machine.dueAtMs).toBe(30_040);
    await shell.tell({ kind: 'tick' }, 30_000);
    expect([shell.machine.row.phase, shell.machine.dueAtMs]).toEqual(['idle', null]);
  });
});

describe('after a restart', () => {
  it('nothing is told anew of a breach that goes on, and nothing of the next one is forgotten', async () => {
    const shell = new Shell();
    for (let i = 0; i < 4; i++) await shell.tell(hot, 5_000);
    await shell.restarts();
    expect(shell.machine.row.phase).toBe('idle');
    for (let i = 0; i < 300; i++) await shell.tell(hot, 5_000);
    expect(shell.told).toBe(1);
    for (let i = 0; i < 13; i++) await shell.tell(calm, 5_000);
    for (let i = 0; i < 3; i++) await shell.tell(hot, 5_000);
    expect(shell.told).toBe(2);
  });

  it.each(['diagnose', 'plan'])('in %s it looks anew: what was asked for nobody answers', async (phase) => {
    const shell = await new Shell().tell(hot);
    await shell.tell(hot, 5_000);
    const at = shell.stored.findIndex(({ row }) => row.phase === phase);
    shell.stored.splice(at + 1);
    await shell.restarts();
    expect(shell.machine.row.phase).toBe('idle');
    await shell.tell(hot, 5_000);
    await shell.tell(hot, 5_000);
    expect(shell.told).toBe(1);
  });

  it('windows that it was told are known', async () => {
    const shell = await new Shell().tell(hot, 0, 1_000);
    await shell.tell(hot, 5_000, 1_005);
    await shell.restarts();
    expect(shell.machine.toldSlot).toBe(1_005);
  });

  it('a state that could not be stored is none: the machine is where it was', async () => {
    const shell = await new Shell().tell(hot);
    shell.isStoreAway = true;
    await expect(shell.tell(hot, 5_000, 9)).rejects.toThrow('the store is away');
    expect([shell.machine.row.phase, shell.machine.toldSlot, shell.stored]).toEqual(['suspect', null, []]);
  });
});

describe('nothing is written to a host', () => {
  const heldBy = fc.constantFrom(null, 'isolate a>2', 'killSwitch');
  const cause = fc.constantFrom<Cause[]>('overload', 'theft', 'elephant', 'hostFull', 'upstream', 'unknown', 'calm');
  const reading = fc.record({
    ...{ kind: fc.constant('reading' as const), span: fc.constantFrom('window' as const, 'sample' as const) },
    ...{ isValid: fc.boolean(), isBurning: fc.boolean() },
    maxUsagePpm: fc.constantFrom(null, 0, 800_000, 899_999, 900_000, 1_000_000),
  });
  const diagnosed = fc.record({ kind: fc.constant('diagnosed' as const), cause, subject: fc.constant('x'), heldBy });
  const answer = fc.constantFrom(planned, none('frozen'), none('noAcceptablePlan'));
  const command = { epoch: 1, seq: 1 };
  /** All that there is to be told, also what nobody here says; the mode alone is not changed. */
  const anything: fc.Arbitrary<MachineEvent> = fc.oneof(
    { weight: 6, arbitrary: reading },
    { weight: 3, arbitrary: diagnosed },
    { weight: 3, arbitrary: answer },
    fc.constantFrom<MachineEvent[]>(
      ...([{ kind: 'tick' }, { kind: 'recovered' }, { kind: 'leaseLost' }, hot, calm] as const),
      { kind: 'mode', mode: 'advise', cleanPlans: 20 },
      { kind: 'mode', mode: 'off', cleanPlans: 20 },
      { kind: 'lease', epoch: 1, forMs: 60_000 },
      { kind: 'killed', by: 'ovsdb' },
      { kind: 'cleared', by: 'ann' },
      { kind: 'foreign', what: 'pin' },
      { kind: 'scope', frozen: true, adviseOnly: false },
      { kind: 'decided', proposal: 'p1', isApproved: true, by: 'ann' },
      ...grants.map((what) => ({ kind: 'granted', what, proposal: 'p1' }) as const),
      { kind: 'prechecked', proposal: 'p1', host: twoOnOne },
      { kind: 'journalled', intent: '1.1', isDurable: true },
      { kind: 'outcome', command, result: 'committed' },
      { kind: 'placement', command, host: aMoved },
      { kind: 'confirmed', command, isKept: true },
      { kind: 'measured', intent: '1.1', of: 'effect', verdict: 'worse', observedMaxUsagePpm: 1 },
    ),
  );
  const sequence = (event: fc.Arbitrary<MachineEvent>) =>
    fc.array(fc.tuple(event, fc.constantFrom(0, 1, 5_000, 15_000, 600_000)), { maxLength: 60 });

  it('in mode advise a machine never asks for it, whatever it is told', () => {
    fc.assert(
      fc.property(sequence(anything), (events) => {
        let state: MachineState = { ...initialState, mode: 'advise', cleanPlans: 20 };
        let now = 0;
        for (const [event, afterMs] of events) {
          now += afterMs;
          const stepped = step(state, event, { now });
          state = stepped.state;
          for (const { kind } of stepped.effects) expect(advisingEffects).toContain(kind);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('and what is told here leads to no state that could not be read again', async () => {
    const looked = fc.oneof({ weight: 4, arbitrary: reading }, fc.constant<MachineEvent>({ kind: 'tick' }));
    await fc.assert(
      fc.asyncProperty(sequence(looked), diagnosed, answer, async (events, found, plan) => {
        const shell = new Shell();
        shell.diagnosed = found;
        shell.planned = plan;
        for (const [event, afterMs] of events) {
          await shell.tell(event, afterMs);
          expect(readMachine(shell.machine.row.machine).machine).toEqual(
            JSON.parse(shell.machine.row.machine).machine as MachineState,
          );
        }
        expect(shell.refused).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('and what is asked for all the same is answered by nothing, and told', async () => {
    const apply: Effect = {
      ...{ kind: 'apply', command, intent: '1.1', moves, preImage: twoOnOne },
      ...{ expiresInMs: 1, deadManMs: 1 },
    };
    const asked: readonly Effect[] = [apply, { kind: 'alarm', what: 'halted' }];
    const heard: string[] = [];
    const shell = new Shell(undefined, (state, event) => {
      heard.push(event.kind);
      return { state, effects: asked };
    });
    await shell.tell({ kind: 'tick' });
    expect([shell.refused, heard, shell.told]).toEqual([asked, ['tick'], 0]);
  });
});
