import { describe, expect, test } from 'vitest';
import { WriteGate } from '../../../../server/backup/write-gate.ts';

const never = new AbortController().signal;
/** Settles everything that is settled already. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

function watch(asked: Promise<Disposable>) {
  const told: { is: string; end: () => void } = { is: 'waiting', end: () => undefined };
  asked.then(
    (pass) => {
      told.is = 'inside';
      told.end = () => pass[Symbol.dispose]();
    },
    () => {
      told.is = 'refused';
    },
  );
  return told;
}

describe('the gate before both stores', () => {
  test('lets writers in side by side, and a hold when the last has left', async () => {
    const gate = new WriteGate();
    const writers = [watch(gate.pass(never)), watch(gate.pass(never))];
    const hold = watch(gate.hold(never));
    await turn();
    expect([...writers, hold].map(({ is }) => is)).toEqual(['inside', 'inside', 'waiting']);
    writers[0]?.end();
    await turn();
    expect(hold.is).toBe('waiting');
    writers[1]?.end();
    await turn();
    expect(hold.is).toBe('inside');
  });

  test('keeps writers waiting from the moment a hold is wanted, until it ends', async () => {
    const gate = new WriteGate();
    const first = watch(gate.pass(never));
    await turn();
    const hold = watch(gate.hold(never));
    const late = watch(gate.pass(never));
    await turn();
    first.end();
    await turn();
    expect([hold.is, late.is]).toEqual(['inside', 'waiting']);
    hold.end();
    hold.end();
    await turn();
    expect(late.is).toBe('inside');
  });

  test('a hold that is given up lets everybody go on', async () => {
    const gate = new WriteGate();
    const first = watch(gate.pass(never));
    await turn();
    const given = new AbortController();
    const hold = watch(gate.hold(given.signal));
    const late = watch(gate.pass(never));
    await turn();
    given.abort(new Error('too late'));
    await turn();
    expect([first.is, hold.is, late.is]).toEqual(['inside', 'refused', 'inside']);
  });

  test('a pass that is not waited for any more is none', async () => {
    const gate = new WriteGate();
    const hold = watch(gate.hold(never));
    await turn();
    const stopping = new AbortController();
    const late = watch(gate.pass(stopping.signal));
    stopping.abort(new Error('stopping'));
    await turn();
    hold.end();
    await turn();
    expect(late.is).toBe('refused');
    const next = watch(gate.hold(never));
    await turn();
    expect(next.is).toBe('inside');
  });
});
