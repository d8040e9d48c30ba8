import { isLump, isSealed, isUnknown, type Segment, segmentKinds, unknownSegment } from './segment.ts';

/**
 * Adds up what different hosts say of the same slots (live migration). Rows come in order of their first slot, and so do
 * the segments, which overlap no more.
 *
 * - If one host does not know a slot, nobody does.
 * - Where a gap or a sealed run meets rows of another host, only the sum over its whole length is known: what they say of
 *   these slots goes into that sum. If some of these slots are unknown, so are all of them.
 */
export function* addHosts(rows: Iterable<Segment>): Generator<Segment> {
  const sum = new OpenRows();
  // Nearly every row meets no other: it is its own sum.
  let alone: Segment | undefined;
  for (const row of rows) {
    if (alone !== undefined) {
      if (alone.to <= row.from) {
        yield alone;
        alone = row;
        continue;
      }
      sum.begin(alone);
      alone = undefined;
    }
    yield* sum.upTo(row.from);
    if (sum.isEmpty) alone = row;
    else sum.open(row);
  }
  if (alone === undefined) yield* sum.upTo(Number.POSITIVE_INFINITY);
  else yield alone;
}

/** Rows that reach beyond the slots that are done. */
class OpenRows {
  #at = 0;
  #rows: Segment[] = [];
  #fold: Fold | undefined;

  get isEmpty(): boolean {
    return this.#rows.length === 0 && this.#fold === undefined;
  }

  begin(row: Segment): void {
    this.#at = row.from;
    this.open(row);
  }

  open(row: Segment): void {
    if (!isLump(row.kind)) {
      this.#rows.push(row);
      return;
    }
    this.#fold ??= new Fold(row.from);
    this.#fold.add(row);
  }

  *upTo(until: number): Generator<Segment> {
    while (this.#at < until && (this.#rows.length > 0 || this.#fold !== undefined)) {
      let to = Math.min(until, this.#fold?.to ?? until);
      for (const row of this.#rows) to = Math.min(to, row.to);
      if (this.#rows.length > 0) {
        const part = sumOf(this.#rows, this.#at, to);
        if (this.#fold === undefined) yield part;
        else this.#fold.take(part);
      }
      this.#at = to;
      this.#rows = this.#rows.filter((row) => row.to > to);
      if (this.#fold?.to !== to) continue;
      yield* this.#fold.close();
      this.#fold = undefined;
    }
    this.#at = until;
  }
}

/** Slots that are known only together: lumps that overlap, and what other rows say of their slots. */
class Fold {
  readonly from: number;
  to: number;
  readonly #lumps: Segment[] = [];
  #offered = 0n;
  #bad = 0n;
  #shared = 0n;
  #alone = true;
  readonly #unknown: Segment[] = [];

  constructor(from: number) {
    this.from = from;
    this.to = from;
  }

  add(lump: Segment): void {
    this.to = Math.max(this.to, lump.to);
    this.#lumps.push(lump);
    this.#offered += lump.offered;
    this.#bad += lump.bad;
    this.#shared += lump.shared;
  }

  take(part: Segment): void {
    this.#alone = false;
    if (isUnknown(part.kind)) this.#unknown.push(part);
    const slots = BigInt(part.to - part.from);
    this.#offered += part.offered * slots;
    this.#bad += part.bad * slots;
    this.#shared += part.shared * slots;
  }

  close(): Segment[] {
    const [only] = this.#lumps;
    if (only !== undefined && this.#lumps.length === 1 && this.#alone) return [only];
    if (this.#unknown.length > 0) return this.#asUnknown();
    const { from, to } = this;
    const kind = this.#lumps.some((lump) => isSealed(lump.kind)) ? segmentKinds.folded : segmentKinds.bridged;
    const peak = this.#lumps.reduce((sum, lump) => sum + lump.peak, 0n);
    const sums = { offered: this.#offered, bad: this.#bad, shared: this.#shared };
    return [{ from, to, kind, ...sums, peak, sent: 0, lost: 0, excluded: false }];
  }

  #asUnknown(): Segment[] {
    const out: Segment[] = [];
    let told = this.from;
    for (const part of this.#unknown) {
      if (part.from > told) out.push(unknownSegment(told, part.from));
      out.push(part);
      told = part.to;
    }
    if (told < this.to) out.push(unknownSegment(told, this.to));
    return out;
  }
}

function sumOf(rows: readonly Segment[], from: number, to: number): Segment {
  const [first] = rows;
  if (rows.length === 1 && first !== undefined)
    return first.from === from && first.to === to ? first : { ...first, from, to };
  if (rows.some(({ kind }) => kind === segmentKinds.suspect)) return unknownSegment(from, to, segmentKinds.suspect);
  if (rows.some(({ kind }) => isUnknown(kind))) return unknownSegment(from, to);
  const sum = {
    from,
    to,
    kind: segmentKinds.observed,
    offered: 0n,
    bad: 0n,
    peak: 0n,
    sent: 0,
    lost: 0,
    shared: 0n,
    excluded: false,
  };
  for (const row of rows) {
    sum.offered += row.offered;
    sum.bad += row.bad;
    sum.sent += row.sent;
    sum.lost += row.lost;
    sum.shared += row.shared;
  }
  return sum;
}
