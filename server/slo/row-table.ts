/** What a kept row is. */
export const rowKinds = { observed: 0, bridged: 1, clean: 2, idle: 3, unknown: 4, suspect: 5 } as const;
export type RowKind = (typeof rowKinds)[keyof typeof rowKinds];

/** A row without its texts. `offered` and `bad` are those of one slot in an observed row, else of all of them. */
export interface KeptRow {
  readonly path: number;
  readonly host: number;
  /** Of the file, from 1. */
  readonly line: number;
  readonly slot: number;
  readonly count: number;
  readonly kind: RowKind;
  readonly offered: bigint;
  readonly bad: bigint;
  readonly peak: bigint;
  readonly sent: number;
  readonly lost: number;
}

/** Small enough for a file of a few rows, large enough not to be noticed in one of millions. */
const usualChunkRows = 4096;

class Chunk {
  readonly path;
  readonly host;
  readonly kind;
  readonly line;
  readonly slot;
  readonly count;
  readonly offered;
  readonly bad;
  /** Made when the first row needs one: probes and sealed runs. */
  peak: BigUint64Array | undefined;
  sent: Uint32Array | undefined;
  lost: Uint32Array | undefined;

  constructor(rows: number) {
    this.path = new Uint16Array(rows);
    this.host = new Uint16Array(rows);
    this.kind = new Uint8Array(rows);
    this.line = new Uint32Array(rows);
    this.slot = new Uint32Array(rows);
    this.count = new Uint32Array(rows);
    this.offered = new BigUint64Array(rows);
    this.bad = new BigUint64Array(rows);
  }
}

/**
 * Rows of a file in columns: 33 bytes each, 8 more each where rows have probes or are sealed. Millions fit where as many
 * objects would not.
 */
export class RowTable {
  length = 0;
  readonly #chunkRows: number;
  readonly #chunks: Chunk[] = [];

  /** Room is made for so many rows at once; a table whose size is known wastes none. */
  constructor(chunkRows = usualChunkRows) {
    this.#chunkRows = chunkRows;
  }

  push(row: KeptRow): void {
    const i = this.length % this.#chunkRows;
    if (i === 0) this.#chunks.push(new Chunk(this.#chunkRows));
    const chunk = this.#chunks[this.#chunks.length - 1] as Chunk;
    chunk.path[i] = row.path;
    chunk.host[i] = row.host;
    chunk.kind[i] = row.kind;
    chunk.line[i] = row.line;
    chunk.slot[i] = row.slot;
    chunk.count[i] = row.count;
    chunk.offered[i] = row.offered;
    chunk.bad[i] = row.bad;
    if (row.peak > 0n) {
      chunk.peak ??= new BigUint64Array(this.#chunkRows);
      chunk.peak[i] = row.peak;
    }
    if (row.sent > 0) {
      chunk.sent ??= new Uint32Array(this.#chunkRows);
      chunk.lost ??= new Uint32Array(this.#chunkRows);
      chunk.sent[i] = row.sent;
      chunk.lost[i] = row.lost;
    }
    this.length++;
  }

  at(row: number): KeptRow {
    const chunk = this.#chunks[Math.floor(row / this.#chunkRows)] as Chunk;
    const i = row % this.#chunkRows;
    return {
      path: chunk.path[i] as number,
      host: chunk.host[i] as number,
      line: chunk.line[i] as number,
      slot: chunk.slot[i] as number,
      count: chunk.count[i] as number,
      kind: chunk.kind[i] as RowKind,
      offered: chunk.offered[i] as bigint,
      bad: chunk.bad[i] as bigint,
      peak: chunk.peak?.[i] ?? 0n,
      sent: chunk.sent?.[i] ?? 0,
      lost: chunk.lost?.[i] ?? 0,
    };
  }

  /** The rows of each path, in order of their first slot. */
  orders(paths: number): Uint32Array[] {
    const counts = new Uint32Array(paths);
    for (let row = 0; row < this.length; row++) counts[this.#path(row)] = (counts[this.#path(row)] as number) + 1;
    const orders = [...counts].map((count) => new Uint32Array(count));
    counts.fill(0);
    for (let row = 0; row < this.length; row++) {
      const path = this.#path(row);
      const i = counts[path] as number;
      (orders[path] as Uint32Array)[i] = row;
      counts[path] = i + 1;
    }
    for (const order of orders) this.#sort(order);
    return orders;
  }

  #path(row: number): number {
    return (this.#chunks[Math.floor(row / this.#chunkRows)] as Chunk).path[row % this.#chunkRows] as number;
  }

  #slot(row: number): number {
    return (this.#chunks[Math.floor(row / this.#chunkRows)] as Chunk).slot[row % this.#chunkRows] as number;
  }

  /** Files mostly come in order; else slot and row make one number each, which sorts without comparing in JavaScript. */
  #sort(order: Uint32Array): void {
    let sorted = true;
    for (let i = 1; i < order.length && sorted; i++) {
      sorted = this.#slot(order[i - 1] as number) <= this.#slot(order[i] as number);
    }
    if (sorted) return;
    const places = new BigUint64Array(order.length);
    for (let i = 0; i < order.length; i++) {
      const row = order[i] as number;
      places[i] = (BigInt(this.#slot(row)) << 32n) | BigInt(row);
    }
    places.sort();
    for (let i = 0; i < order.length; i++) order[i] = Number((places[i] as bigint) & 0xffff_ffffn);
  }
}
