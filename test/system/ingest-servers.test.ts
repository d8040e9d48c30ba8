import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { PostgresStore } from '../../server/control/postgres/postgres-store.ts';
import { Ingest, type IngestOptions } from '../../server/ingest/ingest.ts';
import { defaultRules } from '../../server/ingest/inserter.ts';
import type { Engine } from '../../server/store/engine.ts';
import { GeneratedLog, type GeneratedLogOptions, randomOf } from '../fakes/generated-log.ts';
import { LabPostgres, postgresPrograms } from '../lab/postgres/lab-postgres.ts';
import { type OpenControl, openControl } from './control-fixture.ts';
import { type OpenStore, openStore, today, until } from './store-fixture.ts';

const folders: string[] = [];
/** Each test is a log of its own: tokens of the one before are still remembered. */
let round = 0;
const started: Ingest[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** One server's ingest; each has a data folder of its own. */
async function aServer(
  over: Pick<IngestOptions, 'log' | 'engine' | 'control'> & Partial<IngestOptions>,
): Promise<Ingest> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'fn-servers-'));
  folders.push(dataFolder);
  const ingest = new Ingest({
    ...{ logId: async () => `log-${round}`, ready: async () => undefined, alone: false, leaseMs: 1_000 },
    ...{ dataFolder, logger: silentLogger, lingerMs: 20, rowsMax: 20, rules: defaultRules },
    ...over,
  });
  started.push(ingest);
  await ingest.start();
  return ingest;
}

function engineWith(engine: Engine, insertFile: Engine['insertFile']): Engine {
  return {
    query: (...call) => engine.query(...call),
    command: (...call) => engine.command(...call),
    stats: () => engine.stats(),
    close: () => engine.close(),
    insertFile,
  };
}

/** The same store; `before` may hold up or fail each call. */
function controlWith(store: ControlStore, before: () => Promise<void>): ControlStore {
  return {
    open: () => store.open(),
    query: async (...call) => {
      await before();
      return store.query(...call);
    },
    transaction: async (...call) => {
      await before();
      return store.transaction(...call);
    },
    stats: () => store.stats(),
    close: () => store.close(),
  };
}

async function sums({ engine }: OpenStore) {
  const [row] = (await engine.query(
    `SELECT (SELECT count() FROM tick) AS messages, (SELECT count() FROM port_slot) AS rows,
      (SELECT sum(packets_inc) FROM port_slot) AS packets, (SELECT sum(packets) FROM port_1m) AS rolled,
      (SELECT count() FROM dead_letter) AS poison`,
    {},
    { deadlineMs: 10_000 },
  )) as Record<string, string>[];
  return row;
}

/** In the words of the store. */
function expected({ sums: { messages, rows, packets, poison } }: GeneratedLog) {
  const texts = Object.entries({ messages, rows, packets, poison }).map(([name, value]) => [name, String(value)]);
  return { ...Object.fromEntries(texts), rolled: String(packets) };
}

const isStored = async (control: ControlStore, log: GeneratedLog) => {
  const ends = await control.query(
    "SELECT partition, max(last_offset) AS last FROM ingest_block GROUP BY partition HAVING bool_and(state = 'done')",
  );
  const partitions = await log.partitions();
  const done = await Promise.all(
    partitions.map(async (partition) => {
      const last = (await log.latest(partition)) - 1n;
      return ends.some((row) => row['partition'] === partition && row['last'] === last);
    }),
  );
  return done.every(Boolean);
};

const options: GeneratedLogOptions = {
  ...{ seed: 11, messages: 80, hosts: 4, partitions: 4, firstSlot: today, readMs: 40, recordsARead: 8 },
};

