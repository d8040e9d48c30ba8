import { daySeconds } from '../seal/seal-document.ts';
import { lastStored } from '../store/queries/last-stored.ts';
import { storedSince } from '../store/queries/stored-since.ts';
import { type QueryContext, runQuery } from '../store/run-query.ts';

/** Late rows are looked for as far back as raw rows live. */
const lateSeconds = 7 * daySeconds;
/** An insert becomes visible at most so long after the instant it is stamped with, ms. */
const insertMs = 120_000n;

/** Tells of which quarters of an hour rows were stored since the last look: those of some minutes before are told again. */
export class StoredChanges {
  /** By the store's clock: when what was told last was stored. */
  #sinceMs: bigint | undefined;

  /** The first look begins where the store is; nothing before it has to be told. By host, first slots of quarters. */
  async look(store: QueryContext, nowMs: number): Promise<ReadonlyMap<string, readonly number[]>> {
    const now = Math.floor(nowMs / 1000);
    this.#sinceMs ??= await newest(store, now);
    // A clock that was ahead, and is no longer, must not hide what is stored until it comes there again.
    const known = this.#sinceMs < BigInt(Math.floor(nowMs)) ? this.#sinceMs : BigInt(Math.floor(nowMs));
    const sinceMs = known > insertMs ? known - insertMs : 0n;
    const touched = new Map<string, number[]>();
    let newestMs = known;
    const asked = { from: now - lateSeconds, sinceMs: String(sinceMs) };
    for (const { host, quarter, atMs } of await runQuery(store, storedSince, asked)) {
      if (BigInt(atMs) > newestMs) newestMs = BigInt(atMs);
      const quarters = touched.get(host);
      if (quarters === undefined) touched.set(host, [quarter]);
      else quarters.push(quarter);
    }
    this.#sinceMs = newestMs;
    return touched;
  }
}

async function newest(store: QueryContext, now: number): Promise<bigint> {
  const [row] = await runQuery(store, lastStored, { host: '', from: now - daySeconds, to: now + daySeconds });
  return BigInt(row?.atMs ?? 0);
}
