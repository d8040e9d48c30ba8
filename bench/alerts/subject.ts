import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { channels } from '../../alerts/channels/index.ts';
import { createEgress, type Egress } from '../../alerts/egress/egress.ts';
import { answerOf } from '../../alerts/egress/outcome.ts';
import { type ReceiverRules, readEgressRules, readReceiverRules } from '../../alerts/egress/rules.ts';
import type { Notification } from '../../alerts/notification.ts';
import { parseSigningKey, type SigningKey } from '../../alerts/signature/key.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { Dispatcher } from '../../server/alerts/dispatcher.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { type Delivery, DeliveryStore } from '../../server/control/delivery-store.ts';
import { EmbeddedStore } from '../../server/control/embedded/embedded-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { PostgresStore } from '../../server/control/postgres/postgres-store.ts';
import { serve } from './child.ts';
import { Decider } from './decider.ts';
import {
  type Engine,
  type ReceiverClass,
  type SubjectRequest,
  type TurnPlan,
  type TurnTold,
  wallMs,
} from './protocol.ts';

/** Entry of the process that is measured: what decides, the outbox, the dispatcher, and the way out. */

const tables = ['delivery_attempt', 'delivery', 'receiver_queue'];
const stores = new Map<Engine, ControlStore>();

serve<SubjectRequest>(async (request) => {
  switch (request.type) {
    case 'open':
      stores.set('postgres', new PostgresStore({ ...request.postgres, logger: silentLogger }));
      stores.set('embedded', new EmbeddedStore({ folder: join(request.folder, 'control'), logger: silentLogger }));
      for (const store of stores.values()) {
        await store.open();
        await migrateControl(store);
      }
      return undefined;
    case 'clear':
      for (const [engine, store] of stores) await clear(engine, store);
      return undefined;
    case 'turn':
      return turn(request.plan, request.startMs);
    case 'close':
      for (const store of stores.values()) await store.close();
      return undefined;
  }
});

/** Turns begin alike: with empty tables, whatever was deleted is gone. */
async function clear(engine: Engine, store: ControlStore): Promise<void> {
  for (const table of tables) await store.query(`DELETE FROM ${table}`);
  if (engine === 'postgres') for (const table of tables) await store.query(`VACUUM ANALYZE ${table}`);
}

async function turn(plan: TurnPlan, startMs: number): Promise<TurnTold> {
  const store = stores.get(plan.engine) as ControlStore;
  await clear(plan.engine, store);
  const deliveries = new DeliveryStore(store);
  const sender = new Sender(plan);
  const decider = new Decider(plan, deliveries, () => dispatcher.wake());
  const dispatcher = new Dispatcher({
    deliveries,
    send: async (delivery, signal) => {
      const answer = await sender.send(delivery, signal);
      if (answer.outcome === 'delivered') decider.delivered(delivery.receiver);
      return answer;
    },
    ready: async () => undefined,
    logger: silentLogger,
    nowMs: Date.now,
    permille: () => Math.floor(Math.random() * 1_001),
  });
  await delay(Math.max(0, startMs - plan.warmSeconds * 1_000 - wallMs()));
  await dispatcher.start();
  decider.start();
  try {
    return await measured(plan, { store, decider, dispatcher }, startMs);
  } finally {
    await decider.stop();
    await dispatcher.stop();
  }
}

interface Running {
  readonly store: ControlStore;
  readonly decider: Decider;
  readonly dispatcher: Dispatcher;
}

async function measured(plan: TurnPlan, { store, decider, dispatcher }: Running, startMs: number): Promise<TurnTold> {
  const read = async () => ({
    atMs: wallMs(),
    ...decider.counts(),
    attempts: dispatcher.stats.attempts,
    cpu: process.cpuUsage(),
    written: await writtenBytes(plan.engine, store),
    conflicts: store.stats().conflicts,
  });
  await delay(Math.max(0, startMs - wallMs()));
  const first = await read();
  await delay((plan.seconds * 1_000) / 2);
  const middle = decider.counts();
  await delay(Math.max(0, startMs + plan.seconds * 1_000 - wallMs()));
  const last = await read();
  const { user, system } = process.cpuUsage(first.cpu);
  return {
    seconds: (last.atMs - first.atMs) / 1_000,
    added: last.added - first.added,
    delivered: last.delivered - first.delivered,
    backlogMiddle: middle.added - middle.delivered,
    backlogEnd: last.added - last.delivered,
    addMsMax: last.addMsMax,
    attempts: last.attempts - first.attempts,
    cpuMs: (user + system) / 1_000,
    writtenBytes:
      first.written === undefined || last.written === undefined ? undefined : Number(last.written - first.written),
    conflicts: last.conflicts - first.conflicts,
    failures: dispatcher.stats.failures + decider.failures,
    lastErrorCode: dispatcher.stats.lastErrorCode || decider.lastError,
  };
}

async function writtenBytes(engine: Engine, store: ControlStore): Promise<bigint | undefined> {
  if (engine !== 'postgres') return undefined;
  const [row] = await store.query("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS bytes");
  return BigInt(String(row?.['bytes']));
}

/** Forms and sends as the product does: signed, and by the guarded way out. */
class Sender {
  readonly #plan: TurnPlan;
  readonly #egress: Egress;
  readonly #receiver: ReceiverRules = readReceiverRules({ privateRanges: [], http: 'allowed', ca: null });
  readonly #keys: readonly SigningKey[];

  constructor(plan: TurnPlan) {
    this.#plan = plan;
    this.#keys = [parseSigningKey(plan.secret)];
    this.#egress = createEgress(readEgressRules({ own: [], ports: plan.ports, headers: [], loopback: 'development' }));
  }

  async send({ receiver, document }: Delivery, signal: AbortSignal) {
    const notification = JSON.parse(document) as Notification;
    const { headers, body } = channels.webhook.form(notification, {
      baseUrl: 'https://fournines.example',
      language: 'en',
      zone: 'UTC',
      attemptAt: Math.floor(Date.now() / 1_000),
      keys: this.#keys,
    });
    return answerOf(await this.#egress.send({ url: this.#urlOf(receiver), headers, body }, this.#receiver, signal));
  }

  #urlOf(receiver: string): string {
    const [, name, number] = receiver.split('-') as [string, ReceiverClass, string];
    const { ports } = this.#plan;
    return `http://127.0.0.1:${ports[Number(number) % ports.length]}/${name}/${receiver}`;
  }
}
