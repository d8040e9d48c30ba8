import { ringGuests } from '../store/queries/ring-slots.ts';
import { factsAt, threadSlots } from '../store/queries/thread-slots.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { type Evidence, readingsMax, type ThreadRead, type ThreadsRead } from './evidence.ts';

type Slot = RowsOf<typeof threadSlots>[number];

interface Thread {
  readonly pid: number;
  readonly tid: number;
  readonly role: Slot['role'];
  readonly owner: string;
  readonly slots: Map<number, { readonly ranNs: number; readonly waitedNs: number } | null>;
}

interface Row {
  readonly port: string;
  readonly slot: number;
  readonly slots: number;
}

/**
 * Threads of a host over a span, and whose they are. A port's guest is named by the fact `port.NAME.guest`, else by the event with
 * which its rings were found: the owner that its threads have in `thread_slot`. Polling threads are those of the process that the fact `ovs.pid` names.
 */
export class HostThreads {
  readonly #threads: readonly Thread[];
  readonly #facts: ReadonlyMap<string, string>;
  /** Whose rings each port has, where they are sampled. */
  readonly #guests: ReadonlyMap<string, string>;

  private constructor(
    threads: readonly Thread[],
    facts: ReadonlyMap<string, string>,
    guests: ReadonlyMap<string, string>,
  ) {
    this.#threads = threads;
    this.#facts = facts;
    this.#guests = guests;
  }

  static async read(
    store: QueryContext,
    host: string,
    span: { readonly from: number; readonly to: number },
  ): Promise<HostThreads> {
    const threads = threadsOf(await runQuery(store, threadSlots, { host, ...span }));
    const facts = await runQuery(store, factsAt, { host, at: span.to });
    const seen = await runQuery(store, ringGuests, { host, to: span.to });
    const guests = new Map(seen.map(({ port, guest }) => [port, guest]));
    return new HostThreads(threads, new Map(facts.map(({ name, value }) => [name, value])), guests);
  }

  around(row: Row): Pick<Evidence, 'guest' | 'pmds'> {
    const name = this.#facts.get(`port.${row.port}.guest`) ?? this.#guests.get(row.port);
    const pid = this.#facts.get('ovs.pid');
    const guest = name === undefined ? null : this.#read(row, ({ owner }) => owner === name);
    const pmds = pid === undefined ? null : this.#read(row, (each) => each.role === 'pmd' && String(each.pid) === pid);
    return { guest: guest === null || name === undefined ? null : { name, ...guest, stopped: [] }, pmds };
  }

  /** Null: none was seen, or more than are looked at. */
  #read(row: Row, is: (thread: Thread) => boolean): ThreadsRead | null {
    const from = row.slot - 1;
    const length = row.slots + 2;
    const seen = this.#threads.filter(
      (thread) => is(thread) && Array.from({ length }, (_, i) => from + i).some((slot) => thread.slots.has(slot)),
    );
    if (seen.length === 0 || seen.length > readingsMax) return null;
    const threads = seen.map(({ tid, slots }): ThreadRead => {
      const each = Array.from({ length }, (_, i) => slots.get(from + i) ?? null);
      return {
        tid,
        ranNs: each.map((slot) => slot?.ranNs ?? null),
        waitedNs: each.map((slot) => slot?.waitedNs ?? null),
        longestNs: each.map(() => null),
        sleeps: each.map(() => null),
      };
    });
    return { threads, stalls: [] };
  }
}

function threadsOf(rows: readonly Slot[]): Thread[] {
  const threads = new Map<string, Thread>();
  for (const row of rows) {
    const key = `${row.tid} ${row.startTicks}`;
    let thread = threads.get(key);
    if (thread === undefined) {
      const { pid, tid, role, owner } = row;
      thread = { pid, tid, role, owner, slots: new Map() };
      threads.set(key, thread);
    }
    const isTwice = thread.slots.has(row.slot);
    const known = row.observed === 1 && !isTwice;
    thread.slots.set(row.slot, known ? { ranNs: Number(row.ranNs), waitedNs: Number(row.waitedNs) } : null);
  }
  return [...threads.values()];
}
