import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { compressionsAlgorithmsByBitmask, crc32c } from '@platformatic/kafka';
import type { LogRecord } from '../../core/bus/log.ts';
import { lz4BytesMax } from './lz4-bound.ts';
import { zstdContentBytes } from './zstd-content.ts';

/**
 * Record batches as Kafka keeps and sends them (format 2, big endian):
 *
 * ```text
 *  0  8  offset of the first record       27  8  time of the first record, ms
 *  8  4  bytes that follow this field     35  8  greatest time, or time of append
 * 12  4  leader epoch                     43  8+2+4  producer id, epoch, sequence
 * 16  1  format                           57  4  number of records
 * 17  4  CRC-32C of all from 21 on        61     records, compressed as a whole
 * 21  2  attributes   23  4  offset of the last record - first
 * ```
 * The client would check no checksum and lose its place at the first damaged batch; this does not: a batch that cannot be
 * read becomes one record with the raw bytes, so that it ends as a dead letter and costs nothing but itself.
 */
export interface RecordBatch {
  readonly firstOffset: bigint;
  /** Of the last record; later records of a compacted batch may be gone. */
  readonly lastOffset: bigint;
  /** A mark of a transaction, no data. */
  readonly isControl: boolean;
  readonly bytes: Buffer;
  readonly isDamaged: boolean;
}

const headBytes = 61;
const lengthFieldEnd = 12;
/** Of one batch: four times the largest that we send. Snappy has no bound, but packs at most 21 to 1. */
const decodedBytesMax = 32 * 1024 * 1024;

/** Whether a whole batch begins at `at`: the same answer as `batchAt`, without reading it. */
export function hasBatchAt(bytes: Buffer, at: number): boolean {
  return bytes.length - at >= lengthFieldEnd && at + lengthFieldEnd + bytes.readInt32BE(at + 8) <= bytes.length;
}

/** The batch that begins at `at`, or undefined when it is not there as a whole (a broker cuts the last one off). */
export function batchAt(bytes: Buffer, at: number): { batch: RecordBatch; end: number } | undefined {
  if (bytes.length - at < lengthFieldEnd) return undefined;
  const length = bytes.readInt32BE(at + 8);
  const firstOffset = bytes.readBigInt64BE(at);
  if (length < headBytes - lengthFieldEnd) {
    // Where the next one begins is not to be known: all that is left is one damaged piece.
    const rest = bytes.subarray(at);
    return {
      batch: { firstOffset, lastOffset: firstOffset, isControl: false, bytes: rest, isDamaged: true },
      end: bytes.length,
    };
  }
  const end = at + lengthFieldEnd + length;
  if (end > bytes.length) return undefined;
  const own = bytes.subarray(at, end);
  const isDamaged = own.readInt8(16) !== 2 || crc32c(own.subarray(21)) !== own.readUInt32BE(17);
  const isControl = !isDamaged && (own.readInt16BE(21) & 0x20) !== 0;
  return {
    batch: { firstOffset, lastOffset: lastOffsetOf(bytes, at, end, isDamaged), isControl, bytes: own, isDamaged },
    end,
  };
}

/** The field lies inside the checksum: of a damaged batch it is believed only where the next batch agrees. */
function lastOffsetOf(bytes: Buffer, at: number, end: number, isDamaged: boolean): bigint {
  const first = bytes.readBigInt64BE(at);
  const last = first + BigInt(bytes.readInt32BE(at + 23));
  if (!isDamaged) return last;
  if (bytes.length - end >= 8) {
    const next = bytes.readBigInt64BE(end);
    if (next > first) return next - 1n;
  }
  // A record takes at least 7 bytes.
  const isPlausible = last >= first && last - first <= BigInt(((end - at) / 7) | 0);
  return isPlausible ? last : first;
}

/** The records of a batch from `fromOffset` on. Never throws: what cannot be read comes as one record with raw bytes. */
export function recordsOf(batch: RecordBatch, partition: number, fromOffset: bigint): LogRecord[] {
  if (batch.isControl) return [];
  if (!batch.isDamaged) {
    try {
      return readRecords(batch, partition, fromOffset);
    } catch {
      // A good checksum over what cannot be read: a foreign writer.
    }
  }
  const offset = batch.firstOffset > fromOffset ? batch.firstOffset : fromOffset;
  return [
    {
      partition,
      offset,
      key: '',
      value: batch.bytes,
      appendedAtMs: Number(batch.bytes.length < 43 ? 0n : batch.bytes.readBigInt64BE(35)),
    },
  ];
}

function readRecords({ bytes, firstOffset }: RecordBatch, partition: number, fromOffset: bigint): LogRecord[] {
  const attributes = bytes.readInt16BE(21);
  const firstTimeMs = Number(bytes.readBigInt64BE(27));
  const appendTimeMs = (attributes & 8) === 0 ? undefined : Number(bytes.readBigInt64BE(35));
  const cursor = new Cursor(decompress(bytes.subarray(headBytes), attributes & 7));
  const records: LogRecord[] = [];
  for (let left = bytes.readInt32BE(57); left > 0; left--) {
    const end = cursor.varint() + cursor.at;
    cursor.skip(1);
    const timeMs = appendTimeMs ?? firstTimeMs + cursor.varint();
    if (appendTimeMs !== undefined) cursor.varint();
    const offset = firstOffset + BigInt(cursor.varint());
    const key = cursor.bytes();
    const value = cursor.bytes() ?? new Uint8Array(0);
    cursor.moveTo(end);
    if (offset >= fromOffset) {
      records.push({ partition, offset, key: key?.toString('utf8') ?? '', value, appendedAtMs: timeMs });
    }
  }
  return records;
}

function decompress(bytes: Buffer, codec: number): Buffer {
  // Ticks pack 4 to 6 to 1: one piece mostly holds all, where the usual 16 KiB would mean a copy of every byte.
  const guess = Math.min(Math.max(bytes.length * 8, 64 * 1024), 4 * 1024 * 1024);
  const bound = { maxOutputLength: decodedBytesMax, chunkSize: guess };
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return gunzipSync(bytes, bound);
    case 4:
      return zstdDecompressSync(bytes, { ...bound, chunkSize: zstdPieceBytes(bytes) ?? guess });
    default: {
      if (codec === 3 && lz4BytesMax(bytes) > decodedBytesMax) throw new RangeError('unpacks to too much');
      const algorithm = compressionsAlgorithmsByBitmask[codec as keyof typeof compressionsAlgorithmsByBitmask];
      if (algorithm === undefined) throw new RangeError(`codec ${codec}`);
      return algorithm.decompressSync(bytes) as Buffer;
    }
  }
}

/** What a frame says it holds, in one piece, and a byte more: a piece that is full is followed by another one. */
function zstdPieceBytes(frame: Buffer): number | undefined {
  const bytes = zstdContentBytes(frame);
  return bytes === undefined || bytes >= decodedBytesMax ? undefined : Math.max(64, bytes + 1);
}

/** Reads forward and throws a RangeError rather than leave its bytes. */
class Cursor {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(count: number): void {
    this.moveTo(this.at + count);
  }

  moveTo(at: number): void {
    if (at < this.at || at > this.#bytes.length) throw new RangeError('outside the batch');
    this.at = at;
  }

  /** Signed, zigzag; up to 64 bits on the wire, of which a double holds what we need. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw new RangeError('outside the batch');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    throw new RangeError('a number without end');
  }

  bytes(): Buffer | undefined {
    const length = this.varint();
    if (length < 0) return undefined;
    const from = this.at;
    this.skip(length);
    return this.#bytes.subarray(from, this.at);
  }
}
