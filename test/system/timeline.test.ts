import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pmdSlot, rxqSlot } from '../../core/catalogue/datapath-kinds.ts';
import { dropSlot, hostFact, portSlot } from '../../core/catalogue/kinds.ts';
import { vringRun, vringSlot } from '../../core/catalogue/ring-kinds.ts';
import { threadSlot } from '../../core/catalogue/thread-kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import type { ApiContext } from '../../server/api/context.ts';
import { portRoutes } from '../../server/api/routes/ports.ts';
import type { PortBursts } from '../../server/api/schema/bursts.ts';
import type { Problem } from '../../server/api/schema/common.ts';
import type { PortTimeline } from '../../server/api/schema/timeline.ts';
import { bareApi } from '../../server/api/server.ts';
import { writeAttributions } from '../../server/attribution/attribution-table.ts';
import { OwnRows } from '../../server/store/own-rows.ts';
import { ownerSums } from '../../server/store/queries/owner-sums.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { aDropSlot, aPortSlot, insertRows, type OpenStore, openStore } from './store-fixture.ts';
import { aFact, anOwner, aPmd, aQueue, aRing, aRun, aThread, ms, start } from './timeline-fixture.ts';

let store: OpenStore;
const api = bareApi(silentLogger);
const big = 2n ** 60n;
const read = [0, 1, 2, 3, 5, 6, 7, 8, 9];

/** Ten seconds of a port: second 4 is in no row, causes come over five seconds, the second queue has no second 7. */
beforeAll(async () => {
  store = await openStore();
  portRoutes(api, { store, nowMs: () => (start + 3_600) * 1000 } as unknown as ApiContext);
  const lost = new Map([
    [2, 60n],
    [3, 40n],
  ]);
  await insertRows(
    store,
    portSlot,
    read.map((at) =>
      aPortSlot({
        ...{ direction: 'toGuest', slot: start + at, packetsInc: at === 9 ? big : 1_000n, dropsInsideInc: 0n },
        dropsOutsideInc: lost.get(at) ?? 0n,
      }),
    ),
  );
  const told = { direction: 'toGuest', cause: 'vhost_ring_full', state: 'bridged', slots: 5 } as const;
  await insertRows(store, dropSlot, [
    aDropSlot({ ...told, slot: start, packetsInc: 100n }),
    aDropSlot({ ...told, slot: start + 5, packetsInc: 7n }),
    aDropSlot({ ...told, slot: start + 5, cause: 'policer', packetsInc: 5n }),
  ]);
  const owners = new OwnRows(store.engine, join(store.folder, 'owners'));
  await owners.clear();
  const signal = AbortSignal.timeout(60_000);
  await writeAttributions(owners, [anOwner(0, 5, { unknown: 100n })], signal);
  // The second word holds; the number of the other row has changed since, and what was said of it is void.
  await writeAttributions(owners, [anOwner(0, 5, { provider: 90n, unknown: 10n }, { revision: 2 })], signal);
  await writeAttributions(owners, [anOwner(5, 5, { tenant: 6n })], signal);
  await insertRows(store, vringSlot, [
    ...read.map((at) => aRing(at, { fills: at === 2 ? { 9: 400, 5: 100 } : {} })),
    ...read.filter((at) => at !== 7).map((at) => aRing(at, { queue: 1, fills: at === 2 ? { 9: 300 } : {}, size: 512 })),
    aRing(8, { direction: 'fromGuest', fills: { 9: 12 } }),
  ]);
  await addRingsAndThreads();
  await insertRows(store, hostFact, [aFact('port.vhu1.guest', 'vm1'), aFact('ovs.pid', '30')]);
  await insertRows(store, rxqSlot, [
    aQueue(-5, 0, 3),
    aQueue(0, 0, 4),
    aQueue(0, 1, 3),
    aQueue(0, 2, 9, { enabled: 0 }),
  ]);
  await insertRows(store, pmdSlot, [
    aPmd(0, 3, { slots: 5, state: 'bridged', busyPpm: 970_000n }),
    aPmd(5, 3, { busyPpm: null }),
    aPmd(6, 3, { busyPpm: 100_000n }),
    aPmd(6, 9, { busyPpm: 100_000n }),
  ]);
});
async function addRingsAndThreads(): Promise<void> {
  const goesOn = { lengthNs: 800n * ms, lengthNsMin: 800n * ms, lengthNsMax: 801n * ms, continues: 2 };
  const ended = { lengthNs: 150n * ms, lengthNsMin: 149n * ms, lengthNsMax: 150n * ms, continues: 1 };
  await insertRows(store, vringRun, [
    aRun(2, 200, 800, goesOn),
    aRun(3, 0, 150, ended),
    aRun(3, 145, 5, { queue: 1 }),
    aRun(3, 500, 4),
    aRun(8, 300, 12, { direction: 'fromGuest' }),
  ]);
  await insertRows(store, threadSlot, [
    ...read.map((at) => aThread(at, 7, { stallNs: at === 2 ? 60n * ms : 2n * ms })),
    // A second processor that nobody sampled in one of its seconds.
    ...read.map((at) => aThread(at, 8, at === 6 ? {} : { stallNs: 1n * ms })),
    ...[3, 4, 9].map((core) =>
      aThread(1, core + 100, {
        pid: 30,
        role: 'pmd',
        owner: 'ovs-vswitchd',
        name: `pmd-c0${core}/id:9`,
        stallNs: 9n * ms,
      }),
    ),
    aThread(1, 120, { pid: 31, role: 'pmd', owner: 'other', name: 'pmd-c03/id:2', stallNs: 900n * ms }),
  ]);
}

