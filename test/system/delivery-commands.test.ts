import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleNotification } from '../../alerts/content/sample.ts';
import { closedCircuit } from '../../alerts/outbox/circuit.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { deliveryRoutes } from '../../server/api/routes/deliveries.ts';
import { receiverRoutes } from '../../server/api/routes/receivers.ts';
import type { DeliveryDetail, DeliveryPage } from '../../server/api/schema/deliveries.ts';
import { type Api, bareApi } from '../../server/api/server.ts';
import { type AttemptRecord, DeliveryStore } from '../../server/control/delivery-store.ts';
import { EmbeddedStore } from '../../server/control/embedded/embedded-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { placeControl } from './control-fixture.ts';

/** `fournines deliveries` and `fournines receivers` as programs, against the API over a real control store. */

const cli = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const began = Date.parse('2026-11-01T00:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'fn-deliveries-'));
let store: EmbeddedStore;
let deliveries: DeliveryStore;
let api: Api;
let url = '';

beforeAll(async () => {
  await placeControl(folder);
  store = new EmbeddedStore({ folder: join(folder, 'control'), logger: silentLogger });
  await store.open();
  await migrateControl(store);
  deliveries = new DeliveryStore(store);
  api = bareApi(silentLogger);
  await api.register(
    async (scope) => {
      const nowMs = () => began + 60_000;
      deliveryRoutes(scope as Api, { deliveries, nowMs });
      receiverRoutes(scope as Api, { deliveries, nowMs });
    },
    { prefix: '/api/v1' },
  );
  url = await api.listen({ host: '127.0.0.1', port: 0 });
  await deliveries.add([1, 2, 3, 4].map((number) => aDelivery(number)));
  await deliveries.add([{ ...aDelivery(5), id: 'lab-1', receiver: 'lab', tenant: null }]);
  const refused = { outcome: 'giveUp', status: 400, code: 'FN_TEST', detail: 'no\u001b[31m', state: 'dead' } as const;
  const gone = { failures: 2, openUntilMs: 0, disabled: 'the receiver answered 410 Gone' };
  for (const number of [1, 2]) await attempted(`noc-${number}`, refused);
  await attempted('noc-3', { ...refused, outcome: 'gone', status: 410, circuit: gone });
});
afterAll(async () => {
  await api?.close();
  await store?.close();
  rmSync(folder, { recursive: true, force: true });
});

function aDelivery(number: number) {
  const id = `noc-${number}`;
  const document = JSON.stringify({ ...sampleNotification, id, receiver: 'noc', tenant: 'acme', leftOut: number - 1 });
  return { id, receiver: 'noc', tenant: 'acme', reason: 'new', document, decidedMs: began + number * 1_000 } as const;
}

function attempted(delivery: string, over: Partial<AttemptRecord>) {
  const base = { delivery, receiver: 'noc', attempt: 1, atMs: began + 9_000, latencyMs: 87, dueMs: began + 9_000 };
  return deliveries.record([
    {
      ...base,
      outcome: 'retry',
      status: null,
      code: '',
      detail: '',
      state: 'waiting',
      circuit: closedCircuit,
      ...over,
    },
  ]);
}

async function fournines(...args: string[]): Promise<{ code: number; out: string }> {
  const run = promisify(execFile)(process.execPath, [cli, ...args, '--server', url]);
  return run.then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout + error.stderr,
    }),
  );
}

const deadIds = async () => (await deliveries.list({ state: 'dead', limit: 9 })).map(({ id }) => id);

test('lists deliveries in lines and as JSON, by state and receiver, without colour', async () => {
  const { code, out } = await fournines('deliveries', 'list');
  const lines = out.trimEnd().split('\n');
  expect([code, lines.map((line) => line.split(' ')[0])]).toEqual([0, ['lab-1', 'noc-4', 'noc-3', 'noc-2', 'noc-1']]);
  expect(lines[3]).toBe(
    'noc-2  2026-11-01T00:00:02.000Z  dead  noc  acme  new  1 attempt, last giveUp 400 in 87 ms FN_TEST  ' +
      'a sample: packets are lost faster than the budget allows and 1 more',
  );
  expect(lines[0]).toContain('waiting  lab  no tenant  new  no attempt  a sample');
  const dead = await fournines('deliveries', 'list', '--state', 'dead', '--receiver', 'noc', '--limit', '2', '--json');
  const page = JSON.parse(dead.out) as DeliveryPage;
  expect([page.items.map(({ id }) => id), typeof page.nextCursor]).toEqual([['noc-3', 'noc-2'], 'string']);
  expect(await fournines('deliveries', 'list', '--tenant', 'nobody')).toEqual({ code: 0, out: 'no deliveries\n' });
  expect((await fournines('deliveries', 'list', '--state', 'lost')).code).toBe(2);
});

test('shows what one says and each attempt; what the other side said moves no cursor', async () => {
  const { code, out } = await fournines('deliveries', 'show', 'noc-2');
  expect(code).toBe(0);
  expect(out).toContain('number 1 of its group (slo=sample-delivery) to noc\n');
  expect(out).toContain('firing critical  since 2026-11-27T20:12:03Z  sample-delivery: a sample: packets are lost');
  expect(out).toContain('1 alert more for which there was no room\n');
  expect(out).toContain('attempt 1  2026-11-01T00:00:09.000Z  giveUp 400 in 87 ms  FN_TEST no\\u001b[31m\n');
  expect(out).not.toContain('\u001b');
  const { log, notification } = JSON.parse(
    (await fournines('deliveries', 'show', 'noc-2', '--json')).out,
  ) as DeliveryDetail;
  expect([log[0]?.requestId, notification.leftOut]).toEqual(['noc-2', 1]);
  const none = await fournines('deliveries', 'show', 'nobody');
  expect([none.code, none.out]).toEqual([1, expect.stringContaining('FN_NOT_FOUND')]);
});

test('lets dead letters go out again by id or by choice, and says why not', async () => {
  for (const wrong of [[], ['noc-1', '--receiver', 'noc'], ['--from', 'yesterday']])
    expect((await fournines('deliveries', 'replay', ...wrong)).code, wrong.join(' ')).toBe(2);
  expect(await deadIds()).toEqual(['noc-3', 'noc-2', 'noc-1']);
  expect(await fournines('deliveries', 'replay', 'noc-1')).toEqual({ code: 0, out: '1 dead letter waits again\n' });
  const again = await fournines('deliveries', 'replay', 'noc-1');
  expect([again.code, again.out]).toEqual([1, expect.stringContaining('it is no dead letter: it is waiting')]);
  const chosen = await fournines('deliveries', 'replay', '--receiver', 'noc', '--to', '2026-11-01T00:00:03Z', '--json');
  expect(JSON.parse(chosen.out)).toEqual({ replayed: 1, more: false });
  expect(await deadIds()).toEqual(['noc-3']);
});

test('tells of receivers and enables one', async () => {
  const { out } = await fournines('receivers', 'list');
  expect(out.split('\n')).toEqual([
    'lab  closed  0 failures in a row  1 wait, the oldest for 55 s',
    expect.stringMatching(/^noc {2}disabled \(the receiver answered 410 Gone\) {2}2 failures in a row {2}\d wait, /),
    '',
  ]);
  const enabled = await fournines('receivers', 'enable', 'noc', '--json');
  expect(JSON.parse(enabled.out)).toMatchObject({ name: 'noc', circuit: 'closed', failures: 0, disabled: '' });
  const none = await fournines('receivers', 'enable', 'nobody');
  expect([none.code, none.out]).toEqual([1, expect.stringContaining('FN_NOT_FOUND')]);
});
