import { describe, expect, it, test } from 'vitest';
import {
  type Edge,
  type EdgeRow,
  edgeBound,
  edgesOf,
  type ToldRow,
  toldAcross,
} from '../../../../server/ledger/edges.ts';

const second = 1_000_000_000n;

function aRow(over: Partial<EdgeRow> = {}): EdgeRow {
  return {
    from: 10,
    to: 11,
    step: 0,
    inPackets: 10_000n,
    outPackets: 9_000n,
    portDrops: 1_000n,
    intervalNs: second,
    readSpanNs: 250_000n,
    lateNs: 0n,
    hold: 64n,
    ...over,
  };
}

const still = aRow({ inPackets: 0n, outPackets: 0n, portDrops: 0n });
const unknown = aRow({ inPackets: null, outPackets: null, portDrops: null });
const edge = (before?: EdgeRow, after?: EdgeRow): Edge => ({ at: 11, step: 0, before, after });

describe('the bound of one reading', () => {
  test.each<[string, Edge, bigint]>([
    ['hold and rate x read span, rounded up', edge(aRow()), 67n],
    ['the busier side of it counts', edge(aRow(), aRow({ outPackets: 20_000n })), 69n],
    [
      'each side at the length of its own interval',
      edge(aRow(), aRow({ inPackets: 40_000n, intervalNs: 4n * second })),
      67n,
    ],
    ['a row that moved nothing makes it exact', edge(still, aRow()), 0n],
    ['so does one behind: nothing was under way', edge(aRow(), still), 0n],
    ['drops alone are a move', edge(aRow({ inPackets: 0n, outPackets: 0n })), 64n],
    ['beside an unknown row the other tells the rate', edge(unknown, aRow()), 67n],
    ['without a row before, the row behind tells all', edge(undefined, aRow({ hold: 5n })), 8n],
    ['without any rows there is nothing to bound', edge(), 0n],
    ['no length of the interval: all of it', edge(aRow({ intervalNs: 0n })), 10_064n],
    ['no overflow', edge(aRow({ inPackets: 2n ** 63n, hold: 0n, readSpanNs: second })), 2n ** 63n],
  ])('%s', (_, at, bound) => {
    expect(edgeBound(at)).toBe(bound);
  });
});

describe('the ends of stretches', () => {
  const told = (from: number, starts: boolean, ends: boolean, step = 0) => ({
    ...aRow({ from, to: from + 1, step }),
    starts,
    ends,
  });

  it('each has the rows on both of its sides, where they follow without a hole', () => {
    const rows = [told(9, false, false, -1), told(10, true, true), told(15, true, false), told(16, false, true)];
    expect(edgesOf(rows).map(({ at, before, after }) => [at, before?.from, after?.from])).toEqual([
      [10, 9, 10],
      [11, 10, undefined],
      [15, undefined, 15],
      [17, 16, undefined],
    ]);
  });

  it('two steps that follow each other share a reading, told to each', () => {
    const edges = edgesOf([told(10, true, true, 0), told(11, true, true, 1)]);
    expect(edges.map(({ at, step }) => [at, step])).toEqual([
      [10, 0],
      [11, 0],
      [11, 1],
      [12, 1],
    ]);
  });
});

describe('what is told every few seconds', () => {
  const row = (over: Partial<ToldRow> = {}): ToldRow => ({
    from: 6,
    to: 11,
    name: 'policy',
    packets: 5_000n,
    intervalNs: 5n * second,
    readSpanNs: 0n,
    lateNs: 0n,
    ...over,
  });
  const exact = edge(aRow({ readSpanNs: 0n }));

  test.each<[string, Edge[], ToldRow[], bigint]>([
    ['lies clear of the ends: nothing', [exact], [row({ from: 1, to: 6 })], 0n],
    ['ends with the stretch, read in the same instant: nothing', [exact], [row()], 0n],
    ['read 3 ms later: what came in 3 ms', [exact], [row({ lateNs: 3_000_000n })], 3n],
    ['or earlier', [exact], [row({ lateNs: -3_000_001n })], 4n],
    ['half of both spans', [edge(aRow({ readSpanNs: 2_000_000n }))], [row({ readSpanNs: 2_000_000n })], 2n],
    [
      'the busier of the rows on both sides',
      [exact],
      [row({ lateNs: 3_000_000n }), row({ from: 11, to: 16, packets: 50_000n })],
      30n,
    ],
    [
      'different causes add up',
      [exact],
      [row({ lateNs: 1_000_000n }), row({ name: 'tunnel', lateNs: 1_000_000n })],
      2n,
    ],
    ['crosses: all of it', [exact], [row({ from: 8, to: 13 })], 5_000n],
    ['crosses both ends: once', [exact, { ...exact, at: 12 }], [row({ from: 8, to: 13 })], 5_000n],
  ])('%s', (_, edges, rows, across) => {
    expect(toldAcross(edges, rows)).toBe(across);
  });
});
