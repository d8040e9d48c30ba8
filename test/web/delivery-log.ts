/**
 * Takes pictures of the log of deliveries with true entries: a promise is broken on a server of its own, one receiver takes
 * what it is told, one fails, and one is gone.
 *
 *     node test/web/delivery-log.ts --out FOLDER
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import type { BreachPage } from '../../server/api/schema/breaches.ts';
import type { DeliveryPage } from '../../server/api/schema/deliveries.ts';
import type { SloDetail } from '../../server/api/schema/slos.ts';
import { makeServer } from '../../server/app.ts';
import { isoOf } from '../../server/slo/instant.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { aPortRow, aTickMessage } from '../fakes/tick-message.ts';
import { placeControl } from '../system/control-fixture.ts';
import { ProductApi } from '../system/product-api.ts';
import { WebhookReceiver } from '../system/webhook-receiver.ts';
import { objectiveText } from '../unit/server/slo/asking.ts';
import { launchBrowser } from './browser.ts';
import { buildPage } from './build-page.ts';

const { values: options } = parseArgs({ options: { out: { type: 'string', default: 'screenshots' } } });
const deadlineMs = 90_000;
const statuses = { takes: 204, fails: 503, gone: 410 } as const;
const now = Math.floor(Date.now() / 1_000);
/** A whole quarter of an hour and more; the objective has been followed for a while before anything is lost. */
const from = now - (now % 900) - 900;
const told = now - 90;

const calendar = ['1M', '2026-01-01 00:00:00', 'UTC'] as const;
const promises = `apiVersion: fournines/v1
kind: Tenant
metadata: { name: acme, displayName: Acme }
spec: { timeZone: UTC }
---
apiVersion: fournines/v1
kind: Service
metadata: { name: acme, displayName: Acme }
spec: { tenant: acme, ports: [{ name: other, placements: [{ host: elsewhere, port: eth0 }] }] }
---
${objectiveText({ ports: ['h1/eth0'], calendar }).replace('name: acme', 'name: acme-availability')}`;

function alertingOf(ports: Readonly<Record<string, number>>): string {
  const receivers = Object.entries(ports).map(
    ([name, port]) =>
      `    - { name: ${name}, channel: webhook, url: "http://127.0.0.1:${port}/hook", http: allowed }\n`,
  );
  return `apiVersion: fournines/v1
kind: Alerting
spec:
  receivers:
${receivers.join('')}  routes:
    - name: all
      receivers: [${Object.keys(ports).join(', ')}]
      groupBy: [slo]
      groupWaitSeconds: 1
      groupIntervalSeconds: 1
`;
}

const data = mkdtempSync(join(tmpdir(), 'fn-delivery-log-'));
const bus = new InProcessLog({ bytesMax: 1 << 26, recordBytesMax: messageBytesMax, nowMs: Date.now });
const receivers = await Promise.all(
  Object.entries(statuses).map(async ([name, status]) => {
    const receiver = await WebhookReceiver.start();
    receiver.status = status;
    return { name, receiver };
  }),
);
const ports = Object.fromEntries(receivers.map(({ name, receiver }) => [name, receiver.port]));
const config = aServerConfig({
  ...{ staleAfterMs: 6_000, liveSeconds: 300, busBytesMax: 1 << 26, lingerMs: 50 },
  alerts: { publicUrl: '', secretsKeyFile: '', ports: Object.values(ports), own: [], loopback: 'development' },
});
const server = makeServer({ config, data, bus, logger: silentLogger, version: '0.0.0-test' });
const lifecycle = new Lifecycle(server.parts, silentLogger);

/** Slots [first, behind) of the host; all of it is lost where `lost`. */
async function feed(first: number, behind: number, lost: boolean): Promise<void> {
  for (let slot = first; slot < behind; slot++) {
    const row = { host: 'h1', slot, packetsInc: lost ? 0n : 1_000n, dropsOutsideInc: lost ? 1_000n : 0n };
    await bus.append('h1', aTickMessage({ host: 'h1', slot, ports: [aPortRow(row)] }));
  }
}

