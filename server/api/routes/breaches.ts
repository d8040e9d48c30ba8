import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Type } from 'typebox';
import { FourninesError } from '../../../core/runtime/error.ts';
import { acknowledgeBreach } from '../../breach/acknowledge.ts';
import { breachStates, isOngoing } from '../../breach/breach.ts';
import { bundleFiles } from '../../breach/bundle.ts';
import type { ChangeRow, HashedRow } from '../../breach/change-row.ts';
import { BreachStore } from '../../control/breach-store.ts';
import { isoOf, parseInstant } from '../../slo/instant.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { RequestProblem } from '../problem.ts';
import { roadOf } from '../road.ts';
import { Breach, type BreachChange, BreachDetail, BreachPage } from '../schema/breaches.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import { DecisionBody } from '../schema/exclusions.ts';
import type { Api } from '../server.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
const Name = Type.String({ minLength: 1, maxLength: 255 });
const Id = Type.String({ pattern: '^[0-9a-f]{32}$' });
const params = Type.Object({ id: Id }, strict);
const changeParams = Type.Object({ id: Id, entry: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }, strict);
const querystring = Type.Object(
  {
    ...PageQuery,
    slo: Type.Optional(Name),
    tenant: Type.Optional(Name),
    state: Type.Optional(Type.Enum([...breachStates])),
    open: Type.Optional(Type.Boolean({ description: 'Only those that go on; false: only those that do not.' })),
  },
  strict,
);
/** What a bundle has when it is unpacked, at most. */
const bundleBytesMax = 80 << 20;
const unpack = promisify(gunzip);

export interface BreachContext extends Pick<ApiContext, 'nowMs' | 'version'> {
  readonly control: Pick<ApiContext['control'], 'store'>;
}

/** Breaches, what changed of each, and what every change rests on. */
export function breachRoutes(api: Api, context: BreachContext): void {
  const store = new BreachStore(context.control.store);
  api.get('/breaches', { schema: { querystring, response: { 200: BreachPage, ...problems } } }, async ({ query }) => {
    const { limit, cursor, ...filter } = query;
    const found = await store.list({ ...filter, after: keyOf(cursor), limit: limit + 1 });
    const last = found.length > limit ? found[limit - 1] : undefined;
    const nextCursor = last === undefined ? null : encodeCursor([String(last.row.record.openedAt), last.row.breach]);
    return { items: found.slice(0, limit).map(toldBreach), nextCursor };
  });
  api.get(
    '/breaches/:id',
    { schema: { params, response: { 200: BreachDetail, ...problems } } },
    async ({ params: { id } }) => {
      const found = await store.find(id);
      const last = found?.changes.at(-1);
      if (found === undefined || last === undefined) throw nothing('breach');
      return {
        ...toldBreach(last),
        changes: found.changes.map(toldChange),
        chain: found.brokenAt === undefined ? ('holds' as const) : ('broken' as const),
        command: commandOf(found.changes),
      };
    },
  );
  api.get('/breaches/:id/changes/:entry/bundle', { schema: { params: changeParams } }, async (request, reply) => {
    const { id, entry } = request.params;
    const packed = await store.bundle(id, entry);
    if (packed === undefined) throw nothing('bundle');
    reply.type('application/x-tar').header('content-disposition', `attachment; filename="${fileName(id, entry)}"`);
    return unpack(packed, { maxOutputLength: bundleBytesMax });
  });
  api.post(
    '/breaches/:id/acknowledge',
    { schema: { params, body: DecisionBody, response: { 200: Breach, ...problems } }, onRequest: ownPageOnly },
    async (request) => {
      const { id } = request.params;
      const said = { ...request.body, via: roadOf(request), now: Math.floor(context.nowMs() / 1000) };
      const row = await acknowledgeBreach(store, id, { ...said, engine: context.version });
      if (row === undefined) throw nothing('breach');
      return toldBreach(row);
    },
  );
}

function nothing(what: string): FourninesError {
  return new FourninesError('FN_NOT_FOUND', `there is no such ${what}`);
}

function keyOf(cursor: string | undefined): { openedAt: number; id: string } | undefined {
  const key = decodeCursor(cursor, 2);
  if (key === undefined) return undefined;
  const [openedAt = '', id = ''] = key;
  if (/^\d{1,10}$/.test(openedAt)) return { openedAt: Number(openedAt), id };
  throw new RequestProblem([{ where: 'querystring.cursor', problem: 'is not a cursor this server gave' }]);
}

function fileName(id: string, entry: number): string {
  return `breach-${id.slice(0, 12)}-change-${entry}.tar`;
}

/** What reproduces the figures of the last change that has a bundle. */
function commandOf(changes: readonly HashedRow[]): string {
  const last = changes.findLast(({ row }) => row.evidence !== null)?.row;
  if (last === undefined) return '';
  const at = earlier(last.at, last.window.to);
  const { objective, slots, exclusions } = bundleFiles;
  return (
    `tar -xf ${fileName(last.breach, last.entry)} && ` +
    `fournines evaluate --slo ${objective} --slots ${slots} --exclusions ${exclusions} --at ${at} --json`
  );
}

function earlier(a: string, b: string): string {
  return (parseInstant(a)?.second ?? 0) < (parseInstant(b)?.second ?? 0) ? a : b;
}

function toldBreach({ row }: HashedRow): Breach {
  const { breach, slo, service, tenant, subject, window, record, state, at, tier, budgetLevel } = row;
  return {
    id: breach,
    slo: slo.name,
    sloVersion: slo.version,
    service,
    tenant,
    subject,
    window,
    openedAt: isoOf(record.openedAt),
    endedAt: isOngoing(state) ? null : at,
    state,
    tier,
    budgetLevel,
    acknowledgedBy: row.acknowledgedBy,
    causes: [...row.causes],
  };
}

function toldChange({ row, sha256 }: HashedRow): BreachChange {
  const { entry, at, state, acknowledgedBy, reason, tier, budgetLevel, figures, engine, watermark } =
    row satisfies ChangeRow;
  const told = { entry, at, state, acknowledgedBy, reason, tier, budgetLevel, figures, engine, watermark };
  return { ...told, burn: [...row.burn], evidence: row.evidence, previous: row.previous, sha256 };
}
