import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstBreak, type ReadSeal } from '../../../../server/seal/chain.ts';
import { documentText, sealDocument } from '../../../../server/seal/seal-document.ts';
import { aCause, aDay, aRow, dayStart, histories } from './histories.ts';

const path = { host: 'cn1', port: 'p1', direction: 'toGuest' } as const;
const first = { entry: 1, previous: null, revision: 1, revises: null };

describe('the seal of a day', () => {
  test('has a header with its place, its sums and its slots by what is known of them', () => {
    const clean = Array.from({ length: 1_000 }, (_, i) => aRow(i));
    const told = aCause(1_000, { slots: 5, state: 'bridged', packets: 2n });
    const day = aDay([...clean, aRow(1_000, { dropsOutside: 2n }), aRow(86_399, { state: 'bridged', slots: 3 })], {
      causes: [told],
      entering: [],
    });
    const { header, lines } = sealDocument(path, day, { ...first, entry: 7, previous: 'ab' });
    expect(JSON.parse(header)).toEqual({
      seal: 1,
      ...path,
      day: '2026-11-01',
      revision: 1,
      revises: null,
      entry: 7,
      previous: 'ab',
      slots: { clean: 1_000, idle: 0, other: 1, bridged: 3, suspect: 0, unknown: 86_400 - 1_001 - 1 },
      offered: '100202',
      offeredMax: '102',
      delivered: '100200',
      lines: 4,
      asides: 1,
    });
    expect(lines.map(({ part, slot, slots }) => [part, slot - dayStart, slots])).toEqual([
      ['slot', 0, 900],
      ['slot', 900, 100],
      ['slot', 1_000, 1],
      ['slot', 86_399, 3],
      ['aside', 1_000, 5],
    ]);
    expect(lines.at(-1)?.line).toBe(
      '{"host":"cn1","port":"p1","direction":"toGuest","slot":"2026-11-01T00:16:40Z","slots":5,"state":"bridged","cause":"no_mbuf","place":"outside","packets":"2"}',
    );
  });

  test('has the same bytes whatever order the rows came in, and other bytes when one packet differs', () => {
    fc.assert(
      fc.property(histories, (day) => {
        const reversed = { ...day, ports: day.ports.toReversed(), causes: day.causes.toReversed() };
        expect(hashOf(sealDocument(path, reversed, first))).toBe(hashOf(sealDocument(path, day, first)));
      }),
      { numRuns: 50 },
    );
    const one = sealDocument(path, aDay([aRow(0)]), first);
    expect(hashOf(sealDocument(path, aDay([aRow(0, { packets: 101n })]), first))).not.toBe(hashOf(one));
    expect(hashOf(sealDocument(path, aDay([aRow(0)]), { ...first, previous: 'ab' }))).not.toBe(hashOf(one));
  });
});

function hashOf({ header, lines }: ReturnType<typeof sealDocument>): string {
  const hash = createHash('sha256');
  for (const text of documentText(
    header,
    lines.map(({ line }) => line),
  ))
    hash.update(text);
  return hash.digest('hex');
}

describe('the chain of a path', () => {
  const seal = (entry: number, day: string, over: Partial<ReadSeal> = {}): ReadSeal => ({
    day,
    revision: 1,
    entry,
    previous: entry === 1 ? null : `hash ${entry - 1}`,
    revises: null,
    sha256: `hash ${entry}`,
    computed: `hash ${entry}`,
    ...over,
  });
  const days = ['2026-11-01', '2026-11-02', '2026-11-03'];
  const chain = days.map((day, i) => seal(i + 1, day));
  const revised = seal(4, '2026-11-02', { revision: 2, revises: 'hash 2' });
  const aged = '2026-11-02';

  test.each<[string, readonly ReadSeal[], string | undefined]>([
    ['holds', chain, undefined],
    ['holds with a revision at its end', [...chain, revised], undefined],
    ['holds whose oldest seals have aged out', [seal(2, '2026-10-30'), seal(3, '2026-10-31')], undefined],
    ['holds whose oldest lines have aged out', [seal(1, '2026-11-01', { computed: undefined })], undefined],
    ['breaks where bytes do not have their hash', [seal(1, days[0] ?? '', { computed: 'x' })], 'its bytes'],
    [
      'breaks where lines are gone',
      [...chain.slice(0, 2), seal(3, '2026-11-03', { computed: undefined })],
      'its lines',
    ],
    ['breaks where an entry is missing', [seal(1, '2026-11-02'), seal(3, '2026-11-03')], 'entry 2 is missing'],
    ['breaks where the first is missing', [seal(2, '2026-11-03')], 'entry 1 is missing'],
    [
      'breaks where a seal does not name the one before',
      [seal(1, '2026-11-02', { previous: 'x' })],
      'it does not follow',
    ],
    ['breaks where two have one number', [...chain, seal(3, '2026-11-03')], 'there are two'],
    ['breaks where a revision revises another', [...chain, { ...revised, revises: 'hash 1' }], 'it does not revise'],
  ])('%s', (_what, seals, what) => {
    const found = firstBreak(seals.toReversed(), aged);
    if (what === undefined) expect(found).toBeUndefined();
    else expect(found?.what.startsWith(what)).toBe(true);
  });
});
