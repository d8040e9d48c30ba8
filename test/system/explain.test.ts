import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explanationText } from '../../cli/commands/explain.ts';
import { dropSlot, hostFact, portSlot, xstatSlot } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { ApiContext } from '../../server/api/context.ts';
import { explainRoute } from '../../server/api/routes/explain.ts';
import type { Explanation } from '../../server/api/schema/explain.ts';
import { bareApi } from '../../server/api/server.ts';
import { attributionRow, writeAttributions } from '../../server/attribution/attribution-table.ts';
import { attribute } from '../../server/attribution/rules.ts';
import { OwnRows } from '../../server/store/own-rows.ts';
import { absence, anEvidence, ms, stalled } from '../unit/server/attribution/an-evidence.ts';
import { aDropSlot, aPortSlot, insertRows, type OpenStore, openStore, today } from './store-fixture.ts';
import { insertUplinkFacts } from './uplink-fixture.ts';

const noon = today - 43_200;
const signal = AbortSignal.timeout(120_000);
let store: OpenStore;
const api = bareApi(silentLogger);

beforeAll(async () => {
  store = await openStore();
  explainRoute(api, { store, nowMs: () => (noon + 3_600) * 1000 } as unknown as ApiContext);
  const ring = { direction: 'toGuest', cause: 'vhost_ring_full', packetsInc: 100n } as const;
  const path = { direction: 'toGuest', dropsOutsideInc: 0n, dropsInsideInc: 0n } as const;
  await insertRows(store, portSlot, [
    aPortSlot({ direction: 'toGuest', slot: noon }),
    aPortSlot({ ...path, slot: noon + 1_000 }),
    aPortSlot({ ...path, slot: noon + 1_001 }),
    aPortSlot({ ...path, slot: noon + 1_100, dropsOutsideInc: 9n }),
  ]);
  await insertRows(store, dropSlot, [aDropSlot({ ...ring, slot: noon }), aDropSlot({ ...ring, slot: noon + 2 })]);
  // Told over five seconds, as the switch's database tells it, with the counter that it was read from.
  const whole = { slot: noon + 1_200, slots: 5, state: 'bridged', intervalNs: 5_000_000_000n } as const;
  await insertRows(store, dropSlot, [aDropSlot({ ...ring, ...whole, packetsInc: 8n })]);
  const counter = { host: 'h1', port: 'vhu1', name: 'ovs_tx_failure_drops', value: 8n, valueInc: 8n };
  await insertRows(store, xstatSlot, [{ ...aPortSlot(), ...counter, ...whole }]);
  const at = BigInt((noon - 600) * 1000);
  const facts = { datapath: 'netdev@ovs-netdev', type: 'dpdkvhostuserclient' };
  await insertRows(
    store,
    hostFact,
    Object.entries(facts).map(([name, value]) => ({
      host: 'h1',
      at,
      name: `port.vhu1.${name}`,
      value,
      witness: 'test',
    })),
  );
  const owners = new OwnRows(store.engine, join(store.folder, 'owners'));
  await owners.clear();
  const evidence = { ...anEvidence({ guest: stalled(3 * ms) }), host: 'h1', slot: noon };
  // The first was told before the readings of the guest had come.
  const early = { ...evidence, guest: null };
  await writeAttributions(owners, [attributionRow(early, attribute(early), 1)], signal);
  await writeAttributions(owners, [attributionRow(evidence, attribute(evidence), 2)], signal);
});
afterAll(async () => {
  await api.close();
  await store[Symbol.asyncDispose]();
});

async function asked(query: Readonly<Record<string, string>>) {
  const answer = await api.inject({ method: 'GET', url: '/explain', query: { host: 'h1', port: 'vhu1', ...query } });
  return { status: answer.statusCode, body: answer.json() as Explanation & { errors?: { problem: string }[] } };
}

const iso = (second: number) => new Date(second * 1000).toISOString().replace('.000Z', 'Z');
const minute = { from: iso(noon - 30), to: iso(noon + 30) };

