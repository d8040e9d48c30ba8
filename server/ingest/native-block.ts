/**
 * ClickHouse's Native form of one block: number of columns, number of rows, then for each column its name, its type and
 * its data. Numbers and lengths of names are LEB128.
 */
export interface NativeColumn {
  readonly name: string;
  readonly type: string;
  /** Byte runs which, one behind the other, are the column's data. */
  readonly data: readonly Uint8Array[];
}

/**
 * Memory that blocks are built in, one after the other: fresh pages for each would cost four times the copying itself.
 */
export class Scratch {
  #buffer = Buffer.allocUnsafe(0);

  /** Valid until the next `take`. */
  take(bytes: number): Buffer {
    if (this.#buffer.length < bytes) this.#buffer = Buffer.allocUnsafe(bytes);
    return this.#buffer.subarray(0, bytes);
  }
}

/** Valid until the scratch is taken again. */
export function nativeBlock(rows: number, columns: readonly NativeColumn[], scratch = new Scratch()): Buffer {
  const heads = columns.map(({ name, type }) => Buffer.concat([lengthAndText(name), lengthAndText(type)]));
  const counts = Buffer.from([...leb128(columns.length), ...leb128(rows)]);
  let bytes = counts.length;
  for (const [i, { data }] of columns.entries()) {
    bytes += (heads[i] as Buffer).length;
    for (const run of data) bytes += run.length;
  }
  const out = scratch.take(bytes);
  let at = counts.copy(out, 0);
  for (const [i, { data }] of columns.entries()) {
    at += (heads[i] as Buffer).copy(out, at);
    for (const run of data) {
      out.set(run, at);
      at += run.length;
    }
  }
  return out;
}

/** A column of strings as Native has it: each a LEB128 length and its bytes. */
export function stringRun(values: readonly Uint8Array[]): Buffer {
  return Buffer.concat(values.flatMap((value) => [Buffer.from(leb128(value.length)), value]));
}

function lengthAndText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(leb128(bytes.length)), bytes]);
}

function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}
