import { daySeconds } from '../seal/seal-document.ts';
import { lastStored } from '../store/queries/last-stored.ts';
import { storedSince } from '../store/queries/stored-since.ts';
import { type QueryContext, runQuery } from '../store/run-query.ts';

/** Late rows are looked for as far back as raw rows live. */
const lateSeconds = 7 * daySeconds;
/** An insert becomes visible at most so long after the instant it is stamped with, ms. */
const insertMs = 120_000n;

/** By host, first slots of quarters of an hour of which rows were stored; up to which instant of the store's clock. */
export interface Touched {
  readonly quarters: ReadonlyMap<string, readonly number[]>;
  readonly newestMs: bigint;
}

/** Tells of which quarters of an hour rows were stored since the last look: those of some minutes before are told again. */
export class StoredChanges {
  /** By the store's clock: when what was told last was stored. */
  #sinceMs: bigint | undefined;

  /** `sinceMs`: where an earlier process was, on the store's clock; absent: the first look begins where the store is. */
  constructor(sinceMs?: bigint) {
    this.#sinceMs = sinceMs;
  }

  /** The first look begins where the store is; nothing before it has to be told. By host, first slots of quarters. */
  async look(store: QueryContext, nowMs: number): Promise<ReadonlyMap<string, readonly number[]>> {
    const touched = await this.peek(store, nowMs);
    this.keep(touched);
    return touched.quarters;
  }

  /** The same for whoever may fail to do what has to be done: it is told again until it is kept. */
  async peek(store: QueryContext, nowMs: number): Promise<Touched> {
    const now = Math.floor(nowMs / 1000);
    this.#sinceMs ??= await newest(store, now);
    // A clock that was ahead, and is no longer, must not hide what is stored until it comes there again.
    const known = this.#sinceMs < BigInt(Math.floor(nowMs)) ? this.#sinceMs : BigInt(Math.floor(nowMs));
    const sinceMs = known > insertMs ? known - insertMs : 0n;
    const quarters = new Map<string, number[]>();
    let newestMs = known;
    const asked = { from: now - lateSeconds, sinceMs: String(sinceMs) };
    for (const { host, quarter, atMs } of await runQuery(store, storedSince, asked)) {
      if (BigInt(atMs) > newestMs) newestMs = BigInt(atMs);
      const own = quarters.get(host);
      if (own === undefined) quarters.set(host, [quarter]);
      else own.push(quarter);
    }
    return { quarters, newestMs };
  }

  keep({ newestMs }: Touched): void {
    this.#sinceMs = newestMs;
  }
}

async function newest(store: QueryContext, now: number): Promise<bigint> {
  const [row] = await runQuery(store, lastStored, { host: '', from: now - daySeconds, to: now + daySeconds });
  return BigInt(row?.atMs ?? 0);
}
