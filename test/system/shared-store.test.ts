import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { makeServer } from '../../server/app.ts';
import type { ServerConfig } from '../../server/config.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { PostgresStore } from '../../server/control/postgres/postgres-store.ts';
import type { IngestPoint } from '../../server/ingest/inserter.ts';
import { readMigrations } from '../../server/store/migrate.ts';
import { NetworkedEngine } from '../../server/store/networked/engine.ts';
import { GeneratedLog, type GeneratedLogOptions } from '../fakes/generated-log.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { ClickHouseFront } from '../lab/clickhouse/clickhouse-front.ts';
import { LabPostgres, postgresPrograms } from '../lab/postgres/lab-postgres.ts';
import { placeControl } from './control-fixture.ts';
import { Spawned } from './spawned.ts';
import { count, today, until } from './store-fixture.ts';

const subject = fileURLToPath(new URL('./shared-store-subject.ts', import.meta.url));
const folders: string[] = [];
const aFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'fn-shared-'));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function engineOn(front: ClickHouseFront, database = front.options.database): Promise<NetworkedEngine> {
  const engine = new NetworkedEngine({
    ...front.options,
    ...{ database, ca: undefined, compression: 'zstd', logger: silentLogger },
  });
  await engine.start();
  return engine;
}

/** What the store holds, in the words of the generator; `twice`: messages that are there more than once. */
async function storedIn(engine: NetworkedEngine) {
  const [row] = (await engine.query(
    `SELECT (SELECT count() FROM tick) AS messages, (SELECT count() FROM port_slot) AS rows,
      (SELECT sum(packets_inc) FROM port_slot) AS packets, (SELECT sum(packets) FROM port_1m) AS rolled,
      (SELECT count() FROM dead_letter) AS poison,
      (SELECT count() FROM (SELECT 1 FROM tick GROUP BY host, stream, seq HAVING count() > 1)) AS twice`,
    {},
    { deadlineMs: 10_000 },
  )) as Record<string, string>[];
  return row;
}

function expected({ sums: { messages, rows, packets, poison } }: GeneratedLog) {
  const numbers = { messages, rows, packets, rolled: packets, poison, twice: 0 };
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}

let front: ClickHouseFront;
beforeAll(async () => {
  front = await ClickHouseFront.start({ databases: ['shared'] });
});
afterAll(() => front[Symbol.asyncDispose]());

test('a server with ClickHouse on a network stores a log exactly, the store killed in the middle', async () => {
  const data = aFolder();
  await placeControl(data);
  const log = new GeneratedLog({
    ...{ seed: 21, messages: 60, hosts: 3, firstSlot: today, readMs: 20, recordsARead: 10 },
  });
  const server = makeServer({
    config: aServerConfig({ lingerMs: 50, store: { ...aServerConfig().store, ...front.config } }),
    ...{ data, bus: log, logId: async () => 'generated', logger: silentLogger, version: 'test' },
    ingest: { rowsMax: 20 },
  });
  const lifecycle = new Lifecycle(server.parts, silentLogger);
  await lifecycle.start();
  const health = async () =>
    (await (await fetch(`${server.url()}/api/v1/health`)).json()) as { store: { state: string } };
  await until(() => server.ingestStats().batches > 1);
  expect(await health()).toMatchObject({ store: { state: 'ready' } });
  await front.kill();
  await until(async () => (await health()).store.state === 'restarting');
  await front.run();
  const end = await log.latest(0);
  await until(() => server.ingestStats().nextOffset === end, 60_000);
  const engine = await engineOn(front);
  expect(await storedIn(engine)).toEqual(expected(log));
  expect(server.ingestStats().retries['FN_STORE_AWAY']).toBeGreaterThan(0);
  await engine.close();
  await lifecycle.stop();
});

