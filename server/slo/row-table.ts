import type { RowKind, Segment } from './segment.ts';

/** A row without its texts. `offered`, `bad` and `shared` are those of one slot in an observed row, else of all of them. */
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
  readonly shared: bigint;
}

/** What a table of so many rows is made with: one that is known to stay small wastes little. */
export function chunkBitsOf(rows: number): number {
  return Math.min(fileChunkBits, Math.ceil(Math.log2(Math.max(rows, 2))));
}

/** Rows of a file: few enough for one of a few rows, enough not to be noticed in one of millions. */
const fileChunkBits = 12;

class Chunk {
  readonly path: Uint16Array;
  readonly host: Uint16Array;
  readonly kind: Uint8Array;
  readonly line: Uint32Array;
  readonly slot: Uint32Array;
  readonly count: Uint32Array;
  readonly offered: BigUint64Array;
  readonly bad: BigUint64Array;
  /** Halves of `bad`: nearly all are 0, and need no new object when they are read. */
  readonly badHalves: Uint32Array;
  /** Made when the first row needs one: probes, sealed runs, and loss further up. */
  peak: BigUint64Array | undefined;
  sent: Uint32Array | undefined;
  lost: Uint32Array | undefined;
  shared: BigUint64Array | undefined;

  constructor(rows: number) {
    this.path = new Uint16Array(rows);
    this.host = new Uint16Array(rows);
    this.kind = new Uint8Array(rows);
    this.line = new Uint32Array(rows);
    this.slot = new Uint32Array(rows);
    this.count = new Uint32Array(rows);
    this.offered = new BigUint64Array(rows);
    this.bad = new BigUint64Array(rows);
    this.badHalves = new Uint32Array(this.bad.buffer);
  }
}

/**
 * Rows of a file in columns: 33 bytes each, 8 more each where rows have probes, are sealed or have shared loss. Millions fit where as many
 * objects would not.
 */
export class RowTable {
  length = 0;
  readonly #chunks: Chunk[] = [];
  readonly #bits: number;
  readonly #mask: number;

  /** @param chunkBits room is made for 2^chunkBits rows at a time: fewer where thousands of small tables are kept. */
  constructor(chunkBits = fileChunkBits) {
    this.#bits = chunkBits;
    this.#mask = 2 ** chunkBits - 1;
  }

  push(row: KeptRow): void {
    const i = this.length & this.#mask;
    if (i === 0) this.#chunks.push(new Chunk(this.#mask + 1));
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
      chunk.peak ??= new BigUint64Array(this.#mask + 1);
      chunk.peak[i] = row.peak;
    }
    if (row.sent > 0) {
      chunk.sent ??= new Uint32Array(this.#mask + 1);
      chunk.lost ??= new Uint32Array(this.#mask + 1);
      chunk.sent[i] = row.sent;
      chunk.lost[i] = row.lost;
    }
    if (row.shared > 0n) {
      chunk.shared ??= new BigUint64Array(this.#mask + 1);
      chunk.shared[i] = row.shared;
    }
    this.length++;
  }

  at(row: number): KeptRow {
    const chunk = this.#chunks[row >>> this.#bits] as Chunk;
    const i = row & this.#mask;
    return {
      path: chunk.path[i] as number,
      host: chunk.host[i] as number,
      line: chunk.line[i] as number,
      slot: chunk.slot[i] as number,
      count: chunk.count[i] as number,
      kind: chunk.kind[i] as RowKind,
      offered: chunk.offered[i] as bigint,
      bad: chunk.badHalves[2 * i] === 0 && chunk.badHalves[2 * i + 1] === 0 ? 0n : (chunk.bad[i] as bigint),
      peak: chunk.peak?.[i] ?? 0n,
      sent: chunk.sent?.[i] ?? 0,
      lost: chunk.lost?.[i] ?? 0,
      shared: chunk.shared?.[i] ?? 0n,
    };
  }

  /** The row as slots [from, to), which is how most of its readers need it. */
  segment(row: number): Segment {
    const chunk = this.#chunks[row >>> this.#bits] as Chunk;
    const i = row & this.#mask;
    const from = chunk.slot[i] as number;
    return {
      from,
      to: from + (chunk.count[i] as number),
      kind: chunk.kind[i] as RowKind,
      offered: chunk.offered[i] as bigint,
      bad: chunk.badHalves[2 * i] === 0 && chunk.badHalves[2 * i + 1] === 0 ? 0n : (chunk.bad[i] as bigint),
      peak: chunk.peak?.[i] ?? 0n,
      sent: chunk.sent?.[i] ?? 0,
      lost: chunk.lost?.[i] ?? 0,
      shared: chunk.shared?.[i] ?? 0n,
      excluded: false,
    };
  }

  host(row: number): number {
    return (this.#chunks[row >>> this.#bits] as Chunk).host[row & this.#mask] as number;
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
    return (this.#chunks[row >>> this.#bits] as Chunk).path[row & this.#mask] as number;
  }

  #slot(row: number): number {
    return (this.#chunks[row >>> this.#bits] as Chunk).slot[row & this.#mask] as number;
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
