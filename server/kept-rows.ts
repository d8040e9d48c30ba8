import { kinds } from '../core/catalogue/kinds.ts';
import { lastRows, lastRowsReachSeconds } from './store/queries/last-rows.ts';
import { latestTick } from './store/queries/latest-tick.ts';
import { type QueryContext, runQuery } from './store/run-query.ts';

/** What the store holds of a host's newest: the shape the collector resumes from. */
export interface StoredHost {
  readonly tick: { readonly bootId: string; readonly wallNs: bigint; readonly monoNs: bigint } | null;
  readonly rows: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>;
}

/** Reads the last stored tick of a host and the last row of each of its counters; null: the store has never seen it. */
export async function readStoredHost(store: QueryContext, host: string, nowMs: number): Promise<StoredHost | null> {
  const from = Math.floor(nowMs / 1000) - lastRowsReachSeconds;
  const [tick] = await runQuery(store, latestTick, { host, afterHost: '', from, limit: 1 });
  if (tick === undefined) return null;
  const rows = new Map<string, readonly Readonly<Record<string, unknown>>[]>();
  for (const kind of kinds.filter(({ counters }) => counters.length > 0)) {
    rows.set(kind.name, await lastRows(store, kind, { host, from }));
  }
  return { tick: { bootId: tick.bootId, wallNs: BigInt(tick.wallNs), monoNs: BigInt(tick.monoNs) }, rows };
}
