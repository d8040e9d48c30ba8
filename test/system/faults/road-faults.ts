import type { SpoolPoint } from '../../../collector/spool/publisher.ts';
import { sleepMs } from '../../../core/runtime/clock.ts';
import { Admitter } from '../../../server/ingest/admit.ts';
import type { IngestPoint } from '../../../server/ingest/inserter.ts';
import type { SealPoint } from '../../../server/seal/seal-tables.ts';
import { poisons } from '../../fakes/poison.ts';
import { until } from '../../lab/waiting.ts';
import { openSink, readAll } from '../kafka-fixture.ts';
import type { Armed } from './fuse.ts';
import type { Road } from './road.ts';
import { destroyTick } from './spool-damage.ts';
import { childOf, type Subject, signalTo } from './subject.ts';

export type Random = () => number;

/** Gives whether it took effect: a kill that came too late, or a point that was not reached, is none. */
export interface RoadFault {
  readonly name: string;
  readonly needsSmallDisks?: boolean;
  readonly inflict: (road: Road, random: Random) => Promise<boolean>;
}

const never = new AbortController().signal;
const admitter = new Admitter();
const storeProgram = 'store/embedded/child.ts';
const controlProgram = 'control/embedded/main.ts';
/** A point that is not reached within this is not going to be. */
const pointDeadlineMs = 45_000;
/** The one that is too large is left to a test of its own. */
const poisonBytesMax = 1024 * 1024;

const collectorPoints: readonly SpoolPoint[] = ['spooled', 'produced', 'acknowledged'];
/** No offset is committed to the bus: the ledger's row of a block is the position, in the transaction of the cut. */
const serverPoints = {
  fetched: 'fetched',
  cutRecorded: 'cut recorded, offset committed',
  inserted: 'inserted',
  ledgerAfter: 'ledger after',
} as const satisfies Record<IngestPoint, string>;
const sealPoints = { linesWritten: 'seal half written', sealed: 'sealed' } as const satisfies Record<SealPoint, string>;

/** Every way in which a road is hurt, each with its name in the table. */
export const roadFaults: readonly RoadFault[] = [
  ...collectorPoints.map((point) => ({ name: `collector: ${point}`, inflict: collectorAt(point) })),
  { name: 'collector: anywhere', inflict: collectorAnywhere },
  { name: 'collector: its disk is full', needsSmallDisks: true, inflict: collectorDiskFull },
  { name: 'collector: a tick is destroyed in the spool', inflict: destroyInSpool },
  { name: 'broker: kill -9', inflict: killBroker },
  { name: 'broker: stands still', inflict: pauseBroker },
  { name: 'network: connections are cut', inflict: cutConnections },
  { name: 'network: acknowledgements are swallowed', inflict: swallowAnswers },
  { name: 'topic: ticks again, in reverse order', inflict: sendAgain },
  { name: 'topic: poison', inflict: sendPoison },
  { name: 'topic: all of it again', inflict: wholeTopicAgain },
  ...Object.entries(serverPoints).map(([point, name]) => ({ name: `server: ${name}`, inflict: serverAt(point) })),
  ...Object.entries(sealPoints).map(([point, name]) => ({ name: `server: ${name}`, inflict: sealerAt(point) })),
  { name: 'server: anywhere', inflict: serverAnywhere },
  { name: 'server: its disk is full', needsSmallDisks: true, inflict: serverDiskFull },
  { name: 'store: kill -9', inflict: (road, random) => killProcess(road, random, storeProgram) },
  { name: 'store: kill -9 in mid-insert', inflict: killInMidInsert },
  { name: 'store: slow', inflict: (road) => standStill(road, storeProgram, 1500) },
  { name: 'store: silent past its deadlines', inflict: silentStore },
  { name: 'control store: kill -9', inflict: (road, random) => killProcess(road, random, controlProgram) },
  { name: 'control store: slow', inflict: (road) => standStill(road, controlProgram, 1500) },
  { name: 'everything: kill -9 at once', inflict: killEverything },
];

/** Half of the kills come at the point itself, half a little after it: on the way to the next. */
function anArm(point: string, random: Random, hitMax: number): Armed {
  return { point, hit: 1 + Math.floor(random() * hitMax), afterMs: random() < 0.5 ? 0 : Math.floor(random() * 8) };
}

