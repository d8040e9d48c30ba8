import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { balanceOf, type LedgerInput, type Replicas } from '../../../../server/ledger/balance.ts';
import { edgesOfWindow, type Reading, readingsOf, rowsOf, seconds, type Totals } from './simulated-datapath.ts';

const told: Replicas = { copies: 0n, consumed: 0n, uncertain: 0n, unbounded: false, toldTo: 100 };

function anInput(over: Partial<LedgerInput> & { residualRaw?: bigint } = {}): LedgerInput {
  const { residualRaw = 0n, ...rest } = over;
  return {
    to: 100,
    sums: { known: 10, in: 1_000n, out: 1_000n - residualRaw, portDrops: 0n, residualRaw, unread: false },
    edges: [],
    inside: [],
    insideUnknown: false,
    replicas: told,
    copiesNear: [],
    lossesNear: [],
    ...rest,
  };
}

const awayGuest = (residualRaw: bigint) => ({
  sums: { known: 10, in: 9n, out: 9n - residualRaw, portDrops: 0n, residualRaw, unread: true },
});

/** An end beside nothing else than a row with this hold. */
const anEnd = (hold: bigint, at = 100) => ({
  at,
  step: 0,
  before: {
    from: at - 1,
    to: at,
    step: 0,
    inPackets: 1n,
    outPackets: 1n,
    portDrops: 0n,
    intervalNs: 1_000_000_000n,
    readSpanNs: 0n,
    lateNs: 0n,
    hold,
  },
  after: undefined,
});

describe('the state of a ledger', () => {
  test.each<[string, LedgerInput, string, string]>([
    ['nothing left over balances', anInput(), '0', 'balanced'],
    [
      'what a thread can hold is within the bound',
      anInput({ residualRaw: 64n, edges: [anEnd(64n)] }),
      '64',
      'withinBound',
    ],
    ['below zero too', anInput({ residualRaw: -64n, edges: [anEnd(64n)] }), '-64', 'withinBound'],
    ['one more is unexplained', anInput({ residualRaw: 65n, edges: [anEnd(64n)] }), '65', 'unexplained'],
    [
      'drops inside are taken off',
      anInput({ residualRaw: 7n, inside: [{ cause: 'policy', packets: 5n }], replicas: { ...told, consumed: 2n } }),
      '0',
      'balanced',
    ],
    ['copies are put back', anInput({ residualRaw: -9n, replicas: { ...told, copies: 9n } }), '0', 'balanced'],
    [
      'copies not seen are allowed for',
      anInput({ residualRaw: -9n, replicas: { ...told, uncertain: 9n } }),
      '-9',
      'withinBound',
    ],
    [
      'one more than those is not',
      anInput({ residualRaw: -9n, replicas: { ...told, uncertain: 8n } }),
      '-9',
      'unexplained',
    ],
    [
      'behind what is told it is unsettled',
      anInput({ residualRaw: 1n, replicas: { ...told, toldTo: 99 } }),
      '1',
      'unsettled',
    ],
    ['but balanced when nothing is left over', anInput({ replicas: { ...told, toldTo: 99 } }), '0', 'balanced'],
    [
      'copies that nobody tells leave it unsettled',
      anInput({
        residualRaw: -1n,
        replicas: { copies: null, consumed: null, uncertain: 0n, unbounded: true, toldTo: null },
      }),
      '-1',
      'unsettled',
    ],
    [
      'copies without a bound too',
      anInput({ residualRaw: 1n, replicas: { ...told, unbounded: true } }),
      '1',
      'unsettled',
    ],
    ['what went to a guest that is away is not settled', anInput({ ...awayGuest(2n) }), '2', 'unsettled'],
    ['but nothing comes from one', anInput({ ...awayGuest(-2n) }), '-2', 'unexplained'],
    ['unknown drops inside too', anInput({ residualRaw: 1n, insideUnknown: true }), '1', 'unsettled'],
    [
      'no known slot is unknown, whatever the sums say',
      anInput({ sums: { known: 0, in: 0n, out: 0n, portDrops: 0n, residualRaw: 0n, unread: false } }),
      '0',
      'unknown',
    ],
  ])('%s', (_, input, residual, state) => {
    expect({ residual: String(balanceOf(input).residual), state: balanceOf(input).state }).toEqual({ residual, state });
  });

  it('beyond 2^53 one packet still shows', () => {
    const residualRaw = 2n ** 62n + 1n;
    const inside = [{ cause: 'policy', packets: 2n ** 62n }];
    expect(balanceOf(anInput({ residualRaw, inside }))).toMatchObject({ residual: 1n, state: 'unexplained' });
  });

  it('what crosses an end is uncertain as a whole, on its own side of the ledger', () => {
    const row = { from: 97, to: 102, packets: 30n, intervalNs: 5_000_000_000n, readSpanNs: 0n, lateNs: 0n };
    const edges = [anEnd(0n)];
    const losses = balanceOf(anInput({ residualRaw: 30n, edges, lossesNear: [{ ...row, name: 'policy' }] }));
    expect(losses).toMatchObject({ bound: 30n, copiesUncertain: 0n, state: 'withinBound' });
    const copies = balanceOf(anInput({ residualRaw: -31n, edges, copiesNear: [{ ...row, name: 'copies' }] }));
    expect(copies).toMatchObject({ bound: 0n, copiesUncertain: 30n, state: 'unexplained' });
  });
});

