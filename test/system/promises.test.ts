import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import type { ActPage } from '../../server/api/schema/acts.ts';
import type {
  Alerting,
  AppliedAlerting,
  MadeKey,
  SentTest,
  TemplatePreview,
} from '../../server/api/schema/alerting.ts';
import type { Breach, BreachDetail, BreachPage } from '../../server/api/schema/breaches.ts';
import type { MonthCalendar, SloDetail } from '../../server/api/schema/slos.ts';
import { makeServer } from '../../server/app.ts';
import { verifyBundle } from '../../server/breach/verify-bundle.ts';
import { isoOf } from '../../server/slo/instant.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { aPortRow, aTickMessage } from '../fakes/tick-message.ts';
import { objectiveText } from '../unit/server/slo/asking.ts';
import { placeControl } from './control-fixture.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

/**
 * From rows on the bus to a bundle that anybody can check, with the server's own judge. `lossy` loses everything from some
 * second on; of the host of `silent` nothing comes for a while. What test/system/objective-proof.ts does with a datapath.
 */
const now = Math.floor(Date.now() / 1000);
/** A whole quarter of an hour and more. */
const from = now - (now % 900) - 900;
const lostSeconds = 20;
const hiddenSeconds = 30;
/** Fast burn rates know what came since an objective is followed: they need half a minute of it. */
const told = now - 90;
const data = mkdtempSync(join(tmpdir(), 'fn-promises-'));
const bus = new InProcessLog({ bytesMax: 1 << 26, recordBytesMax: messageBytesMax, nowMs: Date.now });
const receiver = await WebhookReceiver.start();
const config = aServerConfig({
  ...{ staleAfterMs: 6_000, liveSeconds: 300, busBytesMax: 1 << 26, lingerMs: 50 },
  alerts: {
    publicUrl: 'https://proof.example',
    secretsKeyFile: '',
    ports: [receiver.port],
    own: [],
    keepDays: 400,
    loopback: 'development',
  },
});
const server = makeServer({ config, data, bus, logger: silentLogger, version: '0.0.0-test' });
const lifecycle = new Lifecycle(server.parts, silentLogger);

const slo = (name: string, host: string) => {
  const calendar = ['1M', '2026-01-01 00:00:00', 'UTC'] as const;
  return `---\n${objectiveText({ ports: [`${host}/eth0`], calendar }).replace('name: acme', `name: ${name}`)}`;
};
const documents = `apiVersion: fournines/v1
kind: Tenant
metadata: { name: acme, displayName: Acme }
spec: { timeZone: UTC }
---
apiVersion: fournines/v1
kind: Service
metadata: { name: acme, displayName: Acme }
spec: { tenant: acme, ports: [{ name: other, placements: [{ host: elsewhere, port: eth0 }] }] }
${slo('lossy', 'h1')}${slo('silent', 'h2')}`;

/** What is of `lossy` goes to its tenant, at once; of `silent` nobody is told. */
const alerting = `apiVersion: fournines/v1
kind: Alerting
spec:
  receivers:
    - { name: acme-noc, tenant: acme, channel: webhook, url: "http://127.0.0.1:${receiver.port}/hook", http: allowed }
  routes:
    - tenant: acme
      name: acme
      match: [slo=lossy]
      receivers: [acme-noc]
      groupBy: [slo]
      groupWaitSeconds: 1
      groupIntervalSeconds: 1
`;

interface Told {
  readonly labels: Readonly<Record<string, string>>;
  readonly links: { readonly acknowledge?: string };
}

const waiting = { timeout: 30_000, interval: 50 };