/** Waits for its end by its own hand. */
async function died(subject: Subject): Promise<boolean> {
  const isDead = await until({ what: 'it dies', deadlineMs: pointDeadlineMs, everyMs: 5 }, () => !subject.isRunning)
    .then(() => true)
    .catch(() => false);
  if (!isDead) subject.arm(undefined);
  return isDead && (await subject.end()) === 'SIGKILL';
}

function collectorAt(point: string) {
  return async (road: Road, random: Random): Promise<boolean> => {
    const { collector } = road;
    collector.arm(anArm(point, random, 40));
    const took = await died(collector);
    if (!collector.isRunning) road.startCollector();
    return took;
  };
}

async function collectorAnywhere(road: Road, random: Random): Promise<boolean> {
  await sleepMs(random() * 1000, never);
  await road.collector.kill();
  road.startCollector();
  return true;
}

/** Ticks are refused while it is full; they never happened, so that nothing of them is missing. */
async function collectorDiskFull(road: Road): Promise<boolean> {
  // One that starts meanwhile could not open its spool.
  await road.moreTicks(10);
  const before = road.collectorStatus.refused;
  try {
    await until({ what: 'ticks are refused', deadlineMs: pointDeadlineMs }, () => {
      road.spoolDisk.fill();
      return road.collectorStatus.refused > before + 10;
    });
  } finally {
    road.spoolDisk.empty();
  }
  await road.moreTicks(10);
  return true;
}

/** Damages a tick that waits for a bus that hears nothing: of all ticks this one is missing in the end, and told. */
async function destroyInSpool(road: Road, random: Random): Promise<boolean> {
  const [host = ''] = road.options.hosts.slice(Math.floor(random() * road.options.hosts.length));
  const answered = () => road.spools.get(host)?.answered ?? 0n;
  road.broker.proxy.mode = 'black-hole';
  const from = answered();
  await road.wait('ticks wait in the spool', () => answered() > from + 40n);
  await road.collector.kill();
  const seq = answered() - 10n;
  const isDestroyed = destroyTick(`${road.options.spools}/${host}`, seq);
  if (isDestroyed) road.destroyed.add(`${host} ${seq}`);
  road.broker.proxy.mode = 'pass';
  road.broker.proxy.cut();
  road.startCollector();
  return isDestroyed;
}

async function killBroker(road: Road, random: Random): Promise<boolean> {
  await sleepMs(random() * 300, never);
  await road.broker.kill();
  await road.moreTicks(Math.floor(random() * 100));
  await road.broker.restart();
  return true;
}

/** For longer than a request may take. */
async function pauseBroker(road: Road): Promise<boolean> {
  await road.broker.pause();
  await sleepMs(2500, never);
  road.broker.resume();
  return true;
}

async function cutConnections(road: Road, random: Random): Promise<boolean> {
  const before = road.broker.proxy.accepted;
  for (let i = 0; i < 5; i++) {
    await road.moreTicks(1 + Math.floor(random() * 20));
    road.broker.proxy.cut();
  }
  await road.wait('they are made anew', () => road.broker.proxy.accepted > before);
  return true;
}

/** So many ticks are appended meanwhile that what is swallowed holds answers to appends, not only to reads. */
async function swallowAnswers(road: Road): Promise<boolean> {
  const { proxy } = road.broker;
  const before = proxy.swallowedBytes;
  proxy.mode = 'swallow-answers';
  try {
    await road.wait('an answer is swallowed', () => proxy.swallowedBytes > before);
    await road.moreTicks(30);
  } finally {
    proxy.mode = 'pass';
    proxy.cut();
  }
  return true;
}

async function sendAgain(road: Road, random: Random): Promise<boolean> {
  const records = await readAll(road.source);
  const from = Math.floor(random() * Math.max(1, records.length - 60));
  const some = records.slice(from, from + 60).reverse();
  await appendAll(
    road,
    some.filter(({ value }) => isTick(value)),
  );
  return some.length > 0;
}

/** One of each kind, in the name of one of the hosts. */
async function sendPoison(road: Road, random: Random): Promise<boolean> {
  const { hosts, firstSlot } = road.options;
  const host = hosts[Math.floor(random() * hosts.length)] ?? '';
  const some = poisons(host, firstSlot).filter(({ bytes }) => bytes.length < poisonBytesMax);
  await appendAll(
    road,
    some.map(({ bytes }) => ({ key: host, value: bytes })),
  );
  for (const { code } of some) road.poison.push(code);
  return true;
}

