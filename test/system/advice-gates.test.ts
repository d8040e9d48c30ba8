import { afterAll, beforeAll, expect, it } from 'vitest';
import { readReadings } from '../../server/remediation/advise/read-readings.ts';
import { diagnose } from '../../server/remediation/policy/diagnose.ts';
import { aPort, insertAnswers, insertFacts, insertPlacement, place, settings } from './placement-fixture.ts';
import { type OpenStore, openStore } from './store-fixture.ts';

/** What holds advice back while something else goes on at a host, from what collectors stored. */

const start = Math.floor(Date.now() / 1000) - 3_600;
let store: OpenStore;

const gatesAt = async (at: number) => {
  const which = { ...place, at, storedTo: at, burning: [], fleet: { hosts: 1, burningHosts: 0 } };
  return diagnose(await readReadings({ engine: store.engine }, which)).gates;
};

beforeAll(async () => {
  store = await openStore();
  await insertFacts(store, start - 900, { ...settings(), ...aPort('vhu1') });
  const placed = { 'vhu1/0': { core: 2, usagePpm: 500_000 } };
  await insertPlacement(store, { from: start - 62, to: start + 498, placed });
}, 60_000);
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
});

it('a switch that does not answer holds for a minute; that its answer could not be read does not', async () => {
  expect(await gatesAt(start)).toEqual([]);
  const [late, refused] = ['FN_OVS_AWAY', 'FN_OVS_REPLY'];
  await insertAnswers(store, { [start + 9]: '', [start + 10]: late, [start + 11]: 'FN_SOURCE_TIMEOUT' });
  await insertAnswers(store, { [start + 12]: '', [start + 20]: late, [start + 30]: refused });
  const detail = 'the switch left us without an answer in 3 of the last 60 s, 2 of them in a row';
  expect(await gatesAt(start + 40)).toEqual([{ gate: 'slow', detail }]);
  expect(await gatesAt(start + 80)).toMatchObject([{ gate: 'slow' }]);
  expect(await gatesAt(start + 81)).toEqual([]);
});
