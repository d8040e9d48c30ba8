import { owners } from '../attribution/evidence.ts';
import { delivery } from '../sli/packet-delivery.ts';
import { type Aside, type CauseRow, type DayRows, distinctRows, isKnown, type PortRow } from './day-rows.ts';
import { SharedLosses } from './shared-loss.ts';
import { type DropsOfCause, endOf, pendingCause, type SlotLine } from './slot-line.ts';

/**
 * Rows of a day of one path, as lines of slots: what is known of each second, and of each gap.
 *
 * - Offered and delivered of a line follow from its own numbers by the rule of server/sli/packet-delivery.ts; the drops of a
 *   line add up to offered - delivered.
 * - The drops of a line are the port's own totals, and drops beside it (a queueing discipline). A cause is named when a
 *   row of causes lies wholly inside the line and all such rows explain no more than the total. What is left is
 *   `pending`: no cause was told for this very slot. Open vSwitch tells causes over about five slots at once: those are
 *   never spread over slots; the rows stand beside the lines, as asides. Where all of them have one owner, so has the slot.
 * - Drops of a cause have the owners that its row was given; what no rule spoke of is unknown.
 * - Drops beside a port that are told over several slots make one gap of those slots, totals exact. Where they are not
 *   known, no total is, and the slots are unknown.
 * - Two known rows that tell the same slot differently: nobody knows which is right, and the slots are unknown.
 * - What was lost further up stands beside a line as `shared` (server/seal/shared-loss.ts), in none of its other numbers.
 * - A suspect row that repeats time that is known already is kept aside.
 */
export function slotsOfDay(rows: DayRows): { readonly lines: SlotLine[]; readonly asides: Aside[] } {
  return new Day(rows).slots();
}

interface Span {
  readonly slot: number;
  readonly slots: number;
}

/** Rows that belong together: they overlap, so that no slot of them is known alone. */
interface Cluster {
  slot: number;
  end: number;
  readonly ports: PortRow[];
}

interface Member extends Span {
  readonly port: PortRow | undefined;
}

const covered = 1;
const blind = 2;

class Day {
  readonly #rows: DayRows;
  readonly #ports: readonly PortRow[];
  /** In order of their first slot. */
  readonly #causes: readonly CauseRow[];
  readonly #marks: Marks;
  readonly #used = new Set<Aside>();
  readonly #lines: SlotLine[] = [];
  readonly #shared: SharedLosses;

  constructor(rows: DayRows) {
    this.#rows = rows;
    this.#ports = distinctRows(rows.ports);
    this.#causes = distinctRows(rows.causes);
    this.#shared = new SharedLosses(rows.shared);
    const end = [...this.#ports, ...this.#causes, ...rows.entering].reduce(
      (most, row) => Math.max(most, endOf(row)),
      0,
    );
    this.#marks = new Marks(rows.from, Math.max(end, rows.to));
  }