/** Poison sent again would be another letter. */
function isTick(value: Uint8Array): boolean {
  return 'rows' in admitter.admit({ partition: 0, offset: 0n, key: '', value, appendedAtMs: 0 });
}

async function appendAll(road: Road, records: readonly { readonly key: string; readonly value: Uint8Array }[]) {
  const sink = openSink(road.broker, road.options.topic, { lingerMs: 0 });
  try {
    for (const { key, value } of records) await sink.append(key, value);
  } finally {
    await sink.close();
  }
}

/** The ledger forgets where it was: all of the log is read again, in other blocks. */
async function wholeTopicAgain(road: Road): Promise<boolean> {
  await road.serverReady();
  await road.recovered();
  await road.finishServer();
  const name = `before-${++road.wholeTopicsAgain}`;
  const renamed = await road.inControlStore((store) =>
    store.query(
      "UPDATE ingest_block SET topic = $1 WHERE state = 'done' AND NOT starts_with(topic, 'before') RETURNING 1",
      [name],
    ),
  );
  road.startServer();
  await road.recovered();
  return renamed.length > 0;
}

function serverAt(point: string) {
  return async (road: Road, random: Random): Promise<boolean> => {
    const { server } = road;
    server.arm(anArm(point, random, 6));
    const took = await died(server);
    if (!server.isRunning) road.startServer();
    return took;
  };
}

/** It seals when it starts: once there is something new to seal, it is started anew. */
function sealerAt(point: string) {
  return async (road: Road, random: Random): Promise<boolean> => {
    await road.serverReady();
    await road.moreTicks(30);
    await road.recovered();
    await road.server.kill();
    road.startServer(anArm(point, random, 3));
    const { server } = road;
    const took = await died(server);
    if (!server.isRunning) road.startServer();
    return took;
  };
}

async function serverAnywhere(road: Road, random: Random): Promise<boolean> {
  await sleepMs(random() * 3000, never);
  await road.server.kill();
  road.startServer();
  return true;
}

async function serverDiskFull(road: Road): Promise<boolean> {
  await road.serverReady();
  await road.recovered();
  const before = road.serverStatus.retries;
  try {
    await until({ what: 'ingest fails', deadlineMs: pointDeadlineMs }, () => {
      road.serverDisk.fill();
      return road.serverStatus.retries > before + 2;
    });
  } finally {
    road.serverDisk.empty();
  }
  await road.recovered();
  return true;
}

async function killProcess(road: Road, random: Random, program: string): Promise<boolean> {
  await road.serverReady();
  await sleepMs(random() * 500, never);
  const pid = childOf(road.server.pid, program);
  return pid !== undefined && signalTo(pid, 'SIGKILL');
}

async function killInMidInsert(road: Road, random: Random): Promise<boolean> {
  await road.serverReady();
  const before = road.serverStatus.insertsKilled;
  road.server.arm({ point: 'inserting', hit: 1 + Math.floor(random() * 10), afterMs: Math.floor(random() * 20) });
  await road.wait('the store is killed in an insert', () => road.serverStatus.insertsKilled > before);
  return true;
}

/** Shorter than any deadline: everybody waits. */
async function standStill(road: Road, program: string, ms: number): Promise<boolean> {
  await road.serverReady();
  const pid = childOf(road.server.pid, program);
  if (pid === undefined || !signalTo(pid, 'SIGSTOP')) return false;
  await sleepMs(ms, never);
  return signalTo(pid, 'SIGCONT');
}

/** Until the server gives it up and kills it. */
async function silentStore(road: Road): Promise<boolean> {
  await road.serverReady();
  await road.recovered();
  const pid = childOf(road.server.pid, storeProgram);
  if (pid === undefined || !signalTo(pid, 'SIGSTOP')) return false;
  await road.wait('the server kills a store that does not answer', () => !signalTo(pid, 0));
  return true;
}

async function killEverything(road: Road, random: Random): Promise<boolean> {
  await sleepMs(random() * 500, never);
  await Promise.all([road.collector.kill(), road.server.kill(), road.broker.kill()]);
  await road.broker.restart();
  road.startServer();
  road.startCollector();
  return true;
}
