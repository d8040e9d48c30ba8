import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClosedSlot,
  type CounterRule,
  closeSlot,
  difference,
  epochOf,
  type GroupState,
  identityOf,
  placeRead,
  slotNs,
} from '../../../collector/slot.ts';

const base = 1_800_000_000;
const packets: CounterRule = { name: 'packets', widthBits: 64, perSecondMax: 4_000_000_000n };
const small: CounterRule = { name: 'small', widthBits: 32, perSecondMax: 200_000_000n };
const identity = identityOf('boot', 'link', 2);

/** A read `lateMs` after its boundary; the boot clock runs with the wall clock unless `stepS` moves the wall. */
function read(second: number, value: bigint, options: { lateMs?: number; stepS?: number; identity?: bigint } = {}) {
  const late = BigInt(options.lateMs ?? 0) * 1_000_000n;
  const step = options.stepS ?? 0;
  return {
    boundary: base + second + step,
    wallNs: BigInt(base + second + step) * slotNs + late,
    monoNs: BigInt(second + 1000) * slotNs + late,
    readSpanNs: 20_000n,
    identity: options.identity ?? identity,
    values: [value],
  };
}

function closeAll(reads: readonly ReturnType<typeof read>[], rule = packets) {
  let state: GroupState | undefined;
  const closed: ClosedSlot[] = [];
  const refused: string[] = [];
  for (const each of reads) {
    const result = closeSlot(state, each, [rule]);
    state = result.state;
    if (result.closed !== null) closed.push(result.closed);
    if (result.refused !== null) refused.push(result.refused);
  }
  return { closed, refused, state };
}

describe('a counter becomes slots', () => {
  it('first read opens and gives no row: what came before is unknown', () => {
    expect(closeAll([read(0, 500n)]).closed).toEqual([]);
  });

  it('two reads a second apart give one observed slot', () => {
    const [row] = closeAll([read(0, 500n), read(1, 650n)]).closed;
    expect(row).toMatchObject({
      slot: base,
      slots: 1,
      state: 'observed',
      suspect: false,
      increments: [150n],
      values: [650n],
    });
    expect(row?.intervalNs).toBe(slotNs);
  });

  it('says how late it was read, and how long lay between', () => {
    const [row] = closeAll([read(0, 0n, { lateMs: 2 }), read(1, 9n, { lateMs: 7 })]).closed;
    expect(row).toMatchObject({ lateNs: 7_000_000n, intervalNs: slotNs + 5_000_000n, readSpanNs: 20_000n });
  });

  it('a missed second is bridged: the sum is exact, its place is not', () => {
    const [row] = closeAll([read(0, 0n), read(4, 40n)]).closed;
    expect(row).toMatchObject({ slot: base, slots: 4, state: 'bridged', increments: [40n] });
  });

  it('a read past half a slot is refused, and both slots are bridged by the next', () => {
    const { closed, refused } = closeAll([read(0, 0n), read(1, 10n, { lateMs: 501 }), read(2, 20n)]);
    expect(refused).toEqual(['late']);
    expect(closed).toHaveLength(1);
    expect(closed[0]).toMatchObject({ slot: base, slots: 2, state: 'bridged', increments: [20n] });
  });

  it('half a slot late is still on time', () => {
    const { closed, refused } = closeAll([read(0, 0n), read(1, 10n, { lateMs: 500 })]);
    expect(refused).toEqual([]);
    expect(closed[0]?.state).toBe('observed');
  });

  it('the same read twice changes nothing', () => {
    const { closed, refused } = closeAll([read(0, 0n), read(1, 10n), read(1, 10n), read(2, 30n)]);
    expect(refused).toEqual(['duplicate']);
    expect(closed.map((row) => row.increments[0])).toEqual([10n, 20n]);
  });

  it('90 s without a read are one gap of 90 slots', () => {
    const [row] = closeAll([read(0, 5n), read(90, 905n)]).closed;
    expect(row).toMatchObject({ slots: 90, state: 'bridged', increments: [900n], intervalNs: 90n * slotNs });
  });
});

