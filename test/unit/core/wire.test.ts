import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnType, type Kind, type RowOf } from '../../../core/catalogue/columns.ts';
import { kinds, portSlot, tick } from '../../../core/catalogue/kinds.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import { BlockBuilder } from '../../../core/wire/block-builder.ts';
import { BlockReader } from '../../../core/wire/block-reader.ts';
import { fingerprintOf } from '../../../core/wire/fingerprint.ts';
import { decodeMessage, encodeMessage, messageBytesMax } from '../../../core/wire/message.ts';

const head = { host: 'cn1', bootId: 'b0', stream: 's0', seq: 7n, slot: 1_800_000_000 };

/** Any row of a kind, made from its description. */
function anyRow<K extends Kind>(kind: K): fc.Arbitrary<RowOf<K>> {
  const fields = Object.fromEntries(
    kind.columns.map((column) => {
      if (column.name === 'host') return ['host', fc.constant(head.host)];
      switch (column.type) {
        case 'Enum8':
          return [column.name, fc.constantFrom(...column.labels)];
        case 'String':
          return [column.name, fc.string({ unit: 'grapheme', maxLength: 200 })];
        case 'Nullable(UInt64)':
          return [column.name, fc.option(fc.bigInt(0n, (1n << 64n) - 1n))];
        case 'Nullable(Int64)':
          return [column.name, fc.option(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n))];
        case 'UInt64':
          return [column.name, fc.bigInt(0n, (1n << 64n) - 1n)];
        case 'Int64':
        case "DateTime64(3, 'UTC')":
          return [column.name, fc.bigInt(-(1n << 63n), (1n << 63n) - 1n)];
        case 'UInt8':
          return [column.name, fc.nat(255)];
        case 'UInt16':
          return [column.name, fc.nat(65_535)];
        default:
          return [column.name, fc.nat(0xffff_ffff)];
      }
    }),
  );
  return fc.record(fields) as unknown as fc.Arbitrary<RowOf<K>>;
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FourninesError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

function encodeRows<K extends Kind>(kind: K, rows: readonly RowOf<K>[]): Uint8Array {
  const builder = new BlockBuilder(kind);
  for (const row of rows) builder.add(row);
  return encodeMessage(head, [builder.block()]);
}

describe('a message', () => {
  for (const kind of kinds) {
    it(`of ${kind.name} comes back row for row`, () => {
      fc.assert(
        fc.property(fc.array(anyRow(kind), { maxLength: 20 }), (rows) => {
          const message = decodeMessage(encodeRows(kind, rows));
          expect(message).toMatchObject(head);
          const reader = new BlockReader(kind);
          const block = message.blocks[0];
          if (block === undefined) throw new Error('one block');
          reader.check(block, head.host);
          expect(reader.rows(block)).toEqual(rows);
        }),
        { numRuns: 60 },
      );
    });
  }

  it('holds nothing of the builder: reusing it changes no message', () => {
    const builder = new BlockBuilder(portSlot);
    const [row] = fc.sample(anyRow(portSlot), { numRuns: 1, seed: 1 });
    builder.add(row as RowOf<typeof portSlot>);
    const bytes = encodeMessage(head, [builder.block()]);
    const before = Buffer.from(bytes);
    builder.clear();
    for (const other of fc.sample(anyRow(portSlot), { numRuns: 50, seed: 2 })) builder.add(other);
    expect(Buffer.from(bytes).equals(before)).toBe(true);
  });

  it('a block of no rows is a block', () => {
    expect(decodeMessage(encodeRows(portSlot, [])).blocks[0]).toMatchObject({ kind: 'port_slot', rows: 0 });
  });

  it('beyond its bound is refused with its code', () => {
    const part = new Uint8Array(messageBytesMax);
    expect(codeOf(() => encodeMessage(head, [{ kind: 'x', fingerprint: 1n, rows: 1, parts: [part] }]))).toBe(
      'FN_BUS_RECORD_TOO_LARGE',
    );
  });
});

describe('bytes from outside', () => {
  const rows = fc.sample(anyRow(portSlot), { numRuns: 5, seed: 3 });
  const good = encodeRows(portSlot, rows);

  it('one changed byte anywhere is found', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] as number) ^ change;
        expect(['FN_WIRE_DAMAGED', 'FN_WIRE_VERSION']).toContain(codeOf(() => decodeMessage(bad)));
      }),
    );
  });

  it('cut short anywhere is found', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), (length) => {
        expect(codeOf(() => decodeMessage(good.subarray(0, length)))).toBe('FN_WIRE_DAMAGED');
      }),
    );
  });

  it('random bytes never do more than throw our error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(codeOf(() => decodeMessage(bytes))).toBe('FN_WIRE_DAMAGED');
      }),
    );
  });

  it('another wire version is told apart from damage', () => {
    const newer = Buffer.from(good);
    newer.writeUInt16LE(2, 4);
    expect(codeOf(() => decodeMessage(newer))).toBe('FN_WIRE_VERSION');
  });
});

