import { Type } from 'typebox';
import type { Notification } from '../../../alerts/notification.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import { type Attempt, type DeliveryStore, type LoggedDelivery, replayMax } from '../../control/delivery-store.ts';
import { parseInstant } from '../../slo/instant.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { RequestProblem } from '../problem.ts';
import { roadOf } from '../road.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import {
  type Delivery,
  DeliveryDetail,
  DeliveryPage,
  DeliveryState,
  ReplayBody,
  Replayed,
  type ToldNotification,
} from '../schema/deliveries.ts';
import type { Api } from '../server.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
const Name = Type.String({ minLength: 1, maxLength: 255 });
const params = Type.Object({ id: Name }, strict);
const querystring = Type.Object(
  {
    ...PageQuery,
    // A notification names up to two hundred alerts, and each is read whole to say which is the worst.
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 100, description: 'Items a page.' }),
    receiver: Type.Optional(Name),
    tenant: Type.Optional(Name),
    state: Type.Optional(DeliveryState),
  },
  strict,
);

export interface DeliveryContext extends Pick<ApiContext, 'nowMs'> {
  readonly deliveries: Pick<DeliveryStore, 'list' | 'find' | 'replay'>;
}

/** What was told to whom, each attempt of it, and the way back of what could not be delivered. */
export function deliveryRoutes(api: Api, { deliveries, nowMs }: DeliveryContext): void {
  api.get('/deliveries', { schema: { querystring, response: { 200: DeliveryPage, ...problems } } }, async (request) => {
    const { limit, cursor, ...filter } = request.query;
    const found = await deliveries.list({ ...filter, after: keyOf(cursor), limit: limit + 1 });
    const last = found.length > limit ? found[limit - 1] : undefined;
    const nextCursor = last === undefined ? null : encodeCursor([String(last.decidedMs), last.id]);
    return { items: found.slice(0, limit).map(told), nextCursor };
  });
  api.get(
    '/deliveries/:id',
    { schema: { params, response: { 200: DeliveryDetail, ...problems } } },
    async (request) => {
      const found = await deliveries.find(request.params.id);
      if (found === undefined) throw new FourninesError('FN_NOT_FOUND', 'there is no such delivery');
      const { delivery, attempts } = found;
      const notification = JSON.parse(delivery.document) as ToldNotification;
      const log = attempts.map((attempt) => toldAttempt(delivery.id, attempt));
      return { ...told({ ...delivery, last: attempts.at(-1) ?? null }), notification, log };
    },
  );
  api.post(
    '/deliveries/replay',
    { schema: { body: ReplayBody, response: { 200: Replayed, ...problems } }, onRequest: ownPageOnly },
    async (request) => {
      const { by = '', comment = '', ...body } = request.body;
      const choice = choiceOf(body);
      const said = { atMs: nowMs(), by, via: roadOf(request), comment, subject: body.id ?? body.receiver ?? '' };
      const replayed = await deliveries.replay(choice, nowMs(), (count) => {
        const details = { count, receiver: body.receiver ?? null, from: body.from ?? null, to: body.to ?? null };
        return count === 0 ? undefined : { ...said, act: 'deliveries.replayed', details };
      });
      if (replayed === 0 && body.id !== undefined) await tellWhyNot(deliveries, body.id);
      return { replayed, more: replayed === replayMax };
    },
  );
}

function keyOf(cursor: string | undefined) {
  const key = decodeCursor(cursor, 2);
  if (key === undefined) return undefined;
  const [decidedMs = '', id = ''] = key;
  if (/^\d{1,15}$/.test(decidedMs)) return { decidedMs: Number(decidedMs), id };
  throw new RequestProblem([{ where: 'querystring.cursor', problem: 'is not a cursor this server gave' }]);
}

function choiceOf({ id, receiver, from, to }: ReplayBody) {
  // Nothing chosen is not everything.
  if ([id, receiver, from, to].every((part) => part === undefined))
    throw new RequestProblem([{ where: 'body', problem: 'must have an id, a receiver, from, or to' }]);
  const [fromMs, toMs] = [msOf(from, 'from'), msOf(to, 'to')];
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs)
    throw new RequestProblem([{ where: 'body.from', problem: 'must be before to' }]);
  return { id, receiver, fromMs, toMs };
}

function msOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (parseInstant(text) !== undefined) return Date.parse(text);
  throw new RequestProblem([{ where: `body.${name}`, problem: 'is no RFC 3339 instant in UTC from 1970 to 2106' }]);
}

/** One that was named and is no dead letter is a mistake, not an empty choice. */
async function tellWhyNot(deliveries: Pick<DeliveryStore, 'find'>, id: string): Promise<void> {
  const found = await deliveries.find(id);
  if (found === undefined) throw new FourninesError('FN_NOT_FOUND', 'there is no such delivery');
  const { state } = found.delivery;
  throw new FourninesError(
    'FN_STATE_CONFLICT',
    state === 'dead' ? 'it does not fit the rest of the choice' : `it is no dead letter: it is ${state}`,
  );
}

function told({ document, last, ...delivery }: Omit<LoggedDelivery, 'ordinal'>): Delivery {
  const { id, receiver, tenant, reason, state, decidedMs, changedMs, dueMs, untilMs, attempts, code } = delivery;
  const waits = state === 'waiting';
  return {
    ...{ id, receiver, tenant, reason, state, attempts, code, ...inShort(document) },
    decidedAt: isoOf(decidedMs),
    changedAt: isoOf(changedMs),
    dueAt: waits ? isoOf(dueMs) : null,
    untilAt: waits ? isoOf(untilMs) : null,
    last: last === null ? null : toldLast(last),
  };
}

/** The alerts of a notification stand with the worst first. */
function inShort(document: string): Pick<Delivery, 'summary' | 'alerts'> {
  const { alerts = [], leftOut = 0 } = JSON.parse(document) as Partial<Notification>;
  return { summary: alerts[0]?.facts.summary ?? '', alerts: alerts.length + leftOut };
}

function toldLast({ atMs, latencyMs, outcome, status }: NonNullable<LoggedDelivery['last']>) {
  return { at: isoOf(atMs), latencyMs, outcome, status };
}

function toldAttempt(requestId: string, attempt: Attempt): DeliveryDetail['log'][number] {
  const { attempt: number, code, detail } = attempt;
  return { attempt: number, requestId, ...toldLast(attempt), code, detail };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
