import { describe, expect, it } from 'vitest';
import type { PortSeries } from '../../../server/api/schema/ports.ts';
import { rangeAroundZero, rangeFromZero, timeLabels, valueLabel } from '../../../web/src/charts/axis.ts';
import { notExplained, stackDrops, toldWhole } from '../../../web/src/charts/columns.ts';
import { regionsOf, unknownSeconds } from '../../../web/src/charts/gaps.ts';
import { laneHeight, lanesOf, laneWidth } from '../../../web/src/charts/lanes.ts';
import { dropSwatch } from '../../../web/src/charts/loss-colors.ts';
import { sparklinePath } from '../../../web/src/charts/sparkline-path.ts';
import { summaryOf } from '../../../web/src/charts/summary.ts';
import { appendTick, trackOf } from '../../../web/src/charts/track.ts';
import { createLivePort } from '../../../web/src/features/port/live-port.ts';
import type { PortTick } from '../../../web/src/live/live.ts';

const start = Date.UTC(2026, 6, 14, 14) / 1_000;

function aSeries(change: Partial<PortSeries['directions'][number]> = {}): PortSeries {
  return {
    host: 'h',
    port: 'p',
    window: { from: '2026-07-14T14:00:00Z', to: '2026-07-14T14:00:04Z' },
    stepSeconds: 1,
    at: [start, start + 1, start + 2, start + 3],
    directions: [
      {
        direction: 'rx',
        packets: ['100', '110', null, '130'],
        bytes: ['1', '1', null, '1'],
        drops: ['0', '10', null, '0'],
        causes: [
          { cause: 'b_cause', packets: ['0', '5', null, '0'] },
          { cause: 'a_cause', packets: ['0', '3', null, '0'] },
        ],
        causeIntervals: [],
        bridged: [],
        ...change,
      },
    ],
  };
}

function aTick(change: Partial<PortTick> = {}): PortTick {
  return {
    port: 'p',
    direction: 'rx',
    countedIn: '',
    slot: start + 4,
    slots: 1,
    state: 'observed',
    suspect: false,
    packets: '140',
    bytes: '1',
    drops: '2',
    causes: [{ cause: 'a_cause', packets: '2' }],
    ...change,
  };
}

describe('gaps', () => {
  const at = Array.from({ length: 10 }, (_, i) => i);
  const known = (i: number) => i < 3 || i > 6;

  it('are regions of steps without a value', () => {
    const [region] = regionsOf({ at, stepSeconds: 1, known, bridges: [] });
    expect(region).toMatchObject({ kind: 'unknown', fromSeconds: 3, toSeconds: 7, text: 'no data for 4 s' });
  });

  it('say the sum where a bridge covers them, and nothing where it does not', () => {
    const bridges = [{ fromSeconds: 3, toSeconds: 5, packets: 1_234n, drops: 0n }];
    expect(regionsOf({ at, stepSeconds: 1, known, bridges })).toEqual([
      { kind: 'bridged', fromSeconds: 3, toSeconds: 5, text: 'sum known, place not: 1,234 packets over 2 s' },
      { kind: 'unknown', fromSeconds: 5, toSeconds: 7, text: 'no data for 2 s' },
    ]);
  });

  it('count unknown seconds without the bridged ones', () => {
    const bridges = [{ fromSeconds: 3, toSeconds: 5, packets: 1n, drops: 7n }];
    const regions = regionsOf({ at, stepSeconds: 1, known, bridges });
    expect(unknownSeconds(regions)).toBe(2);
    expect(regions[0]?.text).toContain('7 dropped');
  });

  it('reach to the end of the last step', () => {
    expect(regionsOf({ at: [0, 10], stepSeconds: 10, known: () => false, bridges: [] })).toMatchObject([
      { fromSeconds: 0, toSeconds: 20 },
    ]);
  });
});

