import type { LikelyCause } from '../api/schema/breaches.ts';
import type { PlacedPort } from '../judge/objective-ports.ts';
import type { Span } from '../slo/objective.ts';
import { busyPmds } from '../store/queries/busy-pmds.ts';
import { causeSums, causeSumsParameters } from '../store/queries/cause-sums.ts';
import { threadSeries } from '../store/queries/thread-series.ts';
import { type QueryContext, runQuery } from '../store/run-query.ts';
import { type Beside, type DropsBeside, likelyCauses, type PmdBeside, type WaitBeside } from './likely-cause.ts';

/** An objective of many ports is looked at on the first ones. */
const portsMax = 20;
const hostsMax = 5;

/** What ran beside a breach on the places of an objective in its time. */
export async function readCauses(
  store: QueryContext,
  placed: readonly PlacedPort[],
  span: Span,
): Promise<readonly LikelyCause[]> {
  const seconds = span.to - span.from;
  const there = placed.filter(({ from, to }) => from < span.to && span.from < to).slice(0, portsMax);
  const hosts = [...new Set(there.map(({ host }) => host))].slice(0, hostsMax);
  const drops: DropsBeside[] = [];
  for (const { host, port } of there) drops.push(...(await readDrops(store, { host, port }, span)));
  const waits: WaitBeside[] = [];
  const pmds: PmdBeside[] = [];
  for (const host of hosts) {
    const threads = await runQuery(store, threadSeries, { ...span, host, step: seconds });
    waits.push(
      ...threads.map(({ role, name, owner, runDelayNs }) => {
        return { host, role, name, owner, runDelayNs: runDelayNs.reduce((sum, ns) => sum + BigInt(ns), 0n) };
      }),
    );
    const busy = await runQuery(store, busyPmds, { ...span, host });
    pmds.push(...busy.map(({ datapath, core, busyPpm }) => ({ host, datapath, core, busyPpm: BigInt(busyPpm) })));
  }
  const beside: Beside = { seconds, drops, waits, pmds };
  return likelyCauses(beside);
}

async function readDrops(
  store: QueryContext,
  of: { readonly host: string; readonly port: string },
  span: Span,
): Promise<DropsBeside[]> {
  const rows = await runQuery(store, causeSums, causeSumsParameters({ ...span, ...of }));
  const sums = new Map<string, bigint>();
  for (const { cause, place, packets } of rows) {
    // What a filter took away was meant to be.
    if (place !== 'filtered') sums.set(cause, (sums.get(cause) ?? 0n) + BigInt(packets));
  }
  return [...sums].map(([cause, packets]) => ({ ...of, cause, packets }));
}
