import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LossRow, lossStretches } from '../../../../server/sli/loss-stretches.ts';

function aRow(slot: number, over: Partial<LossRow> = {}): LossRow {
  return { slot, slots: 1, isKnown: true, offered: 100n, lost: 1n, ...over };
}

const words = (rows: readonly LossRow[], from = 10, to = 20) =>
  lossStretches(rows, { from, to }).map((stretch) => {
    const slots = stretch.state === 'observed' ? 1 : stretch.slots;
    return 'bad' in stretch ? `${stretch.state} ${slots}: ${stretch.bad}` : `${stretch.state} ${slots}`;
  });

describe('seconds of a path as stretches', () => {
  it('have no holes: what no row tells is unknown', () => {
    expect(words([aRow(10), aRow(12, { slots: 3, lost: 7n }), aRow(19, { slots: 4 })])).toEqual([
      'observed 1: 1',
      'unknown 1',
      'bridged 3: 7',
      'unknown 5',
    ]);
    expect(words([])).toEqual(['unknown 10']);
  });

  it('leave out what reaches over an end, is suspect, or is told twice', () => {
    expect(words([aRow(8, { slots: 4 }), aRow(12)])).toEqual(['unknown 2', 'observed 1: 1', 'unknown 7']);
    expect(words([aRow(10, { isKnown: false }), aRow(11)], 10, 12)).toEqual(['unknown 1', 'observed 1: 1']);
    expect(words([aRow(10), aRow(10), aRow(11)], 10, 12)).toEqual(['unknown 1', 'observed 1: 1']);
    expect(words([aRow(10, { slots: 3 }), aRow(11)], 10, 14)).toEqual(['unknown 4']);
  });

  it('cover the window exactly, whatever the rows', () => {
    const row = fc.record({
      slot: fc.integer({ min: 0, max: 40 }),
      slots: fc.integer({ min: 1, max: 9 }),
      isKnown: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (drawn) => {
        const rows = drawn.map((own) => aRow(own.slot, own)).sort((a, b) => a.slot - b.slot);
        const all = lossStretches(rows, { from: 10, to: 30 });
        const slots = all.reduce((sum, one) => sum + (one.state === 'observed' ? 1 : one.slots), 0);
        expect(slots).toBe(20);
      }),
    );
  });
});
