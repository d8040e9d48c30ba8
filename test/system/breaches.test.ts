import { gunzipSync } from 'node:zlib';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { problemHandler } from '../../server/api/problem.ts';
import { breachRoutes } from '../../server/api/routes/breaches.ts';
import type { Breach, BreachDetail, BreachPage } from '../../server/api/schema/breaches.ts';
import { acknowledgeBreach } from '../../server/breach/acknowledge.ts';
import { Breaches } from '../../server/breach/breaches.ts';
import { verifyBundle } from '../../server/breach/verify-bundle.ts';
import { ActLog } from '../../server/control/act-log.ts';
import { BreachStore } from '../../server/control/breach-store.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { FakeJudging } from '../fakes/judging.ts';
import { excluded, type Line, seen, november as start, unseen } from '../unit/server/slo/asking.ts';
import { type OpenControl, openControl } from './control-fixture.ts';

/** An objective of hours at 0.999 (3 of 3,600 slots may be bad), judged from lines in memory, written to a real store. */
let control: OpenControl;
beforeAll(async () => {
  control = await openControl();
});
afterAll(async () => {
  await control[Symbol.asyncDispose]();
});

interface Over {
  readonly store?: ControlStore;
  readonly nowMs?: () => number;
}

function breachesOf(
  judging: FakeJudging,
  { store = control.store, nowMs = () => judging.at * 1000 }: Over = {},
): Breaches {
  return new Breaches({
    judging,
    control: store,
    ready: async () => undefined,
    exclusions: async () => judging.exclusions,
    version: async () => judging.objective,
    promise: async () => ({ tenant: 'acme', finalAfterSeconds: null }),
    causes: async () => [{ cause: 'vhost_ring_full', host: 'cn1', port: 'p1', packets: '7', detail: 'beside it' }],
    engine: 'test',
    nowMs,
    logger: silentLogger,
    evidenceWaitMs: 0,
    everyMs: 20,
    turnMs: 20,
  });
}

const store = () => new BreachStore(control.store);
async function told(slo: string): Promise<string[]> {
  const lines: string[] = [];
  for (const { row } of await store().list({ slo, limit: 100 })) {
    const found = await store().find(row.breach);
    expect(found?.brokenAt).toBeUndefined();
    for (const { row: each } of found?.changes ?? []) {
      lines.push(`${each.subject} ${each.ordinal} #${each.entry} ${each.state}`);
    }
  }
  return lines.sort();
}

async function untilTold(slo: string, lines: readonly string[]): Promise<void> {
  await vi.waitFor(async () => expect(await told(slo)).toEqual([...lines].sort()), { timeout: 60_000, interval: 50 });
}

const lost = (from: number, slots: number) => seen(start + from, 1000, 1000, { repeat: slots });
const good = (from: number, slots: number) => seen(start + from, 1000, 0, { repeat: slots });

test('an outage is written with its evidence, and the bundle of each change holds', async () => {
  const judging = new FakeJudging('acme-outage', [good(0, 600), lost(600, 60), good(660, 2940)]);
  const breaches = breachesOf(judging);
  await breaches.start();
  judging.readAt(start + 590);
  judging.readAt(start + 660);
  await untilTold('acme-outage', ['burn 1 #1 risk', 'burn 1 #2 risk', 'budget 1 #1 open']);
  for (const { row } of await store().list({ slo: 'acme-outage', limit: 10 })) {
    const packed = await store().bundle(row.breach, row.entry);
    expect(row.evidence?.lines).toBe(2);
    expect(row.causes).toMatchObject([{ cause: 'vhost_ring_full' }]);
    expect(row.tenant).toBe('acme');
    const report = verifyBundle(gunzipSync(packed as Buffer));
    expect(report).toMatchObject({ breach: row.breach, entry: row.entry, verdict: 'breached', findings: [] });
    expect(row.figures).toMatchObject({ high: { total: '3600', bad: '60' }, budget: { allowed: '3' } });
  }
  await breaches.stop();
  // Another process reads the same again, from a store that was killed meanwhile: nothing is new, and nothing is lost.
  process.kill(control.store.pid as number, 'SIGKILL');
  const again = breachesOf(judging);
  await again.start();
  judging.readAt(start + 660);
  await vi.waitFor(
    () => {
      judging.readAt(start + 660);
      expect(again.stats.steps).toBeGreaterThan(0);
    },
    { timeout: 60_000 },
  );
  await again.stop();
  expect(await told('acme-outage')).toHaveLength(3);
});

