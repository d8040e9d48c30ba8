import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnSqlName, columnType } from '../../../../core/catalogue/columns.ts';
import { queueSlot } from '../../../../core/catalogue/kinds.ts';
import { BlockBuilder } from '../../../../core/wire/block-builder.ts';
import { BlockReader } from '../../../../core/wire/block-reader.ts';
import { fingerprintOf } from '../../../../core/wire/fingerprint.ts';
import { partForms } from '../../../../core/wire/layout.ts';
import type { EncodedBlock } from '../../../../core/wire/message.ts';
import { joinBlocks } from '../../../../server/ingest/block-joiner.ts';
import { Scratch } from '../../../../server/ingest/native-block.ts';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const row = fc.record({
  host: fc.string(),
  port: fc.string({ unit: 'grapheme', maxLength: 200 }),
  direction: fc.constantFrom('rx' as const, 'tx' as const, 'toGuest' as const, 'fromGuest' as const),
  queue: fc.integer({ min: 0, max: 65_535 }),
  slot: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  slots: fc.integer({ min: 1, max: 100 }),
  state: fc.constantFrom('observed' as const, 'bridged' as const, 'unknown' as const),
  suspect: fc.constantFrom(0, 1),
  intervalNs: uint64,
  readSpanNs: uint64,
  lateNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  epoch: uint64,
  packets: uint64,
  packetsInc: fc.option(uint64),
  bytes: fc.option(uint64),
  bytesInc: fc.option(uint64),
  drops: fc.option(uint64),
  dropsInc: fc.option(uint64),
});

function encode(rows: readonly (typeof row extends fc.Arbitrary<infer R> ? R : never)[]): EncodedBlock {
  const builder = new BlockBuilder(queueSlot);
  for (const each of rows) builder.add(each);
  return builder.block();
}

/** Reads a Native block back into parts, by the heads it must have. */
function partsOf(bytes: Buffer): EncodedBlock {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const text = () => {
    const length = number();
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  expect(number()).toBe(queueSlot.columns.length);
  const rows = number();
  const parts = queueSlot.columns.flatMap((column) => {
    expect(text()).toBe(columnSqlName(column));
    expect(text()).toBe(columnType(column));
    return partForms(column).map((form) => {
      const from = at;
      if (form === 'strings') for (let i = 0; i < rows; i++) text();
      else at += rows * form.bytesPerRow;
      return bytes.subarray(from, at);
    });
  });
  expect(at).toBe(bytes.length);
  return { kind: queueSlot.name, fingerprint: fingerprintOf(queueSlot), rows, parts };
}

describe('joinBlocks', () => {
  test('gives blocks whose rows are the rows of the messages, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 5 }), { maxLength: 8 }), (messages) => {
        const joined = [...joinBlocks(queueSlot, messages.map(encode), new Scratch())].map((block) =>
          Buffer.from(block),
        );
        const reader = new BlockReader(queueSlot);
        const rows = joined.flatMap((bytes) => {
          const block = partsOf(bytes);
          reader.check(block);
          return reader.rows(block);
        });
        expect(rows).toEqual(messages.flat());
      }),
      { numRuns: 100 },
    );
  });

  test('begins a new block when one has its 65,536 rows', () => {
    const [some] = fc.sample(row, 1);
    const block = encode(Array.from({ length: 30_000 }, () => some as NonNullable<typeof some>));
    const rows = [
      ...joinBlocks(
        queueSlot,
        Array.from({ length: 7 }, () => block),
      ),
    ].map((bytes) => partsOf(bytes).rows);
    expect(rows).toEqual([90_000, 90_000, 30_000]);
  });

  test('gives the same bytes each time, and none for no rows', () => {
    const blocks = [encode(fc.sample(row, 3)), encode([])];
    expect([...joinBlocks(queueSlot, blocks)]).toEqual([...joinBlocks(queueSlot, blocks)]);
    expect([...joinBlocks(queueSlot, [encode([])])]).toEqual([]);
  });
});
