import fc from 'fast-check';
import { type EdgeRow, edgesOf } from '../../../../server/ledger/edges.ts';

/** What happened to packets in the order in which it happened; each may be cut by a reading of the counters. */
type Happening =
  | { readonly kind: 'received'; readonly outputs: number; readonly refused: number }
  | { readonly kind: 'policy' }
  | { readonly kind: 'consumed' };

/** A second: what happens before its closing reading, and while that reading goes on. */
interface Second {
  readonly before: readonly Happening[];
  readonly during: readonly Happening[];
}

export interface Totals {
  in: bigint;
  out: bigint;
  portDrops: bigint;
  policy: bigint;
  consumed: bigint;
  copies: bigint;
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Happening>({ kind: 'received', outputs: 1, refused: 0 }) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }))
      .map(([outputs, refused]): Happening => ({ kind: 'received', outputs, refused: Math.min(outputs, refused) })),
  },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: 'policy' }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: 'consumed' }) },
);

const still: Second = { before: [], during: [] };

/** Traffic between seconds in which nothing moves: the readings of both ends are exact. */
export const seconds: fc.Arbitrary<Second[]> = fc
  .array(
    fc.record({
      before: fc.array(happening, { maxLength: 40 }),
      during: fc.array(happening, { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((run) => [still, ...run, still, still]);

function noTotals(): Totals {
  return { in: 0n, out: 0n, portDrops: 0n, policy: 0n, consumed: 0n, copies: 0n };
}

function apply(totals: Totals, what: Happening): void {
  totals.in++;
  if (what.kind === 'policy') totals.policy++;
  if (what.kind === 'consumed') totals.consumed++;
  if (what.kind !== 'received') return;
  totals.out += BigInt(what.outputs - what.refused);
  totals.portDrops += BigInt(what.refused);
  totals.copies += BigInt(what.outputs - 1);
}

export interface Reading extends Totals {
  /** At most so many packets of this reading are counted on one side only. */
  readonly skew: bigint;
}

/**
 * Readings at the end of each second: what came in, copies and drops inside are read first; what happens meanwhile moves
 * the counters of outputs, which are read later. The first reading is of a datapath that has seen nothing.
 */
export function readingsOf(run: readonly Second[]): Reading[] {
  const totals = noTotals();
  const readings: Reading[] = [{ ...totals, skew: 0n }];
  for (const { before, during } of run) {
    for (const what of before) apply(totals, what);
    const first = { ...totals };
    for (const what of during) apply(totals, what);
    const moved = totals.in - first.in + (totals.copies - first.copies);
    const { policy, consumed, copies } = first;
    readings.push({ ...totals, in: first.in, policy, consumed, copies, skew: moved });
  }
  return readings;
}

/** Rows between readings, all in step 0; `hold` is the skew, the span nothing, so that the bound is what it must cover. */
export function rowsOf(readings: readonly Reading[]): (EdgeRow & { readonly residualRaw: bigint })[] {
  return readings.slice(1).map((reading, i) => {
    const previous = readings[i] as Reading;
    const inc = (name: keyof Totals) => reading[name] - previous[name];
    return {
      from: i,
      to: i + 1,
      step: 0,
      inPackets: inc('in'),
      outPackets: inc('out'),
      portDrops: inc('portDrops'),
      residualRaw: inc('in') - inc('out') - inc('portDrops'),
      intervalNs: 1_000_000_000n,
      readSpanNs: 0n,
      lateNs: 0n,
      hold: reading.skew,
    };
  });
}

/** The ends of the rows from `from` to before `to`, as the store tells them: first and last row, and their neighbours. */
export function edgesOfWindow(rows: readonly EdgeRow[], from: number, to: number) {
  const told = rows
    .filter((row) => row.from >= from - 1 && row.to <= to + 1)
    .map((row) => {
      const within = row.from >= from && row.to <= to;
      return { ...row, step: within ? 0 : -1, starts: within && row.from === from, ends: within && row.to === to };
    });
  return edgesOf(told);
}
