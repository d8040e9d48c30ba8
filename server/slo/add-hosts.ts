import type { KeptRow } from './row-table.ts';
import { isLump, isSealed, isUnknown, type Segment, segmentKinds, segmentOf, unknownSegment } from './segment.ts';

/**
 * Adds up rows of different hosts that overlap, slot by slot (live migration). `rows` overlap in a chain, without a hole.
 *
 * - If one host does not know a slot, nobody does.
 * - Where a gap or a sealed run meets rows of another host, only the sum over its whole length is known: what they say of
 *   these slots goes into that sum. If some of these slots are unknown, so are all of them.
 */
export function addHosts(rows: readonly KeptRow[]): Segment[] {
  const segments = rows.map(segmentOf);
  const lumps = segments.filter(({ kind }) => isLump(kind));
  const single = segments.filter(({ kind }) => !isLump(kind));
  const folds = foldsOf(lumps);
  const out: Segment[] = [];
  let fold = 0;
  for (const part of partsOf(single, folds)) {
    while (fold < folds.length && (folds[fold] as Fold).to <= part.from) out.push(...(folds[fold++] as Fold).close());
    const open = folds[fold];
    if (open === undefined || part.from < open.from) out.push(part);
    else open.take(part);
  }
  for (; fold < folds.length; fold++) out.push(...(folds[fold] as Fold).close());
  return out;
}

/** Slots that are known only together. */
class Fold {
  readonly from: number;
  to: number;
  #offered = 0n;
  #bad = 0n;
  #peak = 0n;
  #sealed = false;
  readonly #unknown: Segment[] = [];

  constructor(from: number) {
    this.from = from;
    this.to = from;
  }

  add(lump: Segment): void {
    this.to = Math.max(this.to, lump.to);
    this.#offered += lump.offered;
    this.#bad += lump.bad;
    this.#peak += lump.peak;
    this.#sealed ||= isSealed(lump.kind);
  }

  take(part: Segment): void {
    if (isUnknown(part.kind)) this.#unknown.push(part);
    const slots = BigInt(part.to - part.from);
    this.#offered += part.offered * slots;
    this.#bad += part.bad * slots;
  }

  close(): Segment[] {
    if (this.#unknown.length === 0) {
      const { from, to } = this;
      const kind = this.#sealed ? segmentKinds.folded : segmentKinds.bridged;
      return [{ from, to, kind, offered: this.#offered, bad: this.#bad, peak: this.#peak, sent: 0, lost: 0 }];
    }
    const out: Segment[] = [];
    let told = this.from;
    for (const part of this.#unknown) {
      if (part.from > told) out.push(unknownSegment(told, part.from));
      out.push(unknownSegment(part.from, part.to, part.kind));
      told = part.to;
    }
    if (told < this.to) out.push(unknownSegment(told, this.to));
    return out;
  }
}

/** Lumps that overlap are known only together; those that merely touch are not. */
function foldsOf(lumps: readonly Segment[]): Fold[] {
  const folds: Fold[] = [];
  for (const lump of [...lumps].sort((a, b) => a.from - b.from)) {
    let fold = folds.at(-1);
    if (fold === undefined || lump.from >= fold.to) {
      fold = new Fold(lump.from);
      folds.push(fold);
    }
    fold.add(lump);
  }
  return folds;
}

/** Observed and unknown rows, cut where any of them or a fold begins or ends, and added up. In order of time. */
function* partsOf(rows: readonly Segment[], folds: readonly Fold[]): Generator<Segment> {
  const ends = [...rows, ...folds].flatMap(({ from, to }) => [from, to]);
  const cuts = [...new Set(ends)].sort((a, b) => a - b);
  const waiting = [...rows].sort((a, b) => b.from - a.from);
  let active: Segment[] = [];
  for (const [i, from] of cuts.entries()) {
    const to = cuts[i + 1];
    if (to === undefined) return;
    active = active.filter((row) => row.to > from);
    for (let row = waiting.at(-1); row !== undefined && row.from <= from; row = waiting.at(-1)) {
      active.push(row);
      waiting.pop();
    }
    if (active.length > 0) yield sumOf(active, from, to);
  }
}

function sumOf(rows: readonly Segment[], from: number, to: number): Segment {
  if (rows.some(({ kind }) => kind === segmentKinds.suspect)) return unknownSegment(from, to, segmentKinds.suspect);
  if (rows.some(({ kind }) => isUnknown(kind))) return unknownSegment(from, to);
  const sum = { from, to, kind: segmentKinds.observed, offered: 0n, bad: 0n, peak: 0n, sent: 0, lost: 0 };
  for (const row of rows) {
    sum.offered += row.offered;
    sum.bad += row.bad;
    sum.sent += row.sent;
    sum.lost += row.lost;
  }
  return sum;
}
