import { describe, expect, test } from 'vitest';
import { type Asked, ask, excluded, gap, type Line, november, sealed, seen, unseen } from './asking.ts';

const at = november + 20 * 86_400;
const days3 = 259_200;
const packets: Asked = { sli: 'packetDelivery' };

const statesOf = (lines: readonly Line[], asked: Asked = {}, exclusions: Parameters<typeof excluded>[] = []) =>
  ask(lines, asked, { at, exclusions: exclusions.map((span) => excluded(...span)) }).burn.map(({ state }) => state);

/** Three days without loss, then `slots` of total loss up to the instant. */
const outage = (slots: number): Line[] => [
  seen(at - days3, 1000, 0, { repeat: days3 - slots }),
  ...(slots > 0 ? [seen(at - slots, 1000, 1000, { repeat: slots })] : []),
];

describe('a full outage fires each tier when sla §5 says (0.9999)', () => {
  test.each([
    [0, ['quiet', 'quiet', 'quiet', 'quiet', 'quiet']],
    // T1 5.19, T2 5.184: six slots. T0: 10 % of 60 slots are six.
    [5, ['quiet', 'quiet', 'quiet', 'quiet', 'quiet']],
    [6, ['firing', 'firing', 'firing', 'quiet', 'quiet']],
    // T3: 0.06 % of 21,600 is 12.96. T4: 0.01 % of 259,200 is 25.92.
    [12, ['firing', 'firing', 'firing', 'quiet', 'quiet']],
    [13, ['firing', 'firing', 'firing', 'firing', 'quiet']],
    [25, ['firing', 'firing', 'firing', 'firing', 'quiet']],
    [26, ['firing', 'firing', 'firing', 'firing', 'firing']],
  ])('after %i s: %j', (slots, states) => {
    expect(statesOf(outage(slots))).toEqual(states);
    expect(statesOf(outage(slots), packets)).toEqual(states);
  });

  test('both windows must say so: what was lost half a minute ago is over for T0', () => {
    const lines = [
      seen(at - days3, 1000, 0, { repeat: days3 - 60 }),
      seen(at - 60, 1000, 1000, { repeat: 40 }),
      seen(at - 20, 1000, 0, { repeat: 20 }),
    ];
    expect(statesOf(lines)).toEqual(['quiet', 'firing', 'firing', 'firing', 'firing']);
  });

  test('a target of 1 allows nothing: one bad packet fires, none does not', () => {
    expect(statesOf(outage(0), { ...packets, target: '1' })).toEqual(['quiet', 'quiet', 'quiet', 'quiet', 'quiet']);
    const one = [seen(at - days3, 1000, 0, { repeat: days3 - 1 }), seen(at - 1, 1000, 1)];
    expect(statesOf(one, { ...packets, target: '1' })).toEqual(['firing', 'firing', 'firing', 'firing', 'firing']);
  });
});

describe('what is known', () => {
  const burnOf = (lines: readonly Line[], asked: Asked = {}) => ask(lines, asked, { at }).burn;

  test('fewer than half of a window freeze its tier', () => {
    const known = (slots: number) => [unseen(at - days3, days3 - slots), seen(at - slots, 1000, 0, { repeat: slots })];
    // T0 60/10, T1 300/30, T2 3600/300, T3 21600/1800, T4 259200/21600: half of the longer ones.
    expect(statesOf(known(29))).toEqual(['frozen', 'frozen', 'frozen', 'frozen', 'frozen']);
    expect(statesOf(known(30))).toEqual(['quiet', 'frozen', 'frozen', 'frozen', 'frozen']);
    expect(statesOf(known(150))).toEqual(['quiet', 'quiet', 'frozen', 'frozen', 'frozen']);
    expect(statesOf(known(1800), packets)).toEqual(['quiet', 'quiet', 'quiet', 'frozen', 'frozen']);
    // The short window, too: the last 6 of 10 are unknown.
    expect(statesOf([seen(at - days3, 1000, 0, { repeat: days3 - 6 })])[0]).toBe('frozen');
    expect(statesOf([seen(at - days3, 1000, 0, { repeat: days3 - 5 })])[0]).toBe('quiet');
  });

  test('a few lossy slots among sealed runs freeze instead of firing', () => {
    const lines = [sealed(at - days3, days3 - 20, 1000), seen(at - 20, 1000, 1000, { repeat: 20 })];
    expect(statesOf(lines)).toEqual(['frozen', 'frozen', 'frozen', 'frozen', 'frozen']);
  });

  test('excluded, suspect and idle slots are not known; for packets idle ones are', () => {
    const good = [seen(at - days3, 1000, 0, { repeat: days3 })];
    expect(statesOf(good, {}, [[at - 6, at]])[0]).toBe('frozen');
    expect(statesOf([...good.slice(1), seen(at - days3, 1000, 0, { repeat: days3, suspect: true })])[0]).toBe('frozen');
    const idle = [seen(at - days3, 1, 0, { repeat: days3 })];
    expect(statesOf(idle)[0]).toBe('frozen');
    expect(burnOf(idle, packets)[0]).toMatchObject({ long: { bad: '0', total: '60' }, state: 'quiet' });
  });

  test('a gap counts its packets in windows that hold all of it; its slots are known, and lossy in none', () => {
    const lines = [seen(at - days3, 1000, 0, { repeat: days3 - 40 }), gap(at - 40, 40, 40_000, 500)];
    expect(burnOf(lines, packets)[0]).toMatchObject({
      long: { bad: '500', total: '60000' },
      short: { bad: '0', total: '0' },
      state: 'frozen',
    });
    expect(burnOf(lines)[0]).toMatchObject({
      long: { bad: '0', total: '60' },
      short: { bad: '0', total: '10' },
      state: 'quiet',
    });
  });

  test('of several paths packets are summed; a slot is lossy if it is on any, known if it is lossy or known on all', () => {
    const other = { direction: 'fromGuest' };
    const lines = [
      seen(at - days3, 1000, 0, { repeat: days3 - 8 }),
      seen(at - 8, 1000, 1000, { repeat: 8 }),
      seen(at - days3, 500, 0, { repeat: days3 - 20, ...other }),
      unseen(at - 20, 20, other),
    ];
    // Long: 8 lossy; of the other 52, 40 are known on both. Short: 8 lossy, 2 not known.
    expect(burnOf(lines)[0]).toMatchObject({
      long: { bad: '8', total: '48' },
      short: { bad: '8', total: '8' },
      state: 'firing',
    });
    // 60 x 1,000 and 40 x 500. Known on all paths: none of the last 10.
    expect(burnOf(lines, packets)[0]).toMatchObject({
      long: { bad: '8000', total: '80000' },
      short: { bad: '8000' },
      state: 'frozen',
    });
  });

  test('rows before the objective window count, those from the instant on do not', () => {
    const lines = [seen(at - 200, 1000, 0, { repeat: 200 }), seen(at, 1000, 1000, { repeat: 50 })];
    const told = ask(lines, { calendar: ['1m', '2026-11-21 00:00:00', 'UTC'] }, { at: at + 20 });
    expect(told.burn[0]).toMatchObject({ long: { bad: '20', total: '60' }, short: { bad: '10', total: '10' } });
  });
});
