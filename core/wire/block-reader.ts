import type { Column, Kind, RowOf } from '../catalogue/columns.ts';
import { formsOf } from '../catalogue/forms.ts';
import { FourninesError } from '../runtime/error.ts';
import { BlockForm, readLength } from './block-form.ts';
import { partForms } from './layout.ts';
import type { EncodedBlock } from './message.ts';

/**
 * Knows how blocks of one kind lie in bytes: checks that a block from outside is what it says, and reads rows out of it
 * (for the few readers that want rows; storing copies parts as they are).
 */
export class BlockReader<K extends Kind = Kind> {
  readonly kind: K;
  readonly #forms: ReadonlyMap<bigint, BlockForm>;

  constructor(kind: K) {
    this.kind = kind;
    const forms = formsOf(kind).map((form) => new BlockForm(form, kind));
    this.#forms = new Map(forms.map((form) => [form.fingerprint, form]));
  }

  /**
   * Gives the block in the kind's present form, whatever earlier form it has. Throws FN_WIRE_SCHEMA or FN_WIRE_BLOCK unless
   * each part holds exactly `rows` well-formed values, and every row is of `host`, the message's own (none given: of any).
   * One wrong block would otherwise spoil the whole insert that it is joined into, and one host could speak for another.
   */
  check(block: EncodedBlock, host?: string): EncodedBlock {
    const form = this.#forms.get(block.fingerprint);
    if (form === undefined || block.parts.length !== form.partCount) {
      throw new FourninesError('FN_WIRE_SCHEMA', `a block of ${block.kind} has another schema`, {
        context: { kind: block.kind, fingerprint: block.fingerprint.toString(16) },
      });
    }
    const fault = form.faultOf(block);
    if (fault !== undefined) {
      throw new FourninesError('FN_WIRE_BLOCK', `column ${fault.column} of a block of ${block.kind} ${fault.why}`, {
        context: { kind: block.kind, column: fault.column, rows: block.rows },
      });
    }
    if (host !== undefined) this.#checkHost(block, host);
    return form.lift(block);
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

  /** The rows of a block as `check` gives it. */
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
