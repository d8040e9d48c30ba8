import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MadeKey, SentTest } from '../../server/api/schema/alerting.ts';
import type { Breach, BreachPage } from '../../server/api/schema/breaches.ts';
import type { DeliveryDetail, DeliveryPage } from '../../server/api/schema/deliveries.ts';
import type { SloDetail } from '../../server/api/schema/slos.ts';
import { isoOf } from '../../server/slo/instant.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { LabAlertmanager, type QueriedAlert } from '../lab/receivers/lab-alertmanager.ts';
import { LabMail, mailPassword, mailUser } from '../lab/receivers/lab-mail.ts';
import type { MailParts } from '../lab/receivers/mail-parts.ts';
import { skipWithoutReceivers } from '../lab/receivers/presence.ts';
import { objectiveText } from '../unit/server/slo/asking.ts';
import { FedServer } from './fed-server.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

/** Alertmanager is told again each five seconds, so it takes us for dead after twenty. */
const resendSeconds = 5;
const lostSeconds = 8;
const waiting = { timeout: 120_000, interval: 100 };
const isTold = process.env['FOURNINES_SHOW'] === '1';

interface WebhookEvent {
  readonly type: string;
  readonly data: {
    readonly id: string;
    readonly alerts: readonly { readonly labels: Readonly<Record<string, string>>; readonly status: string }[];
  };
}

/** For whoever runs it by hand, with FOURNINES_SHOW=1: what receivers have, as they tell it. */
function show(what: string, text: string): void {
  if (isTold) process.stdout.write(`--- ${what}\n${text.trimEnd()}\n`);
}

