import { createRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchAt, recordsOf } from '../../../../bus/kafka/record-batch.ts';
import type { LogRecord } from '../../../../core/bus/log.ts';

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** A batch as the client writes it, moved to an offset as the broker does (outside the checksum). */
function written(values: readonly Buffer[], compression: (typeof codecs)[number] = 'none', firstOffset = 0n): Buffer {
  const messages = values.map((value, i) => ({
    topic: 't',
    key: Buffer.from(`k${i}`),
    value,
    timestamp: 1000n + BigInt(i),
  }));
  const bytes = Buffer.from(createRecordsBatch(messages, { compression }).buffer);
  bytes.writeBigInt64BE(firstOffset, 0);
  return bytes;
}

function readAll(bytes: Buffer, from = 0n): LogRecord[] {
  const records: LogRecord[] = [];
  let next = from;
  for (let found = batchAt(bytes, 0); found !== undefined; found = batchAt(bytes, found.end)) {
    if (found.batch.lastOffset < next) continue;
    records.push(...recordsOf(found.batch, 3, next));
    next = found.batch.lastOffset + 1n;
  }
  return records;
}

const values = ['a', '', 'b'.repeat(500), '\u0000\u00ff'].map((text) => Buffer.from(text, 'latin1'));

describe('record batches', () => {
  it.each(codecs)('are read with key, value, offset and time: %s', (codec) => {
    const records = readAll(written(values, codec, 70n));
    expect(records.map(({ value }) => Buffer.from(value))).toEqual(values);
    expect(records.map(({ key, offset, appendedAtMs, partition }) => [key, offset, appendedAtMs, partition])).toEqual(
      values.map((_, i) => [`k${i}`, 70n + BigInt(i), 1000 + i, 3]),
    );
  });

  it('give nothing below the offset that is wanted', () => {
    const bytes = Buffer.concat([written(values, 'none', 0n), written(values, 'zstd', 4n)]);
    expect(readAll(bytes, 2n).map(({ offset }) => offset)).toEqual([2n, 3n, 4n, 5n, 6n, 7n]);
    expect(readAll(bytes, 5n).map(({ offset }) => offset)).toEqual([5n, 6n, 7n]);
  });

  it('cut off at any byte give the whole batches before the cut', () => {
    const one = written(values, 'none', 0n);
    const bytes = Buffer.concat([one, written(values, 'none', 4n)]);
    for (let length = 0; length < bytes.length; length++) {
      expect(readAll(bytes.subarray(0, length))).toHaveLength(length < one.length ? 0 : 4);
    }
  });

  it('marks of transactions are no records, and are passed over', () => {
    const bytes = written(values);
    bytes.writeInt16BE(bytes.readInt16BE(21) | 0x20, 21);
    const marked = withChecksum(bytes);
    const found = batchAt(marked, 0);
    expect(found?.batch).toMatchObject({ isControl: true, isDamaged: false, lastOffset: 3n });
    expect(readAll(Buffer.concat([marked, written(values, 'none', 4n)])).map(({ offset }) => offset)).toEqual([
      4n,
      5n,
      6n,
      7n,
    ]);
  });

  it.each(codecs)('with any bit turned are one damaged record, and their neighbours stay whole: %s', (codec) => {
    const before = written([Buffer.from('before')], codec, 0n);
    const middle = written(values, codec, 1n);
    const after = written([Buffer.from('after')], codec, 5n);
    // From the format byte on; what stands before it the broker itself needs to find the batch.
    for (let bit = 16 * 8; bit < middle.length * 8; bit += 7) {
      const bytes = Buffer.concat([before, middle, after]);
      const at = before.length + (bit >> 3);
      bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
      const records = readAll(bytes);
      expect(records.map(({ offset }) => offset)).toEqual([0n, 1n, 5n]);
      expect(records[1]?.value.length).toBe(middle.length);
    }
  });

  it.each(['gzip', 'lz4', 'zstd'] as const)('that unpack to far more than anybody sends are damaged: %s', (codec) => {
    const bytes = written([Buffer.alloc(40 << 20)], codec);
    const records = readAll(bytes);
    expect(records.map(({ value }) => value.length)).toEqual([bytes.length]);
    const large = readAll(written([Buffer.alloc(10 << 20)], codec));
    expect(large.map(({ value }) => value.length)).toEqual([10 << 20]);
  });

  it('with a good checksum over nonsense are one damaged record', () => {
    for (const codec of [0, 1, 2, 3, 4, 5, 7]) {
      const bytes = written([Buffer.alloc(300, 0x55)]);
      bytes.fill(0xff, 61);
      bytes.writeInt16BE(codec, 21);
      const records = readAll(withChecksum(bytes), 0n);
      expect(records).toHaveLength(1);
      expect(records[0]?.value.length).toBe(bytes.length);
    }
  });

  it('are never a reason to throw or to stand still, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(20), (noise, at) => {
        const bytes = Buffer.concat([Buffer.from(noise), written(values, 'none', 4n)]);
        bytes.writeInt32BE(Math.max(0, noise.length - at), Math.min(8, bytes.length - 4));
        const records = readAll(bytes, 1n);
        expect(records.every(({ value }) => value.length <= bytes.length)).toBe(true);
        for (let found = batchAt(bytes, 0); found !== undefined; ) {
          const next = batchAt(bytes, found.end);
          if (next !== undefined) expect(next.end).toBeGreaterThan(found.end);
          found = next;
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The same batch with the checksum that its bytes now have. */
function withChecksum(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(crc32c(copy.subarray(21)), 17);
  return copy;
}

/** Bit by bit, so that it does not share a mistake with what is tested. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
