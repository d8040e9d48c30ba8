import { crc32 } from 'node:zlib';

/**
 * How the spool lies on disk. A segment is a file: a header, then records, one behind the other.
 *
 * ```text
 * segment header                          record
 *  0  4  magic "4N9G"                      0  4  magic "4N9R"
 *  4  2  version                           4  1  what: 1 tick, 2 checkpoint
 *  6  2  length of the whole header        5  1  zero
 *  8  8  spool id                          6  2  length of the key
 * 16  8  sequence of its first tick        8  4  length of the value
 * 24  1+1  lengths of host, boot id       12  8  sequence (of a checkpoint: of the tick after it)
 * 26  2  zero                             20  8  appended at, ms since 1970
 * 28     host, boot id (UTF-8)            28  4  CRC-32 of key and value
 * -4  4  CRC-32 of all bytes before       32  4  CRC-32 of the 32 bytes before
 *                                         36     key, value
 * ```
 * Little endian. The checksum of a record's header stands apart from that of its body: a length that can be trusted tells
 * a record that was cut short by a kill from one that was damaged later.
 */
const segmentMagic = 0x47394e34;
const recordMagic = 0x52394e34;
const segmentVersion = 1;
const segmentFixedBytes = 28;
export const segmentHeaderBytesMax = segmentFixedBytes + 255 + 255 + 4;
export const recordHeaderBytes = 36;
/** The magic as it lies in the file: where to look for the next record behind damage. */
export const recordMark = Buffer.from('4N9R', 'latin1');

export interface SegmentHeader {
  /** 16 hex digits. */
  readonly id: string;
  readonly firstSeq: bigint;
  readonly host: string;
  readonly bootId: string;
}

const whats = ['tick', 'checkpoint'] as const;
export type RecordWhat = (typeof whats)[number];

export interface SpoolRecord {
  readonly what: RecordWhat;
  readonly seq: bigint;
  readonly appendedAtMs: number;
  readonly key: string;
  readonly value: Uint8Array;
}

export interface RecordHeader {
  readonly what: RecordWhat;
  readonly seq: bigint;
  readonly appendedAtMs: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly bodyCrc: number;
}

export function encodeSegmentHeader({ id, firstSeq, host, bootId }: SegmentHeader): Buffer {
  const names = [Buffer.from(host).subarray(0, 255), Buffer.from(bootId).subarray(0, 255)] as const;
  const out = Buffer.alloc(segmentFixedBytes + names[0].length + names[1].length + 4);
  out.writeUInt32LE(segmentMagic, 0);
  out.writeUInt16LE(segmentVersion, 4);
  out.writeUInt16LE(out.length, 6);
  out.write(id, 8, 8, 'hex');
  out.writeBigUInt64LE(firstSeq, 16);
  out[24] = names[0].length;
  out[25] = names[1].length;
  names[0].copy(out, segmentFixedBytes);
  names[1].copy(out, segmentFixedBytes + names[0].length);
  out.writeUInt32LE(crc32(out.subarray(0, -4)), out.length - 4);
  return out;
}

/**
 * `short`: the file ends before the header does (it was being made); `damaged`: these bytes are no header; a number: the
 * version of a header that this program does not know.
 */
export function parseSegmentHeader(
  bytes: Buffer,
): { readonly header: SegmentHeader; readonly bytes: number } | 'short' | 'damaged' | number {
  if (bytes.length < segmentFixedBytes) return 'short';
  const length = bytes.readUInt16LE(6);
  const hostBytes = bytes[24] as number;
  const bootBytes = bytes[25] as number;
  if (bytes.readUInt32LE(0) !== segmentMagic || length > segmentHeaderBytesMax) return 'damaged';
  if (length !== segmentFixedBytes + hostBytes + bootBytes + 4) return 'damaged';
  if (bytes.length < length) return 'short';
  if (crc32(bytes.subarray(0, length - 4)) !== bytes.readUInt32LE(length - 4)) return 'damaged';
  const version = bytes.readUInt16LE(4);
  if (version !== segmentVersion) return version;
  const bootFrom = segmentFixedBytes + hostBytes;
  return {
    bytes: length,
    header: {
      id: bytes.toString('hex', 8, 16),
      firstSeq: bytes.readBigUInt64LE(16),
      host: bytes.toString('utf8', segmentFixedBytes, bootFrom),
      bootId: bytes.toString('utf8', bootFrom, bootFrom + bootBytes),
    },
  };
}

