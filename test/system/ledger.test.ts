import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { datapathSlot, replicaSlot } from '../../core/catalogue/datapath-kinds.ts';
import { dropSlot, portSlot, xstatSlot } from '../../core/catalogue/kinds.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import type { Problem } from '../../server/api/schema/common.ts';
import type { LedgerDetail, LedgerPage } from '../../server/api/schema/ledger.ts';
import type { PortPage, PortReplay, PortSeries } from '../../server/api/schema/ports.ts';
import { makeServer, type Server } from '../../server/app.ts';
import { readCauses } from '../../server/breach/read-causes.ts';
import { busyPmds } from '../../server/store/queries/busy-pmds.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { placeControl } from './control-fixture.ts';
import {
  aCause,
  aDatapathSlot,
  aGuestSlot,
  anInsideDrop,
  aReplicaSlot,
  big,
  datapath,
  host,
  messageOf,
  noSums,
  start,
  statisticsTold,
  stillness,
  surroundings,
} from './ledger-fixture.ts';
import { aPortSlot, aSlot, blockOf } from './store-fixture.ts';

/**
 * 200 seconds of a datapath, asked for through HTTP. Second 0 to 39: traffic and its end; 40 to 59: a port is made again, a gap, a
 * doubted row; 60 to 79: something is lost that nobody counts; from 80 on: drops of a guest's port and their causes.
 */
const data = mkdtempSync(join(tmpdir(), 'fn-ledger-'));
const bus = new InProcessLog({ bytesMax: 1 << 24, recordBytesMax: messageBytesMax, nowMs: Date.now });
let server: Server;
let lifecycle: Lifecycle;
let base = '';

const iso = (second: number) => new Date(second * 1_000).toISOString();
const between = (from: number, to: number) => `from=${iso(start + from)}&to=${iso(start + to)}`;
const told = (second: number) => iso(start + second).replace('.000Z', 'Z');
const get = async <T = Problem>(path: string) => {
  const response = await fetch(`${base}${path}`);
  return { status: response.status, body: (await response.json()) as T };
};
const detail = async (from: number, to: number, more = '') =>
  (await get<LedgerDetail>(`/api/v1/ledger/${host}/${encodeURIComponent(datapath)}?${between(from, to)}${more}`)).body;
const ports = async (from: number, to: number) =>
  (await get<PortPage>(`/api/v1/ports?${between(from, to)}&host=${host}&port=vhu1`)).body.items;

