import { Type } from 'typebox';
import { threadRoles } from '../../../core/catalogue/thread-kinds.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { HostLive } from '../../live/host-live.ts';
import { lagSeconds } from '../../live/watermark.ts';
import { toldOnce } from '../../sli/told-once.ts';
import { latestFacts } from '../../store/queries/latest-facts.ts';
import { latestSources } from '../../store/queries/latest-sources.ts';
import { latestTick } from '../../store/queries/latest-tick.ts';
import { pressureSeries } from '../../store/queries/pressure-series.ts';
import { softnetSeries } from '../../store/queries/softnet-series.ts';
import { threadSeries } from '../../store/queries/thread-series.ts';
import { threadStalls } from '../../store/queries/thread-stalls.ts';
import { type RowsOf, runQuery } from '../../store/run-query.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { PageQuery, Problem, WindowQuery } from '../schema/common.ts';
import type { Host } from '../schema/hosts.ts';
import { HostDetail, HostPage, SoftnetSeries, StallList, ThreadSeries } from '../schema/hosts.ts';
import { stepGrid } from '../series.ts';
import type { Api } from '../server.ts';
import { iso, type RequestedWindow, requestedStep, requestedWindow } from '../window.ts';

/** Hosts that have been silent for longer than raw rows live are not listed. */
const listedForSeconds = 7 * 86_400;
const strict = { additionalProperties: false } as const;
const HostParams = Type.Object({ host: Type.String({ minLength: 1, maxLength: 255 }) });
const SeriesQuery = Type.Object(
  {
    ...WindowQuery,
    step: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, description: 'Seconds a step.' })),
  },
  strict,
);
const StallQuery = Type.Object(
  {
    ...WindowQuery,
    role: Type.Optional(Type.Union(threadRoles.map((role) => Type.Literal(role)))),
    leastMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 0,
      description: 'Only stalls that may have lasted so long.',
    }),
    order: Type.Union([Type.Literal('latest'), Type.Literal('longest')], {
      default: 'latest',
      description: 'longest: those that surely lasted longest first, and each once, by the last that was told of it.',
    }),
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 200 }),
  },
  strict,
);
const problems = { '4xx': Problem, '5xx': Problem };

export function hostRoutes(api: Api, context: ApiContext): void {
  api.get(
    '/hosts',
    { schema: { querystring: Type.Object(PageQuery, strict), response: { 200: HostPage, ...problems } } },
    async ({ query }) => {
      const afterHost = decodeCursor(query.cursor, 1)?.[0] ?? '';
      const rows = await readTicks(context, { host: '', afterHost, limit: query.limit + 1 });
      const stored = new Map(rows.map((row) => [row.host, row]));
      // A host whose first tick is not stored yet is there all the same.
      const names = [...new Set([...stored.keys(), ...context.fleet.hosts.keys()])]
        .filter((name) => name > afterHost)
        .sort();
      const items = names.slice(0, query.limit).map((name) => hostOf(context, name, stored.get(name)));
      const last = items.at(-1);
      return { items, nextCursor: names.length > query.limit && last ? encodeCursor([last.host]) : null };
    },
  );
  api.get(
    '/hosts/:host',
    { schema: { params: HostParams, response: { 200: HostDetail, ...problems } } },
    async ({ params }) => readDetail(context, params.host),
  );
  api.get(
    '/hosts/:host/threads',
    { schema: { params: HostParams, querystring: SeriesQuery, response: { 200: ThreadSeries, ...problems } } },
    async ({ params, query }) => readThreads(context, params.host, asked(context, query)),
  );
  api.get(
    '/hosts/:host/stalls',
    { schema: { params: HostParams, querystring: StallQuery, response: { 200: StallList, ...problems } } },
    async ({ params, query }) => {
      const window = requestedWindow(query, Math.floor(context.nowMs() / 1000));
      return readStalls(context, { host: params.host, window, ...query });
    },
  );
  api.get(
    '/hosts/:host/softnet',
    { schema: { params: HostParams, querystring: SeriesQuery, response: { 200: SoftnetSeries, ...problems } } },
    async ({ params, query }) => readSoftnet(context, params.host, asked(context, query)),
  );
}

interface Asked {
  readonly window: RequestedWindow;
  readonly step: number;
}

function asked(context: ApiContext, query: { from?: string; to?: string; step?: number }): Asked {
  return requestedStep(requestedWindow(query, Math.floor(context.nowMs() / 1000)), query.step);
}

