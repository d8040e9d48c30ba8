import type { Direction } from '../../core/catalogue/kind-parts.ts';
import type { DropRow, PortRow } from '../live/host-live.ts';
import type { Placement, ServicePort } from '../objects/object.ts';
import { offeredOf, tallyOf } from '../sli/packet-delivery.ts';
import type { TimedBurnTier } from '../slo/burn.ts';
import type { Exclusion, Objective, Span } from '../slo/objective.ts';
import { asOf, silentBoundSeconds } from './as-of.ts';
import { FastPath, type Link } from './fast-path.ts';
import { ObjectiveRing } from './objective-ring.ts';
import { aheadSeconds, ringSlots } from './ring-span.ts';
import { ringCount, SourceRing, type SourceRow, slotTold } from './source-ring.ts';

/** What fast burn rates of an objective need to be told. */
export interface FastTerms {
  readonly objective: Objective;
  /** Where the ports that it names are and were. */
  readonly ports: readonly ServicePort[];
  readonly exclusions: readonly Exclusion[];
  /** Paths that have had a row before this process began: until they are heard of again, nothing is known of them. */
  readonly paths?: readonly { readonly port: string; readonly direction: Direction }[];
}

/** What one message says, as it comes off the bus. */
export interface FastRows {
  readonly host: string;
  /** The slot that its tick closes. */
  readonly slot: number;
  readonly rows: { readonly ports: readonly PortRow[]; readonly drops: readonly DropRow[] };
}

interface Judged {
  readonly terms: FastTerms;
  readonly ring: ObjectiveRing;
  readonly paths: Map<string, FastPath>;
}

/** A port of an objective on a host, within [from, to). */
interface Placed extends Span {
  readonly judged: Judged;
  readonly port: string;
}

interface Source {
  readonly ring: SourceRing;
  readonly links: Link[];
  /** Placements from which no row has come yet. */
  waiting: Placed[];
}

/** Slots of a row, as the wire says them. */
type Row = Pick<PortRow, 'slot' | 'slots'>;

interface Place {
  placed: Placed[];
  readonly sources: Map<Direction, Source>;
}

/**
 * T0 and T1 of thousands of objectives from rows as they arrive: each row is added to its objectives once, and the tiers of
 * a second are one walk over what is added up. What they say of an instant is what `evaluate --at` says on the same rows,
 * however late these came and in whatever order. It holds the last seconds and no more: older rows are counted, and what
 * reads the store repairs.
 */
export class FastBurn {
  readonly #judged = new Map<string, Judged>();
  readonly #hosts = new Map<string, Map<string, Place>>();
  readonly #toldUntil = new Map<string, number>();
  /** End of the newest slot of all. */
  #end = 0;
  #rows = 0;
  #late = 0;
  #ahead = 0;

