import { dayOf } from '../seal/path-days.ts';
import { runSeconds, sealRuns } from '../seal/runs.ts';
import { daySeconds } from '../seal/seal-document.ts';
import { Uplinks } from '../seal/uplinks.ts';
import type { Objective, Span } from '../slo/objective.ts';
import { chunkBitsOf, RowTable } from '../slo/row-table.ts';
import { rowKinds } from '../slo/segment.ts';
import type { SlotPath, SlotsFile } from '../slo/slots-reader.ts';
import type { QueryContext } from '../store/run-query.ts';
import type { PlacedPort } from './objective-ports.ts';
import { PathHistory, pathRowsMax } from './path-history.ts';
import { byQuarter, minuteStep, type PlacedPath, placedPaths, readDay, readPart } from './stretch.ts';
import type { PathLines } from './stretch-pieces.ts';

export interface Followed extends PlacedPath {
  readonly history: PathHistory;
}

/** Told of each stretch that was read, all paths at once; lines are by minutes at the coarsest within the last days. */
export type StretchListener = (span: Span, paths: readonly PathLines[]) => void;

export interface HistoryOptions {
  readonly objective: Objective;
  readonly placed: readonly PlacedPort[];
  /** Days of which minutes are asked for: as far back as burn rates look. */
  readonly minuteDays: number;
  readonly onStretch?: StretchListener;
}

/** The state at the start of a window may rest on what was before, days. */
const leadDays = 1;
/** Gaps that are remembered; what is forgotten is read once more. */
const spreadMax = 1_000;

/**
 * All that is stored of the paths of an objective from some day on, as rows that `evaluate` takes. Filled once, then only
 * what was stored since is read again: the quarters of an hour of the present day, whole days before.
 */
