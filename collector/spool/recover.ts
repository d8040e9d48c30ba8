import { join } from 'node:path';
import { FourninesError } from '../../core/runtime/error.ts';
import type { Disk } from './disk.ts';
import {
  type AcknowledgedSlot,
  parseSegmentHeader,
  parseSlot,
  type SegmentHeader,
  segmentHeaderBytesMax,
  slotDistance,
} from './format.ts';
import { SegmentCursor } from './segment-cursor.ts';

/** A segment file as it is known in memory. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  /** Undefined: damaged; its records can be read all the same. */
  readonly header: SegmentHeader | undefined;
  /** Where its records begin. */
  readonly start: number;
  /** Where its last whole record ends. */
  end: number;
  /** One past the sequence of its last tick; undefined: unknown. */
  endSeq: bigint | undefined;
}

/** A place between two records; `seq`: of the next tick. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
  readonly seq: bigint;
}

export interface Recovered {
  /** Oldest first. */
  readonly segments: readonly Segment[];
  /** What the last segment goes on with; undefined: a new identity begins. */
  readonly identity: { readonly id: string; readonly nextSeq: bigint } | undefined;
  /** Why a new identity begins. */
  readonly why: 'empty' | 'anotherBoot' | 'damagedEnd' | undefined;
  /** Undefined: nothing is there to be acknowledged. */
  readonly acknowledged: Position | undefined;
  readonly turn: bigint;
  /** Bytes cut off behind the last record: an append that was never answered. */
  readonly tornBytes: number;
}

const namePattern = /^\d{10}\.seg$/;

export function segmentName(number: number): string {
  return `${String(number).padStart(10, '0')}.seg`;
}

/**
 * Reads what a former run left. The sequence goes on only where its end is certain: within one boot the page cache keeps
 * every answered record, so that an end that is whole, or cut short in the last record, is the true one. After a power cut
 * or with damage at the very end, a sequence number could be given out a second time, and whoever stores would take the new
 * tick for the old one: then a new identity begins.
 */
export async function recover(
  disk: Disk,
  folder: string,
  self: { readonly host: string; readonly bootId: string },
): Promise<Recovered> {
  const names = (await disk.list(folder)).filter(({ name }) => namePattern.test(name));
  const segments: Segment[] = [];
  for (const { name, bytes } of names.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const segment = await openSegment(disk, join(folder, name), Number(name.slice(0, 10)), bytes);
    const host = segment?.header?.host;
    if (host !== undefined && host !== self.host) {
      throw new FourninesError('FN_SPOOL_FOREIGN', `the spool ${folder} is of the host ${host}, not of ${self.host}`, {
        context: { folder, host },
      });
    }
    if (segment !== undefined) segments.push(segment);
  }
  const slot = await readSlot(disk, join(folder, 'acknowledged'));
  const turn = slot?.turn ?? 0n;
  const last = segments.at(-1);
  if (last === undefined) {
    return { segments, identity: undefined, why: 'empty', acknowledged: undefined, turn, tornBytes: 0 };
  }
  const end = await scanEnd(disk, last);
  for (const [i, segment] of segments.entries()) segment.endSeq = await endSeqOf(disk, segment, segments[i + 1], end);
  const { header } = last;
  const { tornBytes } = end;
  // Acknowledged beyond the end: the end is missing, whoever cut it off.
  const isBehind = slot !== undefined && slot.id === header?.id && slot.seq > (end.nextSeq ?? 0n);
  const why =
    header === undefined || end.nextSeq === undefined || isBehind
      ? 'damagedEnd'
      : header.bootId === self.bootId
        ? undefined
        : 'anotherBoot';
  if (why === undefined && tornBytes > 0) await cutTail(disk, last);
  return {
    segments,
    identity: why === undefined ? { id: header?.id ?? '', nextSeq: end.nextSeq ?? 0n } : undefined,
    why,
    acknowledged: acknowledgedIn(segments, slot),
    turn,
    tornBytes,
  };
}

