import type { LikelyCause } from '../api/schema/breaches.ts';
import type { PlacedPort } from '../judge/objective-ports.ts';
import type { Span } from '../slo/objective.ts';
import { busyPmds } from '../store/queries/busy-pmds.ts';
import { causeSums, causeSumsParameters } from '../store/queries/cause-sums.ts';
import { ownerSums } from '../store/queries/owner-sums.ts';
import { threadSeries } from '../store/queries/thread-series.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import {
  type Beside,
  type DropsBeside,
  likelyCauses,
  type PmdBeside,
  type Said,
  type WaitBeside,
} from './likely-cause.ts';

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
  for (const host of hosts) {
    const said = saidOf(await runQuery(store, ownerSums, { ...span, host }));
    for (const at of there) if (at.host === host) drops.push(...(await readDrops(store, at, span, said)));
  }
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

type SaidOf = (of: {
  readonly port: string;
  readonly direction: string;
  readonly cause: string;
  readonly place: string;
}) => Said;

const nothing: Said = { provider: 0n, tenant: 0n, contract: 0n };

function saidOf(rows: RowsOf<typeof ownerSums>): SaidOf {
  const keyOf = (of: Parameters<SaidOf>[0]) => JSON.stringify([of.port, of.direction, of.cause, of.place]);
  const said = new Map(
    rows.map((row) => {
      const { provider, tenant, contract } = row;
      return [keyOf(row), { provider: BigInt(provider), tenant: BigInt(tenant), contract: BigInt(contract) }];
    }),
  );
  return (of) => said.get(keyOf(of)) ?? nothing;
}

async function readDrops(
  store: QueryContext,
  { host, port }: { readonly host: string; readonly port: string },
  span: Span,
  saidOf: SaidOf,
): Promise<DropsBeside[]> {
  const rows = await runQuery(store, causeSums, causeSumsParameters({ ...span, host, port }));
  const sums = new Map<string, { packets: bigint; said: Said }>();
  for (const row of rows) {
    // What a filter took away was meant to be.
    if (row.place === 'filtered') continue;
    const { packets, said } = sums.get(row.cause) ?? { packets: 0n, said: nothing };
    sums.set(row.cause, { packets: packets + BigInt(row.packets), said: added(said, saidOf(row)) });
  }
  return [...sums].map(([cause, sum]) => ({ host, port, cause, ...sum }));
}

function added(a: Said, b: Said): Said {
  return {
    provider: a.provider + b.provider,
    tenant: a.tenant + b.tenant,
    contract: a.contract + b.contract,
  };
}
