import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KafkaLink } from '../../bus/kafka/link.ts';
import { KafkaSource } from '../../bus/kafka/source.ts';
import type { LogSource } from '../../core/bus/log.ts';
import { tick } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { ControlPart } from '../../server/control/control-part.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { PostgresStore } from '../../server/control/postgres/postgres-store.ts';
import { tableColumns } from '../../server/ingest/block-joiner.ts';
import { Ingest } from '../../server/ingest/ingest.ts';
import { EmbeddedEngine } from '../../server/store/embedded/engine.ts';
import { migrate } from '../../server/store/migrate.ts';
import { aServerConfig } from '../../test/fakes/server-config.ts';
import { columns, deadlineMs } from '../ingest/roads.ts';
import { childNamed } from './process-usage.ts';
import type { Answer, Control, Drain, Drained, Pids, Request, Setting, Straight, Sums } from './protocol.ts';

/** Entry of the process whose speed is measured: the server's ingest, with its stores beside it. */

const tables = ['port_slot', 'port_1m', 'port_1h', 'tick', 'event', 'dead_letter'];
const setting = JSON.parse(process.argv[2] ?? '') as Setting;
const config = aServerConfig();
const engine = new EmbeddedEngine({ path: join(setting.folder, 'clickhouse'), logger: silentLogger });
const control = new ControlPart(config.control, setting.folder, silentLogger);
const controls = new Map<Control, ControlStore>([['embedded', control.store]]);

process.on('disconnect', () => process.exit(1));
process.on('message', (request: Request) => {
  void answer(request).then(
    (given) => process.send?.({ answer: given }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.send?.({ answer: await open() });

async function open(): Promise<Pids> {
  await engine.start();
  await migrate(engine);
  await control.start();
  await control.ready(AbortSignal.timeout(60_000));
  if (setting.postgres !== undefined) {
    const store = new PostgresStore({ ...setting.postgres, logger: silentLogger });
    await migrateControl(store);
    controls.set('postgres', store);
  }
  return { store: engine.pid as number, control: childNamed(process.pid, 'control/embedded') };
}

async function answer(request: Request): Promise<Answer> {
  switch (request.type) {
    case 'drain':
      return drain(request);
    case 'straight':
      return straight(request);
    case 'sums':
      return sums();
    case 'disk':
      return { bytes: await bytesOnDisk(request.merged) };
    case 'clear':
      for (const table of tables) await engine.command(`TRUNCATE TABLE ${table}`);
      return undefined;
    case 'close':
      await engine.close();
      for (const store of controls.values()) await store.close();
      await control.stop();
      // Answered first.
      void delay(100).then(() => process.exit(0));
      return undefined;
  }
}

/** Just as the server does it, with its defaults, until the last record is stored and marked. */
async function drain({ control: kind, broker, topic, records }: Drain): Promise<Drained> {
  const kafka = new KafkaSource({ link: new KafkaLink({ brokers: [broker], clientId: 'bench' }), topic });
  const source: LogSource = kafka;
  const stored = Promise.withResolvers<void>();
  const released = new Map<number, bigint>();
  source.release = (partition, offset) => {
    released.set(partition, offset);
    if ([...released.values()].reduce((sum, each) => sum + each, 0n) === BigInt(records)) stored.resolve();
  };
  const ingest = new Ingest({
    log: source,
    logId: async () => `${topic}.${kind}`,
    control: controls.get(kind) as ControlStore,
    ready: async () => undefined,
    alone: kind === 'embedded',
    leaseMs: config.leaseMs,
    engine,
    dataFolder: setting.folder,
    logger: silentLogger,
    lingerMs: config.lingerMs,
  });
  const startedAtMs = performance.now();
  await ingest.start();
  const late = delay(deadlineMs).then(() => {
    throw new Error(`not drained within ${deadlineMs} ms`);
  });
  await Promise.race([stored.promise, late]);
  const ms = performance.now() - startedAtMs;
  await ingest.stop();
  await kafka.close();
  const { rows, batches, duplicates, deadLetters } = ingest.stats();
  return { ms, rows, batches, duplicates, deadLetters: Object.values(deadLetters).reduce((sum, n) => sum + n, 0) };
}

async function straight({ token, files }: Straight): Promise<{ ms: number }> {
  const startedAtMs = performance.now();
  for (const [i, { table, path }] of files.entries()) {
    const insert = { table, path, columns: table === 'tick' ? tableColumns(tick) : columns };
    await engine.insertFile({ ...insert, token: `bench:${token}:${i}` }, { deadlineMs });
  }
  return { ms: performance.now() - startedAtMs };
}

async function sums(): Promise<Sums> {
  const [row] = await engine.query(
    `SELECT (SELECT count() FROM port_slot) AS rows, (SELECT count() FROM tick) AS ticks,
      (SELECT sum(packets_inc) FROM port_slot) AS packets, (SELECT sum(packets) FROM port_1m) AS minutePackets`,
    {},
    { deadlineMs },
  );
  const { rows, ticks, packets, minutePackets } = row as Record<string, string>;
  return { rows: Number(rows), ticks: Number(ticks), packets: String(packets), minutePackets: String(minutePackets) };
}

async function bytesOnDisk(merged: boolean): Promise<number> {
  if (merged) for (const table of tables) await engine.command(`OPTIMIZE TABLE ${table} FINAL`, { deadlineMs });
  const [row] = await engine.query(
    `SELECT toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts WHERE active AND has({tables:Array(String)}, table)`,
    { tables },
    { deadlineMs },
  );
  return (row as { bytes: number }).bytes;
}
