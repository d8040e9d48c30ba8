import { join } from 'node:path';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { decodeMessage } from '../../core/wire/message.ts';
import type { SpoolRecord } from './format.ts';
import type { Position, Segment } from './recover.ts';
import { type FoundRecord, SegmentCursor } from './segment-cursor.ts';
import type { Spool } from './spool.ts';

/** Damaged bytes are kept in so many files of so many bytes at most; beyond, they are only counted. */
const asideFilesMax = 16;
const asideBytesMax = 1024 * 1024;

/** Whose ticks they are: the spool's id at that time, and the boot. Empty: unknown. */
export interface Identity {
  readonly stream: string;
  readonly bootId: string;
}

export interface LostRange extends Identity {
  readonly fromSeq: bigint;
  /** Undefined: nobody knows how many followed. */
  readonly toSeq: bigint | undefined;
  /** When the last whole tick before it was appended, ms since 1970; undefined: none was. */
  readonly beforeMs: number | undefined;
}

/** What stands in the backlog: a tick, or the place of ticks that are damaged. `after`: where the next thing begins. */
export type Delivery =
  | { readonly what: 'tick'; readonly record: SpoolRecord; readonly of: Identity; readonly after: Position }
  | { readonly what: 'lost'; readonly lost: LostRange; readonly after: Position };

const unknownIdentity: Identity = { stream: '', bootId: '' };

/**
 * Reads the spool in order from a position on. Lost ticks are known by the sequence: a hole in it inside one identity, or
 * damage at the end of one. Bytes that are no record but make no hole (a torn append that was never answered) are nothing.
 * Where the header of a segment is damaged, its first tick says whose it is.
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
  #identity: Identity = unknownIdentity;
  /** The segment has no header, and no tick of it has said whose it is. */
  #isUnsure = false;
  /** Damage was met at the end of the segment before it. */
  #metDamageBefore = false;
  readonly #held: Delivery[] = [];
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
    this.#held.length = 0;
    this.#metDamage = false;
  }

  async close(): Promise<void> {
    const { reader } = this.#cursor ?? {};
    this.#cursor = undefined;
    await reader?.close();
  }

  /** The next delivery; null: nothing more is there yet. Throws what the disk throws. */
  async next(): Promise<Delivery | null> {
    for (;;) {
      const held = this.#held.shift();
      if (held !== undefined) {
        this.#position = held.after;
        return held;
      }
      const cursor = await this.#open();
      if (cursor === undefined) return null;
      const { segment, reader } = cursor;
      const found = await reader.next(segment.end);
      if (found === null || found.what === 'torn') {
        const next = this.#segmentAfter(segment);
        if (next === undefined) return null;
        await this.#leave(segment, next);
      } else if (found.what === 'damaged') {
        this.#metDamage = true;
        await this.#setAside(segment, found.from, found.to);
      } else {
        this.#take(segment, found);
      }
    }
  }

  /** Holds what the bus is to have of a record: nothing, or the tick, behind those that are lost before it. */
  #take(segment: Segment, { record, from, to }: FoundRecord): void {
    if (this.#isUnsure) this.#recognise(segment, record, from);
    const { seq: expected } = this.#position;
    // Older than what was delivered: bytes of a value that look like a record.
    if (record.seq < expected) return;
    if (record.what === 'checkpoint') {
      // Its sequence is that of the next tick, which would show a hole just as well.
      if (record.seq === expected) this.#position = { segment: segment.number, offset: to, seq: expected };
      return;
    }
    if (record.seq > expected) {
      const after = { segment: segment.number, offset: from, seq: record.seq };
      this.#held.push({ what: 'lost', lost: this.#lost(expected, record.seq - 1n), after });
    }
    const after = { segment: segment.number, offset: to, seq: record.seq + 1n };
    this.#held.push({ what: 'tick', record, of: this.#identity, after });
    this.#metDamage = false;
    this.#beforeMs = record.appendedAtMs;
  }

  /** By its own words, or, where it has none, by a sequence that goes back: another identity begins with 0. */
  #recognise(segment: Segment, record: SpoolRecord, from: number): void {
    const told = record.what === 'tick' ? identityOf(record) : undefined;
    const { stream } = this.#identity;
    const isOther = told === undefined || stream === '' ? record.seq < this.#position.seq : told.stream !== stream;
    this.#isUnsure = record.what !== 'tick';
    if (isOther) {
      const after = { segment: segment.number, offset: from, seq: 0n };
      const lost = this.#lost(this.#position.seq, undefined);
      if (this.#metDamageBefore) this.#held.push({ what: 'lost', lost, after });
      this.#position = after;
    }
    if (isOther || stream === '') this.#identity = told ?? unknownIdentity;
  }

  /** Moves to the next segment, and holds what is missing between the two. */
  async #leave(segment: Segment, next: Segment): Promise<void> {
    await this.close();
    const expected = this.#position.seq;
    const isSame = next.header === undefined || next.header.id === segment.header?.id;
    const firstSeq = next.header?.firstSeq ?? expected;
    this.#position = { segment: next.number, offset: next.start, seq: firstSeq };
    this.#metDamageBefore = this.#metDamage;
    if (isSame ? firstSeq <= expected : !this.#metDamage) return;
    this.#metDamage = false;
    const lost = this.#lost(expected, isSame ? firstSeq - 1n : undefined);
    this.#held.push({ what: 'lost', lost, after: this.#position });
  }

  #lost(fromSeq: bigint, toSeq: bigint | undefined): LostRange {
    return { ...this.#identity, fromSeq, toSeq, beforeMs: this.#beforeMs };
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
    const { header } = segment;
    this.#isUnsure = header === undefined;
    if (header !== undefined) this.#identity = { stream: header.id, bootId: header.bootId };
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

/** What a tick says of itself; undefined: it is no message of this version. */
function identityOf({ value }: SpoolRecord): Identity | undefined {
  try {
    const { stream, bootId } = decodeMessage(value);
    return { stream, bootId };
  } catch {
    return undefined;
  }
}
