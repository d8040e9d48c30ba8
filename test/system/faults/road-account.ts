import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { silentLogger } from '../../../core/runtime/logger.ts';
import { firstBreak, type ReadSeal } from '../../../server/seal/chain.ts';
import { daySeconds, documentText } from '../../../server/seal/seal-document.ts';
import { Sealer } from '../../../server/seal/sealer.ts';
import { EmbeddedEngine } from '../../../server/store/embedded/engine.ts';
import type { Engine } from '../../../server/store/engine.ts';
import type { Road } from './road.ts';
import { incrementOf, portsOfHost } from './road-ticks.ts';

/** What is stored of a road, against what its ticks were. */
export interface RoadAccount {
  readonly messages: number;
  readonly lost: number;
  readonly doubled: number;
  /** Ticks that the test destroyed: told as lost, and nothing of them stored. */
  readonly destroyed: number;
  readonly seals: number;
  readonly blocks: number;
  /** What is not as it must be; empty: nothing. */
  readonly wrong: readonly string[];
}

/** Ends the road in order, seals what is stored, and reads everything back. */
export async function accountOfRoad(road: Road): Promise<RoadAccount> {
  await road.finishCollector();
  if (!road.server.isRunning) road.startServer();
  await road.recovered();
  await road.finishServer();
  const blocks = await road.inControlStore((store) => store.query('SELECT state FROM ingest_block'));
  const wrong = [...road.complaints];
  const unsettled = blocks.filter(({ state }) => state !== 'done').length;
  if (unsettled > 0) wrong.push(`${unsettled} blocks are not settled`);
  const engine = new EmbeddedEngine({ path: join(road.options.data, 'clickhouse'), logger: silentLogger });
  await engine.start();
  try {
    const account = await ticksOf(engine, road, wrong);
    await letters(engine, road, wrong);
    await toldLosses(engine, road, wrong);
    const seals = await sealsOf(engine, road, wrong);
    return { ...account, destroyed: road.destroyed.size, seals, blocks: blocks.length, wrong };
  } finally {
    await engine.close();
  }
}

type Row = Readonly<Record<string, string>>;

async function ask(engine: Engine, sql: string): Promise<readonly Row[]> {
  const rows = (await engine.query(sql, {}, { deadlineMs: 20_000 })) as Record<string, unknown>[];
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)])));
}

async function ticksOf(
  engine: Engine,
  road: Road,
  wrong: string[],
): Promise<Pick<RoadAccount, 'messages' | 'lost' | 'doubled'>> {
  const stored = new Map<string, number>();
  for (const { name, count } of (await ask(
    engine,
    "SELECT concat(host, ' ', toString(seq), ' ', stream) AS name, count() AS count FROM tick GROUP BY name",
  )) as { name: string; count: string }[])
    stored.set(name, Number(count));
  let [messages, lost, doubled] = [0, 0, 0];
  for (const [host, { id, nextSeq }] of road.spools) {
    for (let seq = 0n; seq < nextSeq; seq++) {
      const count = stored.get(`${host} ${seq} ${id}`) ?? 0;
      stored.delete(`${host} ${seq} ${id}`);
      const expected = road.destroyed.has(`${host} ${seq}`) ? 0 : 1;
      messages += expected;
      if (count < expected) lost++;
      if (count > expected) doubled++;
      if (count !== expected) wrong.push(`tick ${host} ${seq} is there ${count} times`);
    }
  }
  if (stored.size > 0) wrong.push(`${stored.size} ticks that nobody sent`);
  await compareSums(engine, road, wrong);
  return { messages, lost, doubled };
}

/** Rows, packets of them, and packets of their minutes and hours, host by host. */
async function compareSums(engine: Engine, road: Road, wrong: string[]): Promise<void> {
  const found = await ask(
    engine,
    `SELECT host, count() AS rows, uniqExact(port, slot) AS places, sum(packets_inc) AS packets,
      countIf(state != 'observed' OR slots != 1 OR suspect != 0) AS others
     FROM port_slot GROUP BY host ORDER BY host`,
  );
  const minutes = await ask(engine, 'SELECT host, sum(packets) AS packets FROM port_1m GROUP BY host');
  const hours = await ask(engine, 'SELECT host, sum(packets) AS packets FROM port_1h GROUP BY host');
  for (const host of road.options.hosts) {
    const expected = expectedOf(road, host);
    const of = (rows: readonly Row[]) => rows.find((each) => each['host'] === host);
    const row = of(found);
    const rolled = [of(minutes)?.['packets'], of(hours)?.['packets']];
    const is = [row?.['rows'], row?.['places'], row?.['packets'], row?.['others'], ...rolled];
    const ought = [expected.rows, expected.rows, expected.packets, 0, expected.packets, expected.packets].map(String);
    if (is.join() !== ought.join()) {
      wrong.push(`${host}: rows, places, packets, not observed, minutes, hours are ${is.join()}, not ${ought.join()}`);
    }
  }
}