/** Undefined: a file whose header was never finished, so that no record can be in it; it is removed. */
async function openSegment(disk: Disk, path: string, number: number, bytes: number): Promise<Segment | undefined> {
  const file = await disk.open(path, 'existing');
  try {
    const head = Buffer.alloc(Math.min(segmentHeaderBytesMax, bytes));
    const parsed = parseSegmentHeader(head.subarray(0, await file.read(head, 0)));
    if (typeof parsed === 'number') {
      throw new FourninesError('FN_SPOOL', `the spool was written by a newer version (${parsed})`, {
        hint: 'Run the newer program, or give another folder.',
        context: { path, version: parsed },
      });
    }
    if (parsed === 'short') {
      await disk.remove(path);
      return undefined;
    }
    const [header, start] = parsed === 'damaged' ? [undefined, 0] : [parsed.header, parsed.bytes];
    return { number, path, header, start, end: bytes, endSeq: undefined };
  } finally {
    await file.close();
  }
}

interface End {
  /** Undefined: not certain. */
  readonly nextSeq: bigint | undefined;
  readonly tornBytes: number;
}

/** Reads a segment to its end, and sets its `end`. */
async function scanEnd(disk: Disk, segment: Segment): Promise<End> {
  const cursor = new SegmentCursor(await disk.open(segment.path, 'existing'), segment.start);
  const limit = segment.end;
  let nextSeq = segment.header?.firstSeq;
  try {
    for (;;) {
      const found = await cursor.next(limit);
      if (found === null) return { nextSeq, tornBytes: 0 };
      if (found.what === 'torn') {
        segment.end = found.from;
        return { nextSeq, tornBytes: limit - found.from };
      }
      // Damage is forgiven by a record behind it, which tells the sequence again.
      if (found.what === 'damaged') nextSeq = undefined;
      else nextSeq = found.record.what === 'tick' ? found.record.seq + 1n : found.record.seq;
    }
  } finally {
    await cursor.close();
  }
}

async function endSeqOf(
  disk: Disk,
  segment: Segment,
  next: Segment | undefined,
  last: End,
): Promise<bigint | undefined> {
  if (next === undefined) return last.nextSeq;
  if (segment.header !== undefined && next.header?.id === segment.header.id) return next.header.firstSeq;
  return (await scanEnd(disk, segment)).nextSeq;
}

async function cutTail(disk: Disk, segment: Segment): Promise<void> {
  const file = await disk.open(segment.path, 'existing');
  try {
    await file.truncate(segment.end);
  } finally {
    await file.close();
  }
}

async function readSlot(disk: Disk, path: string): Promise<AcknowledgedSlot | undefined> {
  const file = await disk.open(path, 'any');
  try {
    const bytes = Buffer.alloc(slotDistance * 2);
    const read = await file.read(bytes, 0);
    const slots = [0, slotDistance].map((at) => parseSlot(bytes.subarray(Math.min(at, read), read)));
    const [first, second] = slots;
    if (first === undefined || second === undefined) return first ?? second;
    return first.turn > second.turn ? first : second;
  } finally {
    await file.close();
  }
}

/** Where reading goes on. Whatever does not fit together is read again: a repeated tick is known by its sequence. */
function acknowledgedIn(segments: readonly Segment[], slot: AcknowledgedSlot | undefined): Position | undefined {
  const [first] = segments;
  if (first === undefined) return undefined;
  const segment = segments.find(({ number }) => number === slot?.segment);
  const fits =
    slot !== undefined &&
    segment !== undefined &&
    (segment.header === undefined || segment.header.id === slot.id) &&
    slot.offset >= segment.start &&
    slot.offset <= segment.end;
  if (fits) return { segment: slot.segment, offset: slot.offset, seq: slot.seq };
  return { segment: first.number, offset: first.start, seq: first.header?.firstSeq ?? 0n };
}
