import type { Watermark } from '../live/watermark.ts';
import { lastStored } from '../store/queries/last-stored.ts';
import { runQuery } from '../store/run-query.ts';
import type { ApiContext } from './context.ts';
import { silentHostsMax } from './schema/common.ts';
import { iso, type RequestedWindow } from './window.ts';

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
