import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../core/runtime/logger.ts';
import { decodeMessage } from '../../core/wire/message.ts';
import type { DeadLetterPage } from '../../server/api/schema/dead-letters.ts';
import type { PortPage } from '../../server/api/schema/ports.ts';
import { EmbeddedEngine } from '../../server/store/embedded/engine.ts';
import { migrate } from '../../server/store/migrate.ts';
import { KafkaBroker } from '../lab/kafka/broker.ts';
import { skipWithoutKafka } from '../lab/kafka/presence.ts';
import { openSource, readAll } from './kafka-fixture.ts';
import { cli, Spawned } from './spawned.ts';

const wait = { timeout: 60_000, interval: 100 };
const folder = mkdtempSync(join(tmpdir(), 'fn-versions-'));
const hook = new URL('./later-catalogue.ts', import.meta.url);
let broker: KafkaBroker;
let server: Spawned;
let base = '';
const running: Spawned[] = [];

/** A program as it is, or as it will be when its kinds have a later form. */
function start(form: number, verb: string, ...args: string[]): Spawned {
  const later = form === 1 ? [] : ['--import', `${hook}?form=${form}`];
  const started = new Spawned(process.execPath, [...later, cli, verb, ...args]);
  running.push(started);
  return started;
}

function configOf(host: string): string {
  const path = join(folder, `${host}.yaml`);
  const { host: address, port } = broker.plain;
  const off = 'sourcesOff: [ovs, dpdk-telemetry, thread]';
  writeFileSync(
    path,
    `bus: { kafka: { brokers: ["${address}:${port}"] } }\ncollector: { host: ${host}, ${off} }\nserver: { lingerMs: 200 }\n`,
  );
  return path;
}

async function startServer(form: number): Promise<void> {
  server = start(form, 'server', '--port', '0', '--data', join(folder, 'server'), '--config', configOf('server'));
  await vi.waitFor(() => expect(server.stderr).toMatch(/"url":"(http:[^"]+)","msg":"serving"/), wait);
  base = /"url":"(http:[^"]+)","msg":"serving"/.exec(server.stderr)?.[1] ?? '';
}

function startCollector(form: number, host: string): Spawned {
  return start(form, 'collector', '--data', join(folder, host), '--config', configOf(host));
}

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(`${base}/api/v1/${path}`)).json()) as T;
}

async function letters(...args: string[]): Promise<string> {
  const command = start(1, 'dead-letters', ...args, '--server', base);
  await command.end();
  return command.stdout;
}

async function lettersOf(host: string): Promise<DeadLetterPage['items']> {
  return (await get<DeadLetterPage>(`dead-letters?host=${host}&limit=200`)).items;
}

const nowSeconds = () => Math.floor(Date.now() / 1000);
const iso = (second: number) => new Date(second * 1000).toISOString();

async function slotsOf(host: string, from: number, to: number): Promise<PortPage['items'][number]['slots'][]> {
  const page = await get<PortPage>(`ports?host=${host}&port=lo&from=${iso(from)}&to=${iso(to)}`);
  return page.items.map(({ slots }) => slots);
}

/** The store as the migrations of both later forms will leave it. */
async function makeLaterTables(): Promise<void> {
  const engine = new EmbeddedEngine({ path: join(folder, 'server', 'clickhouse'), logger: silentLogger });
  await engine.start();
  await migrate(engine);
  await engine.command('ALTER TABLE tick ADD COLUMN rack Nullable(UInt64)');
  await engine.command('ALTER TABLE tick ADD COLUMN shelf String');
  await engine.close();
}

async function ask(sql: string): Promise<readonly unknown[]> {
  const engine = new EmbeddedEngine({ path: join(folder, 'server', 'clickhouse'), logger: silentLogger });
  await engine.start();
  return engine.query(sql, {}, { deadlineMs: 10_000 }).finally(() => engine.close());
}

describe.skipIf(skipWithoutKafka)('collectors of an older and of a newer version than their server', () => {
  let [from, to] = [0, 0];

  beforeAll(async () => {
    [broker] = await Promise.all([KafkaBroker.start(), makeLaterTables()]);
    startCollector(1, 'older');
    const newer = startCollector(3, 'newer');
    await startServer(2);
    await vi.waitFor(async () => expect((await lettersOf('newer')).length).toBeGreaterThan(0), wait);
    from = nowSeconds();
    await vi.waitFor(() => expect(nowSeconds()).toBeGreaterThan(from + 4), wait);
    to = nowSeconds() - 1;
    const before = (await lettersOf('newer')).length;
    await vi.waitFor(async () => expect((await lettersOf('newer')).length).toBeGreaterThan(before), wait);
    await newer.stop();
  }, 300_000);

  afterAll(async () => {
    await Promise.all(running.map((each) => each.stop('SIGKILL')));
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the older one is stored beside it; what the newer one says is kept, with its reason', async () => {
    const { items } = await get<DeadLetterPage>('dead-letters?limit=200');
    expect(new Set(items.map(({ host, code }) => `${host} ${code}`))).toEqual(new Set(['newer FN_WIRE_SCHEMA']));
    await vi.waitFor(async () => {
      const older = await slotsOf('older', from, to);
      expect(older).toHaveLength(2);
      for (const slot of older) expect(slot).toMatchObject({ observed: to - from, unknown: 0 });
    }, wait);
    expect(await slotsOf('newer', from, to)).toEqual([]);
  });

  test('the topic of letters tells of each of them, with its bytes', async () => {
    const source = openSource(broker, 'fournines.dead-letters');
    const told = (await readAll(source)).map(({ value }) => JSON.parse(Buffer.from(value).toString()));
    await source.close();
    const ids = (await lettersOf('newer')).map(({ id }) => id);
    expect(told.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    for (const { code, bytes } of told) {
      expect(code).toBe('FN_WIRE_SCHEMA');
      expect(decodeMessage(Buffer.from(bytes, 'base64')).host).toBe('newer');
    }
  });

  test('after the upgrade a replay heals it, and a second one changes nothing', async () => {
    expect(await server.stop()).toBe(0);
    await startServer(3);
    const { items } = JSON.parse(await letters('list', '--host', 'newer', '--json')) as DeadLetterPage;
    const ids = items.map(({ id }) => id);
    expect(await letters('replay', ...ids)).toBe(ids.map((id) => `${id}: sent\n`).join(''));
    await vi.waitFor(async () => {
      const newer = await slotsOf('newer', from, to);
      expect(newer).toHaveLength(2);
      for (const slot of newer) expect(slot).toMatchObject({ observed: to - from, unknown: 0 });
    }, wait);
    const before = await slotsOf('newer', from - 1, to + 1);
    expect(await letters('replay', ...ids)).toBe(ids.map((id) => `${id}: before\n`).join(''));
    expect(await slotsOf('newer', from - 1, to + 1)).toEqual(before);
    await server.stop();
    expect(await ask('SELECT host, rack, shelf, count() > 3 AS many FROM tick GROUP BY ALL ORDER BY host')).toEqual([
      { host: 'newer', rack: '42', shelf: 'top', many: 1 },
      { host: 'older', rack: null, shelf: '', many: 1 },
    ]);
  });
});
