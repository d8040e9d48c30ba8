import { randomUUID } from 'node:crypto';
import { Type } from 'typebox';
import type { Notification } from '../../../alerts/notification.ts';
import { type AlertingDesk, unknownReceiver } from '../../alerts/alerting-desk.ts';
import type { Dispatcher } from '../../alerts/dispatcher.ts';
import type { DeliveryStore } from '../../control/delivery-store.ts';
import { isoOf } from '../../slo/instant.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { roadOf, saidOf } from '../road.ts';
import { DoneBy } from '../schema/acts.ts';
import {
  Alerting,
  AlertingBody,
  AppliedAlerting,
  MadeKey,
  NewKeyBody,
  ReceiverKeys,
  SentTest,
} from '../schema/alerting.ts';
import { Problem } from '../schema/common.ts';
import type { Api } from '../server.ts';

export interface AlertingContext {
  readonly desk: AlertingDesk;
  readonly deliveries: DeliveryStore;
  readonly dispatcher: Pick<Dispatcher, 'wake'>;
  readonly nowMs: () => number;
}

const params = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false });
const problems = { '4xx': Problem, '5xx': Problem };

/** Who is told of breaches: the document that says so, the keys of receivers, and a test of one. */
export function alertingRoutes(api: Api, { desk, deliveries, dispatcher, nowMs }: AlertingContext): void {
  api.get('/alerting', { schema: { response: { 200: Alerting, ...problems } } }, async () => {
    const { applied } = desk;
    if (applied === undefined) return { version: 0, document: null, by: null, at: null, receivers: [] };
    const { version, document, by, atMs } = applied;
    const receivers = desk.receivers.map(({ spec: { name, tenant, channel }, keys }) => {
      return { name, tenant, channel, keys: keys.length };
    });
    return { version, document, by, at: isoAt(atMs), receivers };
  });
  api.post(
    '/alerting/apply',
    {
      schema: { body: AlertingBody, response: { 200: AppliedAlerting, ...problems } },
      onRequest: ownPageOnly,
    },
    async (request) => {
      const { document, by, dryRun = false } = request.body;
      return { version: await desk.apply(document, { by, via: roadOf(request), dryRun }), dryRun };
    },
  );
  api.get(
    '/receivers/:name/keys',
    { schema: { params, response: { 200: ReceiverKeys, ...problems } } },
    async ({ params: { name } }) => {
      if (desk.receiver(name) === undefined) throw unknownReceiver(name);
      const items = desk.keysOf(name).map(({ id, madeBy, madeMs, untilMs }) => {
        return { id, madeBy, madeAt: isoAt(madeMs), until: untilMs === null ? null : isoAt(untilMs) };
      });
      return { items };
    },
  );
  api.post(
    '/receivers/:name/keys',
    { schema: { params, body: NewKeyBody, response: { 200: MadeKey, ...problems } }, onRequest: ownPageOnly },
    async (request, reply) => {
      const made = await desk.newKey(request.params.name, { ...request.body, via: roadOf(request) });
      return reply.header('cache-control', 'no-store').send(made);
    },
  );
  api.post(
    '/receivers/:name/test',
    { schema: { params, body: DoneBy, response: { 200: SentTest, ...problems } }, onRequest: ownPageOnly },
    async (request) => {
      const { name } = request.params;
      const receiver = desk.receiver(name);
      if (receiver === undefined) throw unknownReceiver(name);
      const notification = aTest(name, receiver.spec.tenant, Math.floor(nowMs() / 1_000));
      const { id, tenant, reason } = notification;
      const document = JSON.stringify(notification);
      const decidedMs = nowMs();
      const said = saidOf(request, decidedMs);
      await deliveries.add([{ id, receiver: name, tenant, reason, document, decidedMs }], () => {
        return { ...said, act: 'receiver.tested', subject: name, details: { delivery: id } };
      });
      dispatcher.wake();
      return { delivery: id };
    },
  );
}

/** Without an alert: channels tell a sample, and say that it is one. */
function aTest(receiver: string, tenant: string | null, at: number): Notification {
  const group = { key: 'test', labels: {} };
  return {
    id: `test-${randomUUID()}`,
    receiver,
    tenant,
    group,
    reason: 'test',
    sequence: 1,
    at,
    alerts: [],
    leftOut: 0,
  };
}

function isoAt(ms: number): string {
  return isoOf(Math.floor(ms / 1_000));
}