describe('ends of an epoch', () => {
  it('a fall is a reset: unknown, a new epoch, and counting goes on from there', () => {
    const { closed } = closeAll([read(0, 500n), read(1, 20n), read(2, 25n)]);
    expect(closed[0]).toMatchObject({ state: 'unknown', increments: [null], values: [20n] });
    expect(closed[1]).toMatchObject({ state: 'observed', increments: [5n] });
    expect(closed.map((row) => row.epoch)).toEqual([epochOf(identity, 1n), epochOf(identity, 1n)]);
  });

  it('another object under the same name is another epoch, even when its counter is higher', () => {
    const { closed } = closeAll([read(0, 500n), read(1, 900n, { identity: identityOf('boot', 'link', 3) })]);
    expect(closed[0]).toMatchObject({ state: 'unknown', increments: [null] });
  });

  it('an increment no link can make is not believed', () => {
    const { closed } = closeAll([read(0, 0n), read(1, 1n << 60n), read(2, (1n << 60n) + 3n)]);
    expect(closed[0]).toMatchObject({ state: 'unknown', increments: [null] });
    expect(closed[1]).toMatchObject({ state: 'observed', increments: [3n] });
  });

  it('a reset seen on another counter of the object ends this epoch too', () => {
    const first = closeSlot(undefined, read(0, 5n), [packets]);
    const seen = { why: 'reset', counter: 'rxBytes', before: 9n, now: 1n } as const;
    const { closed, epochEnd } = closeSlot(first.state, { ...read(1, 9n), resetSeen: seen }, [packets]);
    expect(closed).toMatchObject({ state: 'unknown', increments: [null] });
    expect(epochEnd).toEqual(seen);
  });

  it('one counter of a group falls: none of the group is known', () => {
    const rules = [packets, { ...packets, name: 'bytes' }];
    const first = closeSlot(undefined, { ...read(0, 0n), values: [10n, 1000n] }, rules);
    const { closed } = closeSlot(first.state, { ...read(1, 0n), values: [20n, 7n] }, rules);
    expect(closed?.increments).toEqual([null, null]);
  });
});

describe('wrap', () => {
  it('a 32-bit counter that wraps goes on', () => {
    expect(difference(small, 4_294_967_290n, 10n, slotNs)).toEqual({ kind: 'increment', increment: 16n });
  });

  it('a 64-bit counter that wraps goes on', () => {
    expect(difference(packets, (1n << 64n) - 5n, 7n, slotNs)).toEqual({ kind: 'increment', increment: 12n });
  });

  it('a rise over a gap in which a 32-bit counter could have gone round unseen is not believed', () => {
    expect(difference(small, 100n, 200n, 7200n * slotNs)).toEqual({ kind: 'implausible' });
    expect(difference(packets, 100n, 200n, 7200n * slotNs)).toEqual({ kind: 'increment', increment: 100n });
  });

  it('a fall that no link could wrap is a reset', () => {
    expect(difference(small, 1_000_000n, 10n, slotNs)).toEqual({ kind: 'reset' });
    expect(difference(packets, 1_000_000n, 10n, slotNs)).toEqual({ kind: 'reset' });
  });

  it('after a gap in which a 32-bit counter could have wrapped more than once, nothing is guessed', () => {
    expect(difference(small, 4_294_967_290n, 10n, 60n * slotNs)).toEqual({ kind: 'reset' });
  });

  it('a value that no 32-bit counter can have did not wrap', () => {
    expect(difference(small, 1n << 40n, 10n, slotNs)).toEqual({ kind: 'reset' });
  });
});

