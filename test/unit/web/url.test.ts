import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Range, rangeOfSelection, resolveRange, shiftRange, zoomRange } from '../../../web/src/url/range.ts';
import {
  carried,
  parseSearch,
  pinOf,
  rangeOf,
  searchFromString,
  searchToString,
  sortOf,
  sortText,
  withRange,
} from '../../../web/src/url/search.ts';

const nowMs = Date.UTC(2026, 6, 14, 14, 0, 3, 500);
const nowSeconds = Date.UTC(2026, 6, 14, 14) / 1_000;

describe('the search of a page', () => {
  it('keeps what fits and leaves out the rest', () => {
    const raw = { range: '5m', filter: 'bond', sort: '-drops', zone: 'local', tab: 'threads', other: 'x' };
    expect(parseSearch(raw)).toEqual({ range: '5m', filter: 'bond', sort: '-drops', zone: 'local', tab: 'threads' });
    expect(parseSearch({ range: '7y', sort: 'a b', zone: 'utc', tab: '<b>', filter: '' })).toEqual({});
  });

  it('lets a fixed range win over a relative one', () => {
    const from = '2026-07-14T14:00:00Z';
    expect(parseSearch({ from, to: '2026-07-14T14:05:00Z', range: '5m' })).toEqual({
      from,
      to: '2026-07-14T14:05:00Z',
    });
  });

  it('drops a fixed range that ends before it starts, or has one end', () => {
    const from = '2026-07-14T14:00:00Z';
    expect(parseSearch({ from, to: from })).toEqual({});
    expect(parseSearch({ from, range: '1h' })).toEqual({ range: '1h' });
  });

  it('never throws, and is stable under its own output', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(
            ...['range', 'from', 'to', 'filter', 'sort', 'zone', 'tab'],
            ...['tenant', 'service', 'slo', 'state', 'month', 'open', 'at', 'queue', 'least'],
          ),
          fc.anything(),
        ),
        (raw) => {
          const once = parseSearch(raw);
          expect(parseSearch(searchFromString(searchToString({ ...once })))).toEqual(once);
        },
      ),
    );
  });

  it('writes a filter of digits without quotes', () => {
    expect(searchToString({ filter: '123', from: '2026-07-14T14:00:00Z' })).toBe(
      '?filter=123&from=2026-07-14T14:00:00Z',
    );
  });

  it('keeps a step and a queue that can be, and drops others', () => {
    const chosen = { at: '2026-07-14T14:00:00Z', queue: '12', least: '5' };
    expect(parseSearch(searchFromString(searchToString(chosen)))).toEqual(chosen);
    expect(pinOf(chosen)).toBe(Date.UTC(2026, 6, 14, 14) / 1_000);
    expect(parseSearch({ at: 'noon', queue: '-1' })).toEqual({});
    expect(parseSearch({ at: 17, queue: '007', least: '0' })).toEqual({});
    expect(pinOf({})).toBeNull();
  });

  it('keeps choices that can be, and drops others', () => {
    const chosen = { tenant: 'acme & co', slo: 'a', state: 'atRisk', month: '2026-02', open: 'true' };
    expect(parseSearch(searchFromString(searchToString(chosen)))).toEqual(chosen);
    expect(parseSearch({ tenant: '', service: 'x'.repeat(256), state: 'a b', month: '2026-13', open: 'yes' })).toEqual(
      {},
    );
  });

  it('takes the range to another page, and not the filter', () => {
    expect(
      carried({ range: '1h', zone: 'local', filter: 'x', sort: 'port', tab: 'facts', month: '2026-11', state: 'open' }),
    ).toEqual({
      range: '1h',
      zone: 'local',
    });
  });

  it('reads and writes the order of a table', () => {
    for (const text of ['port', '-drops']) expect(sortText(sortOf({ sort: text }))).toBe(text);
    expect(sortOf({})).toBeNull();
  });

  it('gives a range back as it was put in', () => {
    const ranges: Range[] = [
      { kind: 'relative', last: '6h' },
      { kind: 'absolute', fromSeconds: nowSeconds - 100, toSeconds: nowSeconds },
    ];
    for (const range of ranges) expect(rangeOf(parseSearch({ ...withRange({ range: '5m' }, range) }))).toEqual(range);
  });
});

describe('ranges', () => {
  it('resolve to whole seconds that have settled', () => {
    expect(resolveRange({ kind: 'relative', last: '5m' }, nowMs)).toEqual({
      fromSeconds: nowSeconds - 300,
      toSeconds: nowSeconds,
    });
  });

  it('shift back by half and forward again to the present', () => {
    const back = shiftRange({ kind: 'relative', last: '5m' }, -1, nowMs);
    expect(back).toEqual({ kind: 'absolute', fromSeconds: nowSeconds - 450, toSeconds: nowSeconds - 150 });
    expect(shiftRange(back, 1, nowMs)).toEqual({ kind: 'relative', last: '5m' });
    expect(shiftRange(back, 1, nowMs + 20_000)).toEqual({ kind: 'relative', last: '5m' });
    expect(shiftRange(back, 1, nowMs + 60_000)).toMatchObject({ kind: 'absolute' });
  });

  it('do not shift into the future', () => {
    expect(shiftRange({ kind: 'relative', last: '1h' }, 1, nowMs)).toEqual({ kind: 'relative', last: '1h' });
  });

  it('zoom through the presets and stop at their ends', () => {
    expect(zoomRange({ kind: 'relative', last: '5m' }, 'in', nowMs)).toEqual({ kind: 'relative', last: '1m' });
    expect(zoomRange({ kind: 'relative', last: '1m' }, 'in', nowMs)).toEqual({ kind: 'relative', last: '1m' });
    expect(zoomRange({ kind: 'relative', last: '7d' }, 'out', nowMs)).toEqual({ kind: 'relative', last: '7d' });
  });

  it('zoom a fixed range around its middle', () => {
    const range: Range = { kind: 'absolute', fromSeconds: nowSeconds - 1_400, toSeconds: nowSeconds - 1_000 };
    expect(zoomRange(range, 'in', nowMs)).toEqual({
      kind: 'absolute',
      fromSeconds: nowSeconds - 1_300,
      toSeconds: nowSeconds - 1_100,
    });
  });

  it('take a piece of a chart, but not a click', () => {
    expect(rangeOfSelection(100.4, 140.2)).toEqual({ kind: 'absolute', fromSeconds: 100, toSeconds: 141 });
    expect(rangeOfSelection(100, 101)).toBeNull();
  });
});