afterAll(async () => {
  await api.close();
  await store[Symbol.asyncDispose]();
});

const iso = (at: number) => new Date((start + at) * 1000).toISOString().replace('.000Z', 'Z');

async function ask<T = PortTimeline>(query: Readonly<Record<string, string>>, port = 'vhu1') {
  const answer = await api.inject({ method: 'GET', url: `/ports/h1/${port}/timeline`, query });
  return { status: answer.statusCode, body: answer.json() as T };
}
const seconds = { from: iso(0), to: iso(10), step: '1' };

describe('bursts of a port', () => {
  const bursts = async (query: Readonly<Record<string, string>>, port = 'vhu1') => {
    const answer = await api.inject({ method: 'GET', url: `/ports/h1/${port}/bursts`, query });
    return { status: answer.statusCode, body: answer.json() as PortBursts };
  };
  const ten = { from: iso(0), to: iso(10) };

  test('are seconds that lost, with how long they may have been', async () => {
    const { status, body } = await bursts(ten);
    expect(status).toBe(200);
    expect(body.more).toBe(false);
    expect(body.directions).toEqual([
      {
        direction: 'toGuest',
        bursts: [
          {
            // Second 4 is in no row: it may belong to it.
            ...{ from: iso(2), to: iso(4), seconds: 2, secondsMax: 3, unknownSeconds: 0, lost: '100' },
            ...{ peak: { lost: '60', offered: '1060' }, mean: { lost: '100', offered: '2100' } },
            ...{ sinceSeconds: null, sinceIsCertain: true, severe: true },
          },
        ],
        unplaced: '0',
        lossySeconds: { least: 2, most: 3, of: 10 },
      },
    ]);
  });

  test('stand beside the times in which rings were full, to the millisecond, with bounds of what was lost in them', async () => {
    const { full } = (await bursts(ten)).body;
    const at = (seconds: number, ofMs: number) => String(BigInt(start + seconds) * 1_000n * ms + BigInt(ofMs) * ms);
    expect(full).toEqual([
      {
        ...{ direction: 'toGuest', queues: [0, 1] },
        ...{ earliestNs: at(2, 199), fromNs: at(2, 200), toNs: at(3, 149), latestNs: at(3, 151) },
        // No second lies inside; 1 to 3 touch it.
        lost: { low: '0', high: '100' },
      },
      {
        ...{ direction: 'toGuest', queues: [0] },
        ...{ earliestNs: at(3, 499), fromNs: at(3, 500), toNs: at(3, 503), latestNs: at(3, 505) },
        // Second 4, of which it may have been told, is not known.
        lost: { low: '0', high: null },
      },
      {
        ...{ direction: 'fromGuest', queues: [0] },
        ...{ earliestNs: at(8, 299), fromNs: at(8, 300), toNs: at(8, 311), latestNs: at(8, 313) },
        lost: null,
      },
    ]);
  });

  test('of a window without rows are none, and a port that never was is not found', async () => {
    const later = { from: iso(600), to: iso(610) };
    expect((await bursts(later)).body).toMatchObject({ directions: [], full: [], more: false });
    expect((await bursts(later, 'none')).status).toBe(404);
    expect((await bursts({ from: iso(0), to: iso(86_401) })).status).toBe(400);
  });
});

