import { describe, expect, test } from 'vitest';
import { type Asked, ask, excluded, gap, type Line, november, sealed, seen, unseen } from './asking.ts';

/** Two minutes; the second one is excluded, so that lines end where they are told. */
const two: Asked = {
  sli: 'cleanSlots',
  lossRatioMax: '0.01',
  target: '0.5',
  calendar: ['2m', '2026-11-01 00:00:00', 'UTC'],
};

type Told = readonly [offered: number, lost: number] | '?' | 'x';

/** Slots one after another; what is behind them is excluded. */
function judged(...told: Told[]) {
  const at = (i: number) => november + i;
  const lines = told.flatMap((each, i): Line[] => {
    if (each === 'x') return [seen(at(i), 100, 100)];
    return [each === '?' ? unseen(at(i)) : seen(at(i), each[0], each[1])];
  });
  const gaps = told.flatMap((each, i) => (each === 'x' ? [excluded(at(i), at(i + 1))] : []));
  return read(lines, told.length, gaps);
}

function read(lines: readonly Line[], slots: number, more: ReturnType<typeof excluded>[] = []) {
  const exclusions = [...more, excluded(november + slots, november + 120)];
  const { high, low, slots: counts } = ask(lines, two, { exclusions });
  return { total: Number(high.total), bad: Number(high.bad), low: Number(low.bad), idle: counts.idle };
}

test('the worked example: 200/2, 60/0, 30/1, 40/1, 50/0, unknown, 70/1, 70/2', () => {
  const told = judged([200, 2], [60, 0], [30, 1], [40, 1], [50, 0], '?', [70, 1], [70, 2]);
  expect(told).toEqual({ total: 8, bad: 2, low: 4, idle: 0 });
});

describe('one packet alone decides nothing', () => {
  test.each<[string, Told[], Partial<ReturnType<typeof judged>>]>([
    ['enough packets, one above it', [[100, 2]], { bad: 1 }],
    ['enough packets, one at it', [[100, 1]], { bad: 0 }],
    ['too few, one lost', [[20, 1]], { bad: 0, low: 0 }],
    ['too few, two lost', [[20, 2]], { bad: 1 }],
    [
      'two, each of which lost one, within the packets needed',
      [
        [50, 1],
        [50, 1],
      ],
      { bad: 1 },
    ],
    [
      'two, each of which lost one, further apart',
      [
        [50, 1],
        [50, 0],
        [50, 1],
      ],
      { bad: 0 },
    ],
    [
      'slots that lose nothing are good in between',
      [
        [45, 1],
        [10, 0],
        [45, 1],
      ],
      { total: 3, bad: 1 },
    ],
    [
      'of the oldest slot its share counts, cut',
      [
        [80, 8],
        [90, 0],
        [90, 1],
      ],
      { bad: 1 },
    ],
    [
      'and with it',
      [
        [80, 40],
        [90, 1],
      ],
      { bad: 2 },
    ],
    [
      'a busy slot before it, within what it may lose',
      [
        [10_000, 100],
        [90, 1],
      ],
      { bad: 0 },
    ],
    [
      'idle slots are in no total',
      [
        [9, 0],
        [0, 0],
        [9, 9],
        [100, 0],
      ],
      { total: 2, bad: 1, idle: 2 },
    ],
    ['an excluded slot is passed over', [[50, 1], 'x', [50, 1]], { total: 2, bad: 1 }],
    ['an unknown one hides what was before it', [[50, 1], '?', [50, 1]], { total: 3, bad: 0, low: 2 }],
    ['but not what came after it', ['?', [100, 0], [50, 1]], { total: 3, bad: 0, low: 1 }],
  ])('%s', (_, told, expected) => expect(judged(...told)).toMatchObject(expected));
});

describe('slots that are known together', () => {
  test('a gap without loss is good, and its packets count for those behind it', () => {
    expect(read([seen(november, 50, 1), gap(november + 1, 5, 100), seen(november + 6, 50, 1)], 7)).toMatchObject({
      ...{ total: 7, bad: 0, low: 0 },
    });
  });

  test('a gap with loss is uncertain in as many slots as it lost packets, and so is what hangs on it', () => {
    const lines = [gap(november, 5, 200, 3), seen(november + 5, 50, 1)];
    expect(read(lines, 6)).toMatchObject({ total: 6, bad: 0, low: 4 });
    const certain = [gap(november, 5, 60, 15), seen(november + 5, 50, 1)];
    expect(read(certain, 6)).toMatchObject({ total: 6, bad: 1, low: 6 });
  });

  test('runs of seals are good or idle, and say the same as their slots', () => {
    const raw = [seen(november, 40, 1), seen(november + 1, 10, 0, { repeat: 2 }), seen(november + 3, 40, 1)];
    const seals = [seen(november, 40, 1), sealed(november + 1, 2, 10), seen(november + 3, 40, 1)];
    expect(read(raw, 4)).toMatchObject({ total: 4, bad: 1, low: 1 });
    expect(read(seals, 4)).toEqual(read(raw, 4));
    expect(read([sealed(november, 4, 3), seen(november + 4, 100, 0)], 5)).toMatchObject({ total: 1, idle: 4 });
  });

  test('a row of many slots is judged slot by slot until all it needs is its own', () => {
    // 40/1: 1 of the last 100, then 2 of 80, then 2 and half of one of 100.
    expect(read([seen(november, 40, 1, { repeat: 60 })], 60)).toMatchObject({ total: 60, bad: 59 });
    expect(read([seen(november, 80, 1, { repeat: 60 })], 60)).toMatchObject({ total: 60, bad: 0 });
  });
});

test('before the window nothing is held against a slot', () => {
  expect(read([seen(november - 1, 50, 50), seen(november, 50, 1)], 1)).toMatchObject({ total: 1, bad: 0, low: 0 });
});

test('a service slot is the worst of its paths, and counts once', () => {
  const other = { port: 'p2' };
  const lines = [
    seen(november, 100, 0),
    seen(november, 100, 5, other),
    seen(november + 1, 100, 5),
    seen(november + 1, 100, 5, other),
  ];
  const { high } = ask(
    lines,
    { ...two, ports: ['p1', 'p2'] },
    { exclusions: [excluded(november + 2, november + 120)] },
  );
  expect(high).toEqual({ total: 2n, bad: 2n });
});

test('what was lost further up counts in the low reading alone, and makes no idle slot good', () => {
  const shared = (count: number) => ({ shared: String(count) });
  const lines = [
    seen(november, 100, 0, shared(2)),
    seen(november + 1, 3, 0, shared(1)),
    seen(november + 2, 3, 0, shared(9)),
  ];
  expect(read(lines, 3)).toEqual({ total: 1, bad: 0, low: 3, idle: 3 - 1 });
});

test('it burns by what each slot lost of its own packets, or of as many as are needed', () => {
  const lines = [seen(november, 50, 1, { repeat: 30 }), seen(november + 30, 50, 2, { repeat: 30 })];
  const { burn } = ask(lines, { ...two, target: '0.9999' }, { at: november + 60 });
  expect(burn[0]).toMatchObject({
    long: { bad: '30', total: '60' },
    short: { bad: '10', total: '10' },
    state: 'firing',
  });
});