function readTicks(context: ApiContext, ask: { host: string; afterHost: string; limit: number }) {
  const from = Math.floor(context.nowMs() / 1000) - listedForSeconds;
  return runQuery(context.store, latestTick, { ...ask, from });
}

type StoredTick = RowsOf<typeof latestTick>[number];

/** The newest of what is live and what is stored. */
function hostOf(context: ApiContext, name: string, stored: StoredTick | undefined): Host {
  const live = context.fleet.hosts.get(name);
  const nowMs = context.nowMs();
  // Live goes first: after a clock that ran ahead for a while the newest stored slot lies in the future.
  const lastSlot = live?.lastTick?.slot ?? stored?.at ?? 0;
  const storedTo = stored === undefined ? undefined : stored.at + 1;
  const isLive = live !== undefined && context.monoMs() - live.arrivedAtMs <= context.staleAfterMs;
  return {
    host: name,
    state: isLive ? 'live' : 'stale',
    bootId: live?.lastTick?.bootId ?? stored?.bootId ?? '',
    lastSlot: iso(lastSlot),
    lagMs: Math.max(0, nowMs - (lastSlot + 1) * 1000),
    storedTo: storedTo === undefined ? null : iso(storedTo),
    lagSeconds: lagSeconds(lastSlot + 1, storedTo) ?? null,
    silentSince: isLive ? null : iso(lastSlot + 1),
    ports: new Set([...(live?.paths.values() ?? [])].map(({ last }) => last.port)).size,
    packetsPerSecond: { rx: isLive ? rate(live, 'rx') : null, tx: isLive ? rate(live, 'tx') : null },
    dropsPerSecond: isLive ? dropRate(live) : null,
  };
}

/** Packets of the last slot over the ports that count by themselves; null when any of them is not observed. */
function rate(live: HostLive, direction: 'rx' | 'tx'): string | null {
  const incoming = direction === 'rx' ? ['rx', 'fromGuest'] : ['tx', 'toGuest'];
  return sumLast(live, (row) => (incoming.includes(row.direction) ? row.packetsInc : 0n));
}

function dropRate(live: HostLive): string | null {
  return sumLast(live, (row) => {
    const beside = dropsBeside(live, row);
    if (row.dropsOutsideInc === null || row.dropsInsideInc === null || beside === null) return null;
    return row.dropsOutsideInc + row.dropsInsideInc + beside;
  });
}

/** Drops at the port's queueing discipline in the same slot; a counter that did not move has no row of that slot. */
function dropsBeside(live: HostLive, row: LastRow): bigint | null {
  let sum = 0n;
  for (const drop of live.drops.values()) {
    const same = drop.port === row.port && drop.direction === row.direction && drop.slot === row.slot;
    if (!same || drop.place !== 'beside') continue;
    if (drop.packetsInc === null || drop.slots !== row.slots) return null;
    sum += drop.packetsInc;
  }
  return sum;
}

type LastRow = HostLive['paths'] extends Map<string, { last: infer R }> ? R : never;

/** Some ports are read every few seconds only; one that has told nothing for longer is gone. */
const slowPortSeconds = 15;

function sumLast(live: HostLive, value: (row: LastRow) => bigint | null): string | null {
  const slot = live.lastTick?.slot;
  if (slot === undefined) return null;
  const rows = [...live.paths.values()]
    .map(({ last }) => last)
    .filter((row) => row.slot + row.slots - 1 > slot - slowPortSeconds && row.countedIn === '');
  if (rows.length === 0) return null;
  let sum = 0n;
  for (const row of rows) {
    // A port that has not told this slot leaves the sum unknown, not smaller.
    if (row.slot + row.slots - 1 !== slot) return null;
    const part = row.state === 'observed' && row.suspect === 0 ? value(row) : null;
    if (part === null) return null;
    sum += part;
  }
  return String(sum);
}