/** The ledger of seconds [from, to) when copies and drops inside are told at the same instants. */
function ledgerOf(readings: readonly Reading[], from: number, to: number, told_: Totals): ReturnType<typeof balanceOf> {
  const rows = rowsOf(readings);
  const [first, last] = [readings[from] as Reading, readings[to] as Reading];
  const within = rows.slice(from, to);
  return balanceOf({
    to,
    sums: {
      known: to - from,
      in: last.in - first.in,
      out: last.out - first.out,
      portDrops: last.portDrops - first.portDrops,
      residualRaw: within.reduce((sum, { residualRaw }) => sum + residualRaw, 0n),
      unread: false,
    },
    edges: edgesOfWindow(rows, from, to),
    inside: [{ cause: 'policy', packets: told_.policy }],
    insideUnknown: false,
    replicas: { copies: told_.copies, consumed: told_.consumed, uncertain: 0n, unbounded: false, toldTo: to },
    copiesNear: [],
    lossesNear: [],
  });
}

describe('conservation', () => {
  it('any window of any traffic, read while it flows, stays within its bound; settled it balances to the packet', () => {
    fc.assert(
      fc.property(seconds, fc.nat(), fc.nat(), (run, a, b) => {
        const readings = readingsOf(run);
        const all = { ...(readings.at(-1) as Reading) };
        expect(ledgerOf(readings, 0, run.length, all)).toMatchObject({ residual: 0n, bound: 0n, state: 'balanced' });
        const [from, to] = [a % run.length, (b % run.length) + 1].sort((x, y) => x - y) as [number, number];
        if (from === to) return;
        const [first, last] = [readings[from] as Reading, readings[to] as Reading];
        const part = ledgerOf(readings, from, to, {
          ...last,
          policy: last.policy - first.policy,
          consumed: last.consumed - first.consumed,
          copies: last.copies - first.copies,
        });
        expect(['balanced', 'withinBound']).toContain(part.state);
      }),
    );
  });

  it('a packet that is lost without being counted shows, once traffic has stopped', () => {
    fc.assert(
      fc.property(seconds, fc.nat(), (run, where) => {
        const readings = readingsOf(run);
        const at = 1 + (where % (readings.length - 2));
        const leaking = readings.map((reading, i) => (i < at ? reading : { ...reading, in: reading.in + 1n }));
        const all = { ...(leaking.at(-1) as Reading) };
        expect(ledgerOf(leaking, 0, run.length, all)).toMatchObject({ residual: 1n, state: 'unexplained' });
      }),
    );
  });
});