/** One breach from rows on the bus to real receivers of three kinds, and its end. */
describe.skipIf(skipWithoutReceivers)('a breach and its end, at real receivers', { timeout: 300_000 }, () => {
  let hook: WebhookReceiver;
  let manager: LabAlertmanager;
  let mail: LabMail;
  let server: FedServer;
  let breach: Breach;
  let secret: string;
  let shown: number;
  const secrets = mkdtempSync(join(tmpdir(), 'fn-receivers-'));

  beforeAll(async () => {
    [hook, manager, mail] = await Promise.all([WebhookReceiver.start(), LabAlertmanager.start(), LabMail.start()]);
    const passwordFile = join(secrets, 'mail-password');
    writeFileSync(passwordFile, `${mailPassword}\n`, { mode: 0o600 });
    const config = aServerConfig({
      ...{ staleAfterMs: 6_000, liveSeconds: 300, busBytesMax: 1 << 26, lingerMs: 50 },
      alerts: {
        ...{
          publicUrl: 'https://proof.example',
          ports: [hook.port, manager.port],
          loopback: 'development',
          resendSeconds,
        },
        mail: {
          ...{ host: mail.host, port: mail.port, tls: 'starttls', user: mailUser, passwordFile },
          ...{ from: 'fournines@lab.example', caFile: mail.caFile },
        },
      },
    });
    server = await FedServer.start(config);
    const now = Math.floor(Date.now() / 1_000);
    const from = now - (now % 900) - 900;
    // The host is known and has told some time: what comes next is the present, not late.
    // Of the hour before, less than half: no slower tier ever fires, which would take its time to be over.
    await server.feed('h1', [now - 690, now - 90]);
    await server.post('/slos/apply', { documents: documents(), by: 'ann', dryRun: false, from: isoOf(from) });
    await vi.waitFor(async () => expect((await server.get<SloDetail>('/slos/lossy')).calendar).not.toBeNull(), waiting);
    await server.post('/alerting/apply', { document: alerting(hook.port, manager.url), by: 'ann' });
    secret = (await server.post<MadeKey>('/receivers/hook/keys', { kind: 'hmac', by: 'ann' })).secret;
    shown = now - 90;
  }, 180_000);

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await Promise.all([hook?.stop(), manager?.[Symbol.asyncDispose](), mail?.[Symbol.asyncDispose]()]);
    rmSync(secrets, { recursive: true, force: true });
  });

  /** Everything up to the present passes; while it is to go on, one second of four is lost. */
  let isLosing = false;
  const goOn = async () => {
    const present = Math.floor(Date.now() / 1_000);
    const seconds = Array.from({ length: Math.max(0, present - shown) }, (_, i) => shown + i);
    await server.feed('h1', [shown, present], isLosing ? seconds.filter((second) => second % 4 === 0) : []);
    shown = Math.max(shown, present);
  };
  /** All is lost of the last seconds. */
  const lose = async () => {
    await goOn();
    const until = shown + lostSeconds;
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(until * 1_000), waiting);
    const lost = Array.from({ length: lostSeconds }, (_, i) => shown + i);
    await server.feed('h1', [shown, until], lost);
    shown = until;
    isLosing = true;
  };
  const ofBreach = async (): Promise<readonly QueriedAlert[]> => manager.alerts(`breach=${breach.id}`);
  /** Waits while time goes on and everything passes. */
  const eventually = <T>(check: () => Promise<T>): Promise<T> =>
    vi.waitFor(async () => {
      await goOn();
      return check();
    }, waiting);
  const events = () =>
    hook.received.map(({ headers, body }) => {
      return new Webhook(secret).verify(body, headers as Record<string, string>) as WebhookEvent;
    });
  const mails = (): readonly MailParts[] => mail.mails().filter(({ text }) => text.includes(breach.id));

  test('a test goes the whole way to each', async () => {
    for (const name of ['hook', 'manager', 'people']) await server.post<SentTest>(`/receivers/${name}/test`, {});
    await eventually(async () => {
      expect(events().filter(({ type }) => type === 'sla.test').length).toBe(1);
      expect((await manager.alerts('alertname=FourninesTest')).length).toBe(1);
      const tests = mail.mails().filter(({ headers }) => headers['message-id']?.startsWith('<test-'));
      expect(tests.map(({ headers }) => headers['envelope-to'])).toEqual(['ops@lab.example']);
    });
  });

  test('its beginning: a signed webhook, an alert that fires, a mail', async () => {
    await lose();
    breach = await eventually(async () => {
      const { items } = await server.get<BreachPage>('/breaches?slo=lossy');
      const found = items.find(({ subject, state }) => subject === 'burn' && state === 'risk');
      expect(found).toBeDefined();
      return found as Breach;
    });
    await eventually(async () => {
      const told = events().flatMap(({ data }) => data.alerts);
      const found = told.find(({ labels }) => labels['breach'] === breach.id);
      expect(found).toMatchObject({
        status: 'firing',
        labels: { alertname: 'BudgetBurns', tenant: 'acme', slo: 'lossy' },
      });
      const [alert, ...others] = await ofBreach();
      expect(others).toEqual([]);
      expect(alert).toMatchObject({
        labels: { alertname: 'BudgetBurns', breach: breach.id, service: 'acme', slo: 'lossy', tenant: 'acme' },
        annotations: { state: 'firing' },
      });
      expect(mails().length).toBeGreaterThan(0);
    });
    show('signed webhook', hook.received.findLast(({ body }) => body.includes(breach.id))?.body.slice(0, 600) ?? '');
    show('amtool alert query', await manager.query(`breach=${breach.id}`));
    show('amtool --output=json alert query', JSON.stringify(await ofBreach(), undefined, 1));
    const [first] = mails() as [MailParts];
    show(
      'mail',
      `${Object.entries(first.headers)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n')}\n\n${first.text}`,
    );
    expect(first.headers).toMatchObject({
      ...{ from: 'fournines@lab.example', to: 'ops@lab.example', 'auto-submitted': 'auto-generated' },
      subject: expect.stringMatching(/^Firing \(critical\): ./),
      'message-id': expect.stringMatching(/^<[0-9a-f]{32,64}@lab\.example>$/),
      references: expect.stringMatching(/^<group-[0-9a-f]{32}@lab\.example>$/),
    });
    expect(first.html).toContain(`https://proof.example/breaches/${breach.id}`);
    expect(first.html).not.toMatch(/<script|<img/);
  });

  test('Alertmanager forgets it all, and is told again what goes on, beside the log of deliveries', async () => {
    const told = async () => {
      const { items } = await server.get<{ items: readonly { id: string }[] }>(
        '/deliveries?receiver=manager&limit=100',
      );
      return items.map(({ id }) => id).sort();
    };
    await manager.kill();
    await manager.run();
    await eventually(async () => expect(await ofBreach()).toMatchObject([{ annotations: { state: 'firing' } }]));
    const before = await told();
    const { updatedAt } = (await ofBreach())[0] as QueriedAlert;
    await eventually(async () => {
      const [alert] = await ofBreach();
      const ahead = (Date.parse(alert?.endsAt ?? '') - Date.now()) / 1_000;
      expect(Date.parse(alert?.updatedAt ?? '')).toBeGreaterThan(Date.parse(updatedAt));
      expect(ahead).toBeGreaterThan(2 * resendSeconds);
      expect(ahead).toBeLessThanOrEqual(4 * resendSeconds + 1);
    });
    // Only changes stand there: what is told again does not.
    const news = (await told()).filter((id) => !before.includes(id));
    for (const id of news) {
      const { reason } = await server.get<{ reason: string }>(`/deliveries/${id}`);
      expect(reason).not.toBe('repeated');
    }
  });

  test('its end: in Alertmanager at once, by a webhook and by a mail', async () => {
    isLosing = false;
    await eventually(async () => {
      const { items } = await server.get<BreachPage>('/breaches?slo=lossy');
      expect(items.find(({ id }) => id === breach.id)?.state).toBe('resolved');
    });
    await eventually(async () => {
      const { items } = await server.get<DeliveryPage>('/deliveries?receiver=manager&state=delivered&limit=100');
      const ends = items.filter(({ reason }) => reason === 'resolved');
      const details = await Promise.all(ends.map(({ id }) => server.get<DeliveryDetail>(`/deliveries/${id}`)));
      const told = details.flatMap(({ notification }) => notification.alerts.map(({ labels }) => labels['breach']));
      expect(told).toContain(breach.id);
    });
    // It has been told, and so it is over there, long before it would be by itself.
    expect(await ofBreach()).toEqual([]);
    show('amtool alert query, after its end', (await manager.query(`breach=${breach.id}`)) || '(nothing)');
    await eventually(async () => {
      const last = events().findLast(({ data }) => data.alerts.some(({ labels }) => labels['breach'] === breach.id));
      expect(last?.data.alerts.find(({ labels }) => labels['breach'] === breach.id)?.status).toBe('resolved');
      expect(mails().some(({ headers }) => headers['subject']?.startsWith('Resolved'))).toBe(true);
    });
    show(
      'mail subjects',
      mails()
        .map(({ headers }) => headers['subject'])
        .join('\n'),
    );
  });

  test('what goes on ends there by itself when we are no more', async () => {
    const open = async () => (await manager.alerts('alertname=BudgetBurns')).length;
    await lose();
    await eventually(async () => expect(await open()).toBeGreaterThan(0));
    await server.stop();
    await vi.waitFor(async () => expect(await open()).toBe(0), { timeout: 60_000, interval: 200 });
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

function alerting(hookPort: number, managerUrl: string): string {
  return `apiVersion: fournines/v1
kind: Alerting
spec:
  receivers:
    - { name: hook, tenant: acme, channel: webhook, url: "http://127.0.0.1:${hookPort}/hook", http: allowed }
    - { name: manager, channel: alertmanager-api, url: "${managerUrl}", http: allowed }
    - { name: people, channel: email, to: [ops@lab.example] }
  routes:
    - { name: all, receivers: [manager, people], groupBy: [slo, breach], groupWaitSeconds: 1, groupIntervalSeconds: 1 }
    - { name: acme, tenant: acme, receivers: [hook], groupBy: [slo, breach], groupWaitSeconds: 1, groupIntervalSeconds: 1 }
`;
}
