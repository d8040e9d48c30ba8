import { Type } from 'typebox';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { DeliveryStore, ReceiverQueue } from '../../control/delivery-store.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { saidOf } from '../road.ts';
import { DoneBy } from '../schema/acts.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import { Receiver, ReceiverPage } from '../schema/receivers.ts';
import type { Api } from '../server.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
const params = Type.Object({ name: Type.String({ minLength: 1, maxLength: 255 }) }, strict);
const querystring = Type.Object(PageQuery, strict);

export interface ReceiverContext extends Pick<ApiContext, 'nowMs'> {
  readonly deliveries: Pick<DeliveryStore, 'receivers' | 'receiver' | 'enable'>;
}

/** Receivers that something was to be sent to: whether it arrives, and what waits for them. */
export function receiverRoutes(api: Api, { deliveries, nowMs }: ReceiverContext): void {
  api.get(
    '/receivers',
    { schema: { querystring, response: { 200: ReceiverPage, ...problems } } },
    async ({ query }) => {
      const [after = ''] = decodeCursor(query.cursor, 1) ?? [];
      const { limit } = query;
      const found = await deliveries.receivers(after, limit + 1);
      const last = found.length > limit ? found[limit - 1] : undefined;
      const now = nowMs();
      return {
        items: found.slice(0, limit).map((queue) => told(queue, now)),
        nextCursor: last === undefined ? null : encodeCursor([last.receiver]),
      };
    },
  );
  api.post(
    '/receivers/:name/enable',
    { schema: { params, body: DoneBy, response: { 200: Receiver, ...problems } }, onRequest: ownPageOnly },
    async (request) => {
      const { name } = request.params;
      const act = { ...saidOf(request, nowMs()), act: 'receiver.enabled', subject: name, details: {} } as const;
      const found = (await deliveries.enable(name, (isThere) => (isThere ? act : undefined)))
        ? await deliveries.receiver(name)
        : undefined;
      if (found === undefined) throw new FourninesError('FN_NOT_FOUND', 'nothing was ever sent to such a receiver');
      return told(found, nowMs());
    },
  );
}

function told({ receiver, circuit, waiting, oldestMs }: ReceiverQueue, nowMs: number): Receiver {
  const { failures, openUntilMs, disabled } = circuit;
  const isOpen = openUntilMs > nowMs;
  return {
    name: receiver,
    circuit: disabled !== '' ? 'disabled' : isOpen ? 'open' : 'closed',
    failures,
    openUntil: isOpen ? new Date(openUntilMs).toISOString() : null,
    disabled,
    waiting,
    // A clock that was set back makes nothing younger than new.
    oldestSeconds: oldestMs === null ? null : Math.max(0, Math.floor((nowMs - oldestMs) / 1_000)),
  };
}
