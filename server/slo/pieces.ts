import { FourninesError } from '../../core/runtime/error.ts';
import { addHosts } from './add-hosts.ts';
import { isoOf } from './instant.ts';
import type { Span } from './objective.ts';
import { printable } from './printable.ts';
import type { KeptRow } from './row-table.ts';
import { isLump, isSealed, type Segment, unknownSegment } from './segment.ts';
import type { SlotPath, SlotsFile } from './slots-reader.ts';
import type { Cuts } from './spans.ts';

/** A segment that lies on one side of each end of the window and of exclusions. */
export type Piece = Segment;

/**
 * All that is known of a path, in order of time: every row of the file, and the slots inside `view` that no row tells, as
 * unknown. A gap that an end of the window or of an exclusion cuts is unknown: of its sum nobody knows how much lies on
 * which side. A sealed run is never cut: FN_SLOTS_FILE.
 */
export function* piecesOf(file: SlotsFile, path: SlotPath, cuts: Cuts, view: Span): Generator<Piece> {
  let told = view.from;
  // Where no cut is; most segments lie there.
  let [clearFrom, clearTo] = [0, 0];
  for (const segment of addHosts(rowsOf(file, path, cuts))) {
    const until = Math.min(segment.from, view.to);
    if (until > told) yield* cutPieces(unknownSegment(told, until), cuts);
    told = Math.max(told, segment.to);
    if (segment.from >= clearTo && !cuts.excludedAt(segment.from)) {
      clearFrom = segment.from;
      clearTo = cuts.next(clearFrom);
    }
    if (segment.from >= clearFrom && segment.to <= clearTo) yield segment;
    else yield* cutPieces(segment, cuts);
  }
  if (told < view.to) yield* cutPieces(unknownSegment(told, view.to), cuts);
}

function* cutPieces(segment: Segment, cuts: Cuts): Generator<Piece> {
  const { from, to } = segment;
  if (cuts.next(from) >= to) {
    yield { ...segment, excluded: cuts.excludedAt(from) };
    return;
  }
  const whole = isLump(segment.kind) ? unknownSegment(from, to) : segment;
  for (let at = from; at < to; ) {
    const next = Math.min(to, cuts.next(at));
    yield { ...whole, from: at, to: next, excluded: cuts.excludedAt(at) };
    at = next;
  }
}

/** The rows of a path in order of time; refuses what no file may have. */
function* rowsOf(file: SlotsFile, path: SlotPath, cuts: Cuts): Generator<Segment> {
  const { rows } = file;
  /** Each host's last row, but for that of the host that told the one before. */
  const last = new Map<number, number>();
  let before: number | undefined;
  let [host, told] = [0, 0];
  for (const at of path.order) {
    const segment = rows.segment(at);
    if (isSealed(segment.kind)) refuseCutRun(file, rows.at(at), cuts);
    const of = rows.host(at);
    if (before !== undefined && host !== of) {
      last.set(host, before);
      before = last.get(of);
      told = before === undefined ? 0 : rows.segment(before).to;
    }
    if (before !== undefined && told > segment.from) refuseOverlap(file, path, rows.at(before), rows.at(at));
    before = at;
    host = of;
    told = segment.to;
    yield segment;
  }
}

function refuseCutRun(file: SlotsFile, row: KeptRow, cuts: Cuts): void {
  const cut = cuts.next(row.slot);
  if (cut >= row.slot + row.count) return;
  const span = `${isoOf(row.slot)} to ${isoOf(row.slot + row.count)}`;
  throw new FourninesError(
    'FN_SLOTS_FILE',
    `${file.name} line ${row.line}, key slots: the sealed run ${span} cannot be cut at ${isoOf(cut)}`,
    {
      hint: 'A window or an exclusion ends there. Use raw rows (export-slots --source raw), or ends on a quarter of an hour.',
      context: { file: file.name, line: row.line, key: 'slots' },
    },
  );
}

function refuseOverlap(file: SlotsFile, path: SlotPath, before: KeptRow, row: KeptRow): never {
  const lines = [before.line, row.line].sort((a, b) => a - b);
  const of = `${printable(JSON.stringify(path.port))} ${path.direction}`;
  throw new FourninesError(
    'FN_SLOTS_FILE',
    `${file.name} lines ${lines[0]} and ${lines[1]}, key slot: both tell slot ${isoOf(row.slot)} of ${of} from one host`,
    {
      hint: 'Remove one of the two lines, or correct its slot, repeat or slots. Rows of different hosts are added up.',
      context: { file: file.name, line: row.line, key: 'slot' },
    },
  );
}