async function post(path: string, body: object): Promise<void> {
  const response = await fetch(`${server.url()}/api/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(deadlineMs),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** Goes on losing everything, second by second, until it is told to stop. */
function keepLosing(first: number): () => Promise<void> {
  const stopping = new AbortController();
  let shown = first;
  const done = (async () => {
    while (!stopping.signal.aborted) {
      const present = Math.floor(Date.now() / 1_000);
      await feed(shown, present, true);
      shown = present;
      await sleepMs(250, stopping.signal).catch(() => undefined);
    }
  })();
  return () => {
    stopping.abort();
    return done;
  };
}

async function breakPromise(): Promise<string> {
  const api = new ProductApi(server.url());
  await api.until('tenants', () => true, deadlineMs);
  await feed(from, told, false);
  await post('slos/apply', { documents: promises, by: 'anna', dryRun: false, from: isoOf(from) });
  await api.until<SloDetail>('slos/acme-availability', (slo) => slo.calendar !== null, deadlineMs);
  await post('alerting/apply', { document: alertingOf(ports), by: 'anna' });
  for (const { name } of receivers) await post(`receivers/${name}/keys`, { kind: 'hmac', by: 'anna' });
  const lostFrom = Math.floor(Date.now() / 1_000) - 20;
  await feed(told, lostFrom, false);
  stopLosing = keepLosing(lostFrom);
  const { items } = await api.until<BreachPage>('breaches', ({ items }) => items.length > 0, deadlineMs);
  await post('receivers/takes/test', { by: 'anna' });
  await api.until<DeliveryPage>(
    'deliveries',
    ({ items }) =>
      items.some(({ receiver, state, reason }) => receiver === 'takes' && state === 'delivered' && reason !== 'test') &&
      items.some(({ receiver, state, attempts }) => receiver === 'fails' && state === 'waiting' && attempts > 1) &&
      items.some(({ receiver, state }) => receiver === 'gone' && state === 'dead'),
    deadlineMs,
  );
  return items[0]?.id ?? '';
}

/** What people would do about it. */
async function act(breach: string): Promise<void> {
  await post(`breaches/${breach}/comments`, { by: 'anna', comment: 'The guest polls too slowly since noon.' });
  await post(`breaches/${breach}/acknowledge`, { by: 'anna', comment: '' });
  const endsAt = isoOf(Math.floor(Date.now() / 1_000) + 3_600);
  await post('silences', {
    matchers: ['slo=acme-availability'],
    endsAt,
    by: 'anna',
    comment: 'the ring is being moved',
  });
}

async function shoot(breach: string): Promise<void> {
  const { items } = await new ProductApi(server.url()).get<DeliveryPage>('deliveries');
  const dead = items.find(({ state }) => state === 'dead')?.id ?? '';
  const pages = {
    notifications: '/notifications',
    'notification-dead': `/notifications/${encodeURIComponent(dead)}`,
    alerts: '/alerts',
    silences: `/silences?slo=acme-availability`,
    audit: '/audit',
    breach: `/breaches/${breach}`,
  };
  mkdirSync(options.out, { recursive: true });
  const browser = await launchBrowser();
  try {
    for (const colorScheme of ['dark', 'light'] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(`${server.url()}${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForFunction(() => document.querySelector('.state-loading') === null);
        const file = join(options.out, `${name}-${colorScheme}.png`);
        await page.screenshot({ path: file, fullPage: true });
        process.stdout.write(`${file}\n`);
      }
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

let stopLosing = async () => {};

try {
  await buildPage();
  await placeControl(data);
  await lifecycle.start();
  const breach = await breakPromise();
  await act(breach);
  await shoot(breach);
} finally {
  await stopLosing();
  await lifecycle.stop();
  for (const { receiver } of receivers) await receiver.stop();
  rmSync(data, { recursive: true, force: true });
}