test('while the control store is away nothing is lost: the next reading brings it', async () => {
  const judging = new FakeJudging('acme-away', [good(0, 600), lost(600, 60), good(660, 2940)]);
  let isAway = true;
  const cut: ControlStore = {
    open: () => control.store.open(),
    query: async (...call) => control.store.query(...call),
    transaction: async (work, call) => {
      if (isAway) throw new FourninesError('FN_CONTROL_AWAY', 'a line that is cut');
      return control.store.transaction(work, call);
    },
    stats: () => control.store.stats(),
    close: async () => undefined,
  };
  const breaches = breachesOf(judging, { store: cut });
  await breaches.start();
  judging.readAt(start + 660);
  await vi.waitFor(() => expect(breaches.stats).toMatchObject({ failures: 1, lastErrorCode: 'FN_CONTROL_AWAY' }), {
    timeout: 60_000,
  });
  isAway = false;
  judging.readAt(start + 661);
  await untilTold('acme-away', ['burn 1 #1 risk', 'burn 1 #2 risk', 'budget 1 #1 open']);
  await breaches.stop();
});

test('late rows take it back; a mark of somebody in between is no harm; the window becomes final, and is amended', async () => {
  const outage: readonly Line[] = [good(0, 600), lost(600, 60), good(660, 2940)];
  const judging = new FakeJudging('acme-late', [good(0, 600), unseen(start + 600, 60), good(660, 2940)]);
  let nowMs = (start + 660) * 1000;
  const breaches = breachesOf(judging, { nowMs: () => nowMs });
  await breaches.start();
  judging.readAt(start + 660);
  await untilTold('acme-late', ['unproven 1 #1 risk']);
  const [{ row: { breach = '' } = {} } = {}] = await store().list({ slo: 'acme-late', limit: 1 });
  const seen = { by: 'kim', comment: 'the collector is away', via: 'api' } as const;
  const seenBy = { ...seen, now: start + 665, engine: 'test' };
  expect((await acknowledgeBreach(store(), breach, seenBy))?.row).toMatchObject({ entry: 2, acknowledgedBy: 'kim' });
  expect(await acknowledgeBreach(store(), 'nobody', seenBy)).toBeUndefined();
  judging.lines = outage;
  judging.readAt(start + 700);
  const sofar = ['unproven 1 #1 risk', 'unproven 1 #2 risk', 'unproven 1 #3 resolved', 'budget 1 #1 open'];
  await vi.waitFor(async () => expect(await told('acme-late')).toEqual(expect.arrayContaining(sofar)), {
    timeout: 60_000,
  });
  judging.readAt(start + 3700);
  nowMs = (start + 3600 + 3 * 86_400) * 1000;
  await vi.waitFor(async () => expect(await told('acme-late')).toContain('budget 1 #2 finalised'), { timeout: 60_000 });
  judging.exclusions = [excluded(start + 600, start + 660)];
  breaches.recheck('acme-late', { from: start + 600, to: start + 660 });
  await vi.waitFor(async () => expect(await told('acme-late')).toContain('budget 1 #3 amended'), { timeout: 60_000 });
  const [amended] = (await store().list({ slo: 'acme-late', limit: 9 })).filter(({ row }) => row.subject === 'budget');
  expect(amended?.row).toMatchObject({ reason: 'amendment 1: met, as the rows are now', figures: { verdict: 'met' } });
  await breaches.stop();
});

test('a burn that was excluded afterwards never was one', async () => {
  const judging = new FakeJudging('acme-excluded', [good(0, 600), lost(600, 60), good(660, 2940)]);
  const breaches = breachesOf(judging);
  await breaches.start();
  judging.readAt(start + 660);
  const first = ['burn 1 #1 risk', 'burn 1 #2 risk', 'budget 1 #1 open'];
  await untilTold('acme-excluded', first);
  judging.readAt(start + 3599);
  await untilTold('acme-excluded', [...first, 'burn 1 #3 resolved']);
  judging.exclusions = [excluded(start + 600, start + 660)];
  breaches.recheck('acme-excluded', { from: start + 600, to: start + 660 });
  judging.readAt(start + 3599);
  const taken = ['burn 1 #3 resolved', 'burn 1 #4 retracted', 'budget 1 #2 retracted'];
  await untilTold('acme-excluded', [...first, ...taken]);
  await breaches.stop();
});