/** Bytes of a record with this key and value. */
export function recordBytes(key: string, value: Uint8Array): number {
  return recordHeaderBytes + Buffer.byteLength(key) + value.length;
}

export function encodeRecord({ what, seq, appendedAtMs, key, value }: SpoolRecord): Buffer {
  const out = Buffer.allocUnsafe(recordBytes(key, value));
  const keyBytes = out.write(key, recordHeaderBytes);
  out.set(value, recordHeaderBytes + keyBytes);
  out.writeUInt32LE(recordMagic, 0);
  out[4] = whats.indexOf(what) + 1;
  out[5] = 0;
  out.writeUInt16LE(keyBytes, 6);
  out.writeUInt32LE(value.length, 8);
  out.writeBigUInt64LE(seq, 12);
  out.writeBigUInt64LE(BigInt(appendedAtMs), 20);
  out.writeUInt32LE(crc32(out.subarray(recordHeaderBytes)), 28);
  out.writeUInt32LE(crc32(out.subarray(0, 32)), 32);
  return out;
}

/** Undefined: these bytes are not the header of a record. */
export function parseRecordHeader(bytes: Buffer): RecordHeader | undefined {
  if (bytes.readUInt32LE(0) !== recordMagic) return undefined;
  if (crc32(bytes.subarray(0, 32)) !== bytes.readUInt32LE(32)) return undefined;
  const what = whats[(bytes[4] as number) - 1];
  if (what === undefined) return undefined;
  return {
    what,
    seq: bytes.readBigUInt64LE(12),
    appendedAtMs: Number(bytes.readBigUInt64LE(20)),
    keyBytes: bytes.readUInt16LE(6),
    valueBytes: bytes.readUInt32LE(8),
    bodyCrc: bytes.readUInt32LE(28),
  };
}

/** `body`: key and value; undefined: its checksum is wrong. */
export function parseRecord(header: RecordHeader, body: Buffer): SpoolRecord | undefined {
  if (crc32(body) !== header.bodyCrc) return undefined;
  const { what, seq, appendedAtMs, keyBytes } = header;
  return { what, seq, appendedAtMs, key: body.toString('utf8', 0, keyBytes), value: body.subarray(keyBytes) };
}

/**
 * What the bus has acknowledged: two slots, written in turn, so that one is whole whenever a write is cut short. Written in
 * place, since on a full disk a new file could not be made.
 */
export interface AcknowledgedSlot {
  /** Spool id of the segment. */
  readonly id: string;
  readonly segment: number;
  /** End of the last acknowledged record. */
  readonly offset: number;
  /** Sequence of the first tick that is not acknowledged. */
  readonly seq: bigint;
  /** The slot with the higher turn counts. */
  readonly turn: bigint;
}

const slotBytes = 44;
export const slotDistance = 512;

export function encodeSlot({ id, segment, offset, seq, turn }: AcknowledgedSlot): Buffer {
  const out = Buffer.alloc(slotBytes);
  out.write(id, 0, 8, 'hex');
  out.writeBigUInt64LE(BigInt(segment), 8);
  out.writeBigUInt64LE(BigInt(offset), 16);
  out.writeBigUInt64LE(seq, 24);
  out.writeBigUInt64LE(turn, 32);
  out.writeUInt32LE(crc32(out.subarray(0, 40)), 40);
  return out;
}

export function parseSlot(bytes: Buffer): AcknowledgedSlot | undefined {
  if (bytes.length < slotBytes || crc32(bytes.subarray(0, 40)) !== bytes.readUInt32LE(40)) return undefined;
  return {
    id: bytes.toString('hex', 0, 8),
    segment: Number(bytes.readBigUInt64LE(8)),
    offset: Number(bytes.readBigUInt64LE(16)),
    seq: bytes.readBigUInt64LE(24),
    turn: bytes.readBigUInt64LE(32),
  };
}