  slots(): { lines: SlotLine[]; asides: Aside[] } {
    for (const sum of this.#rows.sums) {
      this.#lines.push(sum);
      this.#marks.set(sum, covered);
    }
    const beside = this.#causes.filter(({ place }) => place === 'beside');
    for (const row of beside) if (!isKnown(row)) this.#marks.set(row, blind);
    for (const row of contradictions(beside.filter(isKnown))) this.#marks.set(row, blind);
    const spread = beside.filter((row) => isKnown(row) && row.slots > 1 && row.packets > 0n);
    for (const cluster of clustersOf(this.#ports.filter(isKnown), [...spread, ...this.#rows.entering])) {
      this.#close(cluster);
    }
    for (const row of this.#ports) if (row.suspect && row.state !== 'unknown') this.#doubt(row);
    for (const row of this.#ports) if (row.state === 'unknown') this.#unknown(row);
    this.#lines.sort((a, b) => a.slot - b.slot);
    return { lines: this.#lines, asides: this.#asides() };
  }

  #close(cluster: Cluster): void {
    const slots = cluster.end - cluster.slot;
    const span = { slot: cluster.slot, slots };
    if (cluster.ports.length > 0) {
      const told = cluster.ports.reduce((sum, row) => sum + row.slots, 0);
      const whole = cluster.slot >= this.#rows.from && told === slots && !overlap(cluster.ports);
      if (whole && !this.#marks.has(span, blind)) {
        for (const row of cluster.ports) this.#used.add(row);
        const shared = this.#shared.in(span);
        const totals = { ...span, ...this.#numbers(cluster.ports, span), suspect: false, shared };
        this.#lines.push(slots === 1 ? { state: 'observed', ...totals } : { state: 'bridged', ...totals });
      } else {
        this.#unknown(span);
      }
    }
    this.#marks.set(span, covered);
  }

  /** Offered, delivered and drops of rows that fill a span. */
  #numbers(ports: readonly PortRow[], span: Span) {
    const causes = this.#causesInside(span);
    const beside = causes.filter(({ place }) => place === 'beside');
    const own = causes.filter(({ place }) => place === 'inside' || place === 'outside');
    const dropsOutside = ports.reduce((sum, row) => sum + row.dropsOutside, 0n);
    const dropsInside = ports.reduce((sum, row) => sum + row.dropsInside, 0n);
    const packets = ports.reduce((sum, row) => sum + row.packets, 0n);
    const { direction } = this.#rows;
    const sums = { direction, packets, dropsOutside, dropsInside, dropsBeside: packetsOf(beside) };
    const { offered, delivered } = delivery(sums);
    const rest = dropsOutside + dropsInside - packetsOf(own);
    const named = rest >= 0n ? [...beside, ...own] : beside;
    for (const row of named) this.#used.add(row);
    const pending = rest >= 0n ? rest : dropsOutside + dropsInside;
    const owned = span.slots === 1 ? this.#rows.owned?.get(span.slot) : undefined;
    const told = { cause: owned?.cause ?? pendingCause, owner: owned?.owner ?? 'unknown', packets: pending } as const;
    return { offered, delivered, drops: byCause([...named.flatMap(dropsOf), told]) };
  }

  /** Known rows of causes that lie wholly in the span. */
  #causesInside(span: Span): CauseRow[] {
    const found: CauseRow[] = [];
    for (let i = firstFrom(this.#causes, span.slot); i < this.#causes.length; i++) {
      const row = this.#causes[i] as CauseRow;
      if (row.slot >= endOf(span)) break;
      if (endOf(row) <= endOf(span) && isKnown(row) && row.packets > 0n) found.push(row);
    }
    return found;
  }

  /** Numbers that nothing uses, where no other row tells the slots. */
  #doubt(row: PortRow): void {
    if (this.#marks.has(row, covered)) return;
    this.#marks.set(row, covered);
    this.#used.add(row);
    const { offered, delivered, drops } = delivery({ ...row, direction: this.#rows.direction, dropsBeside: 0n });
    const totals = {
      slot: row.slot,
      slots: row.slots,
      offered,
      delivered,
      drops: byCause([{ cause: pendingCause, owner: 'unknown', packets: drops }]),
      suspect: true,
      shared: 0n,
    };
    this.#lines.push(row.slots === 1 ? { state: 'observed', ...totals } : { state: 'bridged', ...totals });
  }

  /** The slots of the day in a span that no line tells. */
  #unknown(span: Span): void {
    const end = Math.min(endOf(span), this.#rows.to);
    let from: number | undefined;
    for (let slot = Math.max(span.slot, this.#rows.from); slot <= end; slot++) {
      const open = slot < end && !this.#marks.has({ slot, slots: 1 }, covered);
      if (open) from ??= slot;
      else if (from !== undefined) {
        this.#lines.push({ state: 'unknown', slot: from, slots: slot - from });
        from = undefined;
      }
    }
    this.#marks.set({ slot: span.slot, slots: end - span.slot }, covered);
  }

  #asides(): Aside[] {
    const rest = (row: Aside) => !this.#used.has(row) && row.state !== 'unknown' && row.slot >= this.#rows.from;
    const causes = this.#causes.filter((row) => rest(row) && row.packets > 0n && row.place !== 'filtered');
    return [...this.#ports.filter(rest), ...causes];
  }
}

/** One byte of marks a slot; spans are cut to what it covers. */
class Marks {
  readonly #from: number;
  readonly #bytes: Uint8Array;

  constructor(from: number, end: number) {
    this.#from = from;
    this.#bytes = new Uint8Array(end - from);
  }

  set(span: Span, mark: number): void {
    const [from, end] = this.#cut(span);
    for (let i = from; i < end; i++) this.#bytes[i] = (this.#bytes[i] ?? 0) | mark;
  }

  has(span: Span, mark: number): boolean {
    const [from, end] = this.#cut(span);
    for (let i = from; i < end; i++) if (((this.#bytes[i] ?? 0) & mark) !== 0) return true;
    return false;
  }

  #cut(span: Span): [number, number] {
    return [Math.max(0, span.slot - this.#from), Math.min(endOf(span) - this.#from, this.#bytes.length)];
  }
}

function clustersOf(ports: readonly PortRow[], spreads: readonly Span[]): Cluster[] {
  const members: Member[] = [
    ...ports.map((port) => ({ slot: port.slot, slots: port.slots, port })),
    ...spreads.map(({ slot, slots }) => ({ slot, slots, port: undefined })),
  ].sort((a, b) => a.slot - b.slot);
  const clusters: Cluster[] = [];
  for (const member of members) {
    const last = clusters.at(-1);
    const port = member.port === undefined ? [] : [member.port];
    if (last === undefined || member.slot >= last.end) {
      clusters.push({ slot: member.slot, end: endOf(member), ports: port });
      continue;
    }
    last.end = Math.max(last.end, endOf(member));
    last.ports.push(...port);
  }
  return clusters;
}

function overlap(ports: readonly PortRow[]): boolean {
  return ports.some((row, i) => i > 0 && row.slot < endOf(ports[i - 1] as PortRow));
}

/** Rows of one cause that tell a slot twice. Rows come in order of their first slot. */
function contradictions(rows: readonly CauseRow[]): CauseRow[] {
  const last = new Map<string, CauseRow>();
  const found: CauseRow[] = [];
  for (const row of rows) {
    const before = last.get(row.cause);
    if (before !== undefined && row.slot < endOf(before)) found.push(before, row);
    if (before === undefined || endOf(row) > endOf(before)) last.set(row.cause, row);
  }
  return found;
}

/** Index of the first row that begins at `slot` or later. */
function firstFrom(rows: readonly CauseRow[], slot: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as CauseRow).slot < slot) low = middle + 1;
    else high = middle;
  }
  return low;
}

function packetsOf(rows: readonly CauseRow[]): bigint {
  return rows.reduce((sum, row) => sum + row.packets, 0n);
}

/** The packets of a row, by whose they are. */
function dropsOf({ cause, packets, owners: told }: CauseRow): DropsOfCause[] {
  if (told === undefined) return [{ cause, owner: 'unknown', packets }];
  return owners.map((owner) => ({ cause, owner, packets: told[owner] }));
}

function byCause(drops: readonly DropsOfCause[]): DropsOfCause[] {
  const sums = new Map<string, DropsOfCause>();
  for (const drop of drops) {
    const key = `${drop.cause} ${drop.owner}`;
    sums.set(key, { ...drop, packets: (sums.get(key)?.packets ?? 0n) + drop.packets });
  }
  return [...sums]
    .filter(([, { packets }]) => packets > 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, drop]) => drop);
}
