import type { Column, EnumColumn, Kind, RowOf } from '../catalogue/columns.ts';
import { assert } from '../runtime/error.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { EncodedBlock } from './message.ts';

/** Grows by doubling; the collector keeps one a column and reuses it each tick. */
class Bytes {
  #buffer = Buffer.allocUnsafe(256);
  length = 0;

  reserve(count: number): Buffer {
    if (this.length + count > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.length + count));
      this.#buffer.copy(grown, 0, 0, this.length);
      this.#buffer = grown;
    }
    return this.#buffer;
  }

  view(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }
}

type Write = (value: unknown) => void;

/** Rows in, columns out: builds one block of a kind. Not for sharing between ticks that are still in flight. */
export class BlockBuilder<K extends Kind> {
  readonly kind: K;
  readonly #fingerprint: bigint;
  readonly #parts: Bytes[] = [];
  readonly #writers: readonly (readonly [string, Write])[];
  #rows = 0;

  constructor(kind: K) {
    this.kind = kind;
    this.#fingerprint = fingerprintOf(kind);
    this.#writers = kind.columns.map((column) => [column.name, this.#writer(column)] as const);
  }

  get rows(): number {
    return this.#rows;
  }

  /** Throws what the value of a column throws that does not fit it; then the block is as it was. */
  add(row: RowOf<K>): void {
    const values = row as Readonly<Record<string, unknown>>;
    const lengths = this.#parts.map((part) => part.length);
    try {
      for (const [name, write] of this.#writers) write(values[name]);
    } catch (error) {
      for (const [i, part] of this.#parts.entries()) part.length = lengths[i] as number;
      throw error;
    }
    this.#rows++;
  }

  clear(): void {
    this.#rows = 0;
    for (const part of this.#parts) part.length = 0;
  }

  /** Views into the builder: valid until the next `add` or `clear`. */
  block(): EncodedBlock {
    return {
      kind: this.kind.name,
      fingerprint: this.#fingerprint,
      rows: this.#rows,
      parts: this.#parts.map((part) => part.view()),
    };
  }

  #part(): Bytes {
    const part = new Bytes();
    this.#parts.push(part);
    return part;
  }

  #writer(column: Column): Write {
    const part = this.#part();
    switch (column.type) {
      case 'Enum8':
        return enumWriter(part, column);
      case 'String':
        return (value) => writeString(part, value as string);
      case 'Nullable(UInt64)': {
        const values = this.#part();
        return (value) => {
          writeUnsigned(part, 1, value === null ? 1 : 0);
          writeBig(values, (value as bigint | null) ?? 0n);
        };
      }
      case 'Nullable(Int64)': {
        const values = this.#part();
        return (value) => {
          writeUnsigned(part, 1, value === null ? 1 : 0);
          writeSigned(values, (value as bigint | null) ?? 0n);
        };
      }
      case 'UInt64':
        return (value) => writeBig(part, value as bigint);
      case 'Int64':
      case "DateTime64(3, 'UTC')":
        return (value) => writeSigned(part, value as bigint);
      case 'UInt8':
        return (value) => writeUnsigned(part, 1, value as number);
      case 'UInt16':
        return (value) => writeUnsigned(part, 2, value as number);
      case 'UInt32':
      case "DateTime('UTC')":
        return (value) => writeUnsigned(part, 4, value as number);
    }
  }
}

function enumWriter(part: Bytes, column: EnumColumn): Write {
  const codes = new Map(column.labels.map((label, i) => [label, i + 1]));
  return (value) => {
    const code = codes.get(value as string);
    assert(code !== undefined, `${String(value)} is a label of ${column.name}`);
    writeUnsigned(part, 1, code);
  };
}

function writeUnsigned(part: Bytes, bytes: 1 | 2 | 4, value: number): void {
  part.reserve(bytes).writeUIntLE(value, part.length, bytes);
  part.length += bytes;
}

function writeBig(part: Bytes, value: bigint): void {
  part.reserve(8).writeBigUInt64LE(value, part.length);
  part.length += 8;
}

function writeSigned(part: Bytes, value: bigint): void {
  part.reserve(8).writeBigInt64LE(value, part.length);
  part.length += 8;
}

function writeString(part: Bytes, value: string): void {
  const bytes = Buffer.byteLength(value);
  // A LEB128 length of up to 2^28 needs 4 bytes; strings of ours are far shorter.
  const buffer = part.reserve(bytes + 4);
  let rest = bytes;
  while (rest >= 0x80) {
    buffer[part.length++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[part.length++] = rest;
  part.length += buffer.write(value, part.length);
}
