import { describe, expect, it } from 'vitest';
import type { PortTimeline } from '../../../server/api/schema/timeline.ts';
import { createCursor } from '../../../web/src/features/timeline/cursor.ts';
import {
  fillRows,
  isBlind,
  pixelColumns,
  rowAfter,
  runsOf,
  stallHeight,
  stallsOf,
  stepAfter,
  stepAt,
  strengthOf,
  timelineStep,
  viewOf,
} from '../../../web/src/features/timeline/model.ts';
import {
  fillName,
  fillText,
  fullText,
  lossText,
  stallText,
  stepWords,
  stretchText,
} from '../../../web/src/features/timeline/words.ts';

const start = Date.UTC(2026, 6, 14, 14, 0, 0) / 1_000;
const iso = (at: number) => new Date((start + at) * 1_000).toISOString().replace('.000Z', 'Z');
const big = '9007199254740993';

/** Five seconds: the second is not known, the third full, the fourth sampled in one ring of two. */
function told(over: Partial<PortTimeline> = {}): PortTimeline {
  const fills = (full: number) => [1_000 - full, ...Array<number>(8).fill(0), full];
  return {
    ...{ host: 'h', port: 'p', window: { from: iso(0), to: iso(5) }, stepSeconds: 1, guest: 'vm1' },
    at: [0, 1, 2, 3, 4].map((at) => start + at),
    directions: [
      {
        direction: 'toGuest',
        packets: ['100', null, big, '0', '5'],
        bytes: ['1', null, '1', '1', '1'],
        drops: ['0', null, '7', '0', '0'],
        causes: [{ cause: 'policer', packets: ['0', null, '2', '0', '0'] }],
        causeIntervals: [{ cause: 'vhost_ring_full', from: iso(0), to: iso(5), packets: '5' }],
        bridged: [],
      },
    ],
    paths: [
      {
        direction: 'toGuest',
        slots: { expected: 5, observed: 4, bridged: 0, unknown: 1, suspect: 0 },
        ...{ pending: '3', unexplained: '1' },
      },
    ],
    owned: [
      { direction: 'toGuest', from: iso(0), to: iso(5), provider: '4', tenant: '0', contract: '0', unknown: '1' },
      { direction: 'toGuest', from: iso(2), to: iso(3), provider: '0', tenant: '0', contract: '2', unknown: '0' },
    ],
    rings: [
      {
        ...{ direction: 'toGuest', queues: [0, 1], size: 256, known: [2, 0, 2, 1, 2], missed: [0, 0, 4, 0, 0] },
        fills: [fills(0), null, fills(400), fills(0), fills(1)],
        fullNs: ['0', null, '400000000', '0', '1000000'],
        runNs: ['0', null, '90000000', '0', '1000000'],
      },
    ],
    stalls: [
      {
        ...{ of: 'guest', threads: [{ pid: 1, tid: 2, owner: 'vm1', name: 'CPU 0/KVM' }] },
        ...{ lowNs: ['0', null, '2000000', '1000', '5000'], highNs: ['0', null, '3000000', null, '5000'] },
      },
    ],
    pmds: [{ datapath: 'netdev@ovs-netdev', core: 3, queues: [0], busyPpm: ['970000', null, '970000', null, null] }],
    ...over,
  };
}

