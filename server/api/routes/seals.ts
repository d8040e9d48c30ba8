import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { directions } from '../../../core/catalogue/kind-parts.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import { exportSlots, planExport, sealText } from '../../seal/export-slots.ts';
import { slotSources } from '../../seal/path-days.ts';
import { isoOf, type Path } from '../../seal/slot-line.ts';
import { sealList, sealListParameters } from '../../store/queries/seals.ts';
import { type RowsOf, runQuery } from '../../store/run-query.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { Direction, Instant, PageQuery, Problem } from '../schema/common.ts';
import { type Seal, SealPage } from '../schema/seals.ts';
import type { Api } from '../server.ts';
import { requestedWindow } from '../window.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
const Name = Type.String({ minLength: 1, maxLength: 255 });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'A UTC day, as 2026-11-01.' });
/** Each holds the lines of a day of a path at most; more at once would be the page's loss. */
const downloadsMax = 2;
const secondMax = 0xffff_ffff;
const ndjson = 'application/x-ndjson; charset=utf-8';
const Lines = Type.Unsafe<Readable>(Type.String({ description: 'NDJSON, streamed.' }));

const SlotsQuery = Type.Object(
  {
    host: Name,
    port: Name,
    direction: Type.Optional(Direction),
    from: Instant,
    to: Instant,
    source: Type.Union(
      slotSources.map((source) => Type.Literal(source)),
      { default: 'auto', description: 'raw: rows as stored; seals: sealed days; auto: raw rows while they are there.' },
    ),
    run: Type.Integer({
      minimum: 0,
      maximum: 3600,
      default: 10,
      description: 'Slots in a run that opens or ends unavailability: so far back go the rows before the window.',
    }),
  },
  strict,
);

/** GET /slots: the rows behind a verdict as NDJSON. GET /seals: the seals of days, and their text as it is hashed. */
export function sealRoutes(api: Api, context: ApiContext): void {
  const downloads = new Downloads();
  slotsRoute(api, context, downloads);
  sealListRoute(api, context);
  sealTextRoute(api, context, downloads);
}

function slotsRoute(api: Api, context: ApiContext, downloads: Downloads): void {
  api.get(
    '/slots',
    { schema: { querystring: SlotsQuery, response: { 200: Lines, ...problems } } },
    async ({ query }, reply) => {
      const request = {
        host: query.host,
        port: query.port,
        direction: query.direction,
        ...requestedWindow(query, 0),
        source: query.source,
        run: query.run,
        nowSeconds: Math.floor(context.nowMs() / 1000),
      };
      const store = { ...context.store, signal: downloads.open(reply.raw) };
      const plan = await planExport(store, request);
      reply.type(ndjson).header('cache-control', 'no-store');
      reply.headers({ 'fournines-raw-days': plan.rawDays, 'fournines-sealed-days': plan.sealedDays });
      return reply.send(textStream(exportSlots(store, plan, request)));
    },
  );
}

function sealListRoute(api: Api, context: ApiContext): void {
  api.get(
    '/seals',
    {
      schema: {
        querystring: Type.Object(
          {
            ...PageQuery,
            host: Name,
            port: Type.Optional(Name),
            direction: Type.Optional(Direction),
            from: Type.Optional(Day),
            to: Type.Optional(Day),
          },
          strict,
        ),
        response: { 200: SealPage, ...problems },
      },
    },
    async ({ query }) => {
      const { host, port, direction, limit } = query;
      const days = { from: dayOf(query.from) ?? 0, to: dayOf(query.to) ?? secondMax };
      const asked = sealListParameters({
        host,
        port,
        direction,
        ...days,
        after: after(query.cursor),
        limit: limit + 1,
      });
      const rows = await runQuery(context.store, sealList, asked);
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        items: rows.slice(0, limit).map(sealOf),
        nextCursor: last === undefined ? null : encodeCursor([last.port, last.direction, String(last.entry)]),
      };
    },
  );
}

function sealTextRoute(api: Api, context: ApiContext, downloads: Downloads): void {
  api.get(
    '/seals/:host/:port/:direction/:sha256',
    {
      schema: {
        params: Type.Object({ host: Name, port: Name, direction: Direction, sha256: Hash }),
        response: { 200: Lines, ...problems },
      },
    },
    async ({ params }, reply) => {
      const path: Path = { host: params.host, port: params.port, direction: params.direction };
      const store = { ...context.store, signal: downloads.open(reply.raw) };
      const seal = await findSeal(store, path, params.sha256);
      reply.type(ndjson).header('cache-control', 'no-store');
      return reply.send(textStream(sealText(store, path, seal)));
    },
  );
}

async function findSeal(store: ApiContext['store'], path: Path, sha256: string) {
  let place: Pick<RowsOf<typeof sealList>[number], 'port' | 'direction' | 'entry'> | undefined;
  for (;;) {
    const asked = sealListParameters({ ...path, from: 0, to: secondMax, after: place, limit: 1000 });
    const rows = await runQuery(store, sealList, asked);
    const found = rows.find((row) => row.sha256 === sha256);
    if (found !== undefined) return found;
    place = rows.at(-1);
    if (place === undefined) {
      throw new FourninesError('FN_NOT_FOUND', `${path.port} on ${path.host} has no seal ${sha256}`);
    }
  }
}

function sealOf(row: RowsOf<typeof sealList>[number]): Seal {
  const { host, port, direction, revision, entry, sha256, lines, asides, offered, delivered, offeredMax } = row;
  return {
    host,
    port,
    direction,
    day: isoOf(row.day).slice(0, 10),
    revision,
    entry,
    sha256,
    previous: row.previous === '' ? null : row.previous,
    lines,
    asides,
    offered,
    delivered,
    offeredMax,
    sealedAt: new Date(Number(row.sealedAtMs)).toISOString(),
  };
}

function dayOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  if (Number.isFinite(ms) && ms >= 0 && ms <= secondMax * 1000) return ms / 1000;
  throw new FourninesError('FN_QUERY_PARAMETER', `${text} is not a day`);
}

function after(cursor: string | undefined) {
  const [port, of, digits] = decodeCursor(cursor, 3) ?? [];
  if (port === undefined || of === undefined || digits === undefined) return undefined;
  const direction = directions.find((known) => known === of);
  if (direction === undefined || !/^\d{1,9}$/.test(digits)) {
    throw new FourninesError('FN_QUERY_PARAMETER', 'the cursor is not one of this list');
  }
  return { port, direction, entry: Number(digits) };
}

/** Bounds what is written out at once; a client that goes away ends its download. */
class Downloads {
  #open = 0;

  /** Gives the signal of a client's going away. */
  open(response: ServerResponse): AbortSignal {
    if (this.#open >= downloadsMax) {
      throw new FourninesError('FN_TOO_MANY_STREAMS', `${this.#open} downloads are under way`);
    }
    this.#open++;
    const gone = new AbortController();
    response.once('close', () => {
      this.#open--;
      gone.abort();
    });
    return gone.signal;
  }
}

function textStream(text: AsyncGenerator<string>): Readable {
  return Readable.from(text, { objectMode: false });
}