describe('clock steps', () => {
  it('an hour forward: the length is one second, the row is suspect, later rows are not', () => {
    const { closed } = closeAll([read(0, 0n), read(1, 10n, { stepS: 3600 }), read(2, 25n, { stepS: 3600 })]);
    expect(closed[0]).toMatchObject({
      slot: base + 3600,
      slots: 1,
      suspect: true,
      intervalNs: slotNs,
      increments: [10n],
    });
    expect(closed[0]?.stepNs).toBe(3600n * slotNs);
    expect(closed[1]).toMatchObject({ slot: base + 3601, suspect: false, increments: [15n] });
  });

  it('an hour back: the hour that is told twice is suspect, the first second after it is not', () => {
    const hour = Array.from({ length: 3601 }, (_, i) => read(i, BigInt(i)));
    const again = Array.from({ length: 3700 }, (_, i) => read(3601 + i, BigInt(3601 + i), { stepS: -3600 }));
    const { closed } = closeAll([...hour, ...again]);
    const after = closed.slice(hour.length - 1);
    const repeated = after.filter((row) => row.suspect);
    expect([repeated[0]?.slot, repeated.at(-1)?.slot]).toEqual([base, base + 3599]);
    expect(after.find((row) => !row.suspect)?.slot).toBe(base + 3600);
    expect(closed.every((row) => row.intervalNs === slotNs)).toBe(true);
  });

  it('ten years forward and back within seconds: only the steps are suspect, and slots told twice', () => {
    const glitch = 10 * 365 * 86_400;
    const steps = [0, 0, 0, glitch, glitch, 0, 0, 0];
    const { closed } = closeAll(steps.map((stepS, i) => read(i, BigInt(i), { stepS })));
    expect(closed.map((row) => row.suspect)).toEqual([false, false, true, false, true, false, false]);
  });

  it('a step of less than half a slot is drift, not a step', () => {
    const second = { ...read(1, 4n), wallNs: BigInt(base + 1) * slotNs + 400_000_000n };
    expect(closeAll([read(0, 0n), second]).closed[0]).toMatchObject({ suspect: false, stepNs: 0n, slots: 1 });
  });
});

type Step =
  | { readonly do: 'tick'; readonly packets: number; readonly lateMs: number }
  | { readonly do: 'gap'; readonly seconds: number; readonly packets: number }
  | { readonly do: 'reset'; readonly packets: number }
  | { readonly do: 'replace'; readonly packets: number }
  | { readonly do: 'duplicate' }
  | { readonly do: 'stepClock'; readonly seconds: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('tick' as const),
        packets: fc.nat(1_000_000),
        lateMs: fc.integer({ min: 0, max: 900 }),
      }),
    },
    fc.record({
      do: fc.constant('gap' as const),
      seconds: fc.integer({ min: 2, max: 120 }),
      packets: fc.nat(1_000_000),
    }),
    fc.record({ do: fc.constant('reset' as const), packets: fc.nat(1000) }),
    fc.record({ do: fc.constant('replace' as const), packets: fc.nat(1000) }),
    fc.constant({ do: 'duplicate' as const }),
    fc.record({ do: fc.constant('stepClock' as const), seconds: fc.integer({ min: -5000, max: 5000 }) }),
  ),
  { maxLength: 80 },
);

