import { type Static, Type } from 'typebox';
import { alertStatuses, severities } from '../../../alerts/alert.ts';
import { notificationReasons } from '../../../alerts/notification.ts';
import { Remark, Who } from './acts.ts';
import { Count, Instant, page } from './common.ts';

const deliveryStates = ['waiting', 'delivered', 'dead'] as const;
const attemptOutcomes = ['delivered', 'retry', 'giveUp', 'gone'] as const;

/** Unix seconds, as receivers are told them. */
const Second = Type.Integer({ description: 'Unix seconds.' });
const SecondOrNull = Type.Union([Type.Integer(), Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Labels = Type.Record(Type.String(), Type.String());

export const DeliveryState = Type.Enum([...deliveryStates], {
  description: 'dead: no attempt is made any more, unless somebody has it replayed.',
});

const Outcome = Type.Enum([...attemptOutcomes], {
  description:
    'retry: it may work later; giveUp: the receiver understood and refused, as it would again; gone: the receiver says ' +
    'that it is no more.',
});
const Status = Type.Union([Type.Integer(), Type.Null()], {
  description: 'Of HTTP, or the reply of a mail server; null: no answer came.',
});
const LatencyMs = Type.Integer({ description: 'From the beginning of the attempt to its end, ms.' });

const Attempt = Type.Object({
  attempt: Type.Integer({ description: 'From 1.' }),
  requestId: Type.String({ description: 'Sent as `webhook-id`: the same at each attempt.' }),
  at: Instant,
  latencyMs: LatencyMs,
  outcome: Outcome,
  status: Status,
  code: Type.String({ description: 'See docs/errors.md; empty: it was delivered.' }),
  detail: Type.String({ description: 'What the other side said, made harmless and short.' }),
});

export const Delivery = Type.Object({
  id: Type.String({ description: 'Of the notification, for ever; receivers of webhooks get it as `webhook-id`.' }),
  receiver: Type.String(),
  tenant: Type.Union([Type.String(), Type.Null()], { description: 'null: for the operator.' }),
  reason: Type.Enum([...notificationReasons]),
  summary: Type.String({ description: 'Of the worst alert in it; empty: there is none.' }),
  alerts: Type.Integer({ description: 'Those that are named in it, and those for which there was no room.' }),
  state: DeliveryState,
  decidedAt: Instant,
  changedAt: Instant,
  dueAt: Type.Union([Instant, Type.Null()], { description: 'No attempt before; null: none is to be made.' }),
  untilAt: Type.Union([Instant, Type.Null()], { description: 'Then it is a dead letter; null: it does not wait.' }),
  attempts: Type.Integer(),
  code: Type.String({ description: 'Of the last attempt, or why it is dead without one; empty: none.' }),
  last: Type.Union(
    [Type.Object({ at: Instant, latencyMs: LatencyMs, outcome: Outcome, status: Status }), Type.Null()],
    {
      description: 'The last attempt; null: none was made.',
    },
  ),
});
export type Delivery = Static<typeof Delivery>;
export const DeliveryPage = page(Delivery);
export type DeliveryPage = Static<typeof DeliveryPage>;

const Alert = Type.Object({
  fingerprint: Type.String(),
  labels: Labels,
  severity: Type.Enum([...severities]),
  status: Type.Enum([...alertStatuses]),
  entry: Type.Integer(),
  startsAt: Second,
  endsAt: SecondOrNull,
  changedAt: Second,
  facts: Type.Object({
    summary: Type.String(),
    event: Type.String(),
    objective: Type.Object({ name: Type.String(), version: Type.Integer(), indicator: Type.String() }),
    window: Type.Object({ from: Second, to: Second, zone: Type.String() }),
    budget: Type.Union([
      Type.Object({ allowed: Type.String(), spent: Type.String(), remaining: Type.String() }),
      Type.Null(),
    ]),
    exhaustedAt: SecondOrNull,
    tier: TextOrNull,
    budgetLevel: Type.Union([Type.Integer(), Type.Null()], {
      description:
        'Percent: the highest of 50, 75, 90 and 100 that was reached; null: none, or it is not about a budget.',
    }),
    causes: Type.Array(
      Type.Object({
        cause: Type.String(),
        owner: Type.String(),
        host: Type.String(),
        port: Type.String(),
        packets: Type.Union([Count, Type.Null()]),
        owners: Type.Optional(Type.Object({ provider: Count, tenant: Count, contract: Count, unknown: Count })),
      }),
    ),
    tried: Type.Array(Type.String()),
    acknowledgedBy: TextOrNull,
    links: Type.Object({
      page: Type.String(),
      evidence: TextOrNull,
      timeline: Type.Optional(Type.String()),
      explain: Type.Optional(Type.String()),
    }),
  }),
  flapping: Type.Optional(Type.Literal(true)),
});

export type ToldAlert = Static<typeof Alert>;

const Notification = Type.Object(
  {
    id: Type.String(),
    receiver: Type.String(),
    tenant: TextOrNull,
    group: Type.Object({ key: Type.String(), labels: Labels }),
    reason: Type.Enum([...notificationReasons]),
    sequence: Type.Integer({ description: 'Counts what was told of the group to this receiver, from 1.' }),
    at: Second,
    alerts: Type.Array(Alert),
    leftOut: Type.Integer({ description: 'Alerts for which there was no room.' }),
  },
  { description: 'What is told, before a channel gives it its form. It holds no secret.' },
);
export type ToldNotification = Static<typeof Notification>;

export const DeliveryDetail = Type.Object({
  ...Delivery.properties,
  notification: Notification,
  log: Type.Array(Attempt, { description: 'The last hundred attempts, the oldest of them first.' }),
});
export type DeliveryDetail = Static<typeof DeliveryDetail>;

export const ReplayBody = Type.Object(
  {
    id: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    receiver: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    from: Type.Optional(Instant),
    to: Type.Optional(Instant),
    by: Type.Optional(Who),
    comment: Type.Optional(Remark),
  },
  {
    additionalProperties: false,
    description:
      'Dead letters that fit all of it: one, those of a receiver, those decided in [from, to). One of these must be there.',
  },
);
export type ReplayBody = Static<typeof ReplayBody>;

export const Replayed = Type.Object({
  replayed: Type.Integer({ description: 'Dead letters that wait again, under their ids and in their order.' }),
  more: Type.Boolean({ description: 'There may be more that fit: ask again.' }),
});
export type Replayed = Static<typeof Replayed>;
