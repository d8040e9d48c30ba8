import { describe, expect, it } from 'vitest';
import { readMachine, writeMachine } from '../../../../../server/remediation/advise/kept-machine.ts';
import { initialState, type MachineState } from '../../../../../server/remediation/machine/state.ts';
import { hot, Story } from '../machine/story.ts';

const machine: MachineState = { ...initialState, clock: { own: 12, read: 7 } };
const text = writeMachine({ machine, toldSlot: 5 });
const refused = expect.objectContaining({ code: 'FN_MACHINE_STATE' });
const stories = {
  idle: new Story('advise', {}),
  suspect: new Story('advise').tell(hot),
  diagnose: new Story('advise').tell(hot).tell(hot),
  plan: new Story('advise').breaks(),
  advised: new Story('advise').breaks('theft'),
};

describe('a stored state', () => {
  it.each(Object.entries(stories))('of %s is read as it was written', (phase, story) => {
    const kept = { machine: { ...story.state, lease: null }, toldSlot: null };
    expect(kept.machine.phase.name).toBe(phase);
    expect(readMachine(writeMachine(kept))).toEqual(kept);
  });

  it.each<[string, (kept: Record<string, unknown>) => unknown]>([
    ['of a newer version', (kept) => ({ ...kept, version: 2 })],
    ['without a version', ({ version: _, ...kept }) => kept],
    ['with a key that is not known', (kept) => ({ ...kept, more: 1 })],
    ['with such a key within', (kept) => ({ ...kept, machine: { ...machine, more: 1 } })],
    ['with a key that lacks', (kept) => ({ ...kept, machine: { ...machine, history: undefined } })],
    ['of a phase that is not known', (kept) => ({ ...kept, machine: { ...machine, phase: { name: 'other' } } })],
    ['of another mode', (kept) => ({ ...kept, machine: { ...machine, mode: 'auto' } })],
    ['with an instant that is none', (kept) => ({ ...kept, machine: { ...machine, clock: { own: 1.5, read: null } } })],
    ['that is a list', () => []],
    ['that is null', () => null],
  ])('%s is refused by name', (_what, change) => {
    const changed = change(JSON.parse(text) as Record<string, unknown>);
    expect(() => readMachine(JSON.stringify(changed))).toThrow(refused);
  });

  it.each(['', '{', text.slice(0, -1)])('that is cut off is refused: %j', (cut) => {
    expect(() => readMachine(cut)).toThrow(refused);
  });

  it('of a change on a host is not read by who only advises', () => {
    const { state } = new Story('auto').applies();
    expect(state.phase.name).toBe('apply');
    expect(() => readMachine(writeMachine({ machine: { ...state, mode: 'advise' }, toldSlot: null }))).toThrow(refused);
  });

  it('says in its message what is wrong', () => {
    expect(() => readMachine(text.replace('"version":1', '"version":3'))).toThrow(
      'it is of version 3, and this server knows 1',
    );
  });
});