describe('a track', () => {
  it('grows by ticks and lets its old end go', () => {
    const track = trackOf(aSeries(), 'rx');
    appendTick(track, aTick());
    expect(track.at).toEqual([start + 1, start + 2, start + 3, start + 4]);
    expect(track.packets).toEqual([110n, null, 130n, 140n]);
    expect(track.causes.get('b_cause')?.at(-1)).toBeNull();
  });

  it('leaves slots that never came unknown', () => {
    const track = trackOf(aSeries(), 'rx');
    appendTick(track, aTick({ slot: start + 6 }));
    expect(track.packets).toEqual([130n, null, null, 140n]);
  });

  it('takes the same tick twice as one', () => {
    const track = trackOf(aSeries(), 'rx');
    appendTick(track, aTick());
    appendTick(track, aTick());
    expect(track.at).toHaveLength(4);
  });

  it('fills a slot that the answer did not have yet', () => {
    const track = trackOf(aSeries(), 'rx');
    appendTick(track, aTick({ slot: start + 2 }));
    expect(track.packets[2]).toBe(140n);
  });

  it('keeps a bridged tick as a bridge and its slots empty', () => {
    const track = trackOf(aSeries(), 'rx');
    appendTick(track, aTick({ slots: 2, state: 'bridged', packets: '300', drops: '1' }));
    expect(track.packets.slice(-2)).toEqual([null, null]);
    expect(track.bridges).toEqual([{ fromSeconds: start + 4, toSeconds: start + 6, packets: 300n, drops: 1n }]);
  });

  it.each([
    ['suspect', { suspect: true }],
    ['unknown', { state: 'unknown' as const, packets: null }],
  ])('does not use a tick that is %s', (_, change) => {
    const track = trackOf(aSeries(), 'rx');
    appendTick(track, aTick(change));
    expect(track.packets.at(-1)).toBeNull();
  });

  it('leaves steps longer than a second to the server', () => {
    const track = trackOf({ ...aSeries(), stepSeconds: 10 }, 'rx');
    appendTick(track, aTick());
    expect(track.at).toHaveLength(4);
  });
});

describe('stacked drops', () => {
  it('put what no cause explains on top, and null where the total is unknown', () => {
    const layers = stackDrops(trackOf(aSeries(), 'rx'));
    expect(layers.map(({ label }) => label)).toEqual(['a_cause', 'b_cause', notExplained]);
    expect(layers.map(({ drawn }) => drawn[1])).toEqual([3, 8, 10]);
    expect(layers.map(({ drawn }) => drawn[2])).toEqual([null, null, null]);
  });

  const told = (cause: string, from: number, to: number) => ({
    cause,
    from: new Date((start + from) * 1_000).toISOString(),
    to: new Date((start + to) * 1_000).toISOString(),
    packets: '9',
  });

  it('are one layer where causes are told over stretches alone, and no layer of zeroes', () => {
    const causes = [{ cause: 'a_cause', packets: [null, null, null, null] }];
    const track = trackOf(aSeries({ causes, causeIntervals: [told('a_cause', 0, 2)] }), 'rx');
    expect(stackDrops(track).map(({ label, own }) => [label, own[1]])).toEqual([['drops', 10n]]);
  });

  it('do not call unexplained what a stretch accounts for', () => {
    const drops = ['4', '10', null, '6'];
    const causeIntervals = [told('c', 1, 2), told('d', 0, 2), told('d', 0, 1)];
    const layers = stackDrops(trackOf(aSeries({ drops, causeIntervals }), 'rx'));
    expect(layers.map(({ label, own }) => [label, own])).toEqual([
      ['a_cause', [0n, 3n, null, 0n]],
      ['b_cause', [0n, 5n, null, 0n]],
      [toldWhole, [4n, 2n, null, 0n]],
      [notExplained, [0n, 0n, null, 6n]],
    ]);
  });

  it('never stack what is no loss', () => {
    const causes = [{ cause: 'filtered', packets: ['9', '9', '9', '9'] }];
    expect(stackDrops(trackOf(aSeries({ causes }), 'rx')).map(({ label }) => label)).toEqual(['drops']);
  });
});

describe('lanes of causes', () => {
  const window = { fromSeconds: 0, toSeconds: 10 };
  const interval = (cause: string, fromSeconds: number, toSeconds: number, packets: bigint) => ({
    cause,
    fromSeconds,
    toSeconds,
    packets,
  });

  it('draw a bar over the true interval, as high as its mean rate', () => {
    const lanes = lanesOf([interval('a', 0, 5, 100n), interval('a', 5, 10, 50n)], window);
    const half = laneWidth / 2;
    expect(lanes).toEqual([
      {
        cause: 'a',
        packets: 150n,
        intervals: 2,
        path: `M0.0 ${laneHeight}v-16.0h${half}.0v16.0zM${half}.0 ${laneHeight}v-8.0h${half}.0v8.0z`,
      },
    ]);
  });

  it('stand in the order of what they lost, and leave out what lies outside or lost nothing', () => {
    const lanes = lanesOf(
      [interval('few', 0, 5, 1n), interval('many', 0, 5, 2n), interval('gone', -9, 0, 5n), interval('none', 0, 5, 0n)],
      window,
    );
    expect(lanes.map(({ cause }) => cause)).toEqual(['many', 'few']);
  });

  it('keep the sum where intervals are closer than a pixel', () => {
    const day = { fromSeconds: 0, toSeconds: 86_400 };
    const intervals = Array.from({ length: 17_280 }, (_, i) => interval('a', i * 5, i * 5 + 5, 1n));
    const [lane] = lanesOf(intervals, day);
    expect(lane).toMatchObject({ packets: 17_280n, intervals: 17_280 });
    expect(lane?.path.match(/M/g)?.length).toBeLessThanOrEqual(laneWidth / 2);
  });
});

