import { inspect } from 'node:util';
import { randomOf } from '../../../fakes/generated-log.ts';
import { LabPostgres, postgresPrograms } from '../../../lab/postgres/lab-postgres.ts';
import { Deck } from '../deck.ts';
import type { Random } from '../road-faults.ts';
import { Tally } from '../tally.ts';
import { accountOfAlerts } from './alert-account.ts';
import { type AlertFault, alertFaultsOf, chaptersARound } from './alert-faults.ts';
import { type AlertKind, AlertRoad, AlertStores, alertKinds } from './alert-road.ts';
import { chaptersMax } from './story.ts';

const roundsALog = 8;
const brokenLogsMax = 5;

export interface SuiteOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Takes the faults whose name has this in it. */
  readonly only: string;
  readonly told: (line: string) => void;
}

/** Hurts servers that tell of breaches, and after each log of several rounds holds what receivers got against the changes. */
export async function hurtAlerts({ rounds, seed, only, told }: SuiteOptions): Promise<Tally> {
  const random = randomOf(Math.imul(seed, 0x9e37_79b1));
  const chosen = (kind: AlertKind) => alertFaultsOf(kind).filter(({ name }) => name.includes(only));
  const tally = new Tally([...new Set(alertKinds.flatMap(chosen).map(({ name }) => name))], alertWords);
  const decks = new Map(alertKinds.map((kind) => [kind, new Deck(chosen(kind), random)]));
  const kinds = alertKinds.filter((kind) => decks.get(kind)?.isEmpty === false);
  if (kinds.length === 0) throw new Error(`no fault has ${only} in its name`);
  const needsPostgres = kinds.some((kind) => kind !== 'embedded') && postgresPrograms() !== undefined;
  await using postgres = needsPostgres ? await LabPostgres.start() : undefined;
  await using stores = new AlertStores(postgres);
  let brokenLogs = 0;
  for (let log = 0; tally.rounds < rounds && brokenLogs < brokenLogsMax; log++) {
    const kind = kinds[log % kinds.length] as AlertKind;
    const name = `log ${log} (${kind}, seed ${seed})`;
    const deck = decks.get(kind) as Deck<AlertFault>;
    const faults = Array.from({ length: Math.min(roundsALog, rounds - tally.rounds) }, () => deck.next());
    const startMs = performance.now();
    try {
      const road = await AlertRoad.open(kind, { seed: seed * 1000 + log, chapters: chaptersMax }, stores);
      await hurtRoad(road, faults, { random, tally, name, told });
    } catch (error) {
      // The other logs are told all the same.
      tally.addLog(name, { messages: 0, lost: 0, doubled: 0, wrong: [inspect(error)] });
      brokenLogs++;
      if (kind !== 'embedded') await mend(postgres);
    }
    const seconds = Math.round((performance.now() - startMs) / 1000);
    told(
      `${name} ends: ${tally.rounds} of ${rounds} rounds, ${seconds} s, ${tally.isGood ? 'good' : 'SOMETHING IS WRONG'}`,
    );
  }
  return tally;
}

const alertWords = {
  sums: ({ messages, logs, blocks }: { readonly messages: number; readonly logs: number; readonly blocks: number }) =>
    `${messages} notifications in ${logs} logs, ${blocks} requests`,
  good: 'Each came to its receiver or is a dead letter that says why, under one id, in order.',
};

interface Circumstances {
  readonly random: Random;
  readonly tally: Tally;
  readonly name: string;
  readonly told: (line: string) => void;
}

/** Half of the faults come while what was before them is still being told. */
export async function hurtRoad(
  road: AlertRoad,
  faults: readonly AlertFault[],
  { random, tally, name, told }: Circumstances,
): Promise<void> {
  await using own = road;
  for (const fault of faults) {
    const startMs = performance.now();
    const took = own.chaptersAsked <= chaptersMax - chaptersARound && (await fault.inflict(own, random));
    tally.count(fault.name, took);
    told(`  ${fault.name}${took ? '' : ': MISSED'} (${Math.round(performance.now() - startMs)} ms)`);
    if (random() < 0.5) {
      own.receivers.letGo();
      await own.quiet();
    }
  }
  tally.addLog(name, await accountOfAlerts(own));
}

/** What a log that broke off may have left behind. */
async function mend(postgres: LabPostgres | undefined): Promise<void> {
  if (postgres === undefined) return;
  await postgres.kill();
  await postgres.run();
}
