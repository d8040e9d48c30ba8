import { crc32 } from 'node:zlib';
import { assert, FourninesError } from '../runtime/error.ts';

/**
 * One message: what one host has to say of one tick, a columnar block a kind, in ClickHouse's Native layout (layout.ts),
 * with a table of offsets down to each part of each column, so that a server joins messages by copying bytes.
 *
 * ```text
 *  0  4  magic "4N9S"
 *  4  2  wire version
 *  6  2  number of blocks
 *  8  8  seq: tick number in the stream
 * 16  4  slot: unix seconds of the slot the tick closes
 * 20  4  length of the whole message, checksum included
 * 24  2+2+2  lengths of host, boot id, stream     30  2  zero
 * 32     host, boot id, stream (UTF-8)
 *        per block: fingerprint 8, rows 4, length of kind 2, number of parts 2, kind (UTF-8),
 *                   then parts + 1 offsets of 4 bytes from the start of the message
 *        parts
 *  -4 4  CRC-32 (zlib) of all bytes before
 * ```
 * All numbers are little endian. Bounds: `messageBytesMax`, `blocksMax`, `partsMax`, `rowsMax`.
 */
const wireVersion = 1;
export const messageBytesMax = 8 * 1024 * 1024;
const blocksMax = 64;
const partsMax = 256;
const rowsMax = 1_000_000;
const magic = 0x53394e34;
const fixedHeaderBytes = 32;
const checksumBytes = 4;

export interface MessageHead {
  readonly host: string;
  readonly bootId: string;
  readonly stream: string;
  readonly seq: bigint;
  /** Unix seconds of the slot the tick closes. */
  readonly slot: number;
}

export interface EncodedBlock {
  readonly kind: string;
  readonly fingerprint: bigint;
  readonly rows: number;
  readonly parts: readonly Uint8Array[];
}

export interface Message extends MessageHead {
  readonly blocks: readonly EncodedBlock[];
}

/** Gives bytes of its own: nothing points back into the blocks. */
export function encodeMessage(head: MessageHead, blocks: readonly EncodedBlock[]): Uint8Array {
  const names = [head.host, head.bootId, head.stream].map((text) => Buffer.from(text));
  const kindNames = blocks.map((block) => Buffer.from(block.kind));
  let headerBytes = fixedHeaderBytes + names.reduce((sum, name) => sum + name.length, 0);
  let payloadBytes = 0;
  for (const [i, block] of blocks.entries()) {
    headerBytes += 16 + (kindNames[i] as Buffer).length + 4 * (block.parts.length + 1);
    for (const part of block.parts) payloadBytes += part.length;
  }
  const totalBytes = headerBytes + payloadBytes + checksumBytes;
  if (totalBytes > messageBytesMax) {
    throw new FourninesError('FN_BUS_RECORD_TOO_LARGE', `a tick of ${totalBytes} bytes is too large`, {
      context: { host: head.host, bytes: totalBytes, bytesMax: messageBytesMax },
    });
  }
  assert(blocks.length <= blocksMax, 'blocks within bound');

  const out = Buffer.allocUnsafe(totalBytes);
  out.writeUInt32LE(magic, 0);
  out.writeUInt16LE(wireVersion, 4);
  out.writeUInt16LE(blocks.length, 6);
  out.writeBigUInt64LE(head.seq, 8);
  out.writeUInt32LE(head.slot, 16);
  out.writeUInt32LE(totalBytes, 20);
  names.forEach((name, i) => {
    out.writeUInt16LE(name.length, 24 + 2 * i);
  });
  out.writeUInt16LE(0, 30);
  let at = fixedHeaderBytes;
  for (const name of names) at += name.copy(out, at);
  let partAt = headerBytes;
  for (const [i, block] of blocks.entries()) {
    const kindName = kindNames[i] as Buffer;
    assert(block.parts.length <= partsMax && block.rows <= rowsMax, 'parts and rows within bound');
    out.writeBigUInt64LE(block.fingerprint, at);
    out.writeUInt32LE(block.rows, at + 8);
    out.writeUInt16LE(kindName.length, at + 12);
    out.writeUInt16LE(block.parts.length, at + 14);
    at += 16;
    at += kindName.copy(out, at);
    for (const part of block.parts) {
      at = out.writeUInt32LE(partAt, at);
      out.set(part, partAt);
      partAt += part.length;
    }
    at = out.writeUInt32LE(partAt, at);
  }
  out.writeUInt32LE(crc32(out.subarray(0, partAt)), partAt);
  return out;
}