async function post<T>(path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${server.url()}/api/v1${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`${server.url()}/api/v1${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

/** Slots [first, behind) of a host; all is lost from `lossFrom` on. */
async function feed(host: string, first: number, behind: number, lossFrom = behind): Promise<void> {
  for (let slot = first; slot < behind; slot++) {
    const lost = slot >= lossFrom ? 1_000n : 0n;
    const row = { host, slot, packetsInc: 1_000n - lost, dropsOutsideInc: lost };
    await bus.append(host, aTickMessage({ host, slot, ports: [aPortRow(row)] }));
  }
}

/** Asks for it again and again, and does `between` before each time. */
async function untilBreach(
  name: string,
  subject: Breach['subject'],
  state: Breach['state'],
  between: () => Promise<void> = async () => undefined,
): Promise<Breach> {
  return vi.waitFor(
    async () => {
      await between();
      const { items } = await get<BreachPage>(`/breaches?slo=${name}`);
      const found = items.find((breach) => breach.subject === subject && breach.state === state);
      expect(found, `${subject} ${state} among ${items.map((each) => `${each.subject} ${each.state}`)}`).toBeDefined();
      return found as Breach;
    },
    { timeout: 60_000, interval: 100 },
  );
}

beforeAll(async () => {
  await placeControl(data);
  await lifecycle.start();
  await vi.waitFor(() => get('/tenants'), { timeout: 60_000, interval: 50 });
  // The hosts are known, and have told some time: what comes next is the present, not late.
  await feed('h1', from, told);
  await feed('h2', from, told);
  await post('/slos/apply', { documents, by: 'ann', dryRun: false, from: isoOf(from) });
  const judged = async (name: string) => expect((await get<SloDetail>(`/slos/${name}`)).calendar).not.toBeNull();
  await vi.waitFor(() => Promise.all(['lossy', 'silent'].map(judged)), { timeout: 60_000, interval: 50 });
});

afterAll(async () => {
  await lifecycle.stop();
  await receiver.stop();
  rmSync(data, { recursive: true, force: true });
});

test('a loss fires T0, spends its seconds, and its bundle gives the same integers to anybody', async () => {
  let shown = Math.floor(Date.now() / 1000);
  const lostFrom = shown - lostSeconds;
  await feed('h1', told, shown, lostFrom);
  // Ten seconds later T0 sees nothing of it any more: it goes on for as long as it takes the judge to look.
  const goOn = async () => {
    const present = Math.floor(Date.now() / 1000);
    await feed('h1', shown, present, shown);
    shown = present;
  };
  const breach = await untilBreach('lossy', 'burn', 'risk', goOn);
  const lost = shown - lostFrom;
  expect(breach).toMatchObject({ tier: 'T0', tenant: 'acme', sloVersion: 1 });
  const detail = await vi.waitFor(
    async () => {
      const found = await get<BreachDetail>(`/breaches/${breach.id}`);
      expect(found.changes.some(({ evidence }) => evidence !== null)).toBe(true);
      return found;
    },
    { timeout: 60_000, interval: 100 },
  );
  expect(detail.chain).toBe('holds');
  const { entry, figures } = detail.changes.findLast(
    ({ evidence }) => evidence !== null,
  ) as BreachDetail['changes'][number];
  const response = await fetch(`${server.url()}/api/v1/breaches/${breach.id}/changes/${entry}/bundle`);
  const bundle = Buffer.from(await response.arrayBuffer());
  expect(verifyBundle(bundle)).toMatchObject({ breach: breach.id, entry, findings: [] });
  bundle[bundle.length >> 1] = (bundle[bundle.length >> 1] as number) ^ 1;
  expect(verifyBundle(bundle)?.findings).not.toEqual([]);
  await vi.waitFor(
    async () => {
      const { calendar } = await get<SloDetail>('/slos/lossy');
      expect(calendar?.figures.high.bad).toBe(String(lost));
    },
    { timeout: 60_000, interval: 100 },
  );
  expect(BigInt(figures.high.bad)).toBeLessThanOrEqual(BigInt(lost));
  await vi.waitFor(
    async () => {
      const { objectives } = await get<MonthCalendar>('/tenants/acme/calendar');
      const days = objectives.find(({ name }) => name === 'lossy')?.budget.days ?? [];
      expect(days.reduce((sum, { bad }) => sum + Number(bad), 0)).toBe(lost);
    },
    { timeout: 60_000, interval: 100 },
  );
});

test('what nobody saw is undetermined, frozen and stale; late rows take the risk back', async () => {
  let shown = Math.floor(Date.now() / 1000) - hiddenSeconds;
  await feed('h2', told, shown);
  await untilBreach('silent', 'unproven', 'risk');
  // The breach may stand before half of T0's window is unknown.
  await vi.waitFor(
    async () => {
      const silent = await get<SloDetail>('/slos/silent');
      expect(silent.calendar?.figures).toMatchObject({ high: { bad: '0' }, verdict: 'undetermined' });
      expect(Number(silent.calendar?.figures.low.bad)).toBeGreaterThanOrEqual(hiddenSeconds);
      expect(silent.stale?.hosts).toEqual(['h2']);
      expect(silent.burn[0]).toMatchObject({ tier: 'T0', state: 'frozen' });
    },
    { timeout: 60_000, interval: 100 },
  );
  // The spool drains: what was hidden, and what has come since.
  const drain = async () => {
    const present = Math.floor(Date.now() / 1000);
    await feed('h2', shown, present);
    shown = present;
  };
  await vi.waitFor(
    async () => {
      await drain();
      const { items } = await get<BreachPage>('/breaches?slo=silent');
      expect(items.find(({ subject }) => subject === 'unproven')?.state).toBe('retracted');
      const { calendar } = await get<SloDetail>('/slos/silent');
      expect(calendar?.figures).toMatchObject({ high: { bad: '0' }, low: { bad: '0' } });
    },
    { timeout: 60_000, interval: 200 },
  );
});

test('what still fires reaches the receiver of its tenant, signed, once there is one, and nothing of anybody else', async () => {
  expect(receiver.received).toEqual([]);
  expect(await post<AppliedAlerting>('/alerting/apply', { document: alerting, by: 'ann', dryRun: true })).toEqual({
    version: 0,
    dryRun: true,
  });
  const wrong = await fetch(`${server.url()}/api/v1/alerting/apply`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ document: alerting.replace('receivers: [acme-noc]', 'receivers: [nobody]'), by: 'ann' }),
  });
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({ code: 'FN_ALERTING_FILE', detail: expect.stringContaining('nobody') });
  const unknown = await fetch(`${server.url()}/api/v1/receivers/acme-noc/test`, { method: 'POST' });
  expect(unknown.status).toBe(404);
  await post('/alerting/apply', { document: alerting, by: 'ann' });
  const key = await post<MadeKey>('/receivers/acme-noc/keys', { kind: 'hmac', by: 'ann' });
  // Known before anything was sent to it, and without its address.
  expect((await get<Alerting>('/alerting')).receivers).toEqual([
    { name: 'acme-noc', tenant: 'acme', channel: 'webhook', keys: 1 },
  ]);
  const template = { text: '{#alerts}{page_url}{/alerts}' };
  expect((await post<TemplatePreview>('/alerting/preview', { template })).text).toBe('https://proof.example/');
  const { delivery } = await post<SentTest>('/receivers/acme-noc/test', {});
  const told = () =>
    receiver.received.map(({ headers, body }) => {
      const checked = new Webhook(key.secret).verify(body, headers as Record<string, string>);
      return checked as {
        readonly type: string;
        readonly data: { readonly id: string; readonly alerts: readonly Told[] };
      };
    });
  const isTest = ({ type }: { readonly type: string }) => type === 'sla.test';
  await vi.waitFor(
    () =>
      expect(
        told()
          .filter(isTest)
          .map(({ data }) => data.id),
      ).toEqual([delivery]),
    waiting,
  );
  const { items } = await get<BreachPage>('/breaches?slo=lossy&open=true');
  const ongoing = items.map(({ id }) => id).sort();
  expect(ongoing.length).toBeGreaterThan(0);
  await vi.waitFor(() => {
    const alerts = told()
      .filter((each) => !isTest(each))
      .flatMap(({ data }) => data.alerts);
    expect([...new Set(alerts.map(({ labels }) => labels['breach']))].sort()).toEqual(ongoing);
    expect(new Set(alerts.map(({ labels }) => labels['slo']))).toEqual(new Set(['lossy']));
  }, waiting);
  const newestFirst = () =>
    told()
      .toReversed()
      .flatMap(({ data }) => data.alerts);
  await takeCareByLink(newestFirst);
});

/** By the link of the newest message: an older one is refused if the breach has become worse since. */
async function takeCareByLink(newestFirst: () => readonly Told[]): Promise<void> {
  const ways = { method: 'POST', body: new URLSearchParams({ who: 'Kim' }), redirect: 'error' } as const;
  const [breach = '', link = ''] = await vi.waitFor(async () => {
    const { labels, links } = newestFirst().find(({ links: own }) => own.acknowledge !== undefined) ?? {};
    // Nothing listens at the address that the world knows.
    const { pathname, search } = new URL(links?.acknowledge ?? '', 'https://no.link.yet');
    const url = `${server.url()}${pathname}${search}`;
    const page = await fetch(url);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Nothing has been done yet.')]);
    expect((await fetch(url, ways)).status).toBe(200);
    return [labels?.['breach'], url];
  }, waiting);
  const by = 'Kim, by a link to acme-noc';
  expect(await get(`/breaches/${breach}`)).toMatchObject({ acknowledgedBy: by });
  expect((await fetch(link, ways)).status).toBe(409);
  const { items, chain } = await get<ActPage>('/audit');
  expect([chain, items.map(({ act }) => act)]).toEqual([
    'holds',
    ['breach.acknowledged', 'receiver.tested', 'receiver.key.made', 'alerting.applied'],
  ]);
  expect(items[0]).toMatchObject({ by, via: 'link', subject: breach });
}
