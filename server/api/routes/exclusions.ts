import { Type } from 'typebox';
import { firstBrokenLink } from '../../control/hash-chain.ts';
import {
  type ExclusionEvent as Event,
  type ExclusionRequest,
  exclusionStates,
  type Notice,
} from '../../exclusions/exclusion.ts';
import type { Exclusions, Outcome } from '../../exclusions/exclusions.ts';
import { changes, type ExclusionChange } from '../../exclusions/rules.ts';
import { isoOf, parseInstant } from '../../slo/instant.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { type EffectContext, readEffect } from '../exclusion-effect.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { RequestProblem } from '../problem.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import { DecisionBody, Exclusion, ExclusionBody, ExclusionDetail, ExclusionPage } from '../schema/exclusions.ts';
import type { Api } from '../server.ts';

export interface ExclusionContext extends EffectContext {
  readonly exclusions: Exclusions;
  readonly nowMs: () => number;
}

const strict = { additionalProperties: false } as const;
const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, strict);
const problems = { '4xx': Problem, '5xx': Problem };
const querystring = Type.Object(
  {
    ...PageQuery,
    service: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    state: Type.Optional(Type.Enum(exclusionStates)),
  },
  strict,
);
/** Two readings of a month for each objective. */
const effectDeadlineMs = 60_000;

/** Time that is left out: asked for by one, approved by another, each change kept. */
export function exclusionRoutes(api: Api, context: ExclusionContext): void {
  const { exclusions } = context;
  api.get(
    '/exclusions',
    { schema: { querystring, response: { 200: ExclusionPage, ...problems } } },
    async ({ query }) => {
      const { service = '', state = '', limit } = query;
      const before = keyOf(query.cursor);
      const found = await exclusions.list({ service, state, before, limit: limit + 1 });
      const last = found.length > limit ? found[limit - 1] : undefined;
      const nextCursor = last === undefined ? null : encodeCursor([String(last.request.from), last.id]);
      return { items: found.slice(0, limit).map(told), nextCursor };
    },
  );
  api.get(
    '/exclusions/:id',
    { schema: { params, response: { 200: ExclusionDetail, ...problems } } },
    async (request) => {
      const events = await exclusions.events(request.params.id);
      const last = events.at(-1) ?? events[0];
      const broken = firstBrokenLink(events);
      const now = Math.floor(context.nowMs() / 1000);
      const signal = AbortSignal.timeout(effectDeadlineMs);
      const effect = await readEffect(context, last, { now, signal });
      return {
        ...told(last),
        events: events.map(toldEvent),
        brokenAt: broken === undefined ? null : broken + 1,
        ...effect,
      };
    },
  );
  api.post(
    '/exclusions',
    { schema: { body: ExclusionBody, response: { 201: Exclusion, ...problems } }, onRequest: ownPageOnly },
    async (request, reply) => {
      const event = recorded(await exclusions.request(requestOf(request.body)));
      reply.status(201);
      return told(event);
    },
  );
  for (const change of Object.keys(changes) as ExclusionChange[]) {
    api.post(
      `/exclusions/:id/${change}`,
      { schema: { params, body: DecisionBody, response: { 200: Exclusion, ...problems } }, onRequest: ownPageOnly },
      async (request) => told(recorded(await exclusions.change(change, request.params.id, request.body))),
    );
  }
}

function keyOf(cursor: string | undefined): { from: number; id: string } | undefined {
  const [from = '', id = ''] = decodeCursor(cursor, 2) ?? [];
  if (cursor === undefined) return undefined;
  if (!/^\d{1,10}$/.test(from)) throw new RequestProblem([{ where: 'querystring.cursor', problem: 'is not ours' }]);
  return { from: Number(from), id };
}

function recorded(outcome: Outcome): Event {
  if ('event' in outcome) return outcome.event;
  throw new RequestProblem(outcome.broken.map(({ where, problem }) => ({ where: `body.${where}`, problem })));
}

function requestOf({ from, to, notice, ...body }: ExclusionBody): ExclusionRequest {
  return {
    ...body,
    from: secondOf(from, 'from'),
    to: secondOf(to, 'to'),
    notice: notice == null ? null : { ...notice, givenAt: secondOf(notice.givenAt, 'notice.givenAt') },
  };
}

/** Slots are seconds, and cannot be cut. */
function secondOf(text: string, where: string): number {
  const instant = parseInstant(text);
  if (instant?.whole === true) return instant.second;
  throw new RequestProblem([
    { where: `body.${where}`, problem: 'must be an instant on a whole second in UTC, as 2026-11-01T00:00:00Z' },
  ]);
}

function told({ id, revision, state, by, request, requestedAtMs, warnings }: Event): Exclusion {
  const { service, from, to, category, reason, requestedBy, notice } = request;
  return {
    ...{ id, service, from: isoOf(from), to: isoOf(to), category, reason, state, revision, requestedBy },
    requestedAt: isoOfMs(requestedAtMs),
    decidedBy: state === 'requested' ? null : by,
    notice: notice && toldNotice(notice),
    warnings: [...warnings],
  };
}

function toldNotice({ givenAt, reference }: Notice) {
  return { givenAt: isoOf(givenAt), reference };
}

function toldEvent({ revision, atMs, state, by, comment, document, sha256, previous }: Event) {
  return { revision, at: isoOfMs(atMs), state, by, comment, document, sha256, previous };
}

function isoOfMs(ms: number): string {
  return new Date(ms).toISOString();
}
