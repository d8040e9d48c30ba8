import { crc32 } from 'node:zlib';
import { portSlot } from '../../core/catalogue/kinds.ts';
import { BlockBuilder } from '../../core/wire/block-builder.ts';
import { type EncodedBlock, encodeMessage, messageBytesMax } from '../../core/wire/message.ts';
import { aPortRow, aTickMessage, type PortRow } from './tick-message.ts';

/** A record that no server stores, and the code it is kept under. */
export interface Poison {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly code: string;
}

/**
 * One of each kind. Those that have a readable head name a stream of their own, and a slot long after `slot`, as if to take
 * the voice of `host`.
 */
export function poisons(host: string, slot: number): readonly Poison[] {
  const head = (name: string) => ({ host, bootId: 'boot', stream: `poison ${name}`, seq: 0n, slot: slot + 10_000_000 });
  const rows = (...over: Partial<PortRow>[]) => blockOf(over.map((row) => aPortRow({ host, slot, ...row })));
  const one = rows({});
  const message = (name: string, block: EncodedBlock) => encodeMessage(head(name), [block]);
  const good = aTickMessage({ host, slot, stream: 'poison', ports: [aPortRow({ host, slot })] });
  const damaged: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array(0)],
    ['a few words', Buffer.from('hello')],
    ['another beginning', Buffer.alloc(4096, 0xff)],
    ['cut short', good.subarray(0, good.length - 9)],
    ['a flipped bit', changed(good, (bytes) => bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100))],
    ['an offset outside', resealed(good, (bytes) => bytes.writeUInt32LE(0xffff_fff0, firstOffsetAt(bytes)))],
    ['a length that lies', resealed(good, (bytes) => bytes.writeUInt32LE(bytes.length - 1, 20))],
    ['too large', tooLarge(good)],
  ];
  const told: readonly (readonly [string, string, Uint8Array])[] = [
    ['a version to come', 'FN_WIRE_VERSION', resealed(good, (bytes) => bytes.writeUInt16LE(2, 4))],
    ['an unknown schema', 'FN_WIRE_SCHEMA', message('schema', { ...one, fingerprint: 1n })],
    ['an unknown kind', 'FN_WIRE_SCHEMA', message('kind', { ...one, kind: 'nobody' })],
    ['more rows than values', 'FN_WIRE_BLOCK', message('rows', { ...one, rows: 2 })],
    ['columns that disagree', 'FN_WIRE_BLOCK', message('columns', withPart(one, 4, Buffer.alloc(8)))],
    ['rows of another host', 'FN_WIRE_BLOCK', message('host', rows({ host: 'another' }))],
    ['a state that means nothing', 'FN_WIRE_BLOCK', message('state', withPart(one, partOf('state'), Buffer.of(99)))],
    ['slots of a hundred days', 'FN_WIRE_BLOCK', message('days', rows({}, { slot: slot + 100 * 86_400 }))],
    ['no stream', 'FN_WIRE_HEAD', encodeMessage({ ...head('stream'), stream: '' }, [one])],
  ];
  return [
    ...damaged.map(([name, bytes]) => ({ name, bytes, code: 'FN_WIRE_DAMAGED' })),
    ...told.map(([name, code, bytes]) => ({ name, bytes, code })),
  ];
}

function blockOf(rows: readonly PortRow[]): EncodedBlock {
  const builder = new BlockBuilder(portSlot);
  for (const row of rows) builder.add(row);
  return builder.block();
}

/** Parts are one a column up to the state. */
function partOf(column: string): number {
  return portSlot.columns.findIndex(({ name }) => name === column);
}

function withPart(block: EncodedBlock, at: number, part: Uint8Array): EncodedBlock {
  return { ...block, parts: block.parts.map((each, i) => (i === at ? part : each)) };
}

function changed(message: Uint8Array, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(message);
  change(bytes);
  return bytes;
}

/** With the checksum of what it says now. */
function resealed(message: Uint8Array, change: (bytes: Buffer) => void): Buffer {
  return changed(message, (bytes) => {
    change(bytes);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  });
}

/** Behind the names and the head of the first block; see core/wire/message.ts. */
function firstOffsetAt(bytes: Buffer): number {
  const names = [24, 26, 28].reduce((sum, at) => sum + bytes.readUInt16LE(at), 0);
  const block = 32 + names;
  return block + 16 + bytes.readUInt16LE(block + 12);
}

function tooLarge(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(messageBytesMax + 1);
  bytes.set(message);
  bytes.writeUInt32LE(bytes.length, 20);
  return bytes;
}
