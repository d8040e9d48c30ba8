import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Health } from '../../server/api/schema/health.ts';
import type { PortPage } from '../../server/api/schema/ports.ts';
import { KafkaBroker } from '../lab/kafka/broker.ts';
import { skipWithoutKafka } from '../lab/kafka/presence.ts';
import { Spawned } from './spawned.ts';

const wait = { timeout: 60_000, interval: 100 };
const folder = mkdtempSync(join(tmpdir(), 'fn-road-'));
const configFile = join(folder, 'config.yaml');
let broker: KafkaBroker;
let collector: Spawned;
let server: Spawned;
let base = '';

async function startServer(): Promise<void> {
  server = Spawned.product('server', '--port', '0', '--data', join(folder, 'server'), '--config', configFile);
  await vi.waitFor(() => expect(server.stderr).toMatch(/"url":"(http:[^"]+)"/), wait);
  base = /"url":"(http:[^"]+)","msg":"serving"/.exec(server.stderr)?.[1] ?? '';
}

function startCollector(): void {
  collector = Spawned.product('collector', '--data', join(folder, 'collector'), '--config', configFile);
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** Waits until all of `lo` from `from` to now is told, then gives what its slots are, rx and tx. */
async function slotsSince(from: number): Promise<PortPage['items'][number]['slots'][]> {
  const to = nowSeconds();
  const window = `from=${new Date(from * 1000).toISOString()}&to=${new Date(to * 1000).toISOString()}`;
  return vi.waitFor(async () => {
    const page = (await (await fetch(`${base}/api/v1/ports?port=lo&${window}`)).json()) as PortPage;
    expect(Date.parse(page.completeTo ?? '')).toBeGreaterThanOrEqual(to * 1000);
    expect(page.items).toHaveLength(2);
    return page.items.map(({ slots }) => slots);
  }, wait);
}

describe.skipIf(skipWithoutKafka)('collector, Kafka and server as three programs', () => {
  let from = 0;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    const { host, port } = broker.plain;
    const off = `sourcesOff: [ovs, dpdk-telemetry]`;
    writeFileSync(
      configFile,
      `bus: { kafka: { brokers: ["${host}:${port}"] } }\ncollector: { host: road, ${off} }\nserver: { lingerMs: 200 }\n`,
    );
    startCollector();
    await startServer();
    await vi.waitFor(async () => {
      const hosts = (await (await fetch(`${base}/api/v1/hosts`)).json()) as { items: { state: string }[] };
      expect(hosts.items).toMatchObject([{ host: 'road', state: 'live' }]);
    }, wait);
    from = nowSeconds();
  }, 300_000);

  afterAll(async () => {
    await Promise.all([collector?.stop('SIGKILL'), server?.stop('SIGKILL')]);
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('health says that the bus is outside', async () => {
    const health = (await (await fetch(`${base}/api/v1/health`)).json()) as Health;
    expect(health).toMatchObject({ status: 'ok', bus: null, collector: null });
  });

  test('a broker that is killed and comes back costs nothing', async () => {
    await broker.kill();
    const away = nowSeconds();
    await vi.waitFor(() => expect(collector.stderr).toContain('the bus takes no records'), wait);
    await vi.waitFor(() => expect(nowSeconds()).toBeGreaterThan(away + 6), wait);
    await broker.restart();
    const to = nowSeconds();
    for (const slots of await slotsSince(from)) {
      expect(slots).toMatchObject({ bridged: 0, unknown: 0 });
      expect(slots.observed).toBeGreaterThanOrEqual(to - from);
    }
  }, 120_000);

  test('a collector that is killed goes on counting where it was: nothing unknown', async () => {
    await collector.stop('SIGKILL');
    startCollector();
    // A gap counts in a window that holds all of it: it ends with the first slot of the new collector.
    const started = nowSeconds();
    await vi.waitFor(async () => {
      const hosts = (await (await fetch(`${base}/api/v1/hosts`)).json()) as { items: { lastSlot: string }[] };
      expect(Date.parse(hosts.items[0]?.lastSlot ?? '')).toBeGreaterThanOrEqual(started * 1000);
    }, wait);
    for (const slots of await slotsSince(from)) {
      expect(slots.unknown).toBe(0);
      expect(slots.bridged).toBeLessThanOrEqual(10);
    }
  }, 120_000);

  test('a server that is killed stores what came meanwhile, once', async () => {
    const before = (await slotsSince(from)).map(({ observed, bridged }) => observed + bridged);
    const at = nowSeconds();
    await server.stop('SIGKILL');
    await vi.waitFor(() => expect(nowSeconds()).toBeGreaterThan(at + 4), wait);
    await startServer();
    const to = nowSeconds();
    for (const [index, slots] of (await slotsSince(from)).entries()) {
      expect(slots.unknown).toBe(0);
      const all = slots.observed + slots.bridged;
      expect(all).toBeGreaterThanOrEqual((before[index] ?? 0) + to - at);
      expect(all).toBeLessThanOrEqual(nowSeconds() - from);
    }
  }, 120_000);
});
