import { join } from 'node:path';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { SpoolRecord } from './format.ts';
import type { Position, Segment } from './recover.ts';
import { type FoundRecord, SegmentCursor } from './segment-cursor.ts';
import type { Spool } from './spool.ts';

/** Damaged bytes are kept in so many files of so many bytes at most; beyond, they are only counted. */
const asideFilesMax = 16;
const asideBytesMax = 1024 * 1024;

export interface LostRange {
  /** Spool id of the lost ticks; empty: unknown. */
  readonly stream: string;
  readonly bootId: string;
  readonly fromSeq: bigint;
  /** Undefined: nobody knows how many followed. */
  readonly toSeq: bigint | undefined;
  /** When the last whole tick before it was appended, ms since 1970; undefined: none was. */
  readonly beforeMs: number | undefined;
}

/** What stands in the backlog: a tick, or the place of ticks that are damaged. `after`: where the next thing begins. */
export type Delivery =
  | { readonly what: 'tick'; readonly record: SpoolRecord; readonly after: Position }
  | { readonly what: 'lost'; readonly lost: LostRange; readonly after: Position };

/**
 * Reads the spool in order from a position on. Lost ticks are known by the sequence: a hole in it inside one identity, or
 * damage at the end of one. Bytes that are no record but make no hole (a torn append that was never answered) are nothing.
 */
export class Backlog {
  readonly #spool: Spool;
  readonly #logger: Logger;
  readonly #aside = new Set<string>();
  #position: Position;
  #cursor: { readonly segment: Segment; readonly reader: SegmentCursor } | undefined;
  /** Bytes that are no record were met since the last tick. */
  #metDamage = false;
  #beforeMs: number | undefined;
  #held: Delivery | undefined;
  #damagedBytes = 0;

  constructor(spool: Spool, logger: Logger) {
    this.#spool = spool;
    this.#logger = logger;
    this.#position = spool.acknowledged;
  }

  /** Where reading stands. */
  get position(): Position {
    return this.#position;
  }

  /** Bytes that are no record, each counted once. */
  get damagedBytes(): number {
    return this.#damagedBytes;
  }

  /** Goes back (or on) to a position. */
  async seek(position: Position): Promise<void> {
    await this.close();
    this.#position = position;
    this.#held = undefined;
    this.#metDamage = false;
  }

  async close(): Promise<void> {
    const { reader } = this.#cursor ?? {};
    this.#cursor = undefined;
    await reader?.close();
  }

  /** The next delivery; null: nothing more is there yet. Throws what the disk throws. */
  async next(): Promise<Delivery | null> {
    if (this.#held !== undefined) {
      const held = this.#held;
      this.#held = undefined;
      this.#position = held.after;
      return held;
    }
    for (;;) {
      const cursor = await this.#open();
      if (cursor === undefined) return null;
      const { segment, reader } = cursor;
      const found = await reader.next(segment.end);
      if (found === null || found.what === 'torn') {
        const next = this.#segmentAfter(segment);
        if (next === undefined) return null;
        const lost = await this.#leave(segment, next);
        if (lost !== undefined) return lost;
      } else if (found.what === 'damaged') {
        this.#metDamage = true;
        await this.#setAside(segment, found.from, found.to);
      } else {
        const delivery = this.#take(segment, found);
        if (delivery !== undefined) return delivery;
      }
    }
  }

  /** Undefined: not for the bus. */
  #take(segment: Segment, { record, from, to }: FoundRecord): Delivery | undefined {
    const { seq: expected } = this.#position;
    // Older than what was delivered: bytes of a value that look like a record.
    if (record.seq < expected) return undefined;
    if (record.what === 'checkpoint') {
      // Its sequence is that of the next tick, which would show a hole just as well.
      if (record.seq === expected) this.#position = { segment: segment.number, offset: to, seq: expected };
      return undefined;
    }
    const after = { segment: segment.number, offset: to, seq: record.seq + 1n };
    const tick: Delivery = { what: 'tick', record, after };
    const hole = record.seq > expected;
    const lost = hole ? this.#lost(segment, expected, record.seq - 1n) : undefined;
    this.#metDamage = false;
    this.#beforeMs = record.appendedAtMs;
    if (lost === undefined) {
      this.#position = after;
      return tick;
    }
    this.#held = tick;
    this.#position = { segment: segment.number, offset: from, seq: record.seq };
    return { what: 'lost', lost, after: this.#position };
  }

  /** Moves to the next segment; a delivery when ticks are missing between the two. */
  async #leave(segment: Segment, next: Segment): Promise<Delivery | undefined> {
    await this.close();
    const expected = this.#position.seq;
    const isSame = next.header === undefined || next.header.id === segment.header?.id;
    const firstSeq = next.header?.firstSeq ?? expected;
    this.#position = { segment: next.number, offset: next.start, seq: firstSeq };
    const isMissing = isSame ? firstSeq > expected : this.#metDamage;
    if (!isMissing) return undefined;
    this.#metDamage = false;
    const lost = this.#lost(segment, expected, isSame ? firstSeq - 1n : undefined);
    return { what: 'lost', lost, after: this.#position };
  }

  #lost(segment: Segment, fromSeq: bigint, toSeq: bigint | undefined): LostRange {
    const { id: stream = this.#spool.id, bootId = '' } = segment.header ?? {};
    return { stream, bootId, fromSeq, toSeq, beforeMs: this.#beforeMs };
  }

  async #open(): Promise<{ readonly segment: Segment; readonly reader: SegmentCursor } | undefined> {
    if (this.#cursor !== undefined) return this.#cursor;
    const { number, offset } = { number: this.#position.segment, offset: this.#position.offset };
    const segment = this.#spool.segments.find((each) => each.number >= number);
    if (segment === undefined) return undefined;
    const isThere = segment.number === number;
    if (!isThere) {
      const seq = segment.header?.firstSeq ?? this.#position.seq;
      this.#position = { segment: segment.number, offset: segment.start, seq };
    }
    const file = await this.#spool.disk.open(segment.path, 'existing');
    this.#cursor = { segment, reader: new SegmentCursor(file, isThere ? offset : segment.start) };
    return this.#cursor;
  }

  #segmentAfter(segment: Segment): Segment | undefined {
    return this.#spool.segments.find(({ number }) => number > segment.number);
  }

  /** Keeps damaged bytes, for whoever wants to know what happened; never throws. */
  async #setAside(segment: Segment, from: number, to: number): Promise<void> {
    const name = `${String(segment.number).padStart(10, '0')}-${from}.bin`;
    if (this.#aside.has(name)) return;
    this.#aside.add(name);
    this.#damagedBytes += to - from;
    const folder = join(this.#spool.folder, 'damaged');
    this.#logger.warn({ segment: segment.number, from, bytes: to - from, folder }, 'the spool is damaged');
    try {
      await this.#spool.disk.makeFolder(folder);
      if ((await this.#spool.disk.list(folder)).length >= asideFilesMax) return;
      const bytes = Buffer.alloc(Math.min(to - from, asideBytesMax));
      const source = await this.#spool.disk.open(segment.path, 'existing');
      const read = await source.read(bytes, from).finally(() => source.close());
      const file = await this.#spool.disk.open(join(folder, name), 'any');
      await file.write(bytes.subarray(0, read), 0).finally(() => file.close());
    } catch (error) {
      const { code, message } = toFourninesError(error);
      this.#logger.warn({ code, reason: message }, 'damaged bytes cannot be kept aside');
    }
  }
}
