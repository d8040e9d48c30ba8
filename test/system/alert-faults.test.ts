import { describe, expect, it } from 'vitest';
import { randomOf } from '../fakes/generated-log.ts';
import { LabPostgres, postgresPrograms } from '../lab/postgres/lab-postgres.ts';
import { alertFaultsOf } from './faults/alerts/alert-faults.ts';
import { type AlertKind, AlertRoad, AlertStores } from './faults/alerts/alert-road.ts';
import { hurtRoad } from './faults/alerts/alert-suite.ts';
import { chaptersMax } from './faults/alerts/story.ts';
import { Tally } from './faults/tally.ts';

/** The short form of `npm run test:faults -- --suite alerts`: of each kind of fault one, on each kind of store. */
const names: Readonly<Record<AlertKind, readonly string[]>> = {
  embedded: [
    'embedded: breach to outbox (decided): kill -9',
    'embedded: send to record (answered): store killed',
    'embedded: outbox to send (taken): store away for a minute',
    'embedded: outbox to send (taken): clock an hour back',
  ],
  postgres: [
    'postgres: outbox to send (taken): kill -9',
    'postgres: send to record (answered): kill -9',
    'postgres: breach to outbox (breachWritten): store away for a minute',
    'receiver: gone',
    'receiver: throttled',
    'receiver: half',
  ],
  'two servers': [
    'two servers: in mid-send (sending): lease lost',
    'two servers: in mid-send (sending): kill -9',
    'receiver: late',
  ],
};

// Where CI says so nothing is skipped: without its programs the tests fail.
const hasPostgres = process.env['CI'] === 'true' || postgresPrograms() !== undefined;

describe('telling of breaches, each thing once and in order, whatever is killed, away or rude', () => {
  it('on an embedded store', () => hurt('embedded'), 120_000);
  it.skipIf(!hasPostgres)('on PostgreSQL', () => hurt('postgres'), 120_000);
  it.skipIf(!hasPostgres)('by two servers that take turns', () => hurt('two servers'), 120_000);
});

async function hurt(kind: AlertKind): Promise<void> {
  const wanted = names[kind];
  await using postgres = kind === 'embedded' ? undefined : await LabPostgres.start();
  await using stores = new AlertStores(postgres);
  const all = alertFaultsOf(kind);
  const faults = wanted.map((name) => all.find((fault) => fault.name === name)).filter((fault) => fault !== undefined);
  const tally = new Tally(wanted);
  const road = await AlertRoad.open(kind, { seed: 1, chapters: chaptersMax }, stores);
  await hurtRoad(road, faults, { random: randomOf(1), tally, name: kind, told: () => undefined });
  expect(tally.toJSON()).toMatchObject({ rounds: wanted.length, lost: 0, doubled: 0, wrong: [] });
}