test('what uplinks lost before anybody knew whose it was stands beside, in bounds and by rate', async () => {
  const at = (second: number) => noon + 2_000 + second;
  await insertUplinkFacts(store, 'h2', ['vhu1', 'vhu2']);
  const plain = { host: 'h2', dropsOutsideInc: 0n, dropsInsideInc: 0n } as const;
  const guest = { ...plain, direction: 'toGuest' } as const;
  const lost = (second: number, packets: bigint) =>
    aPortSlot({ ...plain, port: 'nic0', direction: 'rx', slot: at(second), dropsOutsideInc: packets });
  await insertRows(store, portSlot, [
    aPortSlot({ ...guest, port: 'vhu1', slot: at(0), packetsInc: 300n }),
    aPortSlot({ ...guest, port: 'vhu2', slot: at(0), packetsInc: 600n, dropsOutsideInc: 100n }),
    aPortSlot({ ...guest, port: 'vhu1', slot: at(1), packetsInc: 500n }),
    aPortSlot({ ...guest, port: 'vhu2', slot: at(1), packetsInc: 500n }),
    ...[lost(0, 10n), lost(1, 7n), lost(5, 4n)],
    aPortSlot({ ...plain, port: 'nic1', direction: 'rx', slot: at(1), dropsOutsideInc: 99n }),
  ]);
  const of = async (from: number, to: number, port = 'vhu1') =>
    (await asked({ host: 'h2', port, from: iso(at(from)), to: iso(at(to)) })).body;
  expect((await of(0, 2)).furtherUp).toEqual([{ uplink: 'nic0', packets: '17', unknownSeconds: 0, estimate: '6' }]);
  expect((await of(0, 2, 'vhu2')).furtherUp).toMatchObject([{ packets: '17', estimate: '10' }]);
  // Of the last second nobody knows the traffic.
  const later = await of(1, 6);
  expect(later.furtherUp).toEqual([{ uplink: 'nic0', packets: '11', unknownSeconds: 0, estimate: null }]);
  expect(explanationText(later)).toContain(
    'nic0 lost 11 before anybody knew whose they were; 0 to 11 were of this port',
  );
  expect((await of(2, 4)).furtherUp).toEqual([]);
  // The uplink does not know a second of which a guest knows all.
  await insertRows(store, portSlot, [
    aPortSlot({
      ...plain,
      port: 'nic0',
      direction: 'rx',
      slot: at(3),
      state: 'unknown',
      packetsInc: null,
      bytesInc: null,
    }),
  ]);
  expect((await of(0, 5)).furtherUp).toMatchObject([{ packets: '17', unknownSeconds: 1, estimate: null }]);
});

