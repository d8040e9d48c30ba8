import type { Direction } from '../../core/catalogue/kind-parts.ts';
import type { CauseRow } from '../seal/day-rows.ts';
import { slotsOfDay } from '../seal/day-slots.ts';
import type { SlotLine } from '../seal/slot-line.ts';
import { offeredOf, type Tally } from '../sli/packet-delivery.ts';
import type { Span } from '../slo/objective.ts';
import { type Segment, segmentKinds, unknownSegment } from '../slo/segment.ts';
import { BucketRing } from './bucket-ring.ts';
import { ringSlots } from './ring-span.ts';

/** What rows of one host have said of a slot. `twice`: known rows that differ, so nobody knows which is right. */
export const slotTold = { nothing: 0, unknown: 1, observed: 2, apart: 3, twice: 4 } as const;

/** A row of a port: its tally is of all its slots. `known`: neither unknown nor suspect. */
export interface SourceRow extends Span, Tally {
  readonly known: boolean;
}

/** Larger numbers stand apart; no port passes so many packets in a second. */
export const ringCount = 0x1_0000_0000n;
/** Drops beside a port are kept as rows: one a cause and second, while something is lost there. */
const besideMax = 4 * ringSlots;

/**
 * What one host has said of one port and direction in the last seconds: 9 bytes a slot, and gaps apart. It settles what
 * rows say as `server/seal/day-slots.ts` does for a whole day: so a verdict from here is that of exported slots.
 */
export class SourceRing {
  readonly ring: BucketRing;
  /** End of the newest row; 0: none yet. */
  newest = 0;
  readonly #direction: Direction;
  readonly #told = new Uint8Array(ringSlots);
  readonly #counted = new Uint32Array(ringSlots);
  readonly #drops = new Uint32Array(ringSlots);
  /** Gaps, and slots with numbers beyond 2^32. */
  #apart: SourceRow[] = [];
  #beside: CauseRow[] = [];

