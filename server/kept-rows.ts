import { kinds, xstatSlot } from '../core/catalogue/kinds.ts';
import { toFourninesError } from '../core/runtime/error.ts';
import type { Logger } from '../core/runtime/logger.ts';
import { lastRows, lastRowsReachSeconds } from './store/queries/last-rows.ts';
import { latestTick } from './store/queries/latest-tick.ts';
import { type QueryContext, runQuery } from './store/run-query.ts';

/** What the store holds of a host's newest: the shape the collector resumes from. */
export interface StoredHost {
  readonly tick: {
    readonly bootId: string;
    readonly wallNs: bigint;
    readonly monoNs: bigint;
    readonly boundary: number;
  } | null;
  readonly rows: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>;
}

/** Extended counters are many, and in no sum: after more than an hour away they begin anew. */
const xstatReachSeconds = 3600;

/**
 * Reads the last stored tick of a host and the last row of each of its counters; null: the store has never seen it. A
 * kind that cannot be read begins anew, and costs the others nothing.
 */
export async function readStoredHost(
  store: QueryContext,
  host: string,
  nowMs: number,
  logger: Logger,
): Promise<StoredHost | null> {
  const now = Math.floor(nowMs / 1000);
  const from = now - lastRowsReachSeconds;
  const [tick] = await runQuery(store, latestTick, { host, afterHost: '', from, limit: 1 });
  if (tick === undefined) return null;
  const rows = new Map<string, readonly Readonly<Record<string, unknown>>[]>();
  for (const kind of kinds.filter(({ counters }) => counters.length > 0)) {
    try {
      const since = kind === xstatSlot ? now - xstatReachSeconds : from;
      rows.set(kind.name, await lastRows(store, kind, { host, from: since }));
    } catch (error) {
      const { code, message } = toFourninesError(error);
      logger.warn({ kind: kind.name, code, reason: message }, 'last rows cannot be read: these counters begin anew');
    }
  }
  return {
    tick: { bootId: tick.bootId, wallNs: BigInt(tick.wallNs), monoNs: BigInt(tick.monoNs), boundary: tick.at + 1 },
    rows,
  };
}
