import type { Kind, RowOf } from '../core/catalogue/columns.ts';
import { event, type hostFact, queueSlot, xstatSlot } from '../core/catalogue/kinds.ts';
import { type CounterStates, groupKey, isKeyOf, type KeptState } from './counter-states.ts';
import { type ClosedSlot, type CounterRule, closeSlot, type EpochEnd, identityOfEpoch, type ReadTime } from './slot.ts';

const uint64Max = (1n << 64n) - 1n;
/** Events of counters in one tick and source. */
const reportsMax = 200;
const objectCharactersMax = 300;

type Increments<C extends string> = `${C}Inc`;
type QualityName = 'slot' | 'slots' | 'state' | 'suspect' | 'intervalNs' | 'readSpanNs' | 'lateNs' | 'epoch';
type CounterName<R> = { [P in keyof R & string]: Increments<P> extends keyof R ? P : never }[keyof R & string];

/** The columns of a row that a source gives: not the host, the quality, or the counters. */
export type OwnColumns<K extends Kind> = Omit<
  RowOf<K>,
  'host' | QualityName | CounterName<RowOf<K>> | Increments<CounterName<RowOf<K>>>
>;

export type CounterValues<K extends Kind> = Readonly<Record<CounterName<RowOf<K>>, bigint | null>>;

export interface CloseRequest<K extends Kind> {
  readonly kind: K;
  readonly own: OwnColumns<K>;
  readonly time: ReadTime;
  /** Columns that depend on which slots are closed: they stand in the row instead of those in `own`. */
  readonly ofSlots?: (closed: ClosedSlot) => Partial<OwnColumns<K>>;
  /** identityOf(...) of the counted object. */
  readonly identity: bigint;
  /** Null where the driver does not have the counter. */
  readonly values: CounterValues<K>;
  readonly rules: Readonly<Record<CounterName<RowOf<K>>, Omit<CounterRule, 'name'>>>;
  /** Write no row when nothing moved, except in a key frame, or when the slots are not simply observed. */
  readonly onChange?: boolean;
  /**
   * The object is read at a pace of its own: several slots between two reads are its interval, and no gap. With
   * `onChange`, such an interval without movement is quiet, too. Which rows are written all the same, once a minute, is
   * then for the source to say, since its reads need not fall on a key frame.
   */
  readonly ownPace?: 'quiet' | 'write';
  /**
   * These values (true: all) are differences of counters that were read one after the other: a dip is the time between
   * those reads and no reset, and the last value stands until it is passed. A true reset comes with `resetSeen`.
   */
  readonly derived?: boolean | readonly CounterName<RowOf<K>>[];
  readonly resetSeen?: EpochEnd | undefined;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly witness: string;
}

/** Where a source writes what it found in one tick: rows, facts, events, and the counter states to move to. */
export class Accumulator {
  readonly rows = new Map<Kind, object[]>();
  /** States to move to; null: the group is no longer known under this key. */
  readonly staged = new Map<string, KeptState | null>();
  readonly facts: Fact[] = [];
  /** Reads refused as boundaries, by reason. */
  readonly refused = { late: 0, duplicate: 0 };
  readonly host: string;
  readonly #states: CounterStates;
  readonly #keyFrame: boolean;
  readonly #nowMs: bigint;
  #reported = 0;
  /** Ports renamed since the last kept read: the former name by the new one. */
  readonly renamed = new Map<string, string>();

  constructor(options: { host: string; states: CounterStates; keyFrame: boolean; nowMs: bigint }) {
    this.host = options.host;
    this.#states = options.states;
    this.#keyFrame = options.keyFrame;
    this.#nowMs = options.nowMs;
  }

  get rowCount(): number {
    let count = 0;
    for (const rows of this.rows.values()) count += rows.length;
    return count;
  }

  row<K extends Kind>(kind: K, row: RowOf<K>): void {
    const rows = this.rows.get(kind);
    if (rows === undefined) this.rows.set(kind, [row]);
    else rows.push(row);
  }

  fact(name: string, value: string, witness: string): void {
    this.facts.push({ name, value, witness });
  }