/**
 * Reads the head and the tables; parts are views into `bytes`. Throws FN_WIRE_DAMAGED or FN_WIRE_VERSION; never reads
 * outside `bytes`, whatever they hold.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < fixedHeaderBytes + checksumBytes) throw damaged('it is too short');
  if (buffer.readUInt32LE(0) !== magic) throw damaged('it does not begin as a message does');
  const version = buffer.readUInt16LE(4);
  if (version !== wireVersion) {
    throw new FourninesError('FN_WIRE_VERSION', `wire version ${version}, this program reads ${wireVersion}`, {
      context: { version },
    });
  }
  if (buffer.length > messageBytesMax) throw damaged('it is too long');
  if (buffer.readUInt32LE(20) !== buffer.length) throw damaged('its length is not the one it states');
  const payloadEnd = buffer.length - checksumBytes;
  if (crc32(buffer.subarray(0, payloadEnd)) !== buffer.readUInt32LE(payloadEnd)) throw damaged('its checksum is wrong');

  const cursor = new Cursor(buffer, fixedHeaderBytes, payloadEnd);
  const host = cursor.text(buffer.readUInt16LE(24));
  const bootId = cursor.text(buffer.readUInt16LE(26));
  const stream = cursor.text(buffer.readUInt16LE(28));
  const blockCount = buffer.readUInt16LE(6);
  if (blockCount > blocksMax) throw damaged(`it has ${blockCount} blocks`);
  const tables = Array.from({ length: blockCount }, () => readTable(cursor));
  // Parts follow one another without holes: otherwise a small message could say the same bytes a thousand times.
  let at = cursor.at;
  const blocks = tables.map((table) => {
    const block = cutParts(buffer, table, at, payloadEnd);
    at = table.offsets.at(-1) as number;
    return block;
  });
  if (at !== payloadEnd) throw damaged('there are bytes that belong to no column');
  if (new Set(blocks.map(({ kind }) => kind)).size !== blocks.length) throw damaged('it has two blocks of one kind');
  return { host, bootId, stream, seq: buffer.readBigUInt64LE(8), slot: buffer.readUInt32LE(16), blocks };
}

interface BlockTable {
  readonly kind: string;
  readonly fingerprint: bigint;
  readonly rows: number;
  readonly offsets: readonly number[];
}

function readTable(cursor: Cursor): BlockTable {
  const fingerprint = cursor.bigUInt64();
  const rows = cursor.uint(4);
  const kindBytes = cursor.uint(2);
  const partCount = cursor.uint(2);
  if (rows > rowsMax) throw damaged(`a block claims ${rows} rows`);
  if (partCount > partsMax) throw damaged(`a block claims ${partCount} parts`);
  const kind = cursor.text(kindBytes);
  const offsets = Array.from({ length: partCount + 1 }, () => cursor.uint(4));
  return { kind, fingerprint, rows, offsets };
}

function cutParts(buffer: Buffer, table: BlockTable, start: number, payloadEnd: number): EncodedBlock {
  const { kind, fingerprint, rows, offsets } = table;
  const parts: Uint8Array[] = [];
  if (offsets[0] !== start) throw damaged(`the columns of ${kind} do not begin where those before end`);
  for (let i = 0; i + 1 < offsets.length; i++) {
    const from = offsets[i] as number;
    const to = offsets[i + 1] as number;
    if (to < from || to > payloadEnd) throw damaged(`a column of ${kind} lies outside it`);
    parts.push(buffer.subarray(from, to));
  }
  return { kind, fingerprint, rows, parts };
}

class Cursor {
  at: number;
  readonly #buffer: Buffer;
  readonly #end: number;

  constructor(buffer: Buffer, at: number, end: number) {
    this.#buffer = buffer;
    this.at = at;
    this.#end = end;
  }

  uint(bytes: 2 | 4): number {
    return this.#buffer.readUIntLE(this.#take(bytes), bytes);
  }

  bigUInt64(): bigint {
    return this.#buffer.readBigUInt64LE(this.#take(8));
  }

  text(bytes: number): string {
    const from = this.#take(bytes);
    return this.#buffer.toString('utf8', from, from + bytes);
  }

  #take(bytes: number): number {
    const from = this.at;
    if (from + bytes > this.#end) throw damaged('its header is cut short');
    this.at = from + bytes;
    return from;
  }
}

function damaged(why: string): FourninesError {
  return new FourninesError('FN_WIRE_DAMAGED', `the message cannot be read: ${why}`);
}
