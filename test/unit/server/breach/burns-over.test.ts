import { describe, expect, test } from 'vitest';
import { BurnsOver } from '../../../../server/breach/burns-over.ts';

type State = 'firing' | 'frozen' | 'quiet';
const none = { bad: '0', total: '60' };

function aReading(at: number, states: Partial<Record<'T0' | 'T1', State>>, name = 'acme') {
  const burn = (['T0', 'T1'] as const).flatMap((tier) => {
    const state = states[tier];
    return state === undefined ? [] : [{ tier, at, long: none, short: none, threshold: '1000', state }];
  });
  return { objective: { name }, at, burn };
}

describe('a burn', () => {
  test('is over when no tier fires any more, and is told once, from its beginning', () => {
    const burns = new BurnsOver();
    expect(burns.saw(aReading(10, { T0: 'quiet' }))).toBeUndefined();
    expect(burns.saw(aReading(20, { T0: 'firing' }))).toBeUndefined();
    expect(burns.saw(aReading(25, { T0: 'quiet', T1: 'firing' }))).toBeUndefined();
    expect(burns.saw(aReading(40, { T0: 'quiet', T1: 'quiet' }))).toEqual({ from: 20, to: 40 });
    expect(burns.saw(aReading(50, { T0: 'quiet' }))).toBeUndefined();
  });

  test('goes on while a tier that fired is frozen, whatever others are', () => {
    const burns = new BurnsOver();
    burns.saw(aReading(20, { T0: 'firing', T1: 'frozen' }));
    expect(burns.saw(aReading(30, { T0: 'frozen', T1: 'frozen' }))).toBeUndefined();
    expect(burns.saw(aReading(40, { T0: 'quiet', T1: 'frozen' }))).toEqual({ from: 20, to: 40 });
  });

  test('of one objective has nothing to do with others', () => {
    const burns = new BurnsOver();
    burns.saw(aReading(20, { T0: 'firing' }));
    expect(burns.saw(aReading(30, { T0: 'quiet' }, 'other'))).toBeUndefined();
    expect(burns.saw(aReading(30, { T0: 'quiet' }))).toEqual({ from: 20, to: 30 });
  });
});
