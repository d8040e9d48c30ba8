import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CreditResult } from '../../../../server/credits/credit.ts';
import {
  type CreditEvent,
  type CreditLine,
  type CreditState,
  computedLine,
  creditStates,
  givenLine,
  givenStates,
  type LineBody,
  mayBecome,
} from '../../../../server/credits/line.ts';

const event: CreditEvent = {
  ...{ id: 'c1', tenant: 'acme', agreement: 'gold', agreementVersion: 1, service: 'acme', item: 'port' },
  ...{ month: '2026-11', currency: 'VND' },
};
const result = (amount: bigint, over: Partial<CreditResult> = {}): CreditResult => ({
  ...{ slo: 'acme', verdict: amount === 0n ? 'met' : 'breached', bad: 400n, total: 2_592_000n, amount },
  ...{ share: { num: amount, den: 1000n }, fee: 1000n, explanation: `${amount}.` },
  ...over,
});

/** The lines of one credit, each told by what the ledger has so far. */
class Lines {
  readonly all: CreditLine[] = [];

  add(body: LineBody | undefined): boolean {
    if (body !== undefined) this.all.push({ ...body, entry: this.all.length + 1, atMs: 0 });
    return body !== undefined;
  }

  compute(amount: bigint, over: Partial<CreditResult> = {}): boolean {
    return this.add(computedLine(event, result(amount, over), this.all));
  }

  get last(): CreditLine {
    return this.all.at(-1) as CreditLine;
  }

  get sum(): bigint {
    return this.all.reduce((sum, { change }) => sum + BigInt(change), 0n);
  }
}

describe('the lines of a credit', () => {
  test('begin with what was computed, also where that is nothing; the same again adds nothing', () => {
    const lines = new Lines();
    expect(lines.compute(0n)).toBe(true);
    expect(lines.last).toMatchObject({ state: 'computed', amount: '0', change: '0', corrects: null, by: 'fournines' });
    expect(lines.compute(0n)).toBe(false);
    expect(lines.compute(0n, { bad: 401n, explanation: 'other words' })).toBe(false);
  });

  test('another result is an adjustment that names the line before', () => {
    const lines = new Lines();
    lines.compute(500n);
    lines.add(givenLine(lines.last, 'notified', { by: 'Lan', comment: 'mail' }));
    expect(lines.compute(200n)).toBe(true);
    expect(lines.last).toMatchObject({ state: 'adjusted', amount: '200', change: '-300', corrects: 2 });
    expect(lines.last.explanation).toBe('200. Before it was 500 (entry 2, notified).');
    expect(lines.compute(200n)).toBe(false);
    expect(lines.compute(200n, { verdict: 'undetermined' })).toBe(true);
    expect(lines.last.change).toBe('0');
  });

  test('what is reversed is owed no more; the same result does not bring it back, another one does', () => {
    const lines = new Lines();
    lines.compute(500n);
    lines.add(givenLine(lines.last, 'reversed', { by: 'Lan', comment: 'paid otherwise' }));
    expect(lines.last).toMatchObject({ amount: '0', change: '-500' });
    expect(lines.compute(500n)).toBe(false);
    expect(lines.compute(700n)).toBe(true);
    expect(lines.last).toMatchObject({ state: 'adjusted', amount: '700', change: '700', corrects: 2 });
  });

  test('each state leads to these', () => {
    const table = creditStates.map((state): [CreditState, string[]] => [
      state,
      givenStates.filter((wanted) => mayBecome(state, wanted)),
    ]);
    expect(table).toEqual([
      ['computed', ['notified', 'reversed']],
      ['notified', ['disputed', 'issued', 'reversed']],
      ['disputed', ['notified', 'issued', 'reversed']],
      ['adjusted', ['notified', 'disputed', 'issued', 'reversed']],
      ['issued', ['disputed', 'reversed']],
      ['reversed', []],
    ]);
  });

  test('add up to what was computed last, or to nothing after a reversal, whatever is replayed in between', () => {
    const step = fc.oneof(
      fc.bigInt({ min: 0n, max: 4n }).map((amount) => ({ amount: amount * 100n })),
      fc.constantFrom(...givenStates).map((state) => ({ state })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const lines = new Lines();
        let owed = 0n;
        let computed: bigint | undefined;
        for (const each of steps) {
          if ('amount' in each) {
            if (lines.compute(each.amount)) owed = each.amount;
            expect(lines.compute(each.amount)).toBe(false);
            computed = each.amount;
          } else if (computed !== undefined && mayBecome(lines.last.state, each.state)) {
            lines.add(givenLine(lines.last, each.state, { by: 'Lan', comment: '' }));
            if (each.state === 'reversed') owed = 0n;
          }
          expect(lines.sum).toBe(owed);
          expect(BigInt(lines.all.at(-1)?.amount ?? 0)).toBe(owed);
          const wasReversed = lines.all.at(-1)?.state === 'reversed';
          if (computed !== undefined && !wasReversed) expect(owed).toBe(computed);
        }
      }),
    );
  });
});