describe('a block that is not what it says', () => {
  const reader = new BlockReader(portSlot);
  const rows = fc.sample(anyRow(portSlot), { numRuns: 3, seed: 4 });
  const block = () => {
    const found = decodeMessage(encodeRows(portSlot, rows)).blocks[0];
    if (found === undefined) throw new Error('one block');
    return found;
  };

  it('of another schema is refused as such', () => {
    expect(codeOf(() => reader.check({ ...block(), fingerprint: 1n }, head.host))).toBe('FN_WIRE_SCHEMA');
    expect(codeOf(() => reader.check({ ...block(), parts: block().parts.slice(1) }, head.host))).toBe('FN_WIRE_SCHEMA');
  });

  it('with one value too many or too few in any column is refused', () => {
    for (const i of block().parts.keys()) {
      for (const part of [
        block().parts[i]?.subarray(1),
        Buffer.concat([block().parts[i] as Uint8Array, Buffer.of(1)]),
      ]) {
        const parts = block().parts.with(i, part as Uint8Array);
        expect(codeOf(() => reader.check({ ...block(), parts }, head.host))).toBe('FN_WIRE_BLOCK');
      }
    }
  });

  it('with a value outside its enumeration is refused', () => {
    const at = portSlot.columns.findIndex((column) => column.name === 'direction');
    for (const value of [0, 5, 255]) {
      const parts = block().parts.with(at, Uint8Array.of(value, 1, 1));
      expect(codeOf(() => reader.check({ ...block(), parts }, head.host))).toBe('FN_WIRE_BLOCK');
    }
  });

  it('with a string length that leads outside is refused', () => {
    const endless = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    expect(codeOf(() => reader.check({ ...block(), parts: block().parts.with(0, endless) }, head.host))).toBe(
      'FN_WIRE_BLOCK',
    );
  });
});

describe('a message that claims too much', () => {
  it('rows of another host are refused, whatever the head says', () => {
    const reader = new BlockReader(portSlot);
    const rows = fc.sample(anyRow(portSlot), { numRuns: 3, seed: 5 });
    for (const host of ['cn2', 'cn', 'cn11', '']) {
      const block = decodeMessage(
        encodeRows(portSlot, [...rows.slice(1), { ...(rows[0] as RowOf<typeof portSlot>), host }]),
      ).blocks[0];
      if (block === undefined) throw new Error('one block');
      expect(codeOf(() => reader.check(block, head.host))).toBe('FN_WIRE_BLOCK');
    }
  });

  it('a message cannot say the same bytes twice, nor a kind', () => {
    const builder = new BlockBuilder(portSlot);
    for (const row of fc.sample(anyRow(portSlot), { numRuns: 3, seed: 6 })) builder.add(row);
    expect(codeOf(() => decodeMessage(encodeMessage(head, [builder.block(), builder.block()])))).toBe(
      'FN_WIRE_DAMAGED',
    );
    const bytes = Buffer.from(encodeMessage(head, [builder.block()]));
    // The first offset of the table, moved one byte back into the header, with a checksum that fits.
    const table = bytes.indexOf('port_slot') + 'port_slot'.length;
    bytes.writeUInt32LE(bytes.readUInt32LE(table) - 1, table);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
    expect(codeOf(() => decodeMessage(bytes))).toBe('FN_WIRE_DAMAGED');
  });
});

describe('fingerprints', () => {
  it('tell kinds, names, types and order apart', () => {
    const prints = new Set(kinds.map((kind) => fingerprintOf(kind)));
    expect(prints.size).toBe(kinds.length);
    const [first, second, ...rest] = portSlot.columns;
    const swapped = { ...portSlot, columns: [second, first, ...rest] };
    expect(fingerprintOf(swapped)).not.toBe(fingerprintOf(portSlot));
  });

  it('are what they were: a change here is a change of the wire, with a migration and a line in the changelog', () => {
    const printed = Object.fromEntries(
      kinds.map((kind) => [kind.name, fingerprintOf(kind).toString(16).padStart(16, '0')]),
    );
    expect(printed).toMatchSnapshot();
  });
});

describe('kinds', () => {
  it('have an increment beside each counter, and every key is a column', () => {
    for (const kind of kinds) {
      const names = kind.columns.map((column) => column.name);
      expect(new Set(names).size).toBe(names.length);
      for (const key of kind.key) expect(names).toContain(key);
      for (const counter of kind.counters) expect(names).toContain(`${counter}Inc`);
    }
  });

  it('end with the tick, whose stored row says that all others of its message are stored', () => {
    expect(kinds.at(-1)).toBe(tick);
  });

  it('write enumerations as ClickHouse has them', () => {
    const direction = portSlot.columns.find((column) => column.name === 'direction');
    if (direction === undefined) throw new Error('port_slot has a direction');
    expect(columnType(direction)).toBe("Enum8('rx' = 1, 'tx' = 2, 'toGuest' = 3, 'fromGuest' = 4)");
  });
});