  /** Rows of objectives: taken, too late for the ring, and from clocks too far ahead. The latter two are left out. */
  get stats(): { readonly rows: number; readonly late: number; readonly ahead: number } {
    return { rows: this.#rows, late: this.#late, ahead: this.#ahead };
  }

  /** Begins with an objective, or goes on with other terms; what its hosts have said lately counts at once. */
  set(terms: FastTerms): void {
    const { name, ports } = terms.objective;
    const before = this.#judged.get(name);
    const ring = new ObjectiveRing(terms.objective, terms.exclusions, this.#end);
    const judged: Judged = { terms, ring, paths: new Map() };
    this.#judged.set(name, judged);
    const heard = [...(terms.paths ?? []), ...[...(before?.paths.values() ?? [])]];
    for (const { port, direction } of heard) if (ports.includes(port)) pathOf(judged, port, direction);
    for (const port of terms.ports) {
      if (!ports.includes(port.name)) continue;
      for (const placement of port.placements) this.#place(placement, judged, port.name);
    }
    // Only now, so that what the hosts have said is kept.
    if (before !== undefined) this.#leave(before);
    countPaths(judged);
    for (const path of judged.paths.values()) {
      path.advance(this.#end);
      path.apply(path.closure({ from: ring.ring.from, to: ring.ring.end }), 1);
    }
  }

  remove(name: string): void {
    const judged = this.#judged.get(name);
    if (judged === undefined) return;
    this.#judged.delete(name);
    this.#leave(judged);
  }

  /** Takes the rows of a message; `now` in unix seconds bounds how far a clock may be ahead. */
  take({ host, slot, rows }: FastRows, now: number): void {
    const places = this.#hosts.get(host);
    if (places === undefined) return;
    if (slot < now + aheadSeconds) this.#toldUntil.set(host, Math.max(this.#toldUntil.get(host) ?? 0, slot + 1));
    for (const row of rows.ports) {
      const place = places.get(row.port);
      if (place !== undefined && this.#isWithin(row, now)) this.#takePort(place, row);
    }
    for (const row of rows.drops) {
      if (row.place !== 'beside') continue;
      const place = places.get(row.port);
      if (place !== undefined && this.#isWithin(row, now)) this.#takeBeside(place, row);
    }
  }

  /** The instant at which the tiers of an objective are to be told; see as-of.ts. */
  asOf(name: string, now: number): number {
    const told: (number | undefined)[] = [];
    for (const port of this.#judged.get(name)?.terms.ports ?? []) {
      for (const { host, from, to } of port.placements) {
        const until = this.#toldUntil.get(host);
        const isOver = to !== null && (to <= now - silentBoundSeconds || (until ?? 0) >= to);
        if (!isOver && (from ?? 0) < now) told.push(until);
      }
    }
    return asOf(told, now);
  }

  /** T0 and T1 at an instant; none for an objective that was not set. */
  tiers(name: string, at: number): TimedBurnTier[] {
    const ring = this.#judged.get(name)?.ring;
    ring?.advance(this.#end);
    return ring?.tiers(at) ?? [];
  }

  #isWithin(row: Row, now: number): boolean {
    const to = row.slot + row.slots;
    if (to > now + aheadSeconds) {
      this.#ahead++;
      return false;
    }
    if (to <= this.#end - ringSlots) {
      this.#late++;
      return false;
    }
    this.#rows++;
    if (to > this.#end) this.#end = to;
    return true;
  }

  #takePort(place: Place, row: PortRow): void {
    const source = this.#sourceOf(place, row.direction);
    if (source.waiting.length > 0) link(source, row.direction, { from: row.slot, to: row.slot + row.slots });
    const { state, suspect, packetsInc, dropsOutsideInc, dropsInsideInc, slot, slots } = row;
    const known = state !== 'unknown' && suspect !== 1;
    const { counted, drops } = tallyOf({
      direction: row.direction,
      packets: packetsInc ?? 0n,
      dropsOutside: dropsOutsideInc ?? 0n,
      dropsInside: dropsInsideInc ?? 0n,
      dropsBeside: 0n,
    });
    const isPlain = known && slots === 1 && counted < ringCount && drops < ringCount;
    if (isPlain && this.#observe(source, slot, Number(counted), Number(drops))) return;
    const told: SourceRow = { from: slot, to: slot + slots, known, counted, drops };
    this.#change(source, told, () => source.ring.put(told));
  }

  #takeBeside(place: Place, row: DropRow): void {
    const { slot, slots, state, cause, place: where } = row;
    const told = { slot, slots, state, suspect: row.suspect === 1, packets: row.packetsInc ?? 0n, cause, place: where };
    if (told.packets === 0n && state !== 'unknown' && !told.suspect) return;
    // What was lost beside a port makes no path: its own rows do.
    const source = this.#sourceOf(place, row.direction);
    this.#change(source, { from: slot, to: slot + slots }, () => source.ring.putBeside(told));
  }

  /** Nearly every row: one second of which nothing was known, on the only host that tells of its path. */
  #observe({ ring, links }: Source, slot: number, counted: number, drops: number): boolean {
    if (!ring.isPlain || ring.toldOf(slot) > slotTold.unknown) return false;
    for (const { path } of links) if (!path.isOnly(ring, this.#end)) return false;
    ring.observe(slot, counted, drops);
    const offered = offeredOf(counted, drops);
    for (const { path, from, to } of links) {
      if (slot < from || slot >= to) continue;
      path.ring.advance(this.#end);
      path.ring.addSlot(slot, offered, drops, 1);
    }
    return true;
  }

  /** Any other row: takes back what was known of all slots that it may touch, and adds what is known with it. */
  #change({ links }: Source, row: Span, change: () => void): void {
    const paths = new Map<FastPath, Span>();
    for (const { path } of links) {
      if (paths.has(path)) continue;
      path.advance(this.#end);
      const span = path.closure(row);
      path.apply(span, -1);
      paths.set(path, span);
    }
    change();
    for (const [path, span] of paths) path.apply(span, 1);
  }

  #sourceOf(place: Place, direction: Direction): Source {
    let source = place.sources.get(direction);
    if (source === undefined) {
      source = { ring: new SourceRing(direction, this.#end), links: [], waiting: [...place.placed] };
      place.sources.set(direction, source);
    }
    source.ring.advance(this.#end);
    return source;
  }

  #place({ host, port, from, to }: Placement, judged: Judged, name: string): void {
    const ports = this.#hosts.get(host) ?? new Map<string, Place>();
    this.#hosts.set(host, ports);
    const place: Place = ports.get(port) ?? { placed: [], sources: new Map() };
    ports.set(port, place);
    const placed = { judged, port: name, from: from ?? 0, to: to ?? Number.POSITIVE_INFINITY };
    place.placed.push(placed);
    for (const [direction, source] of place.sources) {
      source.waiting.push(placed);
      source.ring.advance(this.#end);
      if (source.ring.hasTold(placed)) link(source, direction, placed);
    }
  }

  #leave(judged: Judged): void {
    for (const { placements } of judged.terms.ports) {
      for (const { host, port } of placements) this.#forget(host, port, judged);
    }
  }

  #forget(host: string, port: string, judged: Judged): void {
    const ports = this.#hosts.get(host);
    const place = ports?.get(port);
    if (ports === undefined || place === undefined) return;
    place.placed = place.placed.filter((placed) => placed.judged !== judged);
    for (const source of place.sources.values()) {
      source.waiting = source.waiting.filter((placed) => placed.judged !== judged);
      for (let i = source.links.length - 1; i >= 0; i--)
        if (source.links[i]?.path.ring === judged.ring) source.links.splice(i, 1);
    }
    if (place.placed.length > 0) return;
    ports.delete(port);
    if (ports.size > 0) return;
    this.#hosts.delete(host);
    this.#toldUntil.delete(host);
  }
}

/** The source tells of these placements from the first row within them on. */
function link(source: Source, direction: Direction, row: Span): void {
  source.waiting = source.waiting.filter(({ judged, port, from, to }) => {
    if (row.from >= to || row.to <= from) return true;
    const path = pathOf(judged, port, direction);
    const made = { path, source: source.ring, from, to };
    path.links.push(made);
    source.links.push(made);
    return false;
  });
}

function pathOf(judged: Judged, port: string, direction: Direction): FastPath {
  const key = `${port}\u0000${direction}`;
  let path = judged.paths.get(key);
  if (path === undefined) {
    path = new FastPath(judged.ring, judged.paths.size, port, direction);
    judged.paths.set(key, path);
    countPaths(judged);
  }
  return path;
}

function countPaths({ terms, ring, paths }: Judged): void {
  const seen = new Set([...paths.values()].map(({ port }) => port));
  const unseen = terms.objective.ports.filter((port) => !seen.has(port));
  ring.paths = paths.size + unseen.length;
}
