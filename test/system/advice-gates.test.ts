import { afterAll, beforeAll, expect, it } from 'vitest';
import { Exclusions } from '../../server/exclusions/exclusions.ts';
import type { Version } from '../../server/objects/object.ts';
import type { ObjectHistory } from '../../server/objects/of-kind.ts';
import { maintainedHosts } from '../../server/remediation/advise/maintained-hosts.ts';
import { readReadings } from '../../server/remediation/advise/read-readings.ts';
import { diagnose } from '../../server/remediation/policy/diagnose.ts';
import { isoOf } from '../../server/slo/instant.ts';
import { type OpenControl, openControl } from './control-fixture.ts';
import { aPort, insertAnswers, insertFacts, insertPlacement, place, settings } from './placement-fixture.ts';
import { type OpenStore, openStore } from './store-fixture.ts';

/** What holds advice back while something else goes on at a host, from what collectors and people stored. */

const start = Math.floor(Date.now() / 900_000) * 900 - 3_600;
let store: OpenStore;
let control: OpenControl;
let exclusions: Exclusions;

const web: Version<'service'> = {
  ...{ kind: 'service', name: 'web', version: 1, from: 0, to: null, sha256: '', witness: '', recordedAtMs: 0 },
  body: {
    displayName: 'Web',
    tenant: 'acme',
    ports: [{ name: 'a', placements: [{ host: place.host, port: 'vhu1', from: null, to: null }] }],
  },
};
const objects: ObjectHistory = { at: async () => [web], history: async () => [web] };

const gatesAt = async (at: number) => {
  const maintenance = (await maintainedHosts({ exclusions, objects }, at))(place.host);
  const which = { ...place, at, storedTo: at, burning: [], maintenance, fleet: { hosts: 1, burningHosts: 0 } };
  return diagnose(await readReadings({ engine: store.engine }, which)).gates;
};

beforeAll(async () => {
  store = await openStore();
  control = await openControl();
  exclusions = new Exclusions({ control: control.store, objects, nowMs: () => start * 1_000 });
  await insertFacts(store, start - 900, { ...settings(), ...aPort('vhu1') });
  const placed = { 'vhu1/0': { core: 2, usagePpm: 500_000 } };
  await insertPlacement(store, { from: start - 62, to: start + 1_998, placed });
}, 60_000);
afterAll(async () => {
  await control?.[Symbol.asyncDispose]();
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

it('guests on their way hold until they have come, gone or stayed', async () => {
  await insertFacts(store, start + 100, { 'guests.migrating': 'none' });
  expect(await gatesAt(start + 101)).toEqual([]);
  await insertFacts(store, start + 110, { 'guests.migrating': 'vm1 (active)' });
  const detail = 'on their way from or to another host: vm1 (active)';
  expect(await gatesAt(start + 111)).toEqual([{ gate: 'migrating', detail }]);
  await insertFacts(store, start + 120, { 'guests.migrating': 'none' });
  expect(await gatesAt(start + 121)).toEqual([]);
});

it('maintenance of a service with a port here holds once it is approved, from its beginning to its end', async () => {
  const [from, to] = [start + 900, start + 1_800];
  const asked = await exclusions.request({
    ...{ service: 'web', from, to, category: 'maintenance', reason: 'new firmware', requestedBy: 'Lan' },
    notice: { givenAt: start - 900, reference: 'ticket 1' },
  });
  if (!('event' in asked)) throw new TypeError(JSON.stringify(asked.broken));
  const { id } = asked.event;
  expect(await gatesAt(from)).toEqual([]);
  await exclusions.change('approve', id, { by: 'Minh', comment: 'agreed' });
  const detail = `maintenance of web until ${isoOf(to)} (exclusion ${id})`;
  expect(await gatesAt(from - 1)).toEqual([]);
  expect(await gatesAt(from)).toEqual([{ gate: 'maintenance', detail }]);
  expect(await gatesAt(to - 1)).toEqual([{ gate: 'maintenance', detail }]);
  expect(await gatesAt(to)).toEqual([]);
});
