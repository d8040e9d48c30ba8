import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { slotsOfDay } from '../../../../server/seal/day-slots.ts';
import { leadIn, repeatEqual, sealRuns } from '../../../../server/seal/runs.ts';
import { packetsPerSecondMax, type SharedLoss, unsureLoss } from '../../../../server/seal/shared-loss.ts';
import { endOf, type SlotLine } from '../../../../server/seal/slot-line.ts';
import { aDay, aRow, dayStart, histories } from './histories.ts';

const loss = (at: number, packets: bigint, slots = 1, isEach = false): SharedLoss => {
  return { uplink: 'cn1 nic0', slot: dayStart + at, slots, packets, isEach };
};
const rows = (count: number) => Array.from({ length: count }, (_, i) => aRow(i));
const told = (lines: readonly SlotLine[]) =>
  lines.map((line) => {
    const shared = line.state === 'observed' || line.state === 'bridged' ? ` ${line.shared}` : '';
    return `${line.slot - dayStart}+${line.slots} ${line.state}${shared}`;
  });

describe('what uplinks lost stands beside the lines of a path', () => {
  test('of the same second, all uplinks added up; those seconds are in no sealed run', () => {
    const { lines } = slotsOfDay(aDay(rows(6), { shared: [loss(2, 5n), loss(2, 1n), loss(3, 6n)] }));
    expect(told(repeatEqual(sealRuns(lines)))).toEqual(['0+2 sealed', '2+2 observed 6', '4+2 sealed']);
  });

  test('a gap of an uplink may have lost all of it in any of its seconds, and once in a gap of the path', () => {
    const gap = aRow(4, { state: 'bridged', slots: 3 });
    const shared = [loss(1, 7n, 5), loss(6, 2n), loss(7, 100n)];
    expect(told(slotsOfDay(aDay([...rows(4), gap], { shared })).lines)).toEqual([
      '0+1 observed 0',
      ...['1+1 observed 7', '2+1 observed 7', '3+1 observed 7'],
      '4+3 bridged 9',
    ]);
  });

  test('a second that an uplink does not know may have lost as much as any link brings', () => {
    const unsure = unsureLoss('cn1 nic0', [loss(1, 0n, 4), loss(4, 0n, 3)], [loss(0, 0n, 2), loss(3, 0n), loss(9, 0n)]);
    expect(unsure.map(({ slot, slots }) => [slot - dayStart, slots])).toEqual([
      [2, 1],
      [4, 3],
    ]);
    const gap = aRow(3, { state: 'bridged', slots: 3 });
    const { lines } = slotsOfDay(aDay([...rows(3), gap], { shared: unsure }));
    expect(lines.map((line) => line.state !== 'unknown' && line.state !== 'sealed' && line.shared)).toEqual([
      ...[0n, 0n, packetsPerSecondMax],
      2n * packetsPerSecondMax,
    ]);
  });

  test('whatever happened: each line has what touches it, and is otherwise what it was', () => {
    const losses = fc.array(
      fc.record({
        at: fc.integer({ min: -20, max: 4000 }),
        slots: fc.constantFrom(1, 1, 1, 3, 40),
        packets: fc.bigInt({ min: 1n, max: 90n }),
        isEach: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(histories, losses, (day, drawn) => {
        const shared = drawn.map(({ at, packets, slots, isEach }) => loss(at, packets, slots, isEach));
        const before = slotsOfDay(day).lines;
        const after = slotsOfDay({ ...day, shared }).lines;
        const expected = before.map((line) => {
          if (line.state === 'unknown' || line.state === 'sealed' || line.suspect) return line;
          const all = Array.from({ length: line.slots }, (_, i) => line.slot + i);
          const share = shared.map((each) => {
            const inside = all.filter((slot) => slot >= each.slot && slot < endOf(each)).length;
            return each.packets * BigInt(each.isEach ? inside : Math.min(inside, 1));
          });
          return { ...line, shared: share.reduce((sum, packets) => sum + packets, 0n) };
        });
        expect(after).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('a state before a window does not rest on seconds that may have lost something', () => {
    const { lines } = slotsOfDay(aDay(rows(12), { shared: [loss(8, 50n)] }));
    expect(leadIn(lines, 3)).toMatchObject({ settled: true, lines: { length: 3 } });
    const { lines: from, settled } = leadIn(lines, 4);
    expect([settled, from[0]?.slot]).toEqual([true, dayStart + 4]);
  });
});
