import { setTimeout as delay } from 'node:timers/promises';
import type { Notification } from '../../alerts/notification.ts';
import { type AlertConfig, defaultLimits } from '../../alerts/state/config.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { Notifier } from '../../server/alerts/notifier.ts';
import { AlertStore } from '../../server/control/alert-store.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { DeliveryStore } from '../../server/control/delivery-store.ts';
import { PostgresStore } from '../../server/control/postgres/postgres-store.ts';
import { memoryMiB } from '../pipeline/process-usage.ts';
import { serve } from './child.ts';
import type { StormRequest, StormTold } from './protocol.ts';

/** Entry of the process that a storm comes over: a notifier that finds it waiting. */

const deadlineMs = 60_000;
/** Who is told; each by a route that takes everything. */
const receivers = ['ops', 'noc'] as const;

serve<StormRequest>(async (request) => {
  if (request.type === 'close') return undefined;
  const store = new PostgresStore({ ...request.postgres, logger: silentLogger });
  try {
    return await storm(store, request);
  } finally {
    await store.close();
  }
});

type Storm = Extract<StormRequest, { type: 'storm' }>;

async function storm(store: ControlStore, { changes, waitSeconds }: Storm): Promise<StormTold> {
  const alerts = new AlertStore(store);
  const config = configOf(waitSeconds);
  const writtenBefore = await writtenBytes(store);
  const startMiB = memoryMiB(process.pid).now;
  const beganMs = performance.now();
  let toldMs = 0;
  const notifier = new Notifier({
    store: alerts,
    config: () => config,
    indicatorOf: async () => 'availability',
    ready: async () => undefined,
    onDeliveries: () => {
      toldMs = performance.now() - beganMs;
    },
    logger: silentLogger,
    nowMs: Date.now,
  });
  await notifier.start();
  const taken = await until(() => notifier.stats.changes >= changes);
  const takenMs = performance.now() - beganMs;
  await until(() => notifier.stats.notifications >= receivers.length);
  // One more would come within a second.
  await delay(2_000);
  const peakMiB = memoryMiB(process.pid).peak;
  const { failures, lastErrorCode } = notifier.stats;
  await notifier.stop();
  const writtenBytesAll = Number((await writtenBytes(store)) - writtenBefore);
  const loadBeganMs = performance.now();
  await alerts.load();
  const loadMs = performance.now() - loadBeganMs;
  const listed = await new DeliveryStore(store).list({ limit: 100 });
  const notifications = listed.map(({ document }) => {
    const { receiver, alerts: named, leftOut } = JSON.parse(document) as Notification;
    return { receiver, named: named.length, leftOut, bytes: document.length };
  });
  const times = { takenMs: taken ? takenMs : Number.NaN, outboxMs: toldMs, loadMs };
  return { ...times, notifications, writtenBytes: writtenBytesAll, startMiB, peakMiB, failures, lastErrorCode };
}

/** Two routes one after the other, and nothing that parts what they take. */
function configOf(groupWaitSeconds: number): AlertConfig {
  const routes = receivers.map((receiver) => ({
    ...{ name: receiver, matchers: [], continue: true, receivers: [receiver], groupBy: ['alertname'] },
    ...{ groupWaitSeconds, routes: [] },
  }));
  return {
    version: 1,
    receivers: receivers.map((name) => ({ name, tenant: null })),
    trees: [{ tenant: null, root: { name: 'all', matchers: [], continue: false, routes } }],
    inhibitions: [],
    flapping: null,
    limits: defaultLimits,
  };
}

async function until(isSo: () => boolean): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (!isSo()) {
    if (performance.now() > end) return false;
    await delay(5);
  }
  return true;
}

async function writtenBytes(store: ControlStore): Promise<bigint> {
  const [row] = await store.query("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS bytes");
  return BigInt(String(row?.['bytes']));
}
