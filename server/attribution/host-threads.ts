import { ringGuests } from '../store/queries/ring-slots.ts';
import { factsAt, threadSlots, threadStallsNear } from '../store/queries/thread-slots.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { type Evidence, type GuestReadings, readingsMax, type Stall, secondNs, type ThreadRead } from './evidence.ts';

type Slot = RowsOf<typeof threadSlots>[number];
type StallRow = RowsOf<typeof threadStallsNear>[number];

interface Second {
  readonly ranNs: number;
  readonly waitedNs: number | null;
  readonly longestNs: number | null;
  readonly sleeps: number | null;
}

interface Thread {
  readonly tid: number;
  readonly role: string;
  readonly slots: Map<number, Second | null>;
  readonly stalls: readonly StallRow[];
}

interface Row {
  readonly port: string;
  readonly slot: number;
  readonly slots: number;
}

/** Whose threads: those of an owner as `thread_slot` has it, or the polling threads of a process. */
interface Whose {
  readonly owner: string;
  readonly pid: number;
}

export interface Named {
  /** By port: the owner that the guest's threads have. */
  readonly guests: ReadonlyMap<string, string>;
  /** Of the switch; 0: not told. */
  readonly pid: number;
}

/**
 * Threads of a host over a span, and whose they are; those of a guest are read when they are asked for. A port's guest is named
 * by the fact `port.NAME.guest`, else by the event with which its rings were found: the owner that its threads have. Polling
 * threads are those of the process that the fact `ovs.pid` names.
 */
export class HostThreads {
  readonly #store: QueryContext;
  readonly #where: { readonly host: string; readonly from: number; readonly to: number };
  readonly #threads = new Map<string, readonly Thread[]>();
  #named: Named | undefined;

  constructor(store: QueryContext, host: string, { from, to }: { readonly from: number; readonly to: number }) {
    this.#store = store;
    this.#where = { host, from, to };
  }

  async around(row: Row): Promise<Pick<Evidence, 'guest' | 'pmds'>> {
    this.#named ??= await namesOf(this.#store, this.#where.host, this.#where.to);
    const { guests, pid } = this.#named;
    const name = guests.get(row.port);
    const guest = name === undefined ? null : await this.#near(row, { owner: name, pid: 0 });
    const pmds = pid === 0 ? null : await this.#near(row, { owner: '', pid });
    return {
      guest: guest === null || name === undefined ? null : guestOf(name, guest, row),
      pmds: pmds === null ? null : readOf(pmds, row),
    };
  }

