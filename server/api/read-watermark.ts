import { latestTick } from '../store/queries/latest-tick.ts';
import { runQuery } from '../store/run-query.ts';
import type { ApiContext } from './context.ts';
import { completeTo } from './watermark.ts';

/** Ticks older than this are of silent hosts, which hold nothing back, s. */
const reachSeconds = 600;

/** Up to when the sums of the hosts asked for are complete, unix seconds; undefined: none of them is live. */
export async function readWatermark(context: ApiContext, host: string | undefined): Promise<number | undefined> {
  const from = Math.floor(context.nowMs() / 1000) - reachSeconds;
  const ticks = await runQuery(context.store, latestTick, { host: host ?? '', afterHost: '', from, limit: 10_000 });
  const storedTo = new Map(ticks.map((tick) => [tick.host, tick.at + 1]));
  return completeTo(context.fleet, storedTo, context.monoMs(), context.staleAfterMs, host);
}
