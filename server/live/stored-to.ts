import { toFourninesError } from '../../core/runtime/error.ts';
import { latestTick } from '../store/queries/latest-tick.ts';
import { type QueryContext, runQuery } from '../store/run-query.ts';
import type { Fleet } from './fleet.ts';
import { type Watermark, watermarkOf } from './watermark.ts';

/** What tells how far a host is stored: the store, and what has just come in. */
export interface StoredContext {
  readonly store: QueryContext;
  readonly fleet: Fleet;
  /** Wall clock, ms since 1970. */
  readonly nowMs: () => number;
  /** A clock that never steps, ms. */
  readonly monoMs: () => number;
  /** On the clock of `monoMs`. */
  readonly startedMonoMs: number;
  readonly staleAfterMs: number;
}

/** Looked at each time: what lies further back is of hosts that are silent, or of a store that is far behind. */
const reachSeconds = 600;
/** Looked at when a host that tells its slots has none stored in that time. */
const farSeconds = 86_400;
const hostsMax = 10_000;

/** Up to when the sums of the hosts asked for are complete, and who is silent. */
export async function readWatermark(context: StoredContext, host: string | undefined): Promise<Watermark> {
  const storedTo = await readStoredTo(context, host);
  const { startedMonoMs, staleAfterMs } = context;
  return watermarkOf(context.fleet, storedTo, { monoMs: context.monoMs(), startedMonoMs, staleAfterMs }, host);
}

/** End of the newest slot that the store has of each host, unix seconds. */
export async function readStoredTo(
  context: StoredContext,
  host: string | undefined,
): Promise<ReadonlyMap<string, number>> {
  const near = await readTo(context, host, reachSeconds);
  const behind = [...context.fleet.hosts].some(([name, { arrivedAtMs }]) => {
    const isLive = context.monoMs() - arrivedAtMs <= context.staleAfterMs;
    return isLive && (host ?? name) === name && !near.has(name);
  });
  return behind ? readTo(context, host, farSeconds) : near;
}

/** The same for whoever can do without: undefined when the store does not answer. */
export async function readStoredToOr(context: StoredContext): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    return await readStoredTo(context, undefined);
  } catch (error) {
    if (toFourninesError(error).retryable) return undefined;
    throw error;
  }
}

async function readTo(context: StoredContext, host = '', seconds: number): Promise<ReadonlyMap<string, number>> {
  const from = Math.floor(context.nowMs() / 1000) - seconds;
  const ticks = await runQuery(context.store, latestTick, { host, afterHost: '', from, limit: hostsMax });
  return new Map(ticks.map((tick) => [tick.host, tick.at + 1]));
}
