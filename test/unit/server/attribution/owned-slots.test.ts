import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownedSlots, type ToldLoss } from '../../../../server/attribution/owned-slots.ts';

const row = (slot: number, packets: number, over: Partial<ToldLoss> = {}): ToldLoss => ({
  slot,
  slots: 5,
  cause: 'vhost_ring_full',
  packets: BigInt(packets),
  owner: 'tenant',
  ...over,
});

/** Losses of slots from 0 on; what is not listed lost nothing, null was not observed. */
function told(rows: readonly ToldLoss[], losses: Readonly<Record<number, number | null>>): string {
  const lossAt = (slot: number) => {
    const lost = losses[slot];
    return lost === null ? undefined : BigInt(lost ?? 0);
  };
  return [...ownedSlots(rows, lossAt)].map(([slot, { owner, cause }]) => `${slot}=${owner}:${cause}`).join(' ');
}

describe('whose a slot’s losses are, where causes are told over five', () => {
  test.each<[string, ToldLoss[], Record<number, number | null>, string]>([
    ['of one that is told exactly, they are', [row(0, 100)], { 3: 100 }, '3=tenant:vhost_ring_full'],
    ['at the edge of its interval, too', [row(0, 100)], { 4: 100 }, '4=tenant:vhost_ring_full'],
    ['not while the slot behind lost something that nobody told', [row(0, 100)], { 4: 100, 5: 1 }, ''],
    ['nor when the slot before did', [row(0, 100)], { [-1]: 1, 0: 100 }, ''],
    ['nor when that slot was not observed', [row(0, 100)], { 4: 100, 5: null }, ''],
    ['nor at an edge when more was lost than told', [row(0, 100)], { 4: 100, 2: 1 }, '2=tenant:vhost_ring_full'],
    ['nor when less was', [row(0, 101)], { 4: 100 }, ''],
    ['inside it, they are, whatever the edges say', [row(0, 100)], { 0: 60, 2: 40, 5: 7 }, '2=tenant:vhost_ring_full'],
    [
      'between two intervals of the same owner, they are',
      [row(0, 100), row(5, 80)],
      { 4: 100, 5: 80 },
      '4=tenant:vhost_ring_full 5=tenant:vhost_ring_full',
    ],
    ['between two of different owners they are not', [row(0, 100), row(5, 80, { owner: 'provider' })], { 4: 100 }, ''],
    ['beside one of which some is unknown they are not', [row(0, 100), row(5, 80, { owner: null })], { 4: 100 }, ''],
    [
      'two slots away they are',
      [row(0, 100), row(5, 80, { owner: null })],
      { 3: 100, 6: 80 },
      '3=tenant:vhost_ring_full',
    ],
    [
      'of two causes and one owner the cause is not told',
      [row(0, 100), row(0, 1, { cause: 'vhost_down' })],
      { 2: 101 },
      '2=tenant:undefined',
    ],
    ['of two owners in one interval they are not', [row(0, 100), row(0, 1, { owner: 'contract' })], { 2: 101 }, ''],
    ['more than all intervals tell is nobody’s', [row(0, 100)], { 2: 101 }, ''],
    ['nor is what was lost beside more of that kind', [row(0, 100)], { 1: 60, 2: 41 }, ''],
    ['a slot that names its own causes has the rest unknown', [row(0, 9), row(2, 1, { slots: 1 })], { 2: 5 }, ''],
    ['nothing is owned where nothing was lost', [row(0, 100)], {}, ''],
  ])('%s', (_name, rows, losses, expected) => {
    expect(told(rows, losses)).toBe(expected);
  });

  test('the owner of a slot depends on nothing that is far from it', () => {
    const drawn = fc.record({
      rows: fc.array(
        fc.record({
          slot: fc.integer({ min: 0, max: 60 }),
          slots: fc.constantFrom(1, 2, 5, 5, 7),
          cause: fc.constantFrom('a', 'b'),
          packets: fc.bigInt({ min: 1n, max: 20n }),
          owner: fc.constantFrom('tenant' as const, 'tenant' as const, 'contract' as const, null),
        }),
        { maxLength: 12 },
      ),
      losses: fc.array(fc.option(fc.bigInt({ min: 0n, max: 5n }), { freq: 9, nil: undefined }), {
        minLength: 70,
        maxLength: 70,
      }),
      from: fc.integer({ min: 0, max: 60 }),
    });
    fc.assert(
      fc.property(drawn, ({ rows, losses, from }) => {
        const all = ownedSlots(rows, (slot) => losses[slot]);
        // What a reader of [from, from + 10) has who reads one interval more on both sides.
        const near = rows.filter(({ slot, slots }) => slot < from + 10 + 8 && slot + slots > from - 8);
        const part = ownedSlots(near, (slot) => (slot < from - 16 || slot >= from + 26 ? undefined : losses[slot]));
        for (let slot = from; slot < from + 10; slot++) expect(part.get(slot)).toEqual(all.get(slot));
      }),
      { numRuns: 1_000 },
    );
  });
});