  /** Null: none was seen, or more than are looked at. */
  async #near({ slot, slots }: Row, whose: Whose): Promise<readonly Thread[] | null> {
    const around = Array.from({ length: slots + 2 }, (_, i) => slot - 1 + i);
    const threads = await this.#of(whose);
    if (threads.length > readingsMax) return null;
    const seen = threads.filter((thread) => around.some((at) => thread.slots.has(at)));
    return seen.length === 0 ? null : seen;
  }

  async #of(whose: Whose): Promise<readonly Thread[]> {
    const key = `${whose.pid} ${whose.owner}`;
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    const asked = { ...this.#where, ...whose, limit: readingsMax + 1 };
    const slots = await runQuery(this.#store, threadSlots, asked);
    // One that goes on is told to the instant of its last sample, which lies in the second behind the one that it closes.
    const stalls = await runQuery(this.#store, threadStallsNear, { ...asked, to: asked.to + 1 });
    const threads = threadsOf(slots, stalls);
    this.#threads.set(key, threads);
    return threads;
  }
}

/** Who is behind each port of a host, and which process is the switch, as told last before an instant (unix seconds). */
export async function namesOf(store: QueryContext, host: string, before: number): Promise<Named> {
  const seen = await runQuery(store, ringGuests, { host, to: before });
  const facts = await runQuery(store, factsAt, { host, at: before });
  const guests = new Map(seen.map(({ port, guest }) => [port, guest]));
  let pid = 0;
  for (const { name, value } of facts) {
    if (name !== 'ovs.pid') guests.set(name.slice('port.'.length, -'.guest'.length), value);
    else if (/^[1-9]\d{0,8}$/.test(value)) pid = Number(value);
  }
  return { guests, pid };
}

/** Its processors take packets; its other threads count only where all of them were stopped. */
function guestOf(name: string, threads: readonly Thread[], row: Row): GuestReadings {
  const processors = threads.filter(({ role }) => role === 'vcpu' || role === 'pmd');
  return { name, ...readOf(processors, row), stopped: stopsOf(threads, row) };
}

function readOf(threads: readonly Thread[], row: Row): Pick<GuestReadings, 'threads' | 'stalls'> {
  const from = row.slot - 1;
  const read = threads.map(({ tid, slots }): ThreadRead => {
    const each = Array.from({ length: row.slots + 2 }, (_, i) => slots.get(from + i) ?? null);
    return {
      tid,
      ranNs: each.map((second) => second?.ranNs ?? null),
      waitedNs: each.map((second) => second?.waitedNs ?? null),
      longestNs: each.map((second) => second?.longestNs ?? null),
      sleeps: each.map((second) => second?.sleeps ?? null),
    };
  });
  // A stall that is left out convicts nobody; that there was none is told by the longest of each second.
  const stalls = threads.flatMap((thread) => stallsNear(thread, row)).sort((a, b) => b.lowNs - a.lowNs);
  return { threads: read, stalls: stalls.slice(0, readingsMax) };
}

/** Stalls of a thread that touch a row or a second around it, from the start of its first slot. */
function stallsNear({ tid, stalls }: Thread, { slot, slots }: Row): Stall[] {
  const start = BigInt(slot) * BigInt(secondNs);
  return stalls
    .map(({ kind, fromNs, toNs, lowNs, highNs }) => ({
      ...{ tid, kind, lowNs: Number(lowNs), highNs: Number(highNs) },
      fromNs: Number(BigInt(fromNs) - start),
      toNs: Number(BigInt(toNs) - start),
    }))
    .filter(({ fromNs, toNs }) => fromNs < (slots + 1) * secondNs && toNs > -secondNs);
}

/** Times in which every thread was stopped: where a stop of each of them meets. */
function stopsOf(threads: readonly Thread[], row: Row): GuestReadings['stopped'] {
  const [first = [], ...others] = threads.map((thread) =>
    stallsNear(thread, row).filter(({ kind }) => kind === 'stopped'),
  );
  let common: { fromNs: number; toNs: number }[] = first.map(({ fromNs, toNs }) => ({ fromNs, toNs }));
  for (const stops of others) {
    common = common.flatMap((span) =>
      stops
        .map((stop) => ({ fromNs: Math.max(span.fromNs, stop.fromNs), toNs: Math.min(span.toNs, stop.toNs) }))
        .filter(({ fromNs, toNs }) => fromNs < toNs),
    );
  }
  return common.slice(0, readingsMax);
}

function threadsOf(rows: readonly Slot[], stalls: readonly StallRow[]): Thread[] {
  const own = Map.groupBy(stalls, ({ tid, startTicks }) => `${tid} ${startTicks}`);
  const threads = new Map<string, Thread>();
  for (const row of rows) {
    const key = `${row.tid} ${row.startTicks}`;
    let thread = threads.get(key);
    if (thread === undefined) {
      const { tid, role } = row;
      thread = { tid, role, slots: new Map(), stalls: own.get(key) ?? [] };
      threads.set(key, thread);
    }
    const isKnown = row.observed === 1 && !thread.slots.has(row.slot);
    thread.slots.set(row.slot, isKnown ? secondOf(row) : null);
  }
  return [...threads.values()];
}

function secondOf({ ranNs, waitedNs, longestNs, sleeps }: Slot): Second {
  const told = (text: string) => (text === '' ? null : Number(text));
  return { ranNs: Number(ranNs), waitedNs: told(waitedNs), longestNs: told(longestNs), sleeps: told(sleeps) };
}