interface Expected {
  readonly ticks: number;
  readonly rows: number;
  readonly packets: bigint;
  readonly perPort: bigint;
}

function expectedOf(road: Road, host: string): Expected {
  let [ticks, perPort] = [0, 0n];
  const next = road.spools.get(host)?.nextSeq ?? 0n;
  for (let seq = 0n; seq < next; seq++) {
    if (road.destroyed.has(`${host} ${seq}`)) continue;
    ticks++;
    perPort += incrementOf(road.options.seed, host, seq);
  }
  return { ticks, perPort, rows: ticks * portsOfHost.length, packets: perPort * BigInt(portsOfHost.length) };
}

/** A letter has no sequence: read again from the beginning, it may be kept again. */
async function letters(engine: Engine, road: Road, wrong: string[]): Promise<void> {
  const rows = await ask(
    engine,
    'SELECT topic, partition, offset, any(code) AS code, count() AS count FROM dead_letter GROUP BY topic, partition, offset',
  );
  const codes = rows.map(({ code }) => code).sort();
  if (codes.join() !== road.poison.toSorted().join()) wrong.push(`letters ${codes.join()}, not ${road.poison.join()}`);
  const repeated = rows.filter(({ count }) => count !== '1').length;
  if (road.wholeTopicsAgain === 0 && repeated > 0) wrong.push(`${repeated} letters are there more than once`);
}

/** What was destroyed is told, each tick once, and nothing else is. */
async function toldLosses(engine: Engine, road: Road, wrong: string[]): Promise<void> {
  const rows = await ask(
    engine,
    `SELECT host, JSONExtractString(detail, 'fromSeq') AS first, JSONExtractString(detail, 'toSeq') AS last,
      count() AS count
     FROM event WHERE event = 'spool_lost' GROUP BY host, first, last`,
  );
  const told = rows.map(({ host, first, last, count }) => `${host} ${first} to ${last} ${count}`).sort();
  const ought = [...road.destroyed].map((name) => `${name} to ${name.split(' ')[1]} 1`).sort();
  if (told.join() !== ought.join()) wrong.push(`told as lost: ${told.join()}; destroyed: ${ought.join()}`);
  const holes = await ask(engine, "SELECT host, detail FROM event WHERE event = 'seq_hole'");
  for (const { host, detail } of holes) {
    const { fromSeq, toSeq } = JSON.parse(detail ?? '{}') as { fromSeq: string; toSeq: string };
    wrong.push(`${host}: a hole from ${fromSeq} to ${toSeq}`);
  }
}

/** The chain of each path holds; its last seal has the sums, and every slot of which there is no tick is unknown in it. */
async function sealsOf(engine: Engine, road: Road, wrong: string[]): Promise<number> {
  const { data, firstSlot } = road.options;
  const folder = join(data, 'seal-again');
  const nowMs = () => (firstSlot + 2 * 86_400) * 1000;
  await new Sealer({ store: { engine }, folder, logger: silentLogger, nowMs }).look(AbortSignal.timeout(60_000));
  const seals = await ask(
    engine,
    'SELECT host, port, toString(toDate(day)) AS day, sha256, header, offered FROM seal ORDER BY host, port, entry',
  );
  for (const host of road.options.hosts) {
    for (const port of portsOfHost) {
      const path = seals.filter((seal) => seal['host'] === host && seal['port'] === port);
      const read = await Promise.all(path.map((seal) => readSeal(engine, seal)));
      const broken = firstBreak(read, '0000');
      if (broken !== undefined) wrong.push(`seals of ${host} ${port}, entry ${broken.seal.entry}: ${broken.what}`);
      const last = path.at(-1);
      const { slots } = JSON.parse(last?.['header'] ?? '{"slots":{}}') as SealedSlots;
      const { perPort, ticks } = expectedOf(road, host);
      const is = [last?.['offered'], Number(slots.clean) + Number(slots.idle), slots.unknown].join();
      const ought = [perPort, ticks, daySeconds - ticks].join();
      if (is !== ought) wrong.push(`${host} ${port}: sealed offered, observed, unknown are ${is}, not ${ought}`);
    }
  }
  return seals.length;
}

interface SealedSlots {
  readonly slots: { readonly clean?: number; readonly idle?: number; readonly unknown?: number };
}

async function readSeal(engine: Engine, seal: Row): Promise<ReadSeal> {
  const { sha256 = '', header = '', day = '' } = seal;
  const rows = (await engine.query(
    'SELECT line FROM seal_row WHERE host = {host:String} AND port = {port:String} AND sha256 = {sha256:String} ORDER BY n LIMIT 1 BY n',
    { host: seal['host'] ?? '', port: seal['port'] ?? '', sha256 },
    { deadlineMs: 20_000 },
  )) as { line: string }[];
  const hash = createHash('sha256');
  const lines = rows.map(({ line }) => line);
  for (const text of documentText(header, lines)) hash.update(text);
  const { revision, entry, previous, revises } = JSON.parse(header) as ReadSeal;
  return { day, revision, entry, previous, revises, sha256, computed: hash.digest('hex') };
}
