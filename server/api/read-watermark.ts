import { toFourninesError } from '../../core/runtime/error.ts';
import { lastStored } from '../store/queries/last-stored.ts';
import { latestTick } from '../store/queries/latest-tick.ts';
import { runQuery } from '../store/run-query.ts';
import type { ApiContext } from './context.ts';
import { silentHostsMax } from './schema/common.ts';
import { type Watermark, watermarkOf } from './watermark.ts';
import { iso, type RequestedWindow } from './window.ts';

/** Looked at each time: what lies further back is of hosts that are silent, or of a store that is far behind. */
const reachSeconds = 600;
/** Looked at when a host that tells its slots has none stored in that time. */
const farSeconds = 86_400;
const hostsMax = 10_000;

/** Up to when the sums of the hosts asked for are complete, and who is silent. */
export async function readWatermark(context: ApiContext, host: string | undefined): Promise<Watermark> {
  const storedTo = await readStoredTo(context, host);
  const { startedMonoMs, staleAfterMs } = context;
  return watermarkOf(context.fleet, storedTo, { monoMs: context.monoMs(), startedMonoMs, staleAfterMs }, host);
}

/**
 * The window of an answer and how far it is complete. Asked before the sums: rows that are stored in between are then in
 * sums of an older revision, and the next answer says so; the other way round nobody would ever know.
 */
export async function tellWindow(
  context: ApiContext,
  { window, watermark, host }: { window: RequestedWindow; watermark: Watermark; host: string | undefined },
) {
  const [row] = await runQuery(context.store, lastStored, { from: window.from, to: window.to, host: host ?? '' });
  const atMs = Number(row?.atMs ?? 0);
  const { completeTo, silent } = watermark;
  return {
    window: { from: iso(window.from), to: iso(window.to) },
    completeTo: completeTo === undefined ? null : iso(completeTo),
    silent: {
      count: silent.length,
      hosts: silent.slice(0, silentHostsMax).map((each) => ({ host: each.host, since: iso(each.since) })),
    },
    revision: atMs === 0 ? null : new Date(atMs).toISOString(),
  };
}

/** End of the newest slot that the store has of each host, unix seconds. */
async function readStoredTo(context: ApiContext, host: string | undefined): Promise<ReadonlyMap<string, number>> {
  const near = await readTo(context, host, reachSeconds);
  const behind = [...context.fleet.hosts].some(([name, { arrivedAtMs }]) => {
    const isLive = context.monoMs() - arrivedAtMs <= context.staleAfterMs;
    return isLive && (host ?? name) === name && !near.has(name);
  });
  return behind ? readTo(context, host, farSeconds) : near;
}

/** The same for whoever can do without: undefined when the store does not answer. */
export async function readStoredToOr(context: ApiContext): Promise<ReadonlyMap<string, number> | undefined> {
  try {
    return await readStoredTo(context, undefined);
  } catch (error) {
    if (toFourninesError(error).retryable) return undefined;
    throw error;
  }
}

async function readTo(context: ApiContext, host = '', seconds: number): Promise<ReadonlyMap<string, number>> {
  const from = Math.floor(context.nowMs() / 1000) - seconds;
  const ticks = await runQuery(context.store, latestTick, { host, afterHost: '', from, limit: hostsMax });
  return new Map(ticks.map((tick) => [tick.host, tick.at + 1]));
}