describe('the view of a timeline', () => {
  const view = viewOf(told(), null);

  it('keeps integers exact, and what is not known apart from zero', () => {
    expect(view.flows[0]?.packets).toEqual([100n, null, 9_007_199_254_740_993n, 0n, 5n]);
    expect(view.flows[0]?.regions).toMatchObject([{ kind: 'unknown', fromSeconds: start + 1, toSeconds: start + 2 }]);
    expect(view.heats[0]?.columns[1]).toBeNull();
    expect(view.untold).toBe(4n);
  });

  it('has a row for each owner, also for one that lost nothing', () => {
    expect(view.owners.map(({ owner, packets }) => [owner, packets])).toEqual([
      ['provider', 4n],
      ['tenant', 0n],
      ['contract', 2n],
      ['unknown', 1n],
    ]);
  });

  it('marks steps in which not every ring was sampled; of one queue alone each is', () => {
    expect(view.heats[0]?.partial).toEqual([false, false, false, true, false]);
    expect(viewOf(told(), 1).heats[0]?.partial).toEqual([false, false, false, false, false]);
  });

  it('is blind only where nothing at all is known', () => {
    expect(isBlind(view)).toBe(false);
    const blind = told({
      directions: told().directions.map((way) => ({ ...way, packets: way.packets.map(() => null) })),
      rings: [],
      stalls: [],
    });
    expect(isBlind(viewOf(blind, null))).toBe(true);
  });
});

describe('the words of a step', () => {
  const view = viewOf(told(), null);
  const [flow, heat, stall] = [view.flows[0], view.heats[0], view.stalls[0]];
  if (flow === undefined || heat === undefined || stall === undefined)
    throw new Error('the view has a part of each kind');

  it('say no data, never zero, where nothing is known', () => {
    expect(lossText(flow, 1)).toBe('no data');
    expect(fillText(heat, 1, null)).toBe('no data');
    expect(fullText(heat, 1)).toBe('no data');
    expect(stallText(stall, 1)).toBe('no data');
    expect(stepWords(view, 1, null, 'utc')).not.toMatch(/\b0 lost/);
  });

  it('say what was lost, and what only a longer time tells', () => {
    expect(lossText(flow, 2)).toBe('2 policer, 5 cause told over longer');
    const owned = view.owners.flatMap(({ intervals }) => intervals);
    const step = { fromSeconds: start + 2, toSeconds: start + 3 };
    expect(stretchText(owned, step, 'utc')).toBe(
      'provider 4 in 5 s from 14:00:00, contract 2, unknown 1 in 5 s from 14:00:00',
    );
  });

  it('tell fill by samples, a cell by its row, and what was missed', () => {
    expect(fillText(heat, 2, null)).toBe('full 40.0 % of samples · 400 ms · empty 60.0 % · 4 samples missed');
    expect(fillText(heat, 4, 9)).toBe('full: 1 of 1,000 samples, 0.10 %');
    expect(fillText(heat, 3, 0)).toBe('empty: 1,000 of 1,000 samples, 100 % · not all rings sampled');
    expect(Array.from({ length: fillRows }, (_, row) => fillName(row))).toEqual([
      'empty',
      'up to ⅛',
      '⅛ to ¼',
      '¼ to ⅜',
      '⅜ to ½',
      '½ to ⅝',
      '⅝ to ¾',
      '¾ to ⅞',
      'above ⅞, not full',
      'full',
    ]);
  });

  it('tell stalls with both bounds, with one where the other is not known, and none as none', () => {
    expect(stallText(stall, 2)).toBe('2 ms to 3 ms');
    expect(stallText(stall, 3)).toBe('at least 1 µs; not all threads sampled');
    expect([stallText(stall, 4), stallText(stall, 0)]).toEqual(['5 µs', 'none']);
  });

  it('tell back-pressure as a time, and a part of it as one', () => {
    expect(fullText(heat, 2)).toBe('400 ms full, 90 ms at a stretch');
    expect(fullText(heat, 0)).toBe('0 ns full');
    expect(fullText(heat, 3)).toBe('0 ns of what was sampled');
  });
});