export class ObjectiveHistory {
  readonly #options: HistoryOptions;
  readonly #paths = new Map<string, Followed>();
  #from = Number.POSITIVE_INFINITY;
  #to = 0;
  /** The present day: quarters of it are replaced one by one. */
  #today = 0;
  /** The quarter of an hour in which paths were last looked for. */
  #asked = 0;
  /** Gaps of uplinks over quarters, of which all quarters were read. */
  #spread: ReadonlySet<string> = new Set();

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  get hosts(): ReadonlySet<string> {
    return new Set(this.#options.placed.map(({ host }) => host));
  }

  get rows(): number {
    let rows = 0;
    for (const { history } of this.#paths.values()) rows += history.length;
    return rows;
  }

  /** Too large to be followed: a path is neither clean nor idle for weeks. */
  get isTooLarge(): boolean {
    return [...this.#paths.values()].some(({ history }) => history.length > pathRowsMax);
  }

  /** Reads what is not there yet of [from, to): windows begin at `from`, `to` is the watermark, which never goes back. */
  async fill(store: QueryContext, { from, to }: Span, now: number): Promise<ReadonlySet<number>> {
    const first = dayOf(from) - leadDays * daySeconds;
    const today = dayOf(to);
    if (this.#to === 0) await this.#discover(store, { from: first, to });
    this.#to = to;
    const filled = new Set<number>();
    const read = async (day: number) => {
      await this.#readDay(store, day, now);
      filled.add(day);
    };
    for (let day = first; day < today; day += daySeconds) {
      // The day that was the present one is read again as a whole now that it is over.
      if (day < this.#from || day >= this.#today) await read(day);
    }
    if (today !== this.#today) await read(today);
    this.#from = Math.min(this.#from, first);
    this.#today = today;
    return filled;
  }

  /** Reads again what was stored meanwhile, told as the first slots of quarters of an hour; days just filled are fresh. */
  async refresh(
    store: QueryContext,
    quarters: Iterable<number>,
    { to, now, filled }: { readonly to: number; readonly now: number; readonly filled: ReadonlySet<number> },
  ): Promise<void> {
    const days = new Set<number>();
    this.#to = to;
    const open = [...new Set(quarters)].sort((x, y) => x - y);
    const done = new Set<number>();
    const spread = new Set(this.#spread.size > spreadMax ? [] : this.#spread);
    for (let quarter = open.shift(); quarter !== undefined; quarter = open.shift()) {
      if (quarter < this.#from || filled.has(dayOf(quarter)) || done.has(quarter)) continue;
      done.add(quarter);
      if (dayOf(quarter) < this.#today) days.add(dayOf(quarter));
      if (dayOf(quarter) !== this.#today) continue;
      const uplinks = new Uplinks();
      await this.#readQuarter(store, quarter, uplinks);
      open.push(...alsoTouched(uplinks, quarter, spread));
    }
    for (const day of days) await this.#readDay(store, day, now);
    // Only now: a store that goes away in between leaves quarters unread.
    this.#spread = spread;
  }

  /** Reads a span once more as one stretch, for its listener alone: a gap reached over the ends of those it had. */
  async tellAgain(store: QueryContext, { from, to }: Span): Promise<void> {
    const span = { from: quarterOf(from), to: quarterOf(to - 1) + runSeconds };
    // Longer gaps stay unknown to burn rates; they freeze.
    if (span.to - span.from > daySeconds) return;
    const read: PathLines[] = [];
    const asked = { step: minuteStep, uplinks: new Uplinks() };
    for (const path of this.#paths.values()) read.push({ ...path, lines: await readPart(store, path, span, asked) });
    this.#options.onStretch?.(span, read);
  }

  /** Whether all of a window that has passed is in here. */
  holds({ from }: Span): boolean {
    return this.#from <= dayOf(from) - leadDays * daySeconds;
  }

  /** Paths of which something is known. */
  get paths(): readonly { readonly port: string; readonly direction: SlotPath['direction'] }[] {
    return [...this.#paths.values()].map(({ placed, direction }) => ({ port: placed.name, direction }));
  }

  /** What no window needs any more. */
  dropBefore(from: number): void {
    const first = dayOf(from) - leadDays * daySeconds;
    if (first <= this.#from) return;
    this.#from = first;
    for (const { history } of this.#paths.values()) history.dropBefore(first);
  }

  /**
   * Rows that begin before an instant, cut there. A port of which no row is known has a path of unknown slots: a file that
   * says so can be evaluated by anybody.
   */
  file(name: string, before: number): SlotsFile {
    const rows = new RowTable(chunkBitsOf(this.rows + 1));
    const paths: { port: string; direction: SlotPath['direction'] }[] = [];
    const hosts = new Map<string, number>();
    const pathOf = (port: string, direction: SlotPath['direction']) => {
      const found = paths.findIndex((path) => path.port === port && path.direction === direction);
      return found >= 0 ? found : paths.push({ port, direction }) - 1;
    };
    for (const { placed, direction, history } of this.#paths.values()) {
      if (history.length === 0) continue;
      const host = hosts.get(placed.host) ?? hosts.size;
      hosts.set(placed.host, host);
      history.addTo(rows, { path: pathOf(placed.name, direction), host }, before);
    }
    for (const port of this.#options.objective.ports) {
      if (paths.some((path) => path.port === port)) continue;
      rows.push({ ...unknownSlot, slot: Math.max(0, before - 1), path: pathOf(port, 'rx') });
    }
    const orders = rows.orders(paths.length);
    return {
      name,
      rows,
      paths: paths.map((path, i) => ({ ...path, order: orders[i] as Uint32Array })),
      lines: rows.length,
    };
  }

  async #discover(store: QueryContext, span: Span): Promise<void> {
    for (const placed of this.#options.placed) {
      for (const path of await placedPaths(store, placed, span)) {
        const key = [placed.name, placed.host, placed.port, placed.from, path.direction].join('\u0000');
        if (!this.#paths.has(key)) this.#paths.set(key, { ...path, history: new PathHistory() });
      }
    }
  }

  async #readDay(store: QueryContext, day: number, now: number): Promise<void> {
    const span = { from: day, to: day + daySeconds };
    const isToday = day === dayOf(this.#to);
    await this.#discoverNew(store, span);
    const isNear = day >= dayOf(this.#to) - this.#options.minuteDays * daySeconds;
    const uplinks = new Uplinks();
    const asked = { step: isNear ? minuteStep : runSeconds, nowSeconds: now, uplinks };
    const read: (PathLines & Followed)[] = [];
    for (const path of this.#paths.values()) read.push({ ...path, lines: await readDay(store, path, day, asked) });
    if (isNear) this.#options.onStretch?.(span, read);
    for (const { history, lines } of read) {
      if (!isToday) history.set(span, sealRuns(lines));
      else for (const [at, some] of byQuarter(lines)) history.set(quarterFrom(at), sealRuns(some));
    }
    if (isToday) await this.#readQuarter(store, quarterOf(this.#to), uplinks);
  }

  /** The present quarter stays second by second: a window ends in it, and no run of seconds can be cut. */
  async #readQuarter(store: QueryContext, quarter: number, uplinks: Uplinks): Promise<void> {
    const span = quarterFrom(quarter);
    const isOpen = span.to > this.#to;
    await this.#discoverNew(store, span);
    const read: (PathLines & Followed)[] = [];
    const asked = { step: isOpen ? undefined : minuteStep, uplinks };
    for (const path of this.#paths.values()) read.push({ ...path, lines: await readPart(store, path, span, asked) });
    this.#options.onStretch?.(span, read);
    for (const { history, lines } of read) history.set(span, isOpen ? lines : sealRuns(lines));
  }

  /** A port that is heard of for the first time, or another direction of one, is looked for once a quarter of an hour. */
  async #discoverNew(store: QueryContext, span: Span): Promise<void> {
    const quarter = quarterOf(this.#to);
    const known = new Set([...this.#paths.values()].map(({ placed }) => placed));
    if (quarter === this.#asked && this.#options.placed.every((placed) => known.has(placed))) return;
    const isNew = quarter !== this.#asked;
    const from = isNew ? Math.min(span.from, quarter - runSeconds) : span.from;
    await this.#discover(store, { from, to: isNew ? Math.max(span.to, this.#to) : span.to });
    this.#asked = quarter;
  }
}

/** An uplink tells of a gap when it ends: other quarters that it lies in may have lost something, too. */
function alsoTouched(uplinks: Uplinks, quarter: number, spread: Set<string>): number[] {
  const quarters: number[] = [];
  for (const { uplink, slot, slots, packets } of uplinks.reachingOver(quarterFrom(quarter))) {
    const id = `${uplink} ${slot} ${slots} ${packets}`;
    if (spread.has(id)) continue;
    spread.add(id);
    for (let at = quarterOf(slot); at < slot + slots; at += runSeconds) quarters.push(at);
  }
  return quarters;
}

function quarterOf(slot: number): number {
  return slot - (slot % runSeconds);
}

function quarterFrom(from: number): Span {
  return { from, to: from + runSeconds };
}

const unknownSlot = {
  host: 0,
  line: 0,
  count: 1,
  kind: rowKinds.unknown,
  offered: 0n,
  bad: 0n,
  peak: 0n,
  sent: 0,
  lost: 0,
  shared: 0n,
} as const;