describe.skipIf(postgresPrograms() === undefined)('two servers with one ClickHouse and one PostgreSQL', () => {
  let postgres: LabPostgres;
  let control: PostgresStore;
  let engine: NetworkedEngine;
  let config: Partial<ServerConfig>;
  beforeAll(async () => {
    postgres = await LabPostgres.start();
    control = new PostgresStore({ ...postgres.options, logger: silentLogger });
    await migrateControl(control);
    engine = await engineOn(front, 'shared');
    const passwordFile = join(aFolder(), 'password');
    const { password, ...address } = postgres.options;
    writeFileSync(passwordFile, password);
    const { store } = aServerConfig();
    config = {
      ...{ lingerMs: 50, leaseMs: 1_000, store: { ...store, ...front.config, database: 'shared' } },
      control: { kind: 'postgres', ...address, passwordFile, tls: false, caFile: '' },
    };
  });
  afterAll(async () => {
    // A test that ran out of time leaves its servers.
    await Promise.all(spawned.map((server) => server.stop('SIGKILL')));
    await engine.close();
    await control.close();
    await postgres[Symbol.asyncDispose]();
  });

  const options: GeneratedLogOptions = {
    ...{ seed: 31, messages: 60, hosts: 4, partitions: 2, firstSlot: today, readMs: 25, recordsARead: 10 },
  };
  const spawned: Spawned[] = [];
  const aServer = (logId: string, go: string, kill: readonly string[] = []) => {
    const args = [aFolder(), logId, JSON.stringify(options), JSON.stringify(config), go, ...kill];
    const server = new Spawned(process.execPath, [subject, ...args]);
    spawned.push(server);
    return server;
  };
  const isStored = async (log: GeneratedLog, logId: string) => {
    const ends = await control.query(
      `SELECT partition, max(last_offset) AS last FROM ingest_block WHERE topic = $1
       GROUP BY partition HAVING bool_and(state = 'done')`,
      [logId],
    );
    const lasts = await Promise.all((await log.partitions()).map((partition) => log.latest(partition)));
    return lasts.every((end, partition) =>
      ends.some((row) => row['partition'] === partition && row['last'] === end - 1n),
    );
  };
  const holderOf = async (name: string) =>
    (await control.query('SELECT holder FROM lease WHERE name = $1 AND expires_at > clock_timestamp()', [name]))[0]?.[
      'holder'
    ];

  test.each<IngestPoint>(['inserted', 'cutRecorded'])(
    'one is killed at "%s": the other takes over, nothing is lost and nothing doubled',
    async (point) => {
      const log = new GeneratedLog(options);
      const logId = `log-${point}`;
      const go = join(aFolder(), 'go');
      const [first, second] = [aServer(logId, go, [point, '2']), aServer(logId, go)];
      // Each has a partition before the first record is read.
      await until(async () => {
        const holders = await control.query(
          'SELECT DISTINCT holder FROM lease WHERE starts_with(name, $1) AND expires_at > clock_timestamp()',
          [`ingest:${logId}:`],
        );
        return holders.length === 2;
      }, 60_000);
      writeFileSync(go, '');
      expect(await first.end(), first.stderr).toBe('SIGKILL');
      await until(() => isStored(log, logId), 60_000);
      await until(async () => (await holderOf('sealer')) !== undefined);
      const owners = await control.query('SELECT DISTINCT holder FROM ingest_block WHERE topic = $1', [logId]);
      expect(owners).toHaveLength(2);
      expect(await second.stop(), second.stderr).toBe(0);
      expect(await storedIn(engine)).toEqual(expected(log));
      // Both came upon an empty database: one of them made it.
      expect(await count(engine, 'schema_migration')).toBe(readMigrations().length);
      for (const table of ['tick', 'port_slot', 'port_1m', 'dead_letter', 'event']) {
        await engine.command(`TRUNCATE TABLE ${table}`);
      }
      await control.query('TRUNCATE ingest_block, ingest_stream, ingest_host');
    },
    120_000,
  );
});
