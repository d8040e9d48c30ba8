import { Type } from 'typebox';
import { FourninesError } from '../../../core/runtime/error.ts';
import { readWatermark } from '../../live/stored-to.ts';
import { delivery } from '../../sli/packet-delivery.ts';
import { latestXstats } from '../../store/queries/latest-xstats.ts';
import { queueSeries } from '../../store/queries/queue-series.ts';
import { type RowsOf, runQuery } from '../../store/run-query.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, decodePortCursor, encodeCursor } from '../cursor.ts';
import { type AccountedPath, readAccountedPaths, readPaths } from '../path-sums.ts';
import { readPortBursts } from '../port-bursts.ts';
import { readReplay } from '../port-replay.ts';
import { readPortSeries } from '../port-series.ts';
import { readPortTimeline } from '../port-timeline.ts';
import { RequestProblem } from '../problem.ts';
import { PortBursts } from '../schema/bursts.ts';
import { PageQuery, Problem, WindowQuery } from '../schema/common.ts';
import { PortPage, PortReplay, PortSeries, type PortSums, QueueSeries, XstatPage } from '../schema/ports.ts';
import { PortTimeline } from '../schema/timeline.ts';
import { stepGrid } from '../series.ts';
import type { Api } from '../server.ts';
import { tellWindow } from '../tell-window.ts';
import { iso, type RequestedWindow, requestedStep, requestedWindow } from '../window.ts';

const strict = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: 255 });
const PortParams = Type.Object({ host: Name, port: Name });
const SeriesQuery = Type.Object(
  {
    ...WindowQuery,
    step: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, description: 'Seconds a step.' })),
  },
  strict,
);
const TimelineQuery = Type.Object(
  {
    ...SeriesQuery.properties,
    queue: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535, description: 'Of the rings: this queue alone.' })),
  },
  strict,
);
/** Rings and threads are kept second by second: of a longer window there are too many rows, s. */
const secondsAtOnceMax = 86_400;
const problems = { '4xx': Problem, '5xx': Problem };
/** Extended counters not written for so long belong to a port that is gone, or to another time, s. */
const xstatReachSeconds = 600;

export function portRoutes(api: Api, context: ApiContext): void {
  secondRoutes(api, context);
  api.get(
    '/ports',
    {
      schema: {
        querystring: Type.Object(
          { ...PageQuery, ...WindowQuery, host: Type.Optional(Name), port: Type.Optional(Name) },
          strict,
        ),
        response: { 200: PortPage, ...problems },
      },
    },
    async ({ query }) => {
      const { host, port, limit } = query;
      const watermark = await readWatermark(context, host);
      const window = requestedWindow(query, watermark.completeTo ?? nowSecond(context));
      const after = decodePortCursor(query.cursor);
      const told = await tellWindow(context, { window, watermark, host });
      const { paths, nextCursor } = await readAccountedPaths(context.store, { window, host, port, after, limit });
      return { ...told, items: paths.map(portSumsOf), nextCursor };
    },
  );
  api.get(
    '/ports/:host/:port/series',
    { schema: { params: PortParams, querystring: SeriesQuery, response: { 200: PortSeries, ...problems } } },
    async ({ params, query }) => steppedPort(context, params, query),
  );
  api.get(
    '/ports/:host/:port/replay',
    {
      schema: {
        params: PortParams,
        querystring: Type.Object(WindowQuery, strict),
        response: { 200: PortReplay, ...problems },
      },
    },
    async ({ params, query }) => replayPort(context, params, query),
  );
  api.get(
    '/ports/:host/:port/queues',
    { schema: { params: PortParams, querystring: SeriesQuery, response: { 200: QueueSeries, ...problems } } },
    async ({ params, query }) => readQueueSeries(context, params, query),
  );
  api.get(
    '/ports/:host/:port/xstats',
    {
      schema: {
        params: PortParams,
        querystring: Type.Object(PageQuery, strict),
        response: { 200: XstatPage, ...problems },
      },
    },
    async ({ params, query }) => {
      const from = nowSecond(context) - xstatReachSeconds;
      const afterName = decodeCursor(query.cursor, 1)?.[0] ?? '';
      const rows = await runQuery(context.store, latestXstats, { ...params, afterName, from, limit: query.limit + 1 });
      const items = rows.slice(0, query.limit).map(({ name, value, at }) => ({ name, value, at: iso(at) }));
      const last = items.at(-1);
      return { items, nextCursor: rows.length > query.limit && last ? encodeCursor([last.name]) : null };
    },
  );
}

