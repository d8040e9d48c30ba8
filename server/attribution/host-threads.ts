import { ringGuests } from '../store/queries/ring-slots.ts';
import { factsAt, threadSlots, threadStallsNear } from '../store/queries/thread-slots.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { type Evidence, type GuestReadings, readingsMax, type Stall, secondNs, type ThreadRead } from './evidence.ts';

type Slot = RowsOf<typeof threadSlots>[number];
type StallRow = RowsOf<typeof threadStallsNear>[number];

interface Second {
  readonly ranNs: number;
  readonly waitedNs: number;
  readonly longestNs: number | null;
  readonly sleeps: number | null;
}

interface Thread {
  readonly pid: number;
  readonly tid: number;
  readonly role: string;
  readonly owner: string;
  readonly slots: Map<number, Second | null>;
  readonly stalls: readonly StallRow[];
}

interface Row {
  readonly port: string;
  readonly slot: number;
  readonly slots: number;
}

/**
 * Threads of a host over a span, and whose they are. A port's guest is named by the fact `port.NAME.guest`, else by the event with
 * which its rings were found: the owner that its threads have in `thread_slot`. Polling threads are those of the process that
 * the fact `ovs.pid` names.
 */
export class HostThreads {
  readonly #threads: readonly Thread[];
  readonly #guests: ReadonlyMap<string, string>;
  readonly #pid: string | undefined;

  private constructor(threads: readonly Thread[], guests: ReadonlyMap<string, string>, pid: string | undefined) {
    this.#threads = threads;
    this.#guests = guests;
    this.#pid = pid;
  }

  static async read(
    store: QueryContext,
    host: string,
    span: { readonly from: number; readonly to: number },
  ): Promise<HostThreads> {
    const slots = await runQuery(store, threadSlots, { host, ...span });
    const stalls = await runQuery(store, threadStallsNear, { host, ...span });
    const seen = await runQuery(store, ringGuests, { host, to: span.to });
    const facts = await runQuery(store, factsAt, { host, at: span.to });
    const guests = new Map(seen.map(({ port, guest }) => [port, guest]));
    let pid: string | undefined;
    for (const { name, value } of facts) {
      if (name === 'ovs.pid') pid = value;
      else guests.set(name.slice('port.'.length, -'.guest'.length), value);
    }
    return new HostThreads(threadsOf(slots, stalls), guests, pid);
  }

  around(row: Row): Pick<Evidence, 'guest' | 'pmds'> {
    const name = this.#guests.get(row.port);
    const guest = name === undefined ? null : this.#near(row, ({ owner }) => owner === name);
    const pmds = this.#near(row, ({ role, pid }) => role === 'pmd' && String(pid) === this.#pid);
    return {
      guest: guest === null || name === undefined ? null : guestOf(name, guest, row),
      pmds: pmds === null ? null : readOf(pmds, row),
    };
  }

  /** Null: none was seen, or more than are looked at. */
  #near({ slot, slots }: Row, is: (thread: Thread) => boolean): readonly Thread[] | null {
    const around = Array.from({ length: slots + 2 }, (_, i) => slot - 1 + i);
    const seen = this.#threads.filter((thread) => is(thread) && around.some((at) => thread.slots.has(at)));
    return seen.length === 0 || seen.length > readingsMax ? null : seen;
  }
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
      const { pid, tid, role, owner } = row;
      thread = { pid, tid, role, owner, slots: new Map(), stalls: own.get(key) ?? [] };
      threads.set(key, thread);
    }
    const isKnown = row.observed === 1 && !thread.slots.has(row.slot);
    thread.slots.set(row.slot, isKnown ? secondOf(row) : null);
  }
  return [...threads.values()];
}

function secondOf({ ranNs, waitedNs, longestNs, sleeps }: Slot): Second {
  const told = (text: string) => (text === '' ? null : Number(text));
  return { ranNs: Number(ranNs), waitedNs: Number(waitedNs), longestNs: told(longestNs), sleeps: told(sleeps) };
}