  event(what: string, object: string, detail: Readonly<Record<string, string | number>>): void {
    const named = object.slice(0, objectCharactersMax);
    this.row(event, { host: this.host, at: this.#nowMs, event: what, object: named, detail: JSON.stringify(detail) });
  }

  factRow(fact: Fact): RowOf<typeof hostFact> {
    return { host: this.host, at: this.#nowMs, ...fact };
  }

  /** A port that was read under another name before: its counter groups go on under the new one. */
  rename(former: string, port: string): void {
    this.renamed.set(port, former);
  }

  /** A counter of this group that fell since the last kept read of the same object. */
  fallen<K extends Kind>({ kind, own, identity, values }: CloseRequest<K>): EpochEnd | undefined {
    const last = this.#states.get(this.#lastKey(kind, own));
    if (last === undefined || identityOfEpoch(last.epoch) !== identity) return undefined;
    const names = (kind.counters as readonly CounterName<RowOf<K>>[]).filter((name) => values[name] !== null);
    for (const [i, counter] of names.entries()) {
      const [before, now] = [last.values[i], values[counter] as bigint];
      if (before !== undefined && now < before) return { why: 'reset', counter, before, now };
    }
    return undefined;
  }

  /** Closes the slots of a counter group and writes their row. Null: nothing was closed (first read, or refused). */
  close<K extends Kind>(request: CloseRequest<K>): ClosedSlot | null {
    const { kind, own, time, identity } = request;
    const names = kind.counters as readonly CounterName<RowOf<K>>[];
    const present = names.filter((name) => request.values[name] !== null);
    const read = present.map((name) => request.values[name] as bigint);
    const rules = present.map((name): CounterRule => ({ name, ...request.rules[name] }));
    const key = groupKey(kind, own);
    const lastKey = this.#lastKey(kind, own);
    // A group may be closed twice in a tick: where its beginning was seen between two reads of it.
    const last = (lastKey === key ? this.staged.get(key) : undefined) ?? this.#states.get(lastKey);
    // Left behind, the state would be taken up again by the next port of that name, and count twice.
    if (lastKey !== key && !this.staged.has(lastKey)) this.staged.set(lastKey, null);
    if (read.some((value) => value < 0n || value > uint64Max)) {
      // A driver that counts backwards: these slots are unknown, and no other row pays for it.
      this.#reportOnce(key, 'counter_unbelievable', {
        value: String(read.find((value) => value < 0n || value > uint64Max)),
      });
      return null;
    }
    const isDerived = (name: CounterName<RowOf<K>>) =>
      request.derived === true || (Array.isArray(request.derived) && request.derived.includes(name));
    const values = neverBelow(read, present.map(isDerived), last, request);
    const result = closeSlot(last, { ...time, identity, values, resetSeen: request.resetSeen }, rules);
    if (result.refused !== null) this.refused[result.refused]++;
    const { closed } = result;
    // A group's first row, under each of its names, is always written: a collector that starts again finds where it stood.
    const skip =
      request.onChange === true &&
      (request.ownPace === undefined ? !this.#keyFrame : request.ownPace === 'quiet') &&
      lastKey === key &&
      last?.written === true &&
      (closed === null || isQuiet(closed, request.ownPace !== undefined));
    if (result.state !== undefined) {
      const written = last?.written === true || (closed !== null && !skip);
      this.staged.set(key, { ...result.state, written });
    }
    if (closed === null) return null;
    this.#reportEpoch(key, kind, closed, result.epochEnd);
    if (skip) return closed;
    const counters: Record<string, bigint | null> = {};
    for (const name of names) {
      const i = present.indexOf(name);
      counters[name] = closed.values[i] ?? null;
      counters[`${name}Inc`] = closed.increments[i] ?? null;
    }
    const ofSlots = request.ofSlots?.(closed);
    this.row(kind, { host: this.host, ...own, ...ofSlots, ...qualityOf(closed), ...counters } as unknown as RowOf<K>);
    return closed;
  }

  /** The key under which the group was read last. */
  #lastKey<K extends Kind>(kind: K, own: OwnColumns<K>): string {
    const former = 'port' in own ? this.renamed.get(String(own.port)) : undefined;
    const formerKey = former === undefined ? undefined : groupKey(kind, { ...own, port: former });
    return formerKey !== undefined && this.#states.get(formerKey) !== undefined ? formerKey : groupKey(kind, own);
  }

  /** The object of this group has ended: the next reading under its key opens, and nothing is told of the time between. */
  end<K extends Kind>(kind: K, own: OwnColumns<K>): void {
    this.staged.set(groupKey(kind, own), null);
  }

  /** Takes back what was written and staged of a kind: its groups are bridged by a later tick. */
  leaveOut(kind: Kind): number {
    const rows = this.rows.get(kind)?.length ?? 0;
    this.rows.delete(kind);
    for (const key of this.staged.keys()) if (isKeyOf(kind, key)) this.staged.delete(key);
    return rows;
  }

  /** A row that cannot be sent: what it counted is bridged by the next one of its group. */
  takeBack(kind: Kind, row: object): void {
    this.staged.delete(groupKey(kind, row as Readonly<Record<string, unknown>>));
  }

  /** The end of an epoch; of queues and extended counters only in their rows, where they stand one by one. */
  #reportEpoch(key: string, kind: Kind, closed: ClosedSlot, end: EpochEnd | null): void {
    if (end === null || kind === xstatSlot || kind === queueSlot) return;
    const detail =
      end.why === 'replaced' ? {} : { counter: end.counter, before: String(end.before), now: String(end.now) };
    this.#reportOnce(key, `counter_${end.why}`, { slot: closed.slot, slots: closed.slots, ...detail });
  }

  /** A restart ends thousands of epochs at once: beyond the bound they are counted. */
  #reportOnce(key: string, what: string, detail: Readonly<Record<string, string | number>>): void {
    this.#reported++;
    if (this.#reported <= reportsMax) this.event(what, key.replaceAll('\u0000', ' '), detail);
  }

  /** Says how many counter events there were beyond the bound; once, when everything has been read. */
  finish(): void {
    const leftOut = this.#reported - reportsMax;
    if (leftOut > 0) this.event('counter_events_left_out', 'collector', { count: leftOut });
    this.#reported = 0;
  }
}

function isQuiet(closed: ClosedSlot, ownPace: boolean): boolean {
  const expected = closed.state === 'observed' || (ownPace && closed.state === 'bridged');
  return expected && !closed.suspect && closed.increments.every((increment) => increment === 0n);
}

function neverBelow(
  values: readonly bigint[],
  isDerived: readonly boolean[],
  last: KeptState | undefined,
  { identity, resetSeen }: Pick<CloseRequest<Kind>, 'identity' | 'resetSeen'>,
): readonly bigint[] {
  if (last === undefined || resetSeen !== undefined || identityOfEpoch(last.epoch) !== identity) return values;
  return values.map((value, i) => {
    const before = last.values[i] ?? 0n;
    return isDerived[i] === true && value < before ? before : value;
  });
}

/** The quality columns of a row. */
function qualityOf(closed: ClosedSlot) {
  const { slot, slots, state, suspect, intervalNs, readSpanNs, lateNs, epoch } = closed;
  return { slot, slots, state, suspect: suspect ? 1 : 0, intervalNs, readSpanNs, lateNs, epoch };
}
