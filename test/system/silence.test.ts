import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ActPage } from '../../server/api/schema/acts.ts';
import type { MadeKey } from '../../server/api/schema/alerting.ts';
import type { Breach, BreachPage } from '../../server/api/schema/breaches.ts';
import type { DeliveryPage } from '../../server/api/schema/deliveries.ts';
import type { AlertPage, Silence } from '../../server/api/schema/silences.ts';
import type { SloDetail } from '../../server/api/schema/slos.ts';
import { isoOf } from '../../server/slo/instant.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { objectiveText } from '../unit/server/slo/asking.ts';
import { FedServer } from './fed-server.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

const waiting = { timeout: 120_000, interval: 100 };
const by = { by: 'ann', comment: 'the switch is being changed' };

/**
 * A silence of a tenant over the whole product: what burns is told to the operator all the same, to the tenant only once the
 * silence is ended. Nothing waits for a time: that the tenant was not told is looked at when the operator was, by the same step.
 */
describe('a silence made over the API', { timeout: 300_000 }, () => {
  let hook: WebhookReceiver;
  let server: FedServer;
  let silence: Silence;
  let breach: Breach;
  let shown: number;

  beforeAll(async () => {
    hook = await WebhookReceiver.start();
    const config = aServerConfig({
      ...{ staleAfterMs: 6_000, liveSeconds: 300, busBytesMax: 1 << 26, lingerMs: 50 },
      alerts: { ports: [hook.port], loopback: 'development' },
    });
    server = await FedServer.start(config);
    const now = Math.floor(Date.now() / 1_000);
    shown = now - 90;
    await server.feed('h1', [now - 690, shown]);
    const from = isoOf(now - (now % 900) - 900);
    await server.post('/slos/apply', { documents: documents(), by: 'ann', dryRun: false, from });
    await vi.waitFor(async () => expect((await server.get<SloDetail>('/slos/lossy')).calendar).not.toBeNull(), waiting);
    await server.post('/alerting/apply', { document: alerting(hook.port), by: 'ann' });
    for (const name of ['acme-noc', 'noc'])
      await server.post<MadeKey>(`/receivers/${name}/keys`, { kind: 'hmac', by: 'ann' });
  }, 180_000);

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await hook?.stop();
  });

  /** Half of the present is lost, again and again, so that it burns as long as it takes. */
  const goOn = async () => {
    const present = Math.floor(Date.now() / 1_000);
    const seconds = Array.from({ length: Math.max(0, present - shown) }, (_, i) => shown + i);
    await server.feed(
      'h1',
      [shown, present],
      seconds.filter((second) => second % 2 === 0),
    );
    shown = Math.max(shown, present);
  };
  const eventually = <T>(check: () => Promise<T>): Promise<T> =>
    vi.waitFor(async () => {
      await goOn();
      return check();
    }, waiting);
  const toldAt = (path: string) =>
    hook.received.filter((each) => each.path === path && each.body.includes(breach.id)).length;
  const decidedFor = async (receiver: string) =>
    (await server.get<DeliveryPage>(`/deliveries?receiver=${receiver}&limit=100`)).items.length;
  const alertFor = async (tenant: string) => {
    const { items } = await server.get<AlertPage>(`/alerts${tenant}`);
    return items.find((each) => each.breach === breach.id);
  };

  test('holds the webhook of its tenant back, and nobody else is kept from knowing', async () => {
    const endsAt = isoOf(Math.floor(Date.now() / 1_000) + 3_600);
    silence = await server.post<Silence>('/silences', { tenant: 'acme', matchers: ['slo=lossy'], endsAt, ...by });
    expect(silence).toMatchObject({ state: 'active', tenant: 'acme', by: 'ann' });
    breach = await eventually(async () => {
      const { items } = await server.get<BreachPage>('/breaches?slo=lossy');
      const found = items.find(({ subject, state }) => subject === 'burn' && state === 'risk');
      expect(found).toBeDefined();
      return found as Breach;
    });
    await eventually(async () => expect(toldAt('/noc')).toBeGreaterThan(0));
    expect(await alertFor('?tenant=acme')).toMatchObject({ status: 'firing', silencedBy: [silence.id] });
    expect(await alertFor('')).toMatchObject({ status: 'firing', silencedBy: [] });
    // One step decides for both: what the operator was told of was kept from the tenant, in the outbox too.
    expect([await decidedFor('acme-noc'), toldAt('/acme')]).toEqual([0, 0]);
  });

  test('brings it once it is ended', async () => {
    const ended = await server.post<Silence>(`/silences/${silence.id}/end`, { ...by, by: 'kim' });
    expect(ended).toMatchObject({ state: 'ended', endedBy: 'kim' });
    await eventually(async () => expect(toldAt('/acme')).toBeGreaterThan(0));
    const first = hook.received.find(({ path, body }) => path === '/acme' && body.includes(breach.id));
    expect(JSON.parse(first?.body ?? '')).toMatchObject({
      data: { reason: 'new', alerts: [{ status: 'firing', labels: { breach: breach.id, tenant: 'acme' } }] },
    });
    expect((await alertFor('?tenant=acme'))?.silencedBy).toEqual([]);
  });

  test('is in the log of acts, its end too, and the chain of those holds', async () => {
    const { items, chain } = await server.get<ActPage>(`/audit?subject=${silence.id}`);
    expect(items.map(({ act, by: who, via }) => [act, who, via])).toEqual([
      ['silence.ended', 'kim', 'api'],
      ['silence.made', 'ann', 'api'],
    ]);
    expect(items[1]).toMatchObject({ comment: by.comment, details: { tenant: 'acme', matchers: 'slo=lossy' } });
    expect([chain, (await server.get<ActPage>('/audit')).chain]).toEqual(['holds', 'holds']);
  });
});

function documents(): string {
  const calendar = ['1M', '2026-01-01 00:00:00', 'UTC'] as const;
  const slo = objectiveText({ ports: ['h1/eth0'], calendar }).replace('name: acme', 'name: lossy');
  return `apiVersion: fournines/v1
kind: Tenant
metadata: { name: acme, displayName: Acme }
spec: { timeZone: UTC }
---
apiVersion: fournines/v1
kind: Service
metadata: { name: acme, displayName: Acme }
spec: { tenant: acme, ports: [{ name: other, placements: [{ host: elsewhere, port: eth0 }] }] }
---
${slo}`;
}

/** The tenant waits no longer than the operator: what was kept from it is not merely late. */
function alerting(port: number): string {
  const terms = 'groupBy: [slo, breach], groupWaitSeconds: 1, groupIntervalSeconds: 1';
  return `apiVersion: fournines/v1
kind: Alerting
spec:
  receivers:
    - { name: acme-noc, tenant: acme, channel: webhook, url: "http://127.0.0.1:${port}/acme", http: allowed }
    - { name: noc, channel: webhook, url: "http://127.0.0.1:${port}/noc", http: allowed }
  routes:
    - { name: all, receivers: [noc], ${terms} }
    - { name: acme, tenant: acme, receivers: [acme-noc], ${terms} }
`;
}
