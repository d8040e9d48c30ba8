import { type DayRows, encodeAside } from './day-rows.ts';
import { slotsOfDay } from './day-slots.ts';
import { repeatEqual, sealRuns } from './runs.ts';
import { encodeLine, isoOf, type Path, sumsOf } from './slot-line.ts';

export const daySeconds = 86_400;

/** Where a seal stands in the chain of its path. */
export interface SealPlace {
  /** Numbers the seals of a path from 1, in the order in which they were made. */
  readonly entry: number;
  /** Hash of the seal before it, whatever its day; null: the first. */
  readonly previous: string | null;
  /** 1 for the first seal of a day, one more for each that late rows made. */
  readonly revision: number;
  /** Hash of the revision before; null: the first. */
  readonly revises: string | null;
}

/** A line behind the header. `slot` and `slots` say where it lies; an aside may lie anywhere in the day. */
export interface DocumentLine {
  readonly part: 'slot' | 'aside';
  readonly slot: number;
  readonly slots: number;
  readonly line: string;
}

/** What is hashed: `header` and `lines`, each with a line break behind it (`documentText`). */
export interface SealDocument {
  readonly header: string;
  readonly lines: readonly DocumentLine[];
  readonly offered: bigint;
  readonly delivered: bigint;
  readonly offeredMax: bigint;
}

/**
 * The seal of a day of a path: runs of clean and idle slots, every other row as it is, sums, and the hash of the seal
 * before. The same rows in any order give the same bytes; no clock is in them.
 */
export function sealDocument(path: Path, day: DayRows, place: SealPlace): SealDocument {
  const { lines: slots, asides } = slotsOfDay(day);
  const lines = repeatEqual(sealRuns(slots));
  const sums = sumsOf(lines);
  const known = lines.reduce((sum, line) => (line.state === 'unknown' ? sum : sum + slotsInside(line, day)), 0);
  const entering = day.entering.reduce((sum, span) => sum + slotsInside(span, day), 0);
  const { host, port, direction } = path;
  const header = JSON.stringify({
    seal: 1,
    host,
    port,
    direction,
    day: isoOf(day.from).slice(0, 10),
    revision: place.revision,
    revises: place.revises,
    entry: place.entry,
    previous: place.previous,
    slots: {
      clean: sums.clean,
      idle: sums.idle,
      other: sums.other,
      bridged: sums.bridged,
      suspect: sums.suspect,
      unknown: Math.max(0, day.to - day.from - known - entering),
    },
    offered: String(sums.offered),
    offeredMax: String(sums.offeredMax),
    delivered: String(sums.delivered),
    lines: lines.length,
    asides: asides.length,
  });
  return {
    header,
    lines: [
      ...lines.map((line) => of('slot', line, encodeLine(path, line))),
      ...asides.map((row) => of('aside', row, encodeAside(path, row))),
    ],
    offered: sums.offered,
    delivered: sums.delivered,
    offeredMax: sums.offeredMax,
  };
}

function of(part: DocumentLine['part'], { slot, slots }: Pick<DocumentLine, 'slot' | 'slots'>, line: string) {
  return { part, slot, slots, line };
}

/** Slots of a span that lie in the day; a gap may reach into the next one. */
function slotsInside(span: { readonly slot: number; readonly slots: number }, day: DayRows): number {
  return Math.max(0, Math.min(span.slot + span.slots, day.to) - Math.max(span.slot, day.from));
}

/** The bytes of a seal, in pieces: SHA-256 over them is its name. */
export function* documentText(header: string, lines: Iterable<string>): Generator<string> {
  yield `${header}\n`;
  for (const line of lines) yield `${line}\n`;
}
