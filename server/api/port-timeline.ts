import { directions } from '../../core/catalogue/kind-parts.ts';
import { namesOf } from '../attribution/host-threads.ts';
import { coreOf } from '../ledger/pmd-threads.ts';
import { ownerSteps } from '../store/queries/owner-steps.ts';
import { portPmdSteps, portPmds } from '../store/queries/port-pmds.ts';
import { ringQueues, ringSteps } from '../store/queries/ring-steps.ts';
import { stallSteps, threadSpans } from '../store/queries/stall-steps.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { explainedPath } from './explanation.ts';
import { readAccountedPaths } from './path-sums.ts';
import { readPortSeries } from './port-series.ts';
import type { PortTimeline } from './schema/timeline.ts';
import { type StepGrid, stepGrid } from './series.ts';
import { iso, type RequestedWindow } from './window.ts';

interface TimelineRequest {
  readonly host: string;
  readonly port: string;
  readonly window: RequestedWindow;
  readonly step: number;
  /** One queue of the rings; undefined: all together. */
  readonly queue: number | undefined;
}

/** A port with its rings, its guest and the threads that serve it, on one grid of steps. */
export async function readPortTimeline(store: QueryContext, request: TimelineRequest): Promise<PortTimeline> {
  const { host, port, window, step } = request;
  const [series, owned, rings, threads, accounted] = await Promise.all([
    readPortSeries(store, request),
    runQuery(store, ownerSteps, { host, port, ...window, step }),
    readRings(store, request),
    readThreads(store, request),
    readAccountedPaths(store, { window, host, port, after: undefined, limit: directions.length }),
  ]);
  return {
    ...series,
    ...threads,
    rings,
    owned: owned.map(({ from, to, ...row }) => ({ ...row, from: iso(from), to: iso(to) })),
    paths: accounted.paths.map(explainedPath),
  };
}

async function readRings(store: QueryContext, request: TimelineRequest): Promise<PortTimeline['rings']> {
  const { host, port, window, step, queue } = request;
  const grid = stepGrid(window.from, window.to, step);
  const one = { oneQueue: queue === undefined ? 0 : 1, queue: queue ?? 0 };
  const [queues, steps] = await Promise.all([
    runQuery(store, ringQueues, { host, port, ...window }),
    runQuery(store, ringSteps, { host, port, ...window, step, ...one }),
  ]);
  return [...Map.groupBy(queues, ({ direction }) => direction)].map(([direction, own]) => {
    const rows = steps.filter((row) => row.direction === direction);
    const place = <T>(none: T, value: (row: RowsOf<typeof ringSteps>[number]) => T): T[] => {
      const values = grid.at.map(() => none);
      for (const row of rows) values[(row.at - window.from) / step] = value(row);
      return values;
    };
    return {
      direction,
      queues: own.map((ring) => ring.queue),
      size: Math.max(...own.map((ring) => ring.size)),
      known: place(0, (row) => Number(row.known)),
      missed: place(0, (row) => Number(row.missed)),
      fills: place<number[] | null>(null, (row) => row.fills.map(Number)),
      fullNs: place<string | null>(null, (row) => row.fullNs),
      runNs: place<string | null>(null, (row) => row.runNs),
    };
  });
}

type Threads = Pick<PortTimeline, 'guest' | 'stalls' | 'pmds'>;
type Span = RowsOf<typeof threadSpans>[number];

async function readThreads(store: QueryContext, request: TimelineRequest): Promise<Threads> {
  const { host, port, window, step } = request;
  const grid = stepGrid(window.from, window.to, step);
  const { guests, pid } = await namesOf(store, host, window.to);
  const guest = guests.get(port) ?? null;
  const [spans, pmds, busy] = await Promise.all([
    runQuery(store, threadSpans, { host, ...window, guest: guest ?? '' }),
    runQuery(store, portPmds, { host, port, ...window }),
    runQuery(store, portPmdSteps, { host, port, ...window, step }),
  ]);
  const isPolling = (span: Span) =>
    span.role === 'pmd' &&
    pmds.some(({ datapath, core }) => {
      // Threads of OVS are told by their name alone: where the switch's process is known, only its own are.
      const isSwitch = datapath.startsWith('dpdk:') || pid === 0 || span.pid === pid;
      return isSwitch && coreOf(datapath, span) === core;
    });
  const groups = [
    { of: 'guest' as const, spans: guest === null ? [] : spans.filter(({ owner }) => owner === guest) },
    { of: 'pmd' as const, spans: spans.filter(isPolling) },
  ].filter((group) => group.spans.length > 0);
  return {
    guest,
    stalls: await Promise.all(groups.map((group) => readStalls(store, request, { ...group, grid }))),
    pmds: pmds.map(({ datapath, core, queues }) => ({
      datapath,
      core,
      queues,
      busyPpm: spread(
        grid,
        busy.filter((row) => row.datapath === datapath && row.core === core),
      ),
    })),
  };
}

async function readStalls(
  store: QueryContext,
  { host, window, step }: TimelineRequest,
  { of, spans, grid }: { readonly of: 'guest' | 'pmd'; readonly spans: readonly Span[]; readonly grid: StepGrid },
): Promise<PortTimeline['stalls'][number]> {
  const threads = spans.map(({ tid, startTicks }) => `${tid} ${startTicks}`).join(',');
  const rows = await runQuery(store, stallSteps, { host, ...window, step, threads });
  const found = new Map(rows.map((row) => [row.at, row]));
  return {
    of,
    threads: spans.map(({ pid, tid, owner, name }) => ({ pid, tid, owner, name })),
    lowNs: grid.at.map((at) => found.get(at)?.lowNs ?? null),
    highNs: grid.at.map((at) => {
      const row = found.get(at);
      return row !== undefined && Number(row.known) >= secondsOf(spans, { from: at, to: at + step })
        ? row.highNs
        : null;
    }),
  };
}

/** Seconds of threads that lie in a stretch: each from the first to the last that rows tell of it. */
function secondsOf(spans: readonly Span[], { from, to }: { readonly from: number; readonly to: number }): number {
  return spans.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)), 0);
}

/** A share that was told for some seconds at once stands in every step that these touch; the greatest wins. */
function spread({ at, step }: StepGrid, rows: RowsOf<typeof portPmdSteps>): (string | null)[] {
  const values: (string | null)[] = at.map(() => null);
  const first = at[0] ?? 0;
  for (const { at: from, to, busyPpm } of rows) {
    for (let i = (from - first) / step; i < values.length && first + i * step < to; i++) {
      const known = values[i] ?? null;
      if (known === null || BigInt(busyPpm) > BigInt(known)) values[i] = busyPpm;
    }
  }
  return values;
}
