import { systemCode } from '../../core/runtime/error.ts';
import type { DiskFile } from './disk.ts';
import { parseRecord, parseRecordHeader, recordHeaderBytes, recordMark, type SpoolRecord } from './format.ts';

/** Read at once; records are views into it, so this much stays in memory for each record that is held. */
const chunkBytes = 512 * 1024;
const pageBytes = 4096;

export interface FoundRecord {
  readonly what: 'record';
  readonly record: SpoolRecord;
  readonly from: number;
  readonly to: number;
}

export type Found =
  | FoundRecord
  /** Bytes that are no record, although a record or the limit follows. */
  | { readonly what: 'damaged'; readonly from: number; readonly to: number }
  /** The beginning of a record that ends beyond the limit: it was being written. The cursor stays before it. */
  | { readonly what: 'torn'; readonly from: number };

/** Goes through the records of one segment. */
export class SegmentCursor {
  readonly #file: DiskFile;
  /** Where the next record begins. */
  at: number;
  #chunk: Buffer = Buffer.alloc(0);
  #chunkAt = 0;

  constructor(file: DiskFile, at: number) {
    this.#file = file;
    this.at = at;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** The next thing before `limit`; null: nothing is left. */
  async next(limit: number): Promise<Found | null> {
    const from = this.at;
    if (from >= limit) return null;
    if (limit - from < recordHeaderBytes) return { what: 'torn', from };
    const header = parseRecordHeader(await this.#read(from, recordHeaderBytes, limit));
    if (header === undefined) return this.#resume(from, limit);
    const bodyBytes = header.keyBytes + header.valueBytes;
    const to = from + recordHeaderBytes + bodyBytes;
    if (to > limit) return { what: 'torn', from };
    const record = parseRecord(header, await this.#read(from + recordHeaderBytes, bodyBytes, limit));
    this.at = to;
    return record === undefined ? { what: 'damaged', from, to } : { what: 'record', record, from, to };
  }

  /** Looks for the next record behind bytes that are none. */
  async #resume(from: number, limit: number): Promise<Found> {
    for (let at = from + 1; limit - at >= recordHeaderBytes; ) {
      const window = await this.#read(at, Math.min(chunkBytes, limit - at), limit);
      const found = window.indexOf(recordMark);
      if (found < 0) {
        // The mark may begin in the last bytes of the window.
        at += window.length - recordMark.length + 1;
        continue;
      }
      at += found;
      if (limit - at < recordHeaderBytes) break;
      if (parseRecordHeader(await this.#read(at, recordHeaderBytes, limit)) !== undefined) {
        this.at = at;
        return { what: 'damaged', from, to: at };
      }
      at++;
    }
    this.at = limit;
    return { what: 'damaged', from, to: limit };
  }

  async #read(from: number, bytes: number, limit: number): Promise<Buffer> {
    const start = from - this.#chunkAt;
    if (start >= 0 && start + bytes <= this.#chunk.length) return this.#chunk.subarray(start, start + bytes);
    const chunk = Buffer.alloc(Math.max(bytes, Math.min(chunkBytes, limit - from)));
    await this.#fill(chunk, from);
    this.#chunk = chunk;
    this.#chunkAt = from;
    return chunk.subarray(0, bytes);
  }

  /** Pages that the disk cannot give read as zeros, and so as damage: one bad sector must not hold up all after it. */
  async #fill(chunk: Buffer, from: number): Promise<void> {
    try {
      await this.#file.read(chunk, from);
      return;
    } catch (error) {
      if (systemCode(error) !== 'EIO') throw error;
    }
    for (let at = 0; at < chunk.length; ) {
      const page = chunk.subarray(at, at + pageBytes - ((from + at) % pageBytes));
      try {
        await this.#file.read(page, from + at);
      } catch (error) {
        if (systemCode(error) !== 'EIO') throw error;
        page.fill(0);
      }
      at += page.length;
    }
  }
}