describe('colours of losses', () => {
  it('are twelve that can be told apart', () => {
    expect(new Set(Array.from({ length: 12 }, (_, i) => dropSwatch(i))).size).toBe(12);
  });
});

describe('a live port', () => {
  it('shows a tick in its charts, and moves the window', () => {
    const port = createLivePort(aSeries(), true);
    port.take([aTick()], false);
    const frame = port.directions[0]?.packets.read();
    expect(frame?.lines[0]?.own.at(-1)).toBe(140n);
    expect(frame?.toSeconds).toBe(start + 5);
    expect(frame?.regions).toMatchObject([{ kind: 'unknown', fromSeconds: start + 2, toSeconds: start + 3 }]);
  });

  it('does not call unknown what lies between the answer and the first tick', () => {
    const port = createLivePort(aSeries({ packets: ['1', '1', '1', '1'] }), true);
    port.take([aTick({ slot: start + 6 })], false);
    expect(port.directions[0]?.packets.read().regions).toEqual([]);
    port.take([aTick({ slot: start + 8 })], false);
    expect(port.directions[0]?.packets.read().regions).toMatchObject([
      { fromSeconds: start + 7, toSeconds: start + 8 },
    ]);
  });

  it('turns time without ticks into unknown', () => {
    const port = createLivePort(aSeries({ packets: ['1', '1', '1', '1'] }), true);
    port.pass(start + 5);
    expect(port.directions[0]?.packets.read().regions).toMatchObject([
      { fromSeconds: start + 4, toSeconds: start + 6 },
    ]);
  });

  it('asks for what lies between the answer and the stream, and takes only what is known', () => {
    const port = createLivePort(aSeries({ packets: ['1', '1', '1', null] }), true);
    expect(port.untold()).toBeNull();
    port.take([aTick({ slot: start + 6 })], false);
    expect(port.untold()).toEqual({ fromSeconds: start + 3, toSeconds: start + 6 });
    const answer = { ...aSeries({ packets: ['5', null, '7', '9'] }), at: [3, 4, 5, 6].map((i) => start + i) };
    port.fill(answer, false);
    const own = port.directions[0]?.packets.read().lines[0]?.own;
    // The tick of second 6 said 140, and stays; second 4 is asked for again.
    expect(own).toEqual([5n, null, 7n, 140n]);
    expect(port.untold()).toEqual({ fromSeconds: start + 4, toSeconds: start + 5 });
  });

  it('asks for nothing that the stream called unknown, nor over a fixed range', () => {
    const unknown = aTick({ state: 'unknown', packets: null, bytes: null, drops: null });
    const port = createLivePort(aSeries({ packets: ['1', '1', '1', '1'] }), true);
    port.take([unknown, aTick({ slot: start + 5 })], false);
    expect(port.untold()).toBeNull();
    const fixed = createLivePort(aSeries(), false);
    fixed.take([aTick({ slot: start + 6 })], false);
    expect(fixed.untold()).toBeNull();
  });

  it('stands still over a fixed range', () => {
    const port = createLivePort(aSeries(), false);
    port.take([aTick()], false);
    expect(port.directions[0]?.packets.read().toSeconds).toBe(start + 4);
  });
});

describe('words and axes', () => {
  it('say a chart in one sentence, with its gaps', () => {
    const regions = regionsOf({ at: [0, 1, 2], stepSeconds: 1, known: (i) => i !== 1, bridges: [] });
    const say = (sum: bigint) => `${sum} pps`;
    expect(summaryOf({ name: 'rx', say, values: [5n, null, 7n], stepSeconds: 1, regions })).toBe(
      'rx: last 7 pps, highest 7 pps, lowest 5 pps. No data for 1 s.',
    );
    expect(summaryOf({ name: 'rx', say, values: [null], stepSeconds: 1, regions: [] })).toContain('no data');
  });

  it('label values and times', () => {
    expect([0, 250, 1_500_000, 0.25].map(valueLabel)).toEqual(['0', '250', '1.5M', '0.25']);
    expect(timeLabels([start, start + 60], 60, 'utc')).toEqual(['14:00', '14:01']);
  });

  it('start scales at zero and give them a height', () => {
    expect(rangeFromZero(null, 1)).toEqual([0, 1]);
    expect(rangeFromZero(0, 1)).toEqual([0, 1]);
    expect(rangeFromZero(100, 1)[0]).toBe(0);
  });

  it('have zero in the middle for values of either sign', () => {
    expect(rangeAroundZero(-100, 20, 1)).toEqual([-108, 108]);
    expect(rangeAroundZero(null, null, 1)).toEqual([-1, 1]);
  });

  it('lift the pen over a gap', () => {
    expect(sparklinePath([1, 1, null, 1, 1, 1], 30, 10).match(/M/g)).toHaveLength(2);
    expect(sparklinePath([1, 9, null, 1], 30, 10)).toBe('');
  });
});
