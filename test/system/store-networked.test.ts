import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { portSlot } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { migrate } from '../../server/store/migrate.ts';
import { NetworkedEngine, type NetworkedEngineOptions } from '../../server/store/networked/engine.ts';
import { storeEngineContract } from '../contract/store-engine.ts';
import { ClickHouseFront } from '../lab/clickhouse/clickhouse-front.ts';
import { TcpProxy } from '../lab/kafka/tcp-proxy.ts';
import { aPortSlot, count, insertRows, today, until } from './store-fixture.ts';

function anEngine(front: ClickHouseFront, over: Partial<NetworkedEngineOptions> = {}): NetworkedEngine {
  return new NetworkedEngine({ ...front.options, ca: undefined, compression: 'zstd', logger: silentLogger, ...over });
}

storeEngineContract('ClickHouse over HTTP', async () => {
  const front = await ClickHouseFront.start();
  const engine = anEngine(front);
  await engine.start();
  await migrate(engine);
  return {
    engine,
    folder: front.folder,
    kill: () => front.kill(),
    revive: () => front.run(),
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await front[Symbol.asyncDispose]();
    },
  };
});

describe('a ClickHouse behind a network that fails', () => {
  let front: ClickHouseFront;
  let proxy: TcpProxy;
  const folder = mkdtempSync(join(tmpdir(), 'fn-networked-'));
  beforeAll(async () => {
    front = await ClickHouseFront.start();
    const direct = anEngine(front);
    await direct.start();
    await migrate(direct);
    await direct.close();
    proxy = await TcpProxy.start(0, front.port);
  });
  afterAll(async () => {
    await proxy.stop();
    await front[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    proxy.mode = 'pass';
    proxy.bytesPerSecond = undefined;
  });
  const through = async (over: Partial<NetworkedEngineOptions> = {}) => {
    const engine = anEngine(front, over);
    await engine.start();
    return Object.assign(engine, { [Symbol.asyncDispose]: () => engine.close() });
  };
  const proxied = () => through({ url: `http://127.0.0.1:${proxy.port}`, probeDeadlineMs: 1_000 });
  const rows = (port: string) => Array.from({ length: 1_000 }, (_, i) => aPortSlot({ port, slot: today + i }));

  test('an insert whose answer is swallowed is repeated under its token, and stored once', async () => {
    await using engine = await proxied();
    await using direct = await through();
    proxy.mode = 'swallow-answers';
    const insert = { folder, engine };
    const lost = insertRows(insert, portSlot, rows('swallowed'), 'log-n:0:0-0:port_slot:f');
    await until(async () => (await count(direct, "port_slot WHERE port = 'swallowed'")) === 1_000);
    proxy.cut();
    await expect(lost).rejects.toMatchObject({ code: 'FN_STORE_AWAY', retryable: true });
    proxy.mode = 'pass';
    await until(() => engine.stats().state === 'ready');
    await insertRows(insert, portSlot, rows('swallowed'), 'log-n:0:0-0:port_slot:f');
    expect(await count(direct, "port_slot WHERE port = 'swallowed'")).toBe(1_000);
    expect(await count(direct, "(SELECT 1 FROM port_1m WHERE port = 'swallowed' AND observed > 60)")).toBe(0);
  });

  test.each(['zstd', 'gzip', 'none'] as const)('a body that breaks off stores nothing (%s)', async (compression) => {
    await using engine = await through({ url: `http://127.0.0.1:${proxy.port}`, compression });
    await using direct = await through();
    const port = `cut-${compression}`;
    const many = Array.from({ length: 60_000 }, (_, i) =>
      aPortSlot({ port, slot: today + i, packets: BigInt(i) ** 3n }),
    );
    proxy.bytesPerSecond = 400_000;
    const before = proxy.forwardedBytes;
    const cut = insertRows({ folder, engine }, portSlot, many, `log-n:0:${port}:port_slot:f`);
    const told = expect(cut).rejects.toMatchObject({ code: 'FN_STORE_AWAY' });
    await until(() => proxy.forwardedBytes > before + 60_000);
    proxy.cut();
    await told;
    proxy.bytesPerSecond = undefined;
    await until(() => engine.stats().state === 'ready');
    expect(await count(direct, `port_slot WHERE port = '${port}'`)).toBe(0);
    await insertRows({ folder, engine }, portSlot, many, `log-n:0:${port}:port_slot:f`);
    expect(await count(direct, `port_slot WHERE port = '${port}'`)).toBe(60_000);
  });

  test('a server that does not answer at all is away once it has been asked in vain, and is used again when it does', async () => {
    await using engine = await proxied();
    proxy.mode = 'black-hole';
    const unheard = engine.query('SELECT 1', {}, { deadlineMs: 200 });
    await expect(unheard).rejects.toMatchObject({ code: 'FN_STORE_TIMEOUT' });
    await until(() => engine.stats().state === 'restarting');
    const startedMs = performance.now();
    const refused = engine.query('SELECT 1', {}, { deadlineMs: 10_000 });
    await expect(refused).rejects.toMatchObject({ code: 'FN_STORE_AWAY' });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    proxy.mode = 'pass';
    proxy.cut();
    await until(() => engine.stats().state === 'ready');
    expect(await engine.query('SELECT 1 AS n', {}, { deadlineMs: 5_000 })).toEqual([{ n: 1 }]);
  });

  test('one broken line is no outage', async () => {
    await using engine = await proxied();
    await using direct = await through();
    const cut = engine.query('SELECT sleep(2)', {}, { deadlineMs: 10_000 });
    const told = expect(cut).rejects.toMatchObject({ code: 'FN_STORE_AWAY' });
    await until(async () => (await count(direct, "system.processes WHERE query LIKE '%SELECT sleep(2)%'")) > 1);
    proxy.cut();
    await told;
    expect(await engine.query('SELECT 1 AS n', {}, { deadlineMs: 5_000 })).toEqual([{ n: 1 }]);
    expect(engine.stats()).toMatchObject({ state: 'ready', restarts: 0 });
  });
});

describe('who may in', () => {
  test('a wrong password, user or database is told at the start by its number', async () => {
    await using front = await ClickHouseFront.start();
    const refused = async (over: Partial<NetworkedEngineOptions>, storeCode: string) => {
      const engine = anEngine(front, over);
      const told = { code: 'FN_STORE', retryable: false, context: { storeCode } };
      await expect(engine.start()).rejects.toMatchObject(told);
      await engine.close();
    };
    await refused({ password: 'other' }, '516');
    await refused({ user: 'nobody' }, '516');
    await refused({ database: 'nowhere' }, '81');
  });

  test('over TLS the certificate is checked against the authority that is named', async () => {
    await using front = await ClickHouseFront.start({ isSecure: true });
    const good = anEngine(front, { ca: readFileSync(front.caFile, 'utf8') });
    await good.start();
    expect(await good.query('SELECT 1 AS n', {}, { deadlineMs: 5_000 })).toEqual([{ n: 1 }]);
    await good.close();
    for (const ca of [undefined, readFileSync(join(front.folder, 'other-ca.pem'), 'utf8')]) {
      const bad = anEngine(front, { ca });
      await expect(bad.start()).rejects.toMatchObject({ code: 'FN_STORE_AWAY' });
      await bad.close();
    }
  });
});
