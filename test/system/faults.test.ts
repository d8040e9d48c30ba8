import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomOf } from '../fakes/generated-log.ts';
import { KafkaBroker } from '../lab/kafka/broker.ts';
import { skipWithoutKafka } from '../lab/kafka/presence.ts';
import { Road } from './faults/road.ts';
import { accountOfRoad } from './faults/road-account.ts';
import { roadFaults } from './faults/road-faults.ts';
import { today } from './store-fixture.ts';

/** The short form of `npm run test:faults`: one log, and of each kind of fault the shortest. */
const names = [
  'collector: spooled',
  'collector: produced',
  'collector: acknowledged',
  'topic: ticks again, in reverse order',
  'topic: poison',
  'collector: a tick is destroyed in the spool',
  'network: acknowledgements are swallowed',
  'store: kill -9 in mid-insert',
  'server: seal half written',
];

describe.skipIf(skipWithoutKafka)('the whole road, from the spool to the seal', () => {
  let broker: KafkaBroker;
  let road: Road;

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    road = await Road.open(broker, { seed: 1, firstSlot: today - 2 * 86_400, backlog: 200 });
  }, 300_000);

  afterAll(async () => {
    await road?.remove();
    await broker?.stop();
  });

  it('loses and doubles nothing by kills, cuts, repetition and poison, and tells what the test destroyed', async () => {
    const random = randomOf(1);
    road.startServer();
    road.startCollector();
    await road.serverReady();
    const hits: string[] = [];
    for (const name of names) {
      if (await roadFaults.find((fault) => fault.name === name)?.inflict(road, random)) hits.push(name);
    }
    expect(hits).toEqual(names);
    const account = await accountOfRoad(road);
    expect(account).toMatchObject({ lost: 0, doubled: 0, destroyed: 1, wrong: [] });
    expect(account.messages).toBeGreaterThan(600);
    expect(account.seals).toBeGreaterThan(5);
  }, 240_000);
});