describe('the heat map', () => {
  it('shows one full sample of a thousand, and nothing where there was none', () => {
    expect(strengthOf(0, 1_000)).toBeNull();
    expect(strengthOf(1, 1_000)).toBe(0);
    expect(strengthOf(100, 1_000)).toBeCloseTo(2 / 3);
    expect(strengthOf(1_000, 1_000)).toBe(1);
    expect(strengthOf(1, 1_000_000)).toBe(0);
  });

  it('keeps a lone full ring where several steps share a pixel, and leaves unknown columns out', () => {
    const calm = [1_000, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const full = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1_000];
    const columns = [calm, full, calm, calm, null, null];
    const drawn = pixelColumns(columns, 3);
    expect(drawn.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(drawn[0]?.cells[9]).toBe(1);
    expect(drawn[0]?.cells[0]).toBe(1);
    expect(drawn[1]?.cells[9]).toBeNull();
  });

  it('draws stalls by their logarithm, within 10 us and 10 s', () => {
    expect([1n, 10_000n, 10_000_000n, 10_000_000_000n, 10n ** 12n].map(stallHeight)).toEqual([0, 0, 0.5, 1, 1]);
  });
});

describe('stalls of a step', () => {
  it('are those of its threads that may lie in it, at least partly', () => {
    const ns = (at: number) => `${BigInt(start) * 1_000_000_000n + BigInt(at) * 1_000_000n}`;
    const stall = (tid: number, fromMs: number, toMs: number) => ({
      ...{ pid: 1, tid, startTicks: '1', role: 'vcpu', owner: 'vm1', name: 'CPU 0/KVM', at: iso(0) },
      ...{ fromNs: ns(fromMs), toNs: ns(toMs), lowNs: '1', highNs: '2', waits: 1, stall: 'mixed', goesOn: false },
    });
    const told = [
      stall(2, 900, 1_001),
      stall(2, 1_999, 2_500),
      stall(2, 0, 1_000),
      stall(2, 2_000, 2_100),
      stall(3, 1_500, 1_600),
    ];
    const threads = [{ pid: 1, tid: 2, owner: 'vm1', name: 'CPU 0/KVM' }];
    expect(stallsOf(told, threads, { fromSeconds: start + 1, toSeconds: start + 2 })).toEqual(told.slice(0, 2));
    expect(
      stallsOf(told, [{ pid: 9, tid: 2, owner: '', name: '' }], { fromSeconds: start, toSeconds: start + 9 }),
    ).toEqual([]);
  });
});

describe('moving over a timeline', () => {
  const grid = { at: [10, 15, 20], stepSeconds: 5 };

  it('finds the step of an instant, and none outside', () => {
    expect([9, 10, 14.9, 15, 24.9, 25].map((at) => stepAt(grid, at))).toEqual([null, 0, 0, 1, 2, null]);
    expect(stepAt({ at: [], stepSeconds: 1 }, 5)).toBeNull();
  });

  it('moves by keys and stays inside', () => {
    expect(stepAfter('ArrowLeft', null, 300)).toBe(299);
    expect(
      ['ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End'].map((key) => stepAfter(key, 5, 300)),
    ).toEqual([4, 6, 0, 15, 0, 299]);
    expect(stepAfter('ArrowRight', 299, 300)).toBe(299);
    expect(stepAfter('x', 5, 300)).toBeNull();
    expect([rowAfter('ArrowUp', null), rowAfter('ArrowUp', 9), rowAfter('ArrowDown', 0), rowAfter('Home', 3)]).toEqual([
      9,
      9,
      0,
      null,
    ]);
  });

  it('joins steps that follow each other', () => {
    expect(runsOf(6, (i) => [0, 1, 3, 5].includes(i))).toEqual([
      { from: 0, to: 2 },
      { from: 3, to: 4 },
      { from: 5, to: 6 },
    ]);
  });

  it('takes seconds up to twenty minutes, and never more steps than the server gives', () => {
    expect([60, 1_200, 1_201, 3_600, 86_400].map(timelineStep)).toEqual([1, 1, 5, 5, 300]);
  });

  it('tells those who listen only of another place', () => {
    const cursor = createCursor();
    let heard = 0;
    const stop = cursor.subscribe(() => {
      heard += 1;
    });
    cursor.set({ atSeconds: 5, row: null });
    cursor.set({ atSeconds: 5, row: null });
    stop();
    cursor.set({ atSeconds: 6, row: 1 });
    expect([heard, cursor.read()]).toEqual([1, { atSeconds: 6, row: 1 }]);
  });
});