function ledgerRows() {
  const busy = (at: number, over = {}) => aDatapathSlot(at, { readSpanNs: 1_000_000n, lateNs: 2_000_000n, ...over });
  return [
    // 10,000 packets a second; in each 2 are copied and 3 dropped by a rule: 9,999 go out.
    ...range(0, 29).map((at) => busy(at, { inPackets: 10_000n, outPackets: 9_999n })),
    // The reading at 30 was made while 10 packets were under way.
    busy(29, { inPackets: 10_000n, outPackets: 9_989n }),
    busy(30, { inPackets: 5n, outPackets: 15n }),
    ...range(31, 40).map((at) => busy(at, stillness)),
    busy(40, { inPackets: big, outPackets: big - 1n, portDrops: 1n }),
    busy(41, noSums),
    ...range(42, 45).map((at) => busy(at)),
    busy(45, { slots: 5, state: 'bridged', inPackets: 100n, outPackets: 100n }),
    busy(50, { suspect: 1, inPackets: 77n }),
    busy(51, { state: 'unknown', ...noSums, slots: 2 }),
    ...range(53, 60).map((at) => busy(at, stillness)),
    busy(60, { inPackets: 100n, outPackets: 99n }),
    ...range(61, 80).map((at) => busy(at, stillness)),
    ...range(80, 100).map((at) => busy(at, { inPackets: 100n, outPackets: 90n, portDrops: 10n })),
    busy(100, { inPackets: 300n, outPackets: 0n, unread: 1 }),
    ...range(101, 110).map((at) => busy(at, { ...stillness, unread: 1 })),
  ];
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function aNicSlot(at: number, drops: bigint) {
  return aPortSlot({ port: 'dpdk0', slot: start + at, packetsInc: 100n, dropsOutsideInc: drops, dropsInsideInc: 0n });
}

function anXstat(at: number, name: string, valueInc: bigint | null) {
  const state = valueInc === null ? ('unknown' as const) : ('observed' as const);
  return { host, port: 'dpdk0', name, ...aSlot, slot: start + at, state, value: 5n, valueInc };
}

beforeAll(async () => {
  await placeControl(data);
  const config = aServerConfig({
    staleAfterMs: 60_000,
    liveSeconds: 300,
    streamsMax: 2,
    busBytesMax: 1 << 24,
    lingerMs: 50,
  });
  server = makeServer({ config, data, bus, logger: silentLogger, version: '0.0.0-test' });
  lifecycle = new Lifecycle(server.parts, silentLogger);
  await lifecycle.start();
  base = server.url();
  await bus.append(
    host,
    messageOf(host, 1n, [
      ...surroundings(),
      blockOf(datapathSlot, ledgerRows()),
      blockOf(
        replicaSlot,
        range(0, 21).map((i) => aReplicaSlot(i * 5, i < 6 ? 10n : 0n)),
      ),
      blockOf(dropSlot, [
        ...range(0, 6).map((i) => anInsideDrop(i * 5, 15n)),
        // The guest's ring loses 10 a second: told are 30 of the first 50, all of the next, 40 of those behind.
        aCause(80, 30n),
        aCause(85, 50n),
        aCause(90, 40n),
      ]),
      blockOf(portSlot, [
        ...range(80, 100).map((at) => aGuestSlot(at, 90n, 10n)),
        ...range(80, 100).map((at) => aNicSlot(at, at === 80 ? 7n : 0n)),
        { ...aNicSlot(80, 1n), port: 'vxlan.4' },
        { ...aNicSlot(80, 1n), port: 'eth0' },
      ]),
      blockOf(xstatSlot, [
        ...[80, 85, 90].map(statisticsTold),
        anXstat(82, 'ovs_rx_qos_drops', big),
        anXstat(83, 'ovs_rx_qos_drops', 7n),
        anXstat(84, 'rx_missed_errors', null),
        anXstat(84, 'rx_packets', 0n),
      ]),
    ]),
  );
  const other = range(80, 90).map((at) => aDatapathSlot(at, { host: 'h2' }));
  await bus.append('h2', messageOf('h2', 1n, [blockOf(datapathSlot, other)]));
  await vi.waitFor(
    async () => {
      const { body } = await get<LedgerPage>(`/api/v1/ledger?${between(80, 90)}`);
      expect(body).toMatchObject({ items: [{ host }, { host: 'h2' }] });
    },
    { timeout: 20_000, interval: 50 },
  );
});

afterAll(async () => {
  await lifecycle.stop();
  rmSync(data, { recursive: true, force: true });
});

describe('the ledger of a window', () => {
  it('balances to the packet over traffic that ended in it, with copies and drops inside', async () => {
    const { entry, window } = await detail(0, 40);
    expect(window).toEqual({ from: told(0), to: told(40) });
    expect(entry).toMatchObject({
      host,
      datapath,
      slots: { expected: 40, observed: 40, bridged: 0, unknown: 0, suspect: 0 },
      ports: 3,
      flows: 7,
      in: '300005',
      out: '299975',
      residualRaw: '30',
      insideDrops: [{ cause: 'policy', packets: '90' }],
      copies: '60',
      consumed: '0',
      residual: '0',
      // The first reading: 64 held, 10 in the millisecond of the read; one drop inside between the two readings.
      bound: '75',
      copiesUncertain: '1',
      settledTo: told(40),
      state: 'balanced',
    });
  });

  it('read while packets were under way it is off by them, and that is within its bound', async () => {
    const { entry } = await detail(0, 30);
    expect(entry).toMatchObject({ residual: '10', bound: '150', copiesUncertain: '2', state: 'withinBound' });
  });

  it('copies and drops told across its end are allowed for whole, and in no sum', async () => {
    const { entry } = await detail(2, 40);
    expect(entry).toMatchObject({
      residualRaw: '28',
      insideDrops: [{ cause: 'policy', packets: '75' }],
      copies: '50',
      residual: '3',
      bound: '89',
      copiesUncertain: '10',
      state: 'withinBound',
    });
  });

  it('counts what is known: a reset, a gap across the end, doubted and unknown slots are not', async () => {
    expect((await detail(40, 60)).entry).toMatchObject({
      slots: { expected: 20, observed: 11, bridged: 5, unknown: 4, suspect: 1 },
      in: String(big + 130n),
      out: String(big + 129n),
      portDrops: '1',
      residual: '0',
      state: 'balanced',
    });
    expect((await detail(40, 47)).entry.slots).toMatchObject({ observed: 4, bridged: 0, unknown: 3 });
    expect((await detail(41, 42)).entry).toMatchObject({ in: '0', state: 'unknown', slots: { unknown: 1 } });
  });

  it('one packet that is nowhere is unexplained, when all around it stood still', async () => {
    const { entry, series } = await detail(55, 80, '&step=5');
    expect(entry).toMatchObject({ residual: '1', bound: '0', state: 'unexplained' });
    expect(series.residualRaw).toEqual(['0', '1', '0', '0', '0']);
    expect(series.bound).toEqual(['0', '0', '0', '0', '0']);
  });

  it('what was sent to a guest that is away, and what is not told yet, is not settled', async () => {
    expect((await detail(100, 105)).entry).toMatchObject({ residual: '300', bound: '65', state: 'unsettled' });
    expect((await detail(55, 110)).entry).toMatchObject({ settledTo: told(105), state: 'unsettled' });
  });

  it('a series has each step with the bound of both its ends, and a gap where a slot is not known', async () => {
    const { series } = await detail(28, 50, '&step=1');
    expect(series.at.slice(0, 2)).toEqual([start + 28, start + 29]);
    expect(series.in.slice(0, 4)).toEqual(['10000', '10000', '5', '0']);
    expect(series.residualRaw.slice(0, 4)).toEqual(['1', '11', '-10', '0']);
    expect(series.bound.slice(0, 4)).toEqual(['148', '148', '74', '0']);
    expect(series.in.slice(12, 22)).toEqual([String(big), null, '10', '10', '10', null, null, null, null, null]);
    const { series: wide } = await detail(40, 50, '&step=5');
    expect(wide.in).toEqual([null, '100']);
  });

  it('a window without rows has an empty ledger; a datapath that never was is not found', async () => {
    expect((await detail(-600, -300)).entry).toMatchObject({
      slots: { expected: 300, unknown: 300 },
      lastSlot: told(109),
      in: '0',
      copies: null,
      state: 'unknown',
    });
    expect((await get(`/api/v1/ledger/${host}/nothing?${between(0, 10)}`)).body).toMatchObject({
      status: 404,
      code: 'FN_NOT_FOUND',
    });
  });

  it('pages give each datapath once; without any copies told they are not zero', async () => {
    const first = (await get<LedgerPage>(`/api/v1/ledger?${between(80, 90)}&limit=1`)).body;
    expect(first.items.map((item) => item.host)).toEqual([host]);
    const next = (await get<LedgerPage>(`/api/v1/ledger?${between(80, 90)}&limit=1&cursor=${first.nextCursor}`)).body;
    expect(next).toMatchObject({ nextCursor: null });
    expect(next.items).toMatchObject([
      { host: 'h2', copies: null, copiesUncertain: null, settledTo: null, residual: '0', state: 'balanced' },
    ]);
    const one = (await get<LedgerPage>(`/api/v1/ledger?${between(80, 90)}&host=h2`)).body;
    expect(one.items.map((item) => item.host)).toEqual(['h2']);
    expect((await get(`/api/v1/ledger?cursor=WyJhIl0`)).body).toMatchObject({ status: 400 });
  });
});

describe('the joints of a datapath', () => {
  it('tell what passed and what was lost from the wire to the ring', async () => {
    const { joints, ports: listed } = await detail(80, 100);
    expect(joints.map(({ joint, passed, lost }) => [joint, passed, lost])).toEqual([
      ['wire', '2000', '0'],
      ['rxq', '2000', '0'],
      ['pmd', '2000', '0'],
      ['port', '1920', '0'],
      ['ring', '1800', '120'],
      ['unknown', null, '87'],
    ]);
    // Nobody has said whose any of it is.
    expect(joints.map(({ lost, owners }) => owners.unknown === lost)).toEqual(Array(6).fill(true));
    expect(joints.at(-1)?.drops).toMatchObject([
      { port: 'vhu1', direction: 'toGuest', cause: 'pending', packets: '60' },
      { port: 'vhu1', direction: 'toGuest', cause: 'unexplained', packets: '20' },
      { port: 'dpdk0', direction: 'rx', cause: 'unexplained', packets: '7' },
    ]);
    expect(listed.map(({ port, type, counted }) => [port, type, counted])).toEqual([
      ['dpdk0', 'dpdk', true],
      ['vhu1', 'dpdkvhostuserclient', true],
      ['vxlan.4', 'vxlan', false],
    ]);
  });

  it('threads are summed, NULL where nothing counts; queues are those last told', async () => {
    const { pmds, queues } = await detail(0, 40);
    expect(pmds).toEqual([
      {
        core: 1,
        numa: 0,
        isolated: true,
        busyPpm: null,
        rxPackets: String(big + 5n),
        txPackets: null,
        upcalls: null,
        lostUpcalls: null,
        usedCycles: '14000',
        busyCycles: null,
        sleepUs: null,
        thread: { knownNs: '1900000000', runNs: '1500000000', runDelayNs: '2000000' },
      },
    ]);
    expect(queues).toMatchObject([
      { port: 'dpdk0', queue: 0, enabled: true, usagePpm: null },
      { port: 'dpdk0', queue: 1, enabled: false, usagePpm: '9' },
    ]);
  });
});

describe('causes that are told every five seconds', () => {
  it('fill a step that holds them, and are intervals across finer ones', async () => {
    const series = async (step: number) => {
      const { body } = await get<PortSeries>(`/api/v1/ports/${host}/vhu1/series?${between(80, 100)}&step=${step}`);
      return body.directions[0];
    };
    expect(await series(5)).toMatchObject({
      drops: ['50', '50', '50', '50'],
      causes: [{ cause: 'vhost_ring_full', packets: ['30', '50', '40', '0'] }],
      causeIntervals: [],
    });
    expect(await series(10)).toMatchObject({ causes: [{ packets: ['80', '40'] }], causeIntervals: [] });
    const fine = await series(4);
    expect(fine?.causes).toEqual([{ cause: 'vhost_ring_full', packets: [null, null, null, null, '0'] }]);
    expect(fine?.causeIntervals).toEqual([
      { cause: 'vhost_ring_full', from: told(80), to: told(85), packets: '30' },
      { cause: 'vhost_ring_full', from: told(85), to: told(90), packets: '50' },
      { cause: 'vhost_ring_full', from: told(90), to: told(95), packets: '40' },
    ]);
  });

  it('what ran beside a breach is told by the same rows: drops by cause, and how busy polling threads were', async () => {
    const placed = [{ name: 'p1', host, port: 'vhu1', from: 0, to: Number.POSITIVE_INFINITY }];
    const causes = await readCauses(server.store, placed, { from: start + 80, to: start + 100 });
    const unknown = { provider: '0', tenant: '0', contract: '0', unknown: '120' };
    expect(causes).toMatchObject([{ cause: 'vhost_ring_full', host, port: 'vhu1', packets: '120', owners: unknown }]);
    const elsewhere = [{ name: 'p1', host, port: 'vhu1', from: start + 100, to: Number.POSITIVE_INFINITY }];
    expect(await readCauses(server.store, elsewhere, { from: start + 80, to: start + 100 })).toMatchObject([
      { cause: 'unknown' },
    ]);
    expect(await runQuery(server.store, busyPmds, { host, from: start, to: start + 60 })).toEqual([
      { datapath, core: 1, busyPpm: '250000' },
    ]);
  });

  it('what was told without a cause is unexplained, what crosses an end of the window is pending', async () => {
    expect(await ports(80, 90)).toMatchObject([{ drops: '100', pending: '0', unexplained: '20' }]);
    expect(await ports(82, 90)).toMatchObject([{ drops: '80', pending: '30', unexplained: '0' }]);
  });

  it('drops since then are pending, and settle when the causes come', async () => {
    expect(await ports(80, 100)).toMatchObject([{ drops: '200', pending: '60', unexplained: '20' }]);
    await bus.append(
      host,
      messageOf(host, 2n, [blockOf(dropSlot, [aCause(95, 50n)]), blockOf(xstatSlot, [95, 100].map(statisticsTold))]),
    );
    await vi.waitFor(
      async () => expect(await ports(80, 100)).toMatchObject([{ drops: '200', pending: '0', unexplained: '30' }]),
      { timeout: 10_000, interval: 50 },
    );
  });
});

describe('a corrected map of counters', () => {
  it('is replayed over raw counters, beside what was stored', async () => {
    const { body } = await get<PortReplay>(`/api/v1/ports/${host}/dpdk0/replay?${between(80, 90)}`);
    expect(body).toMatchObject({
      by: 'ovs',
      counters: [
        { name: 'ovs_rx_qos_drops', increment: String(big + 7n), whole: true },
        { name: 'rx_missed_errors', increment: '0', whole: false },
      ],
    });
    expect(body.causes).toMatchObject([
      { cause: 'policer', stored: '0', replayed: String(big + 7n), difference: String(big + 7n) },
    ]);
  });

  it('of a port of no datapath nothing is replayed; a port that never was is not found', async () => {
    const { body } = await get<PortReplay>(`/api/v1/ports/${host}/eth0/replay?${between(80, 90)}`);
    expect(body).toMatchObject({ by: null, counters: [], causes: [] });
    expect((await get(`/api/v1/ports/${host}/eth9/replay?${between(80, 90)}`)).body).toMatchObject({ status: 404 });
  });
});
