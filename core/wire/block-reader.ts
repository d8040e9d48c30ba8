import type { Column, EnumColumn, Kind, RowOf } from '../catalogue/columns.ts';
import { FourninesError } from '../runtime/error.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type PartForm, partForms } from './layout.ts';
import type { EncodedBlock } from './message.ts';

interface Part {
  readonly column: string;
  readonly form: PartForm;
  /** Largest byte allowed: labels of an enumeration, 1 for a null map; undefined: any. */
  readonly byteMax: number | undefined;
  readonly byteMin: number;
}

/**
 * Knows how blocks of one kind lie in bytes: checks that a block from outside is what it says, and reads rows out of it
 * (for the few readers that want rows; storing copies parts as they are).
 */
export class BlockReader<K extends Kind = Kind> {
  readonly kind: K;
  readonly fingerprint: bigint;
  readonly #parts: readonly Part[];

  constructor(kind: K) {
    this.kind = kind;
    this.fingerprint = fingerprintOf(kind);
    this.#parts = kind.columns.flatMap((column) =>
      partForms(column).map((form, i) => ({
        column: column.name,
        form,
        byteMin: column.type === 'Enum8' ? 1 : 0,
        byteMax: byteMaxOf(column, i),
      })),
    );
  }

  /**
   * Throws FN_WIRE_SCHEMA or FN_WIRE_BLOCK unless each part holds exactly `rows` well-formed values, and every row is of
   * `host`, the message's own (none given: of any). One wrong block would otherwise spoil the whole insert that it is joined into, and one host
   * could speak for another.
   */
  check(block: EncodedBlock, host?: string): void {
    if (block.fingerprint !== this.fingerprint || block.parts.length !== this.#parts.length) {
      throw new FourninesError('FN_WIRE_SCHEMA', `a block of ${block.kind} has another schema`, {
        context: { kind: block.kind, fingerprint: block.fingerprint.toString(16) },
      });
    }
    this.#parts.forEach((part, i) => {
      const why = faultOf(part, block.parts[i] as Uint8Array, block.rows);
      if (why === undefined) return;
      throw new FourninesError('FN_WIRE_BLOCK', `column ${part.column} of a block of ${block.kind} ${why}`, {
        context: { kind: block.kind, column: part.column, rows: block.rows },
      });
    });
    if (host !== undefined) this.#checkHost(block, host);
  }

  #checkHost({ kind, rows, parts }: EncodedBlock, host: string): void {
    const name = Buffer.from(host);
    // One byte of length in front: names are short.
    const expected = Buffer.alloc(rows * (name.length + 1), Buffer.concat([Buffer.of(name.length), name]));
    if (name.length > 0 && name.length < 0x80 && expected.equals(parts[0] as Uint8Array)) return;
    throw new FourninesError('FN_WIRE_BLOCK', `a block of ${kind} has rows of another host than its message`, {
      context: { kind, host: host.slice(0, 128) },
    });
  }

  /** The rows of a checked block. */
  rows(block: EncodedBlock): RowOf<K>[] {
    let next = 0;
    const columns = this.kind.columns.map((column) => {
      const parts = block.parts.slice(next, next + partForms(column).length);
      next += parts.length;
      return [column.name, readColumn(column, parts, block.rows)] as const;
    });
    return Array.from({ length: block.rows }, (_, row) => {
      return Object.fromEntries(columns.map(([name, values]) => [name, values[row]])) as RowOf<K>;
    });
  }
}

function byteMaxOf(column: Column, part: number): number | undefined {
  if (column.type === 'Enum8') return (column as EnumColumn).labels.length;
  const nullable = column.type === 'Nullable(UInt64)' || column.type === 'Nullable(Int64)';
  return nullable && part === 0 ? 1 : undefined;
}

function faultOf(part: Part, bytes: Uint8Array, rows: number): string | undefined {
  if (part.form === 'strings') {
    return countStrings(bytes) === rows ? undefined : 'does not hold one string a row';
  }
  if (bytes.length !== rows * part.form.bytesPerRow) return `has ${bytes.length} bytes for ${rows} rows`;
  if (part.byteMax === undefined) return undefined;
  for (const byte of bytes) {
    if (byte < part.byteMin || byte > part.byteMax) return `has the value ${byte}, which means nothing`;
  }
  return undefined;
}

/** Number of length-prefixed strings that fill `bytes` exactly, or -1. */
function countStrings(bytes: Uint8Array): number {
  let at = 0;
  let count = 0;
  while (at < bytes.length) {
    const [length, from] = readLength(bytes, at);
    at = from + length;
    count++;
  }
  return at === bytes.length ? count : -1;
}

/** A LEB128 length and where its string begins; a length past 2^28 or cut short gives an end beyond `bytes`. */
function readLength(bytes: Uint8Array, at: number): [length: number, from: number] {
  let length = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) return [1, bytes.length];
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [length, at];
  }
  return [1, bytes.length];
}

function readColumn(column: Column, parts: readonly Uint8Array[], rows: number): unknown[] {
  const bytes = asBuffer(parts[0] as Uint8Array);
  const each = (read: (row: number) => unknown) => Array.from({ length: rows }, (_, row) => read(row));
  switch (column.type) {
    case 'Enum8':
      return each((row) => column.labels[(bytes[row] as number) - 1]);
    case 'String': {
      let at = 0;
      return each(() => {
        const [length, from] = readLength(bytes, at);
        at = from + length;
        return bytes.toString('utf8', from, at);
      });
    }
    case 'Nullable(UInt64)': {
      const values = asBuffer(parts[1] as Uint8Array);
      return each((row) => (bytes[row] === 1 ? null : values.readBigUInt64LE(row * 8)));
    }
    case 'Nullable(Int64)': {
      const values = asBuffer(parts[1] as Uint8Array);
      return each((row) => (bytes[row] === 1 ? null : values.readBigInt64LE(row * 8)));
    }
    case 'UInt8':
      return each((row) => bytes[row]);
    case 'UInt16':
      return each((row) => bytes.readUInt16LE(row * 2));
    case 'UInt32':
    case "DateTime('UTC')":
      return each((row) => bytes.readUInt32LE(row * 4));
    case 'UInt64':
      return each((row) => bytes.readBigUInt64LE(row * 8));
    case 'Int64':
    case "DateTime64(3, 'UTC')":
      return each((row) => bytes.readBigInt64LE(row * 8));
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
