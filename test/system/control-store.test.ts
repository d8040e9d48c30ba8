import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { EmbeddedStore } from '../../server/control/embedded/embedded-store.ts';
import { migrateControl, readControlMigrations } from '../../server/control/migrate.ts';
import { PostgresStore } from '../../server/control/postgres/postgres-store.ts';
import { controlStoreContract } from '../contract/control-store.ts';
import { LabPostgres, postgresPrograms } from '../lab/postgres/lab-postgres.ts';
import { placeControl } from './control-fixture.ts';
import { until } from './store-fixture.ts';

const folders: string[] = [];
function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fn-control-'));
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Without a database yet. */
function embedded(folder = aFolder()): EmbeddedStore {
  return new EmbeddedStore({ folder: join(folder, 'control'), logger: silentLogger });
}

/** A folder with an empty database. */
async function aPlacedFolder(): Promise<string> {
  const folder = aFolder();
  await placeControl(folder);
  return folder;
}

/** Inserts 1, 2, 3 … one acknowledged commit each until the store goes; gives the last that was acknowledged. */
async function insertUntilItEnds(store: ControlStore, first: number, started: () => void): Promise<number> {
  for (let id = first; ; id++) {
    try {
      await store.query('INSERT INTO row (id) VALUES ($1)', [id]);
    } catch {
      return id - 1;
    }
    if (id === first + 20) started();
  }
}

controlStoreContract('the embedded control store', {
  open: async () => {
    const store = embedded(await aPlacedFolder());
    await store.open();
    return store;
  },
  close: async () => undefined,
});

describe('the embedded control store', () => {
  test('killed with -9 under acknowledged inserts, has every one of them afterwards, and at most the one on its way', async () => {
    const store = embedded(await aPlacedFolder());
    await store.open();
    await store.query('CREATE TABLE row (id bigint PRIMARY KEY)');
    let next = 1;
    for (let round = 0; round < 5; round++) {
      const running = Promise.withResolvers<void>();
      const acknowledged = insertUntilItEnds(store, next, running.resolve);
      await running.promise;
      process.kill(store.pid as number, 'SIGKILL');
      const last = await acknowledged;
      const [row] = await store.query('SELECT count(*) AS n, max(id) AS last FROM row');
      expect(row?.['n']).toBe(row?.['last']);
      expect(Number(row?.['last']) - last).toBeGreaterThanOrEqual(0);
      expect(Number(row?.['last']) - last).toBeLessThanOrEqual(1);
      next = Number(row?.['last']) + 1;
    }
    expect(store.stats()).toMatchObject({ state: 'ready', restarts: 5 });
    await store.close();
  });

  test('a second process is refused the folder until the first lets it go', async () => {
    const folder = await aPlacedFolder();
    const first = embedded(folder);
    await first.open();
    const second = embedded(folder);
    await expect(second.open()).rejects.toMatchObject({ code: 'FN_FOLDER_LOCKED' });
    await first.close();
    await second.open();
    await second.close();
  });

  test('killed while it makes its database, makes it anew', async () => {
    const folder = aFolder();
    const first = embedded(folder);
    const opening = first.open();
    opening.catch(() => undefined);
    await until(() => first.makerPid !== undefined);
    process.kill(first.makerPid as number, 'SIGKILL');
    await expect(opening).rejects.toMatchObject({ code: 'FN_CONTROL_AWAY', retryable: true });
    await first.open();
    expect(await first.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await first.close();
  });

  test('a bounded number of callers may wait; one more is refused at once', async () => {
    const folder = join(await aPlacedFolder(), 'control');
    const store = new EmbeddedStore({ folder, logger: silentLogger, waitingMax: 2 });
    await store.open();
    const calls = Array.from({ length: 4 }, () => store.query('SELECT 1 AS one'));
    const ended = await Promise.allSettled(calls);
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(ended[3]).toMatchObject({ reason: { code: 'FN_CONTROL_AWAY' } });
    await store.close();
  });
});

const hasPostgres = postgresPrograms() !== undefined;

describe.skipIf(!hasPostgres)('PostgreSQL of the lab', () => {
  let lab: LabPostgres;
  beforeAll(async () => {
    lab = await LabPostgres.start();
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });
  const connect = (over: object = {}) => new PostgresStore({ ...lab.options, logger: silentLogger, ...over });

  controlStoreContract('PostgreSQL', {
    open: async () => connect(),
    close: async () => undefined,
  });

  test('killed with -9 under acknowledged inserts and started again, has them all; the store connects by itself', async () => {
    const store = connect();
    await store.query('CREATE TABLE row (id bigint PRIMARY KEY)');
    const running = Promise.withResolvers<void>();
    const acknowledged = insertUntilItEnds(store, 1, running.resolve);
    await running.promise;
    await lab.kill();
    const last = await acknowledged;
    await expect(store.query('SELECT 1')).rejects.toMatchObject({ code: 'FN_CONTROL_AWAY', retryable: true });
    expect(store.stats().state).toBe('away');
    await lab.run();
    const [row] = await store.query('SELECT count(*) AS n FROM row');
    expect(Number(row?.['n']) - last).toBeGreaterThanOrEqual(0);
    expect(Number(row?.['n']) - last).toBeLessThanOrEqual(1);
    expect(store.stats().state).toBe('ready');
    await store.close();
  });

  test('speaks TLS with a checked certificate, and refuses one that nobody it trusts has signed', async () => {
    const trusted = connect({ host: 'localhost', tls: { ca: lab.ca } });
    const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    expect(await trusted.query(sql)).toEqual([{ ssl: true }]);
    await trusted.close();
    const untrusted = connect({ host: 'localhost', tls: {} });
    await expect(untrusted.query(sql)).rejects.toMatchObject({ code: 'FN_CONTROL_AWAY' });
    await untrusted.close();
  });

  test('a wrong password is refused for good', async () => {
    const store = connect({ password: 'wrong' });
    await expect(store.open()).rejects.toMatchObject({ code: 'FN_CONTROL', retryable: false });
    await store.close();
  });

  test('servers that start together migrate once, one after another', async () => {
    const stores = Array.from({ length: 3 }, () => connect());
    const admin = stores[0] as PostgresStore;
    await admin.query('DROP SCHEMA public CASCADE');
    await admin.query('CREATE SCHEMA public');
    const passed = await Promise.all(stores.map((store) => migrateControl(store)));
    expect(passed.flat()).toEqual(readControlMigrations().map(({ version }) => version));
    for (const store of stores) await store.close();
  });
});