  constructor(direction: Direction, end: number) {
    this.#direction = direction;
    this.ring = new BucketRing(ringSlots, end, (from, to) => this.#told.fill(slotTold.nothing, from, to));
  }

  /** Nothing but single slots: what a row says concerns its own slots alone. */
  get isPlain(): boolean {
    return this.#apart.length === 0 && this.#beside.length === 0;
  }

  advance(end: number): void {
    if (!this.ring.advance(end) || this.isPlain) return;
    const { from } = this.ring;
    this.#apart = this.#apart.filter(({ to }) => to > from);
    this.#beside = this.#beside.filter(({ slot, slots }) => slot + slots > from);
  }

  /** What is known of a slot; the ring holds it. */
  toldOf(slot: number): number {
    return this.#told[this.ring.place(slot)] as number;
  }

  hasTold(span: Span): boolean {
    return this.#some(span, (i) => this.#told[i] !== slotTold.nothing);
  }

  /** One known slot of which nothing was told yet, with numbers below 2^32. */
  observe(slot: number, counted: number, drops: number): void {
    const i = this.ring.place(slot);
    this.#told[i] = slotTold.observed;
    this.#counted[i] = counted;
    this.#drops[i] = drops;
    if (slot >= this.newest) this.newest = slot + 1;
  }

  put(row: SourceRow): void {
    this.newest = Math.max(this.newest, row.to);
    if (!row.known) this.#each(row, (i) => this.#told[i] === slotTold.nothing, slotTold.unknown);
    else if (!this.#repeats(row)) this.#putKnown(row);
  }

  /** A row of drops at another place; one that says there were none need not come: no row says the same. */
  putBeside(row: CauseRow): void {
    if (this.#beside.length >= besideMax) this.#beside.shift();
    this.#beside.push(row);
  }

  /** All slots that are known only together with these. */
  closure({ from, to }: Span): Span {
    if (this.isPlain) return { from, to };
    const lumps = [...this.#apart, ...this.#beside.map(({ slot, slots }) => ({ from: slot, to: slot + slots }))];
    let span = { from, to };
    for (let wider = true; wider; ) {
      wider = false;
      for (const lump of lumps) {
        if (!overlap(lump, span) || (lump.from >= span.from && lump.to <= span.to)) continue;
        span = { from: Math.min(span.from, lump.from), to: Math.max(span.to, lump.to) };
        wider = true;
      }
    }
    return span;
  }

  /** What is known of a span that is its own closure, in order of time; nothing where nothing was told. */
  segments(span: Span): Segment[] {
    const causes = this.#beside.filter(({ slot, slots }) => overlap({ from: slot, to: slot + slots }, span));
    if (causes.length > 0) return this.#settled(span, causes);
    const out: Segment[] = [];
    for (const row of this.#apart) if (overlap(row, span)) out.push(segmentOf(row));
    const [from, to] = this.#cut(span);
    for (let slot = from; slot < to; slot++) {
      const i = this.ring.place(slot);
      const what = this.#told[i];
      if (what === slotTold.observed) out.push(segmentOf(this.#rowAt(slot, i)));
      else if (what === slotTold.unknown || what === slotTold.twice) out.push(unknownSegment(slot, slot + 1));
    }
    if (this.#apart.length > 0) out.sort((a, b) => a.from - b.from);
    return out;
  }

  #rowAt(slot: number, i: number): SourceRow {
    const tally = { counted: BigInt(this.#counted[i] as number), drops: BigInt(this.#drops[i] as number) };
    return { from: slot, to: slot + 1, known: true, ...tally };
  }

  /** A row that is here already. */
  #repeats(row: SourceRow): boolean {
    const same = (other: SourceRow) =>
      other.from === row.from && other.to === row.to && other.counted === row.counted && other.drops === row.drops;
    if (row.to - row.from === 1 && this.ring.holds(row.from) && this.toldOf(row.from) === slotTold.observed)
      return same(this.#rowAt(row.from, this.ring.place(row.from)));
    return this.#apart.some(same);
  }

  /** Known rows that overlap make all their slots unknown. */
  #putKnown(row: SourceRow): void {
    const known = (i: number) => this.#told[i] !== slotTold.nothing && this.#told[i] !== slotTold.unknown;
    const lumps = this.#apart.filter((other) => overlap(other, row));
    if (lumps.length > 0 || this.#some(row, known)) {
      this.#apart = this.#apart.filter((other) => !lumps.includes(other));
      for (const span of [row, ...lumps]) this.#each(span, () => true, slotTold.twice);
      return;
    }
    if (row.to - row.from === 1 && row.counted < ringCount && row.drops < ringCount) {
      this.observe(row.from, Number(row.counted), Number(row.drops));
      return;
    }
    this.#apart.push(row);
    this.#each(row, () => true, slotTold.apart);
  }

  #settled(span: Span, causes: readonly CauseRow[]): Segment[] {
    const known = { state: 'observed', suspect: false, dropsOutside: 0n } as const;
    const ports = this.#apart
      .filter((row) => overlap(row, span))
      .map(({ from, to, counted, drops }) => {
        return { ...known, slot: from, slots: to - from, packets: counted, dropsInside: drops };
      });
    const [from, to] = this.#cut(span);
    const rest: Segment[] = [];
    for (let slot = from; slot < to; slot++) {
      const i = this.ring.place(slot);
      const { counted, drops } = this.#rowAt(slot, i);
      if (this.#told[i] === slotTold.observed)
        ports.push({ ...known, slot, slots: 1, packets: counted, dropsInside: drops });
      else if (this.#told[i] === slotTold.unknown || this.#told[i] === slotTold.twice)
        rest.push(unknownSegment(slot, slot + 1));
    }
    const rows = { direction: this.#direction, ...span, ports, causes, sums: [], entering: [], shared: [] };
    const lines = slotsOfDay(rows).lines.flatMap(segmentsOf);
    const free = rest.filter((segment) => !lines.some((line) => overlap(line, segment)));
    return [...lines, ...free].sort((a, b) => a.from - b.from);
  }

  #cut({ from, to }: Span): [number, number] {
    return [Math.max(from, this.ring.from), Math.min(to, this.ring.end)];
  }

  #each(span: Span, where: (i: number) => boolean, what: number): void {
    const [from, to] = this.#cut(span);
    for (let slot = from; slot < to; slot++) {
      const i = this.ring.place(slot);
      if (where(i)) this.#told[i] = what;
    }
  }

  #some(span: Span, where: (i: number) => boolean): boolean {
    const [from, to] = this.#cut(span);
    for (let slot = from; slot < to; slot++) if (where(this.ring.place(slot))) return true;
    return false;
  }
}

function overlap(a: Span, b: Span): boolean {
  return a.from < b.to && b.from < a.to;
}

function segmentOf({ from, to, counted, drops }: SourceRow): Segment {
  const kind = to - from === 1 ? segmentKinds.observed : segmentKinds.bridged;
  return {
    from,
    to,
    kind,
    offered: offeredOf(counted, drops),
    bad: drops,
    peak: 0n,
    sent: 0,
    lost: 0,
    shared: 0n,
    excluded: false,
  };
}

function segmentsOf(line: SlotLine): Segment[] {
  const [from, to] = [line.slot, line.slot + line.slots];
  if (line.state === 'unknown' || line.state === 'sealed' || line.suspect) return [unknownSegment(from, to)];
  const kind = line.state === 'observed' ? segmentKinds.observed : segmentKinds.bridged;
  const bad = line.offered - line.delivered;
  return [{ from, to, kind, offered: line.offered, bad, peak: 0n, sent: 0, lost: 0, shared: 0n, excluded: false }];
}