describe('the story of a window', () => {
  test('has each row with its newest owners, the rule, and the readings that it rests on', async () => {
    const { status, body } = await asked(minute);
    expect(status).toBe(200);
    expect(body.packets).toEqual({ provider: '100', tenant: '0', contract: '0', unknown: '100' });
    const [first, second] = body.items;
    expect(first).toMatchObject({
      ...{ direction: 'toGuest', cause: 'vhost_ring_full', from: iso(noon), to: iso(noon + 1), packets: '100' },
      told: { owners: { provider: '100', unknown: '0' }, rule: 'ringFull', ruleVersion: 1, missing: [] },
      ...{ revision: 2, replayed: null },
      inputs: { guest: { stalls: [{ lowNs: 3 * ms }] }, packets: '100' },
    });
    expect(first?.told?.facts).toMatchObject({ why: 'stall', stallNs: 3 * ms, tid: 7 });
    expect(second).toMatchObject({ from: iso(noon + 2), told: null, revision: 0, inputs: null });
  });

  test('is told in words, with the milliseconds', async () => {
    const text = explanationText((await asked(minute)).body);
    expect(text).toContain('provider 100, unknown 100');
    expect(text).toContain('provider 100, rule ringFull of version 1');
    expect(text).toContain('a stall of 3.000 ms (involuntary');
    expect(text).toContain('4.000 ms in all');
    expect(text).toContain('unknown: nobody has said yet whose they are');
  });

  test('replays rules of a version on what is stored, and refuses one that there is not', async () => {
    const { body } = await asked({ ...minute, rules: '1' });
    expect(body.items[0]?.replayed).toEqual(body.items[0]?.told);
    expect(explanationText(body)).toContain('replayed:');
    const refused = await asked({ ...minute, rules: '7' });
    expect(refused.status).toBe(400);
    expect(refused.body.errors?.[0]?.problem).toContain('version 7');
  });

  test('says where nothing is known, which is not that nothing was lost', async () => {
    const { body } = await asked({ from: iso(noon + 600), to: iso(noon + 660) });
    expect(body).toMatchObject({ items: [], paths: [] });
    expect(explanationText(body)).toContain('nothing of the port was stored: what happened there is not known');
    const around = (await asked(minute)).body;
    expect(around.paths).toMatchObject([{ direction: 'toGuest', slots: { expected: 60, observed: 1, unknown: 59 } }]);
    expect(explanationText(around)).toContain('toGuest: 59 of 60 seconds are not known');
  });

  test('of a guest that was away has what its datapath tells, with the ports that it may have been', async () => {
    const datapath = 'netdev@ovs-netdev';
    const down = { host: 'h1', port: datapath, direction: 'rx', cause: 'vhost_down', place: 'beside' } as const;
    const rows = [['vhu1'], ['vhu1', 'vhu2'], ['vhu2']].map((ports, i) => {
      const told = { ...anEvidence({ ...down, packets: 7n, absence: absence({ ports }) }), slot: noon + 2_000 + i };
      return attributionRow(told, attribute(told), 1);
    });
    const owners = new OwnRows(store.engine, join(store.folder, 'beside'));
    await owners.clear();
    await writeAttributions(owners, rows, signal);
    const { body } = await asked({ from: iso(noon + 2_000), to: iso(noon + 2_060) });
    expect(body.beside.map(({ ports, packets }) => `${packets} ${ports.join(' ')}`)).toEqual(['7 vhu1', '7 vhu1 vhu2']);
    expect(body.beside[0]).toMatchObject({ datapath, told: { owners: { contract: '7' }, rule: 'notOffered' } });
    expect(body.packets).toEqual({ provider: '0', tenant: '0', contract: '0', unknown: '0' });
    const text = explanationText(body);
    expect(text).toContain('netdev@ovs-netdev, in no sum of vhu1: to vhu1  7 packets  vhost_down');
    expect(text).toContain('in no sum of vhu1: to some of vhu1, vhu2  7 packets');
    expect(text).toContain('nothing of the port was stored: what happened there is not known');
  });

  test('is short where every second is known and nothing was lost', async () => {
    const { body } = await asked({ from: iso(noon + 1_000), to: iso(noon + 1_002) });
    expect(body).toMatchObject({ items: [], paths: [{ slots: { unknown: 0 }, pending: '0', unexplained: '0' }] });
    expect(explanationText(body)).toMatch(/: no row tells of a loss\n$/);
  });

  test('tells losses without a cause', async () => {
    const { body } = await asked({ from: iso(noon + 1_100), to: iso(noon + 1_101) });
    const [path] = body.paths;
    expect(body.items).toEqual([]);
    expect(BigInt(path?.pending ?? 0) + BigInt(path?.unexplained ?? 0)).toBe(9n);
    expect(explanationText(body)).toMatch(/toGuest: of 9 lost packets /);
  });

  test('of one second has the counters of rows that reach beyond it', async () => {
    const counters = async (from: number, to: number) =>
      (await asked({ from: iso(noon + from), to: iso(noon + to) })).body.items.map((item) => item.counters);
    expect(await counters(1_200, 1_205)).toEqual([['ovs_tx_failure_drops']]);
    expect(await counters(1_202, 1_203)).toEqual([['ovs_tx_failure_drops']]);
  });

  test('of raw rows that have gone is told from what was kept', async () => {
    await store.engine.command(`ALTER TABLE drop_slot DELETE WHERE port = 'vhu1' SETTINGS mutations_sync = 2`);
    const { body } = await asked(minute);
    expect(body.items).toHaveLength(1);
    expect(body.packets).toMatchObject({ provider: '100', unknown: '0' });
  });
});
