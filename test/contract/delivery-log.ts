import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sampleNotification } from '../../alerts/content/sample.ts';
import type { Notification } from '../../alerts/notification.ts';
import { closedCircuit } from '../../alerts/outbox/circuit.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { DeliveryKeeper } from '../../server/alerts/delivery-keeper.ts';
import { deliveryRoutes } from '../../server/api/routes/deliveries.ts';
import { receiverRoutes } from '../../server/api/routes/receivers.ts';
import type { Problem } from '../../server/api/schema/common.ts';
import type { DeliveryDetail, DeliveryPage, Replayed } from '../../server/api/schema/deliveries.ts';
import type { Receiver, ReceiverPage } from '../../server/api/schema/receivers.ts';
import { type Api, bareApi } from '../../server/api/server.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { DeliveryLog } from '../../server/control/delivery-log.ts';
import { type AttemptRecord, DeliveryStore } from '../../server/control/delivery-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';

const began = Date.parse('2026-11-01T00:00:00Z');
const iso = (ms: number) => new Date(ms).toISOString();

/** The log of deliveries over HTTP, on every control store. */
export function deliveryLogTests(of: () => ControlStore): void {
  describe('the log of deliveries', () => {
    let deliveries: DeliveryStore;
    let api: Api;
    let nowMs = began;

    beforeAll(async () => {
      await migrateControl(of());
      deliveries = new DeliveryStore(of());
      api = bareApi(silentLogger);
      deliveryRoutes(api, { deliveries, nowMs: () => nowMs });
      receiverRoutes(api, { deliveries, nowMs: () => nowMs });
    });
    beforeEach(async () => {
      nowMs = began;
      for (const table of ['delivery_attempt', 'delivery', 'receiver_queue']) await of().query(`DELETE FROM ${table}`);
    });

    const call = async <T = Problem>(method: 'GET' | 'POST', url: string, payload?: object, headers = {}) => {
      const response = await api.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
      return { status: response.statusCode, body: response.json() as T };
    };
    const list = async (query: string) => (await call<DeliveryPage>('GET', `/deliveries?${query}`)).body;

    /** Decided a second after the one before; `a` for the operator, the others for a tenant of their name. */
    async function decide(receiver: string, numbers: readonly number[], over: Partial<Notification> = {}) {
      await deliveries.add(
        numbers.map((number) => {
          const tenant = receiver === 'a' ? null : receiver;
          const notification = { ...sampleNotification, id: `${receiver}-${number}`, receiver, tenant, ...over };
          const { id, reason } = notification;
          const document = JSON.stringify(notification);
          return { id, receiver, tenant, reason, document, decidedMs: began + number * 1_000 };
        }),
      );
    }
    const attempted = (id: string, attempt: number, over: Partial<AttemptRecord> = {}) =>
      deliveries.record([
        {
          ...{ delivery: id, receiver: id.split('-')[0] ?? '', attempt, atMs: began + 60_000 * attempt, latencyMs: 87 },
          ...{ outcome: 'retry', status: 503, code: 'FN_TEST', detail: 'later', state: 'waiting' },
          ...{ dueMs: began + 90_000 * attempt, circuit: closedCircuit, ...over },
        },
      ]);
    const killed = (id: string) =>
      attempted(id, 1, { outcome: 'giveUp', status: 400, state: 'dead', code: 'FN_TEST', detail: 'no' });

    it('tells of each delivery what it says, to whom, and what became of it', async () => {
      await decide('a', [1]);
      await attempted('a-1', 1, { status: null });
      const [waiting] = (await list('')).items;
      expect(waiting).toEqual({
        ...{ id: 'a-1', receiver: 'a', tenant: null, reason: 'new', alerts: 1, state: 'waiting', attempts: 1 },
        ...{ summary: 'a sample: packets are lost faster than the budget allows', code: 'FN_TEST' },
        ...{ decidedAt: iso(began + 1_000), changedAt: iso(began + 60_000), dueAt: iso(began + 90_000) },
        untilAt: iso(began + 1_000 + 3 * 86_400_000),
        last: { at: iso(began + 60_000), latencyMs: 87, outcome: 'retry', status: null },
      });
      const done = {
        outcome: 'delivered',
        status: 204,
        code: '',
        detail: '',
        state: 'delivered',
        latencyMs: 5,
      } as const;
      await attempted('a-1', 2, done);
      const { body } = await call<DeliveryDetail>('GET', '/deliveries/a-1');
      expect(body).toMatchObject({ state: 'delivered', code: '', dueAt: null, untilAt: null, attempts: 2 });
      expect(body.last).toEqual({ at: iso(began + 120_000), latencyMs: 5, outcome: 'delivered', status: 204 });
      // What was told is told again to the last field.
      expect(body.notification).toEqual({ ...sampleNotification, id: 'a-1', receiver: 'a', tenant: null });
      expect(body.log.map(({ attempt, requestId, status, detail }) => [attempt, requestId, status, detail])).toEqual([
        [1, 'a-1', null, 'later'],
        [2, 'a-1', 204, ''],
      ]);
      expect(await call('GET', '/deliveries/nobody')).toMatchObject({ status: 404, body: { code: 'FN_NOT_FOUND' } });
    });

    it('lists page by page, newest first, by receiver, tenant and state', async () => {
      await decide('a', [1, 2, 3], { leftOut: 7 });
      await decide('b', [4, 5], { alerts: [] });
      await killed('b-4');
      const ids: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page = await list(`limit=2${cursor && `&cursor=${cursor}`}`);
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      }
      expect(ids).toEqual(['b-5', 'b-4', 'a-3', 'a-2', 'a-1']);
      const of = async (query: string) => (await list(query)).items.map(({ id }) => id);
      expect(await of('receiver=a')).toEqual(['a-3', 'a-2', 'a-1']);
      expect(await of('tenant=b&state=waiting')).toEqual(['b-5']);
      expect(await of('state=dead')).toEqual(['b-4']);
      const [left] = (await list('receiver=a')).items;
      const [none] = (await list('receiver=b&state=waiting')).items;
      expect([left?.alerts, none]).toEqual([8, expect.objectContaining({ alerts: 0, summary: '', last: null })]);
      for (const wrong of ['state=lost', 'limit=201', 'cursor=WyJ4IiwieSJd', 'cursor=x', 'colour=red'])
        expect(await call('GET', `/deliveries?${wrong}`), wrong).toMatchObject({
          status: 400,
          body: { code: 'FN_QUERY_PARAMETER' },
        });
    });

    it('lets dead letters go out again: one, those of a receiver, those of a stretch of time', async () => {
      await decide('a', [1, 2, 3, 4]);
      await decide('b', [5, 6]);
      for (const id of ['a-1', 'a-2', 'a-3', 'b-5', 'b-6']) await killed(id);
      const replay = async (body: object) => call<Replayed & Problem>('POST', '/deliveries/replay', body);
      nowMs = began + 86_400_000;
      expect(await replay({ id: 'a-2' })).toEqual({ status: 200, body: { replayed: 1, more: false } });
      const again = (await call<DeliveryDetail>('GET', '/deliveries/a-2')).body;
      expect(again).toMatchObject({ state: 'waiting', dueAt: iso(nowMs), untilAt: iso(nowMs + 3 * 86_400_000) });
      expect(await replay({ id: 'a-2' })).toMatchObject({ status: 409, body: { code: 'FN_STATE_CONFLICT' } });
      expect(await replay({ id: 'a-1', receiver: 'b' })).toMatchObject({ status: 409 });
      expect(await replay({ id: 'nobody' })).toMatchObject({ status: 404, body: { code: 'FN_NOT_FOUND' } });
      const stretch = { from: '2026-11-01T00:00:03Z', to: '2026-11-01T00:00:06Z' };
      expect(await replay(stretch)).toMatchObject({ body: { replayed: 2 } });
      expect(await replay({ receiver: 'b' })).toMatchObject({ body: { replayed: 1 } });
      expect((await list('state=dead')).items.map(({ id }) => id)).toEqual(['a-1']);
      expect(await replay({ receiver: 'nobody' })).toMatchObject({ status: 200, body: { replayed: 0 } });
      const wrongs = [{}, { from: stretch.to, to: stretch.from }, { to: '2026-11-01T00:00:06+01:00' }, { all: true }];
      for (const wrong of wrongs) expect(await replay(wrong)).toMatchObject({ status: 400 });
      expect((await list('state=dead')).items).toHaveLength(1);
    });

    it('tells of each receiver whether it is sent to, and how much waits since when', async () => {
      for (const receiver of ['a', 'b', 'c', 'd']) await decide(receiver, [1, 2]);
      const openUntilMs = began + 30_000;
      await attempted('b-1', 1, { circuit: { failures: 5, openUntilMs, disabled: '' } });
      const gone = { failures: 1, openUntilMs: 0, disabled: 'the receiver answered 410 Gone' };
      await attempted('c-1', 1, { outcome: 'gone', status: 410, state: 'dead', circuit: gone });
      for (const id of ['d-1', 'd-2']) await attempted(id, 1, { outcome: 'delivered', state: 'delivered', code: '' });
      nowMs = began + 11_000;
      const first = (await call<ReceiverPage>('GET', '/receivers?limit=3')).body;
      const plain = { circuit: 'closed', failures: 0, openUntil: null, disabled: '', waiting: 2, oldestSeconds: 10 };
      expect(first.items).toEqual([
        { ...plain, name: 'a' },
        { ...plain, name: 'b', circuit: 'open', failures: 5, openUntil: iso(openUntilMs) },
        {
          ...plain,
          name: 'c',
          circuit: 'disabled',
          ...{ failures: 1, disabled: gone.disabled, waiting: 1, oldestSeconds: 9 },
        },
      ]);
      const rest = (await call<ReceiverPage>('GET', `/receivers?limit=3&cursor=${first.nextCursor}`)).body;
      expect(rest).toEqual({ items: [{ ...plain, name: 'd', waiting: 0, oldestSeconds: null }], nextCursor: null });
      nowMs = openUntilMs;
      const [, b] = (await call<ReceiverPage>('GET', '/receivers')).body.items;
      expect(b).toMatchObject({ circuit: 'closed', failures: 5, openUntil: null });
      nowMs = began - 3_600_000;
      expect((await call<ReceiverPage>('GET', '/receivers')).body.items[0]?.oldestSeconds).toBe(0);
    });

    it('enables a receiver by hand; nobody acts from the page of another site', async () => {
      await decide('a', [1, 2]);
      const gone = { failures: 1, openUntilMs: 0, disabled: 'the receiver answered 410 Gone' };
      await attempted('a-1', 1, { outcome: 'gone', status: 410, state: 'dead', circuit: gone });
      const elsewhere = { 'sec-fetch-site': 'cross-site' };
      expect((await call('POST', '/receivers/a/enable', undefined, elsewhere)).status).toBe(400);
      expect((await call('POST', '/deliveries/replay', { id: 'a-1' }, elsewhere)).status).toBe(400);
      expect(await deliveries.circuit('a')).toEqual(gone);
      const enabled = await call<Receiver>('POST', '/receivers/a/enable');
      expect(enabled).toMatchObject({ status: 200, body: { name: 'a', circuit: 'closed', failures: 0, waiting: 1 } });
      expect(await deliveries.circuit('a')).toEqual(closedCircuit);
      expect(await call('POST', '/receivers/nobody/enable')).toMatchObject({ status: 404 });
    });

    it('forgets what was delivered long ago with its attempts, and never what waits or is dead', async () => {
      const day = 86_400_000;
      await decide('a', [1, 2, 3, 4, 5]);
      const done = { outcome: 'delivered', status: 204, code: '', detail: '', state: 'delivered' } as const;
      await attempted('a-1', 1, done);
      await killed('a-2');
      await attempted('a-3', 1, done);
      // Decided long ago, and delivered today: somebody replayed it.
      await attempted('a-4', 1, { ...done, atMs: began + 400 * day });
      const log = new DeliveryLog(of());
      const atMs = began + 400 * day + 3_600_000;
      const keeper = new DeliveryKeeper({
        ...{ log, keepDays: 400, ready: async () => undefined, nowMs: () => atMs, logger: silentLogger },
      });
      expect(await log.forget(began, 10)).toBe(0);
      expect(await log.forget(atMs - 400 * day, 1)).toBe(1);
      await keeper.look(new AbortController().signal);
      expect(keeper.stats).toEqual({ forgotten: 1, failures: 0, lastErrorCode: '' });
      expect((await list('')).items.map(({ id }) => id)).toEqual(['a-5', 'a-4', 'a-2']);
      const attempts = await of().query('SELECT delivery_id FROM delivery_attempt ORDER BY delivery_id');
      expect(attempts.map((row) => row['delivery_id'])).toEqual(['a-2', 'a-4']);
      // The next one has a place of its own behind all that there was.
      await decide('a', [6]);
      expect((await deliveries.find('a-6'))?.delivery.ordinal).toBe(6n);
    });

    it('counts what waits, dead letters, and receivers by circuit', async () => {
      const log = new DeliveryLog(of());
      const none = { closed: 0, open: 0, disabled: 0 };
      // Changes of breaches that others wait for are in the same store.
      const empty = { waiting: 0, dead: 0, oldestMs: null, receivers: none };
      expect(await log.sums(began)).toEqual({ pending: expect.any(Number), ...empty });
      await decide('a', [2, 3]);
      await decide('b', [1]);
      await decide('c', [4]);
      await killed('a-2');
      const circuit = { failures: 5, openUntilMs: began + 30_000, disabled: '' };
      await attempted('b-1', 1, { circuit });
      await attempted('c-4', 1, { outcome: 'gone', circuit: { ...closedCircuit, disabled: 'FN_DELIVERY_GONE' } });
      expect(await log.sums(began)).toMatchObject({
        ...{ waiting: 3, dead: 1, oldestMs: began + 1_000, receivers: { closed: 1, open: 1, disabled: 1 } },
      });
      expect((await log.sums(began + 30_000)).receivers).toEqual({ closed: 2, open: 0, disabled: 1 });
    });
  });
}
