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
  /** A row with all its names and no values. */
  readonly #blank: Readonly<Record<string, unknown>>;

  constructor(kind: K) {
    this.kind = kind;
    this.#blank = Object.fromEntries(kind.columns.map(({ name }) => [name, undefined]));
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
    // Copies of one object, filled column by column: several times as fast as rows made one by one from their entries.
    const rows = Array.from({ length: block.rows }, () => ({ ...this.#blank }));
    let next = 0;
    for (const column of this.kind.columns) {
      const parts = block.parts.slice(next, next + partForms(column).length);
      next += parts.length;
      const read = valuesOf(column, parts);
      for (const [i, row] of rows.entries()) row[column.name] = read(i);
    }
    return rows as RowOf<K>[];
  }
}

/** Gives the values of a column, asked for row by row from the first on. */
function valuesOf(column: Column, parts: readonly Uint8Array[]): (row: number) => unknown {
  const bytes = viewOf(parts[0] as Uint8Array);
  switch (column.type) {
    case 'Enum8':
      return (row) => column.labels[bytes.getUint8(row) - 1];
    case 'String':
      return stringsOf(parts[0] as Uint8Array);
    case 'Nullable(UInt64)': {
      const values = viewOf(parts[1] as Uint8Array);
      return (row) => (bytes.getUint8(row) === 1 ? null : values.getBigUint64(row * 8, true));
    }
    case 'Nullable(Int64)': {
      const values = viewOf(parts[1] as Uint8Array);
      return (row) => (bytes.getUint8(row) === 1 ? null : values.getBigInt64(row * 8, true));
    }
    case 'UInt8':
      return (row) => bytes.getUint8(row);
    case 'UInt16':
      return (row) => bytes.getUint16(row * 2, true);
    case 'UInt32':
    case "DateTime('UTC')":
      return (row) => bytes.getUint32(row * 4, true);
    case 'UInt64':
      return (row) => bytes.getBigUint64(row * 8, true);
    case 'Int64':
    case "DateTime64(3, 'UTC')":
      return (row) => bytes.getBigInt64(row * 8, true);
  }
}

/** Neighbours mostly say the same (a host, both directions of a port): then they share one string. */
function stringsOf(part: Uint8Array): () => string {
  const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  let end = 0;
  let last = { text: '', from: 0, to: 0 };
  return () => {
    const [length, from] = readLength(bytes, end);
    end = from + length;
    const isSame = length === last.to - last.from && bytes.compare(bytes, last.from, last.to, from, end) === 0;
    if (!isSame) last = { text: bytes.toString('utf8', from, end), from, to: end };
    return last.text;
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
