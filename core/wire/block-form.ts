import type { Column, EnumColumn, Kind, RowOf } from '../catalogue/columns.ts';
import { valueBefore } from '../catalogue/forms.ts';
import { assert } from '../runtime/error.ts';
import { BlockBuilder } from './block-builder.ts';
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

/** Where a part of the present form comes from: the number of a part of the older block, or the bytes of one row. */
type PartSource = number | Uint8Array;

/** One form that blocks of a kind have or had: what is in it, and how it becomes the present one. */
export class BlockForm {
  readonly fingerprint: bigint;
  readonly partCount: number;
  readonly #parts: readonly Part[];
  /** Undefined: it is the present one. */
  readonly #sources: readonly PartSource[] | undefined;
  readonly #present: bigint;

  constructor(form: Kind, present: Kind) {
    this.fingerprint = fingerprintOf(form);
    this.#present = fingerprintOf(present);
    this.#parts = form.columns.flatMap((column) =>
      partForms(column).map((partForm, i) => ({
        column: column.name,
        form: partForm,
        byteMin: column.type === 'Enum8' ? 1 : 0,
        byteMax: byteMaxOf(column, i),
      })),
    );
    this.partCount = this.#parts.length;
    this.#sources = form === present ? undefined : sourcesOf(form, present);
  }

  /** Why a block is not of this form; undefined: each part holds exactly `rows` well-formed values. */
  faultOf({ parts, rows }: EncodedBlock): { readonly column: string; readonly why: string } | undefined {
    for (const [i, part] of this.#parts.entries()) {
      const why = faultOf(part, parts[i] as Uint8Array, rows);
      if (why !== undefined) return { column: part.column, why };
    }
    return undefined;
  }

  /** The block in the present form: what it has is not copied, what it lacks says what it meant before it came. */
  lift(block: EncodedBlock): EncodedBlock {
    if (this.#sources === undefined) return block;
    const parts = this.#sources.map((source) =>
      typeof source === 'number'
        ? (block.parts[source] as Uint8Array)
        : Buffer.alloc(source.length * block.rows, source),
    );
    return { ...block, fingerprint: this.#present, parts };
  }
}

function sourcesOf(form: Kind, present: Kind): readonly PartSource[] {
  const places = new Map<string, number>();
  let next = 0;
  for (const column of form.columns) {
    places.set(column.name, next);
    next += partForms(column).length;
  }
  return present.columns.flatMap((column): PartSource[] => {
    const at = places.get(column.name);
    return at === undefined ? oneRowBefore(column) : partForms(column).map((_, i) => at + i);
  });
}

/** The parts that one row has for a column that it was made without. */
function oneRowBefore(column: Column): Uint8Array[] {
  const builder = new BlockBuilder<Kind>({ name: '', doc: '', key: [], counters: [], columns: [column] });
  builder.add({ [column.name]: valueBefore(column) } as RowOf<Kind>);
  const parts = builder.block().parts.map((part) => Uint8Array.from(part));
  assert(
    parts.every((part) => part.length > 0),
    'a row has bytes in each part',
  );
  return parts;
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
export function readLength(bytes: Uint8Array, at: number): [length: number, from: number] {
  let length = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) return [1, bytes.length];
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [length, at];
  }
  return [1, bytes.length];
}
