/**
 * The suite `ingest` of `npm run test:faults`: hurts every part of the way from a tick to its row, and after each log of
 * several rounds holds what is stored against what was generated. Ends with 1 when a message is lost or doubled, when a sum
 * is another, or when something is unknown that the test did not destroy. Needs Java and Maven for the broker
 * (test/lab/kafka/README.md); root for the full disks.
 */
import { inspect } from 'node:util';
import { randomOf } from '../../fakes/generated-log.ts';
import { KafkaBroker } from '../../lab/kafka/broker.ts';
import { faultArguments } from './arguments.ts';
import { Deck } from './deck.ts';
import { Road } from './road.ts';
import { accountOfRoad } from './road-account.ts';
import { roadFaults } from './road-faults.ts';
import { accountOfHourAgain, hourAgain, ServerLog, serverFaults, serverKinds } from './server-kills.ts';
import { Tally } from './tally.ts';

const values = faultArguments();
const { rounds, seed } = values;
const roadRoundsALog = 16;
const serverRoundsALog = 7;
/** Of each host, in the first road: what a collector has after an hour without a bus. */
const hourOfTicks = 3600;
const daySeconds = 86_400;
/** A day that is over, so that it is sealed while it is still being told. */
const firstSlot = (Math.floor(Date.now() / 1000 / daySeconds) - 2) * daySeconds;

// Neighbours among the seeds would deal in the same order.
const random = randomOf(Math.imul(seed, 0x9e37_79b1));
const chosen = <T extends { readonly name: string }>(all: readonly T[]) =>
  all.filter(({ name }) => name.includes(values.only));
const tally = new Tally(chosen([...roadFaults, ...serverFaults, { name: hourAgain }]).map(({ name }) => name));
const decks = {
  road: new Deck(chosen(roadFaults), random),
  'generated log': new Deck(chosen(serverFaults.filter(({ kind }) => kind === 'generated log')), random),
  'bus in memory': new Deck(chosen(serverFaults.filter(({ kind }) => kind === 'bus in memory')), random),
};
type Kind = keyof typeof decks;
const kinds = (['road', 'road', ...serverKinds] as const).filter((kind) => !decks[kind].isEmpty);
if (kinds.length === 0) throw new Error(`no fault has ${values.only} in its name`);
const brokenLogsMax = 5;
let brokenLogs = 0;
const startedMs = performance.now();
const broker = kinds.includes('road') ? await KafkaBroker.start() : undefined;
try {
  // It takes as long as thirty others.
  if (rounds >= 100 && hourAgain.includes(values.only)) {
    tally.count(hourAgain, true);
    tally.addLog(hourAgain, await accountOfHourAgain(seed, firstSlot));
    process.stderr.write(`${hourAgain}: ${Math.round((performance.now() - startedMs) / 1000)} s, ${verdict()}\n`);
  }
  for (let log = 0; tally.rounds < rounds; log++) {
    const kind = kinds[log % kinds.length] as Kind;
    const name = `log ${log} (${kind}, seed ${seed})`;
    try {
      if (kind === 'road') await runRoad(name, log);
      else await runServers(name, kind, log);
    } catch (error) {
      // The other logs are told all the same.
      tally.addLog(name, { messages: 0, lost: 0, doubled: 0, wrong: [inspect(error)] });
      if (++brokenLogs === brokenLogsMax) break;
    }
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    process.stderr.write(`${name} ends: ${tally.rounds} of ${rounds} rounds, ${seconds} s, ${verdict()}\n`);
  }
} finally {
  await broker?.stop();
}
const seconds = Math.round((performance.now() - startedMs) / 1000);
if (values.json) process.stdout.write(`${JSON.stringify({ seed, seconds, ...tally.toJSON() })}\n`);
else process.stdout.write(`seed ${seed}: ${tally.rounds} rounds in ${seconds} s\n${tally}\n`);
process.exitCode = tally.isGood ? 0 : 1;

function verdict(): string {
  return tally.isGood ? 'nothing lost, nothing doubled' : 'SOMETHING IS WRONG';
}

async function runRoad(name: string, log: number): Promise<void> {
  const options = { seed: seed * 1000 + log, firstSlot, backlog: log === 0 ? hourOfTicks : 200 };
  const road = await Road.open(broker as KafkaBroker, options);
  try {
    road.startServer();
    road.startCollector();
    await road.serverReady();
    await road.moreTicks(100);
    for (let round = 0; round < roadRoundsALog && tally.rounds < rounds; round++) {
      const fault = decks.road.next();
      const startMs = performance.now();
      const isPossible = fault.needsSmallDisks !== true || road.spoolDisk.isSmall;
      const took = isPossible && (await fault.inflict(road, random));
      tally.count(fault.name, took);
      const ms = Math.round(performance.now() - startMs);
      process.stderr.write(`  ${fault.name}${took ? '' : ': MISSED'} (${ms} ms)\n`);
      // Half of the faults come while the one before is being mended.
      if (random() < 0.5) await road.recovered();
    }
    tally.addLog(name, await accountOfRoad(road));
  } finally {
    await road.remove();
    await mendBroker();
  }
}

/** What a log that broke off may have left behind. */
async function mendBroker(): Promise<void> {
  if (broker === undefined) return;
  broker.proxy.mode = 'pass';
  broker.resume();
  if (!broker.isRunning) await broker.restart();
}

async function runServers(name: string, kind: (typeof serverKinds)[number], log: number): Promise<void> {
  const servers = await ServerLog.open(kind, seed * 1000 + log, firstSlot, random);
  try {
    for (let round = 0; round < serverRoundsALog && tally.rounds < rounds; round++) {
      const fault = decks[kind].next();
      const took = await servers.inflict(fault);
      tally.count(fault.name, took);
      process.stderr.write(`  ${fault.name}${took ? '' : ': MISSED'}\n`);
    }
    tally.addLog(name, await servers.account());
  } finally {
    await servers.remove();
  }
}