/** Plays the steps against a real counter of `range` and gives the rows beside what was truly counted. */
function play(all: readonly Step[], rule: CounterRule, start: bigint) {
  const range = 1n << BigInt(rule.widthBits);
  let truth = start;
  let object = 1;
  let lives = 0;
  let second = 0;
  let wallShift = 0;
  let state: GroupState | undefined;
  let acceptedTruth: bigint | undefined;
  let acceptedLife = -1;
  const rows: { row: ClosedSlot; true: bigint | undefined }[] = [];
  const take = (lateMs: number) => {
    const raw = truth % range;
    const late = BigInt(lateMs) * 1_000_000n;
    const result = closeSlot(
      state,
      {
        boundary: base + second + wallShift,
        wallNs: BigInt(base + second + wallShift) * slotNs + late,
        monoNs: BigInt(second + 10_000) * slotNs + late,
        readSpanNs: 1000n,
        identity: identityOf('boot', object),
        values: [raw],
      },
      [rule],
    );
    state = result.state;
    if (result.refused !== null) return;
    if (result.closed !== null)
      rows.push({ row: result.closed, true: acceptedLife === lives ? truth - (acceptedTruth ?? 0n) : undefined });
    acceptedTruth = truth;
    acceptedLife = lives;
  };
  take(0);
  for (const step of all) {
    switch (step.do) {
      case 'tick':
        second++;
        truth += BigInt(step.packets);
        take(step.lateMs);
        break;
      case 'gap':
        second += step.seconds;
        truth += BigInt(step.packets);
        take(0);
        break;
      case 'reset':
        second++;
        lives++;
        // A counter that starts anew is below where it stood: that is what makes the fall visible.
        truth = truth > BigInt(step.packets) ? BigInt(step.packets) : 0n;
        take(0);
        break;
      case 'replace':
        second++;
        lives++;
        object++;
        truth += BigInt(step.packets);
        take(0);
        break;
      case 'duplicate':
        take(0);
        break;
      case 'stepClock':
        wallShift += step.seconds;
        break;
    }
  }
  return rows;
}

describe('over any pattern of reset, replacement, gap, duplicate, late read and clock step', () => {
  const rules = [packets, small] as const;
  for (const rule of rules) {
    it(`${rule.widthBits}-bit: a known increment is the true one, an unknown one is null`, () => {
      fc.assert(
        fc.property(steps, fc.bigInt(0n, 1n << 33n), (all, start) => {
          for (const { row, true: truth } of play(all, rule, start)) {
            expect(row.state === 'unknown').toBe(row.increments[0] === null);
            // A reset of a 32-bit counter may look like a wrap only if the fall is one a link could make; play() keeps below.
            if (row.state !== 'unknown' && truth !== undefined) expect(row.increments[0]).toBe(truth);
            if (row.increments[0] !== null) expect(row.increments[0]).toBeGreaterThanOrEqual(0n);
          }
        }),
        { numRuns: 400 },
      );
    });

    it(`${rule.widthBits}-bit: rows that count never cover a slot twice`, () => {
      fc.assert(
        fc.property(steps, (all) => {
          const covered = new Set<number>();
          for (const { row } of play(all, rule, 5n)) {
            expect(row.slots).toBeGreaterThan(0);
            if (row.suspect) continue;
            for (let slot = row.slot; slot < row.slot + row.slots; slot++) {
              expect(covered.has(slot)).toBe(false);
              covered.add(slot);
            }
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it('without resets the increments add up to what was counted, whatever was late or missing', () => {
    const calm = steps.map((all) => all.filter((step) => step.do !== 'reset' && step.do !== 'replace'));
    fc.assert(
      fc.property(calm, fc.bigInt(0n, 1n << 50n), (all, start) => {
        const rows = play(all, packets, start);
        const sum = rows.reduce((total, { row }) => total + (row.increments[0] ?? 0n), 0n);
        const truth = rows.reduce((total, row) => total + (row.true ?? 0n), 0n);
        expect(sum).toBe(truth);
      }),
      { numRuns: 400 },
    );
  });
});

describe('placing reads', () => {
  it('refuses a boot clock that stands still or runs back', () => {
    const first = placeRead(undefined, read(0, 0n));
    if (first.kind !== 'opened') throw new Error('the first read opens');
    expect(placeRead(first.placed, { ...read(1, 0n), monoNs: read(0, 0n).monoNs })).toEqual({
      kind: 'refused',
      reason: 'duplicate',
    });
  });

  it('identity has 48 bits and depends on where one part ends', () => {
    expect(identityOf('a', 'bc')).not.toBe(identityOf('ab', 'c'));
    expect(identityOf('boot', 7)).toBeLessThan(1n << 48n);
    expect(identityOf('boot', 7)).toBe(identityOf('boot', 7));
  });
});