describe('the timeline of a port', () => {
  test('has every second on one grid; one that nobody read is null in each of its lists', async () => {
    const { status, body } = await ask(seconds);
    expect(status).toBe(200);
    expect(body.at).toEqual(Array.from({ length: 10 }, (_, i) => start + i));
    expect(body.guest).toBe('vm1');
    expect(body.directions[0]?.packets[9]).toBe(String(big));
    expect(body.directions[0]?.drops.slice(0, 5)).toEqual(['0', '0', '60', '40', null]);
    const [ring] = body.rings;
    expect([ring?.fills[4], ring?.fullNs[4], ring?.known[4]]).toEqual([null, null, 0]);
    expect(body.stalls.map((group) => [group.lowNs[4], group.highNs[4]])).toEqual([
      [null, null],
      [null, null],
    ]);
    expect(body.paths).toMatchObject([{ direction: 'toGuest', slots: { expected: 10, observed: 9, unknown: 1 } }]);
  });

  test('has owners over the time that they were told for: the newest word holds, and a void one is nobody’s', async () => {
    const { body } = await ask(seconds);
    expect(body.owned).toEqual([
      { direction: 'toGuest', from: iso(0), to: iso(5), provider: '90', tenant: '0', contract: '0', unknown: '10' },
      { direction: 'toGuest', from: iso(5), to: iso(10), provider: '0', tenant: '0', contract: '0', unknown: '12' },
    ]);
    const part = await ask({ ...seconds, from: iso(4), to: iso(6) });
    expect(part.body.owned.map(({ from, to }) => [from, to])).toEqual([
      [iso(0), iso(5)],
      [iso(5), iso(10)],
    ]);
    const combined = await ask({ ...seconds, step: '10' });
    expect(combined.body.owned).toMatchObject([{ from: iso(0), to: iso(10), provider: '90', unknown: '22' }]);
  });

  test('sums owners of a host over whole rows, for the joints; what nobody gave to anybody is left out', async () => {
    const sum = (from: number, to: number) =>
      runQuery(store, ownerSums, { host: 'h1', from: start + from, to: start + to });
    const ring = { port: 'vhu1', direction: 'toGuest', cause: 'vhost_ring_full', place: 'outside' };
    expect(await sum(0, 10)).toEqual([{ ...ring, provider: '90', tenant: '0', contract: '0' }]);
    expect(await sum(1, 10)).toEqual([]);
  });

  test('adds the samples of all queues up, and tells the time of the one that was full longest', async () => {
    const { body } = await ask(seconds);
    const [toGuest, fromGuest] = body.rings;
    expect(toGuest).toMatchObject({ direction: 'toGuest', queues: [0, 1], size: 512 });
    expect(toGuest?.fills[2]).toEqual([1_200, 0, 0, 0, 0, 100, 0, 0, 0, 700]);
    expect(toGuest?.fullNs[2]).toBe(String(400n * ms));
    // A second in which one of two rings was sampled is not known whole.
    expect(toGuest?.known.slice(6, 9)).toEqual([2, 1, 2]);
    expect(fromGuest).toMatchObject({ direction: 'fromGuest', queues: [0] });
    expect(fromGuest?.fullNs[8]).toBe(String(12n * ms));
    const one = await ask({ ...seconds, queue: '1' });
    expect(one.body.rings[0]?.fills[2]).toEqual([700, 0, 0, 0, 0, 0, 0, 0, 0, 300]);
    expect(one.body.rings[0]?.fills[7]).toBeNull();
  });

  test('tells stalls between two bounds, and no upper one where a thread was not sampled', async () => {
    const { body } = await ask(seconds);
    const [guest, pmd] = body.stalls;
    expect(guest?.threads.map(({ tid }) => tid)).toEqual([7, 8]);
    expect([guest?.lowNs[2], guest?.highNs[2]]).toEqual([String(59n * ms), String(60n * ms)]);
    expect([guest?.lowNs[6], guest?.highNs[6]]).toEqual([String(ms), null]);
    // Threads of its queues alone, and of the switch's process: neither core 9 nor another program's core 3.
    expect(pmd?.threads.map(({ tid }) => tid)).toEqual([103, 104]);
    expect([pmd?.lowNs[1], pmd?.highNs[1], pmd?.highNs[2]]).toEqual([String(8n * ms), String(9n * ms), null]);
  });

  test('tells what polling threads of its queues say of themselves, and where they say nothing', async () => {
    const { body } = await ask(seconds);
    expect(body.pmds.map(({ core, queues }) => [core, queues])).toEqual([
      [3, [0, 1]],
      [4, [0]],
    ]);
    expect(body.pmds[0]?.busyPpm).toEqual([...Array(5).fill('970000'), null, '100000', null, null, null]);
    expect(body.pmds[1]?.busyPpm.every((value) => value === null)).toBe(true);
  });

  test('combines longer steps: samples are added up, times and shares are the greatest', async () => {
    const { body } = await ask({ ...seconds, step: '5' });
    expect(body.at).toEqual([start, start + 5]);
    expect(body.directions[0]?.packets[0]).toBeNull();
    expect(body.rings[0]?.fills[0]?.[9]).toBe(700);
    expect(body.rings[0]?.known).toEqual([8, 9]);
    expect(body.stalls[0]?.lowNs).toEqual([String(59n * ms), String(ms)]);
    expect(body.pmds[0]?.busyPpm).toEqual(['970000', '100000']);
  });

  test('is empty where nothing was told, and a port that never was is not found', async () => {
    const { body } = await ask({ ...seconds, from: iso(600), to: iso(610) });
    expect(body).toMatchObject({ directions: [], rings: [], stalls: [], pmds: [], owned: [], paths: [] });
    const missing = await ask<Problem>(seconds, 'none');
    expect([missing.status, missing.body.code]).toEqual([404, 'FN_NOT_FOUND']);
  });

  test('refuses more than a day', async () => {
    const { status, body } = await ask<Problem>({ from: iso(0), to: iso(86_401) });
    expect([status, body.errors?.[0]?.problem]).toEqual([400, 'makes a window of more than 24 hours']);
  });
});