async function readDetail(context: ApiContext, name: string): Promise<HostDetail> {
  const [ticks, facts] = await Promise.all([
    readTicks(context, { host: name, afterHost: '', limit: 1 }),
    runQuery(context.store, latestFacts, { host: name }),
  ]);
  const stored = ticks[0];
  if (stored === undefined && !context.fleet.hosts.has(name)) {
    throw new FourninesError('FN_NOT_FOUND', `there is no host ${name}`, { context: { host: name } });
  }
  const host = hostOf(context, name, stored);
  const from = Math.max(0, Math.floor(Date.parse(host.lastSlot) / 1000) - 60);
  const sources = await runQuery(context.store, latestSources, { host: name, from });
  const tick = context.fleet.hosts.get(name)?.lastTick ?? stored;
  return {
    host,
    facts: facts.map((fact) => ({
      name: fact.name,
      value: fact.value,
      witness: fact.witness,
      at: new Date(Number(fact.atMs)).toISOString(),
    })),
    sources: sources.map(({ at: _at, ...status }) => status),
    collector: {
      cpuNs: String(tick?.cpuNs ?? 0),
      rssBytes: String(tick?.rssBytes ?? 0),
      gatherNs: String(tick?.gatherNs ?? 0),
      skipped: tick?.skipped ?? 0,
    },
  };
}

async function readThreads(context: ApiContext, host: string, { window, step }: Asked): Promise<ThreadSeries> {
  const grid = stepGrid(window.from, window.to, step);
  const rows = await runQuery(context.store, threadSeries, { ...window, host, step });
  return {
    ...told(window, step, grid.at),
    threads: rows.map((row) => {
      const points = (values: readonly string[]) =>
        row.at.map((at, i) => ({ at, observed: Number(row.observed[i]), value: values[i] as string }));
      const { pid, tid, role, owner, name, threadState, cpu } = row;
      // What is sampled is told of a step only when all of it was.
      const sampled = (values: readonly string[]) =>
        grid.fill(row.at.map((at, i) => ({ at, observed: Number(row.sampled[i]), value: values[i] as string })));
      return {
        ...{ pid, tid, role, owner, name, threadState, cpu },
        runNs: grid.fill(points(row.runNs)),
        runDelayNs: grid.fill(points(row.runDelayNs)),
        involuntarySwitches: sampled(row.involuntarySwitches),
        delayInvoluntaryLowNs: sampled(row.delayInvoluntaryLowNs),
        delayInvoluntaryHighNs: sampled(row.delayInvoluntaryHighNs),
        stoppedNs: sampled(row.stoppedNs),
        longestStallLowNs: sampled(row.longestStallLowNs),
        longestStallHighNs: sampled(row.longestStallHighNs),
        stalls: sampled(row.stalls),
      };
    }),
  };
}

interface StallsAsked {
  readonly host: string;
  readonly window: RequestedWindow;
  readonly role?: string;
  readonly leastMs: number;
  readonly order: 'latest' | 'longest';
  readonly limit: number;
}

async function readStalls(context: ApiContext, asked: StallsAsked): Promise<StallList> {
  const { host, window, role = '', leastMs, order, limit } = asked;
  const isLongest = order === 'longest';
  const rows = await runQuery(context.store, threadStalls, {
    ...{ ...window, host, role, leastMs, longest: isLongest ? 1 : 0, limit: limit + 1 },
  });
  const told = rows.slice(0, limit).map((row) => ({ ...row, at: iso(row.at), goesOn: row.goesOn === 1 }));
  const stalls = isLongest ? toldOnce(told) : told;
  return { from: iso(window.from), to: iso(window.to), stalls, more: rows.length > limit };
}

async function readSoftnet(context: ApiContext, host: string, { window, step }: Asked): Promise<SoftnetSeries> {
  const grid = stepGrid(window.from, window.to, step);
  const [cpus, pressure] = await Promise.all([
    runQuery(context.store, softnetSeries, { ...window, host, step }),
    runQuery(context.store, pressureSeries, { ...window, host, step }),
  ]);
  const fill = <R extends { at: number; observed: string }>(rows: readonly R[], value: (row: R) => string) =>
    grid.fill(rows.map((row) => ({ at: row.at, observed: Number(row.observed), value: value(row) })));
  return {
    ...told(window, step, grid.at),
    cpus: [...Map.groupBy(cpus, ({ cpu }) => cpu)].map(([cpu, rows]) => ({
      cpu,
      processed: fill(rows, (row) => row.processed),
      dropped: fill(rows, (row) => row.dropped),
      timeSqueeze: fill(rows, (row) => row.timeSqueeze),
    })),
    pressure: [...Map.groupBy(pressure, ({ resource, share }) => `${resource} ${share}`).values()].map((rows) => ({
      resource: rows[0]?.resource ?? '',
      share: rows[0]?.share ?? '',
      totalUs: fill(rows, (row) => row.totalUs),
    })),
  };
}

function told(window: RequestedWindow, stepSeconds: number, at: readonly number[]) {
  return { from: iso(window.from), to: iso(window.to), stepSeconds, at: [...at] };
}
