import { describe, expect, it } from 'vitest';
import type { Column, Kind } from '../../../core/catalogue/columns.ts';
import { formsOf } from '../../../core/catalogue/forms.ts';
import { kinds } from '../../../core/catalogue/kinds.ts';
import { BlockBuilder } from '../../../core/wire/block-builder.ts';
import { BlockReader } from '../../../core/wire/block-reader.ts';
import { fingerprintOf } from '../../../core/wire/fingerprint.ts';

const host = { name: 'host', type: 'String', doc: '' } as const;

function kindOf(...columns: Column[]): Kind {
  return { name: 'thing', doc: '', key: [], counters: [], columns: [host, ...columns] };
}

const seen = { name: 'seen', type: 'UInt16', doc: '' } as const;
const first = kindOf({ name: 'state', type: 'Enum8', labels: ['up', 'down'], doc: '' }, seen);
const second = kindOf({ name: 'state', type: 'Enum8', labels: ['up', 'down', 'lost'], had: [[1, 2]], doc: '' }, seen, {
  ...{ name: 'bytes', type: 'Nullable(UInt64)', doc: '' },
  since: 2,
});
/** With columns of every sort that came later, one of them not at the end. */
const third = kindOf(
  { name: 'state', type: 'Enum8', labels: ['up', 'down', 'lost'], had: [[1, 2]], doc: '' },
  { name: 'place', type: 'String', doc: '', since: 3 },
  seen,
  { name: 'bytes', type: 'Nullable(UInt64)', doc: '', since: 2 },
  { name: 'lanes', type: 'UInt8', doc: '', since: 3, before: 1 },
);

function blockOf(kind: Kind, ...rows: object[]) {
  const builder = new BlockBuilder(kind);
  for (const row of rows) builder.add(row as never);
  return builder.block();
}

describe('forms of a kind', () => {
  it('are all that it had, the present one first', () => {
    expect(formsOf(third).map(fingerprintOf)).toEqual([third, second, first].map(fingerprintOf));
    expect(formsOf(first)).toEqual([first]);
  });

  it('of every kind of the catalogue can be told apart, and each says what its later columns were before', () => {
    for (const kind of kinds) {
      const forms = formsOf(kind);
      expect(new Set(forms.map(fingerprintOf)).size).toBe(forms.length);
      expect(new BlockReader(kind).kind).toBe(kind);
    }
  });

  it('a later column that would have to be taken for zero is a mistake', () => {
    expect(() => new BlockReader(kindOf({ name: 'count', type: 'UInt64', doc: '', since: 2 }))).toThrow(/count says/);
  });
});

describe('a block of an earlier form', () => {
  it('becomes one of the present form: what it lacks is unknown, or what it says of itself', () => {
    const reader = new BlockReader(third);
    const old = reader.check(
      blockOf(first, { host: 'h', state: 'down', seen: 7 }, { host: 'h', state: 'up', seen: 8 }),
    );
    expect(old.fingerprint).toBe(fingerprintOf(third));
    const lacking = { place: '', bytes: null, lanes: 1 };
    expect(reader.rows(old)).toEqual([
      { host: 'h', state: 'down', seen: 7, ...lacking },
      { host: 'h', state: 'up', seen: 8, ...lacking },
    ]);
    const middle = reader.check(blockOf(second, { host: 'h', state: 'lost', seen: 9, bytes: 2n ** 60n }));
    expect(reader.rows(middle)).toEqual([{ host: 'h', state: 'lost', seen: 9, bytes: 2n ** 60n, place: '', lanes: 1 }]);
  });

  it('may not have what that form did not: a label that came later is a damaged block', () => {
    const { parts, ...rest } = blockOf(second, { host: 'h', state: 'lost', seen: 9, bytes: null });
    const forged = { ...rest, fingerprint: fingerprintOf(first), parts: parts.slice(0, 3) };
    expect(() => new BlockReader(third).check(forged)).toThrow(/state.*means nothing/);
  });

  it('of a later form is refused as another schema', () => {
    const newer = blockOf(third, { host: 'h', state: 'up', seen: 1, bytes: null, place: 'x', lanes: 2 });
    expect(() => new BlockReader(second).check(newer)).toThrow(/another schema/);
  });
});