/** What several servers must keep to, whatever the control store is. */
function serversContract(name: string, open: () => Promise<ControlStore>): void {
  describe(`several servers over ${name}`, () => {
    let control: ControlStore;
    let store: OpenStore;
    beforeAll(async () => {
      control = await open();
      store = await openStore();
    });
    afterAll(async () => {
      await store[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      round++;
      await control.query('TRUNCATE ingest_block, ingest_stream, ingest_host, lease');
      for (const table of ['tick', 'port_slot', 'port_1m', 'dead_letter', 'event']) {
        await store.engine.command(`TRUNCATE TABLE ${table}`);
      }
    });
    afterEach(() => stopAll());
    const stopAll = () => Promise.all(started.splice(0).map((ingest) => ingest.stop()));

    test('share the partitions; one that joins takes its part in mid-way, one that leaves gives it back', async () => {
      const log = new GeneratedLog(options);
      const { engine } = store;
      const first = await aServer({ log, engine, control });
      await until(() => first.partitions.length === 4 && first.stats().batches > 2);
      const second = await aServer({ log, engine, control });
      await until(() => second.partitions.length === 2 && first.partitions.length === 2);
      expect([...first.partitions, ...second.partitions].sort()).toEqual([0, 1, 2, 3]);
      await first.stop();
      await until(() => second.partitions.length === 4);
      await until(() => isStored(control, log), 60_000);
      await stopAll();
      expect(await sums(store)).toEqual(expected(log));
    });

    test('a server that falls silent in mid-block loses its partitions; its late insert changes nothing', async () => {
      const log = new GeneratedLog(options);
      const gate = Promise.withResolvers<void>();
      let held = 0;
      let late = 0;
      let [armed, silent] = [false, false];
      const slow = engineWith(store.engine, async (...call) => {
        if (armed && call[0].table === 'port_slot') {
          silent = true;
          held++;
          await gate.promise;
          late++;
        }
        await store.engine.insertFile(...call);
      });
      const cut = controlWith(control, async () => {
        if (silent) throw new FourninesError('FN_CONTROL_AWAY', 'a line that is cut');
      });
      const stale = await aServer({ log, engine: slow, control: cut });
      await until(() => stale.stats().batches > 3);
      armed = true;
      await until(() => held > 0);
      const heir = await aServer({ log, engine: store.engine, control });
      await until(() => isStored(control, log), 60_000);
      const before = await sums(store);
      gate.resolve();
      await until(() => late > 0);
      await stopAll();
      expect(before).toEqual(expected(log));
      expect(await sums(store)).toEqual(before);
      expect(heir.stats().batches).toBeGreaterThan(0);
    });

    test('a former owner cannot record a block once another has taken over', async () => {
      const log = new GeneratedLog({ ...options, partitions: 1 });
      let silent = false;
      // Renewals are lost; everything else still comes through.
      const deaf: ControlStore = {
        ...controlWith(control, async () => undefined),
        query: async (sql, ...rest) => {
          if (silent && sql.startsWith('UPDATE lease')) return [{}];
          return control.query(sql, ...rest);
        },
      };
      const former = await aServer({ log, engine: store.engine, control: deaf });
      await until(() => former.stats().batches > 2);
      silent = true;
      await control.query("UPDATE lease SET expires_at = '-infinity'");
      await aServer({ log, engine: store.engine, control });
      await until(() => isStored(control, log), 60_000);
      await stopAll();
      expect(former.stats().retries['FN_LEASE_LOST'] ?? 0).toBe(0);
      expect(await sums(store)).toEqual(expected(log));
      const epochs = await control.query('SELECT DISTINCT epoch FROM ingest_block ORDER BY epoch');
      expect(epochs.length).toBeGreaterThan(1);
    });

    test('a control store that is away or slow holds blocks back, loses none and doubles none', async () => {
      const log = new GeneratedLog({ ...options, partitions: 1, messages: 50 });
      const random = randomOf(5);
      const shaky = controlWith(control, async () => {
        if (random() < 0.2) throw new FourninesError('FN_CONTROL_AWAY', 'away');
        if (random() < 0.1) await new Promise((resolve) => setTimeout(resolve, 100));
      });
      const ingest = await aServer({ log, engine: store.engine, control: shaky });
      await until(() => isStored(control, log), 90_000);
      expect(ingest.stats().retries['FN_CONTROL_AWAY']).toBeGreaterThan(0);
      await stopAll();
      expect(await sums(store)).toEqual(expected(log));
    });

    test('an answer that is lost after the commit is not a second decision', async () => {
      const log = new GeneratedLog({ ...options, partitions: 1, messages: 40 });
      let lost = 0;
      const forgetful: ControlStore = {
        ...controlWith(control, async () => undefined),
        transaction: async (...call) => {
          const result = await control.transaction(...call);
          if (lost++ % 2 === 0) throw new FourninesError('FN_CONTROL_AWAY', 'the answer is lost');
          return result;
        },
      };
      await aServer({ log, engine: store.engine, control: forgetful });
      await until(() => isStored(control, log), 60_000);
      await stopAll();
      expect(await sums(store)).toEqual(expected(log));
    });

    test('servers of another log have no share in this one', async () => {
      const log = new GeneratedLog({ ...options, messages: 2 });
      const { engine } = store;
      const here = await aServer({ log, engine, control });
      const elsewhere = await aServer({ log, engine, control, logId: async () => `log-${round}-other` });
      await until(() => here.partitions.length === 4 && elsewhere.partitions.length === 4);
    });

    test('a server with another store stays out until nobody uses the one that is in use', async () => {
      const log = new GeneratedLog({ ...options, messages: 2 });
      const { engine } = store;
      const first = await aServer({ log, engine, control, storeId: async () => 'one' });
      await until(() => first.partitions.length === 4);
      const told: string[] = [];
      const logger = { ...silentLogger, error: ({ code }: { code?: unknown }) => void told.push(String(code)) };
      const other = await aServer({ log, engine, control, logger, storeId: async () => 'two' });
      await until(() => told.includes('FN_STORE_OTHER') && other.stats().state === 'waiting');
      expect(other.partitions).toEqual([]);
      expect(first.partitions).toHaveLength(4);
      await first.stop();
      await until(() => other.partitions.length === 4);
    });

    test('of two with different stores that were cut off from each other one stands back', async () => {
      const log = new GeneratedLog({ ...options, messages: 2 });
      const { engine } = store;
      let cut = true;
      const deaf: ControlStore = {
        ...controlWith(control, async () => undefined),
        // Asked for the servers of the log, whatever their store, it knows none.
        query: async (sql, values = [], ...rest) =>
          cut && /^server:[^:]+:$/.test(String(values[0])) ? [] : control.query(sql, values, ...rest),
      };
      const servers = [
        await aServer({ log, engine, control: deaf, storeId: async () => 'one' }),
        await aServer({ log, engine, control: deaf, storeId: async () => 'two' }),
      ];
      const states = () => servers.map((server) => server.stats().state);
      await until(async () => {
        const live = "SELECT 1 FROM lease WHERE starts_with(name, 'server:') AND expires_at > clock_timestamp()";
        return (await control.query(live)).length === 2;
      });
      cut = false;
      await until(() => states().filter((state) => state === 'waiting').length === 1);
      const [stays, goes] = servers.toSorted((a) => (a.stats().state === 'waiting' ? 1 : -1));
      await until(() => stays?.partitions.length === 4 && goes?.partitions.length === 0);
    });

    test('records that the log forgot are recorded as lost, by offset, and ingest goes on', async () => {
      const log = new GeneratedLog({ ...options, partitions: 1, messages: 40 });
      const first = await aServer({ log, engine: store.engine, control });
      await until(() => first.stats().batches > 0);
      await first.stop();
      const at = first.stats().nextOffset;
      log.forgotten = at + 20n;
      const second = await aServer({ log, engine: store.engine, control });
      await until(() => second.stats().missedRecords === 20);
      await until(async () => (await control.query("SELECT 1 FROM ingest_block WHERE state = 'cut'")).length === 0);
      await stopAll();
      const lost = await control.query(
        "SELECT first_offset, last_offset, records FROM ingest_block WHERE state = 'lost'",
      );
      expect(lost).toEqual([{ first_offset: at, last_offset: at + 19n, records: 20 }]);
    });
  });
}

let opened: OpenControl | undefined;
serversContract('the embedded control store', async () => {
  opened = await openControl();
  return opened.store;
});
afterAll(async () => {
  await opened?.[Symbol.asyncDispose]();
});

describe.skipIf(postgresPrograms() === undefined)('with PostgreSQL', () => {
  let lab: LabPostgres;
  let store: PostgresStore;
  serversContract('PostgreSQL', async () => {
    lab = await LabPostgres.start();
    store = new PostgresStore({ ...lab.options, logger: silentLogger });
    await migrateControl(store);
    return store;
  });
  afterAll(async () => {
    await store.close();
    await lab[Symbol.asyncDispose]();
  });
});