/** What is told second by second: of a day at most. */
function secondRoutes(api: Api, context: ApiContext): void {
  api.get(
    '/ports/:host/:port/timeline',
    { schema: { params: PortParams, querystring: TimelineQuery, response: { 200: PortTimeline, ...problems } } },
    async ({ params, query }) => timelineOf(context, params, query),
  );
  api.get(
    '/ports/:host/:port/bursts',
    {
      schema: {
        params: PortParams,
        querystring: Type.Object(WindowQuery, strict),
        response: { 200: PortBursts, ...problems },
      },
    },
    async ({ params, query }) => {
      const bursts = await readPortBursts(context.store, { ...params, window: dayAtMost(context, query) });
      if (bursts.directions.length === 0 && bursts.full.length === 0) await requirePort(context, params);
      return bursts;
    },
  );
}

async function replayPort(context: ApiContext, name: PortName, query: SeriesAsked): Promise<PortReplay> {
  const watermark = await readWatermark(context, name.host);
  const window = requestedWindow(query, watermark.completeTo ?? nowSecond(context));
  const replay = await readReplay(context.store, { ...name, window });
  if (replay.causes.length === 0 && replay.counters.length === 0) await requirePort(context, name);
  return replay;
}

function nowSecond(context: ApiContext): number {
  return Math.floor(context.nowMs() / 1000);
}

function portSumsOf(path: AccountedPath): PortSums {
  const { offered, delivered, drops } = delivery(path);
  return {
    host: path.host,
    port: path.port,
    direction: path.direction,
    countedIn: path.countedIn,
    lastSlot: iso(path.lastSlot),
    slots: path.slots,
    packets: String(path.packets),
    bytes: String(path.bytes),
    offered: String(offered),
    delivered: String(delivered),
    drops: String(drops),
    causes: path.causes.map(({ cause, place, packets }) => ({ cause, place, packets: String(packets) })),
    pending: String(path.pending),
    unexplained: String(path.unexplained),
  };
}

interface PortName {
  readonly host: string;
  readonly port: string;
}

type SeriesAsked = { readonly from?: string; readonly to?: string; readonly step?: number };

async function steppedPort(context: ApiContext, name: PortName, query: SeriesAsked): Promise<PortSeries> {
  const asked = requestedStep(requestedWindow(query, nowSecond(context)), query.step);
  const series = await readPortSeries(context.store, { ...name, ...asked });
  if (series.directions.length === 0) await requirePort(context, name);
  return series;
}

/** A window in which rows are read second by second. */
function dayAtMost(context: ApiContext, query: SeriesAsked): RequestedWindow {
  const window = requestedWindow(query, nowSecond(context));
  if (window.to - window.from <= secondsAtOnceMax) return window;
  throw new RequestProblem([{ where: 'querystring.from', problem: 'makes a window of more than 24 hours' }]);
}

async function timelineOf(
  context: ApiContext,
  name: PortName,
  query: SeriesAsked & { readonly queue?: number },
): Promise<PortTimeline> {
  const asked = requestedStep(dayAtMost(context, query), query.step);
  const timeline = await readPortTimeline(context.store, { ...name, ...asked, queue: query.queue });
  if (timeline.directions.length === 0 && timeline.rings.length === 0) await requirePort(context, name);
  return timeline;
}

/** A port that was never seen is an error; one without rows in the window is an empty series. */
async function requirePort(context: ApiContext, { host, port }: PortName): Promise<void> {
  const to = nowSecond(context) + 1;
  const window = { from: to - 7 * 86_400, to };
  const { paths } = await readPaths(context.store, { window, host, port, after: undefined, limit: 1 });
  if (paths.length > 0) return;
  throw new FourninesError('FN_NOT_FOUND', `there is no port ${port} on ${host}`, { context: { host, port } });
}

async function readQueueSeries(
  context: ApiContext,
  { host, port }: PortName,
  query: SeriesAsked,
): Promise<QueueSeries> {
  const { window, step } = requestedStep(requestedWindow(query, nowSecond(context)), query.step);
  const grid = stepGrid(window.from, window.to, step);
  const rows = await runQuery(context.store, queueSeries, { host, port, ...window, step });
  const queues = [...Map.groupBy(rows, ({ direction, queue }) => `${direction} ${queue}`).values()];
  return {
    host,
    port,
    window: { from: iso(window.from), to: iso(window.to) },
    stepSeconds: step,
    at: [...grid.at],
    queues: queues.map((of) => {
      const fill = (value: (row: RowsOf<typeof queueSeries>[number]) => [known: string, value: string]) =>
        grid.fill(of.map((row) => ({ at: row.at, observed: Number(value(row)[0]), value: value(row)[1] })));
      return {
        direction: of[0]?.direction ?? 'rx',
        queue: of[0]?.queue ?? 0,
        packets: fill((row) => [row.observed, row.packets]),
        bytes: fill((row) => [row.bytesKnown, row.bytes]),
        drops: fill((row) => [row.dropsKnown, row.drops]),
      };
    }),
  };
}