test('a change does not wait for rows that are not stored yet: its evidence follows', async () => {
  const judging = new FakeJudging('acme-owed', [good(0, 600), lost(600, 60), good(660, 2940)]);
  judging.stored = [good(0, 600)];
  // After some tries the rows are taken as they are: the tries wait until it has been seen that they are owed.
  const later = Promise.withResolvers<void>();
  judging.laterRows = later.promise;
  const breaches = breachesOf(judging);
  await breaches.start();
  judging.readAt(start + 660);
  const first = ['burn 1 #1 risk', 'budget 1 #1 open'];
  await vi.waitFor(async () => expect(await told('acme-owed')).toEqual(expect.arrayContaining(first)), {
    timeout: 60_000,
  });
  for (const { row } of await store().list({ slo: 'acme-owed', limit: 9 })) {
    expect(row).toMatchObject({ evidence: null });
    // A burn is told at once, whether its rows are stored or not.
    const why = row.subject === 'burn' ? 'it follows' : 'the rows that are stored do not give these figures yet';
    expect(row.reason).toContain(`no bundle: ${why}`);
  }
  judging.stored = undefined;
  later.resolve();
  await untilTold('acme-owed', [...first, 'burn 1 #2 risk', 'budget 1 #2 open']);
  for (const { row: each } of await store().list({ slo: 'acme-owed', limit: 9 })) {
    expect(each.reason).toBe('evidence of change 1');
    expect(verifyBundle(gunzipSync((await store().bundle(each.breach, 2)) as Buffer))?.findings).toEqual([]);
  }
  // Written first, and off the list then.
  await vi.waitFor(() => expect(breaches.stats.owed).toBe(0), { timeout: 60_000 });
  await breaches.stop();
});

test('breaches are asked for over HTTP: a list, one with its changes, its bundle, and a mark', async () => {
  const judging = new FakeJudging('acme-http', [good(0, 600), lost(600, 60), good(660, 2940)]);
  const breaches = breachesOf(judging);
  await breaches.start();
  judging.readAt(start + 660);
  await untilTold('acme-http', ['burn 1 #1 risk', 'burn 1 #2 risk', 'budget 1 #1 open']);
  await breaches.stop();
  const api = fastify({ ajv: { customOptions: { removeAdditional: false, allErrors: true } } });
  api.setErrorHandler(problemHandler(silentLogger));
  breachRoutes(api.withTypeProvider<TypeBoxTypeProvider>(), {
    control,
    nowMs: () => (start + 700) * 1000,
    version: 'test',
  });
  const ask = async (url: string, payload?: object) =>
    payload === undefined ? api.inject({ url }) : api.inject({ method: 'POST', url, payload });

  const first = (await ask('/breaches?slo=acme-http&limit=1')).json<BreachPage>();
  const rest = (await ask(`/breaches?slo=acme-http&limit=1&cursor=${first.nextCursor}`)).json<BreachPage>();
  const items = [...first.items, ...rest.items];
  expect(items.map(({ subject, state, endedAt }) => [subject, state, endedAt]).sort()).toEqual([
    ['budget', 'open', null],
    ['burn', 'risk', null],
  ]);
  expect(rest.nextCursor).toBeNull();
  const only = (await ask('/breaches?slo=acme-http&state=open&open=true&tenant=acme')).json<BreachPage>();
  expect(only.items).toMatchObject([{ subject: 'budget', slo: 'acme-http', openedAt: '2026-11-01T00:11:00Z' }]);

  const id = only.items[0]?.id as string;
  const told = (await ask(`/breaches/${id}`)).json<BreachDetail>();
  expect(told).toMatchObject({
    chain: 'holds',
    changes: [{ entry: 1, previous: null, figures: { verdict: 'breached' } }],
  });
  expect(told.command).toContain('--exclusions exclusions.yaml --at 2026-11-01T00:11:00Z');
  const bundle = await ask(`/breaches/${id}/changes/1/bundle`);
  expect(bundle.headers).toMatchObject({
    'content-type': 'application/x-tar',
    'content-disposition': `attachment; filename="breach-${id.slice(0, 12)}-change-1.tar"`,
  });
  expect(verifyBundle(bundle.rawPayload)).toMatchObject({ change: told.changes[0]?.sha256, findings: [] });

  const seenBy = await ask(`/breaches/${id}/acknowledge`, { by: 'kim', comment: 'looking' });
  expect(seenBy.json<Breach>()).toMatchObject({ id, state: 'open', acknowledgedBy: 'kim' });
  expect((await ask(`/breaches/${id}`)).json<BreachDetail>().changes[1]?.reason).toBe('acknowledged by kim: looking');
  const [act] = await new ActLog(control.store).list({ subject: id, limit: 1 });
  expect(act).toMatchObject({
    act: 'breach.acknowledged',
    by: 'kim',
    comment: 'looking',
    details: { entry: 2 },
    holds: true,
  });
  expect((await ask(`/breaches/${id}/changes/2/bundle`)).statusCode).toBe(404);
  expect((await ask(`/breaches/${'0'.repeat(32)}`)).statusCode).toBe(404);
  expect((await ask('/breaches?cursor=abc')).statusCode).toBe(400);
  await api.close();
});
