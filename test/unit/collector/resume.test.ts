import { describe, expect, it } from 'vitest';
import { groupKey, type KeptState } from '../../../collector/counter-states.ts';
import { type KeptRows, newestStates, resumeStates } from '../../../collector/resume.ts';
import { dropSlot, portSlot } from '../../../core/catalogue/kinds.ts';
import { aDropRow, aPortRow } from '../../fakes/tick-message.ts';

const slot = 1_800_000_000;
const second = 1_000_000_000n;
const kinds = [portSlot, dropSlot];
const tick = { bootId: 'boot', wallNs: BigInt(slot + 1) * second, monoNs: 77n * second, boundary: slot + 1 };
const keyOf = (port: string, cause: string) => groupKey(dropSlot, { port, direction: 'rx', cause });

/** A drop counter as a checkpoint has it, `age` seconds before the last tick. */
function stateOf(age: number, values: readonly bigint[], epoch = 65_536n): KeptState {
  const boundary = slot + 1 - age;
  const monoNs = tick.monoNs - BigInt(age) * second;
  return { placed: { boundary, wallNs: BigInt(boundary) * second, monoNs, covered: [] }, epoch, values, written: true };
}

function resumed(kept: Partial<KeptRows>) {
  return resumeStates(kinds, { tick, rows: new Map(), ...kept }, 'boot');
}

describe('states of a checkpoint and the rows behind it', () => {
  it('a counter with a row behind the checkpoint stands where the row says', () => {
    const rows = new Map([['drop_slot', [aDropRow({ slot: slot - 3, cause: 'c', packets: 9n })]]]);
    const states = resumed({ rows, states: new Map([[keyOf('eth0', 'c'), stateOf(50, [4n])]]) });
    expect(states.get(keyOf('eth0', 'c'))).toMatchObject({ values: [9n], placed: { boundary: slot - 2 } });
  });

  it('and was read when the clocks stood as that row was told, whatever the wall clock did since', () => {
    const row = aPortRow({ slot: slot - 3, lateNs: 0n });
    // Since then it was set back by an hour.
    const before = tick.monoNs - tick.wallNs - 3600n * second;
    const rows = new Map([['port_slot', [row]]]);
    const [state] = resumed({ rows, monoLessWallNs: new Map([[row, before]]) }).values();
    expect(state?.placed.monoNs).toBe(BigInt(slot - 2) * second + before);
    const [other] = resumed({ rows }).values();
    expect(other?.placed.monoNs).toBe(tick.monoNs - 3n * second);
  });

  it('a drop counter without a row stood still up to the last row of its port', () => {
    const rows = new Map([['port_slot', [aPortRow({ slot })]]]);
    const states = resumed({ rows, states: new Map([[keyOf('eth0', 'c'), stateOf(50, [4n])]]) });
    expect(states.get(keyOf('eth0', 'c'))).toMatchObject({ values: [4n], placed: { boundary: slot + 1 } });
  });

  it('one that was never written, or whose port was not read since, stands where the checkpoint says', () => {
    const never = { ...stateOf(50, [4n]), written: false };
    const rows = new Map([['port_slot', [aPortRow({ slot })]]]);
    const states = resumed({
      rows,
      states: new Map([
        [keyOf('eth0', 'c'), never],
        [keyOf('eth1', 'c'), stateOf(50, [5n], 131_072n)],
      ]),
    });
    const boundaries = ['eth0', 'eth1'].map((port) => states.get(keyOf(port, 'c'))?.placed.boundary);
    expect(boundaries).toEqual([slot - 49, slot - 49]);
  });

  it('an object that was renamed stands under its new name alone', () => {
    const rows = new Map([['drop_slot', [aDropRow({ slot, port: 'new', cause: 'c', packets: 9n })]]]);
    const states = resumed({ rows, states: new Map([[keyOf('old', 'c'), stateOf(50, [4n])]]) });
    expect([...states.keys()]).toEqual([keyOf('new', 'c')]);
  });

  it('of two names of one object in the checkpoint the newer counts', () => {
    const states = resumed({
      states: new Map([
        [keyOf('new', 'c'), stateOf(10, [5n])],
        [keyOf('old', 'c'), stateOf(50, [4n])],
      ]),
    });
    expect([...states.keys()]).toEqual([keyOf('new', 'c')]);
  });

  it('of another boot nothing is taken', () => {
    const kept = { tick, rows: new Map(), states: new Map([[keyOf('eth0', 'c'), stateOf(1, [4n])]]) };
    expect(resumeStates(kinds, kept, 'another boot').size).toBe(0);
  });
});

describe('states of several sources', () => {
  it('of a group that several hold the newest counts', () => {
    const key = keyOf('eth0', 'c');
    const [older, newer] = [new Map([[key, stateOf(50, [4n])]]), new Map([[key, stateOf(2, [6n])]])];
    expect(newestStates([newer, older]).get(key)?.values).toEqual([6n]);
    expect(newestStates([older, newer]).get(key)?.values).toEqual([6n]);
  });
});
