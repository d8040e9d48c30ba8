import { describe, expect, it } from 'vitest';
import { namePort } from '../../../../../collector/sources/ovs/named-port.ts';
import { closeStatistics, type StatisticsRead } from '../../../../../collector/sources/ovs/statistics.ts';
import { dropSlot, portSlot, queueSlot, xstatSlot } from '../../../../../core/catalogue/kinds.ts';
import { capture } from './captures.ts';
import { interfaceRow, Readings, startSecond, timeAt } from './readings.ts';

interface Told {
  readonly second: number;
  readonly statistics: Readonly<Record<string, number | bigint>>;
  readonly read?: Partial<StatisticsRead>;
}

/** Statistics of a port, one after the other; `previous` is what was kept before, unless said otherwise. */
function follow(type: string, told: readonly Told[], row: Parameters<typeof interfaceRow>[0] = { name: 'p', type }) {
  const none = { packets: 0n, bytes: 0n, errors: 0n, dropped: 0n };
  const read = {
    portNo: 1,
    name: row.name,
    type,
    rx: none,
    tx: none,
    upcallPackets: undefined,
    upcallErrors: undefined,
    failure: undefined,
  };
  const port = namePort('netdev@d', read, interfaceRow(row));
  const readings = new Readings();
  let previous: ReadonlyMap<string, bigint> | undefined;
  for (const { second, statistics, read: more } of told) {
    const now = new Map(Object.entries(statistics).map(([name, value]) => [name, BigInt(value)]));
    readings.keep((into) =>
      closeStatistics(
        {
          port,
          identity: 9n,
          policedIdentity: 10n,
          version: '3.1.0',
          driver: 'generic',
          statistics: now,
          previous,
          resetSeen: undefined,
          bornAt: undefined,
          time: timeAt(second),
          all: false,
          ...more,
        },
        into,
      ),
    );
    previous = now;
  }
  return readings;
}

const vhost = 'dpdkvhostuserclient';
const guest = (tx_dropped: number, full: number, more: Readonly<Record<string, number>> = {}) => ({
  rx_packets: 0,
  rx_bytes: 0,
  rx_dropped: 0,
  tx_packets: 0,
  tx_dropped,
  ovs_rx_qos_drops: 0,
  ovs_tx_failure_drops: full,
  ovs_tx_mtu_exceeded_drops: 0,
  ovs_tx_qos_drops: 0,
  ovs_tx_invalid_hwol_drops: 0,
  ...more,
});
/** The first row of each cause is written whether it lost anything or not. */
const causes = (readings: Readings) =>
  readings
    .rows(dropSlot)
    .filter(({ packetsInc }) => packetsInc !== 0n)
    .map((row) => [row.slot - startSecond, row.slots, row.direction, row.cause, row.place, row.state, row.packetsInc]);

describe('drops of a guest', () => {
  it('are those that its ring refused, and the rest of the total, told a refresh later', () => {
    const told = [
      { second: 0, statistics: guest(0, 0) },
      { second: 5, statistics: guest(10, 7) },
      { second: 10, statistics: guest(10, 7) },
    ];
    // At 5 the total before, 0, has nothing beyond the parts: what of the 10 was not refused is told at 10.
    expect(causes(follow(vhost, told))).toEqual([
      [0, 5, 'toGuest', 'vhost_ring_full', 'outside', 'bridged', 7n],
      [5, 5, 'toGuest', 'vhost_down', 'outside', 'bridged', 3n],
    ]);
  });

  it('that stood there at first are no increment, nor is the first difference of totals', () => {
    const told = [
      { second: 0, statistics: guest(100, 60) },
      { second: 5, statistics: guest(100, 60) },
      { second: 10, statistics: guest(101, 60) },
      { second: 15, statistics: guest(101, 60) },
    ];
    expect(causes(follow(vhost, told)).map(([slot, , , cause, , , packets]) => [slot, cause, packets])).toEqual([
      [10, 'vhost_down', 1n],
    ]);
  });

  it('are counted from zero for a port that came into being while we watched', () => {
    const born = timeAt(2);
    const told = [{ second: 5, statistics: guest(40, 40), read: { bornAt: born } }];
    expect(causes(follow(vhost, told))).toEqual([[2, 3, 'toGuest', 'vhost_ring_full', 'outside', 'bridged', 40n]]);
  });

  it.each([
    ['a total of it fell', guest(50, 50), {}],
    ['a cause of it fell', guest(150, 50), {}],
    ['another counter of the port was seen to be reset', guest(200, 160), { resetSeen: { why: 'replaced' } as const }],
  ])('are unknown where %s', (_what, statistics, read) => {
    const told = [
      { second: 0, statistics: guest(0, 0) },
      { second: 5, statistics: guest(100, 100) },
      { second: 10, statistics, read },
    ];
    const last = causes(follow(vhost, told)).filter(([slot]) => slot === 5);
    expect(new Set(last.map(([, , , , , state]) => state))).toEqual(new Set(['unknown']));
    expect(last.map(([, , , cause]) => cause)).toContain('vhost_ring_full');
  });

  it('that a port does not count (-1) are unknown, not zero', () => {
    const told = [0, 5].map((second) => ({
      second,
      statistics: { ...guest(0, 0), ovs_tx_failure_drops: -1, tx_dropped: -1, rx_missed_errors: -1 },
      read: { all: true },
    }));
    const readings = follow(vhost, told);
    expect(causes(readings).map(([, , , cause]) => cause)).not.toContain('vhost_ring_full');
    expect(readings.rows(xstatSlot).map(({ name }) => name)).not.toContain('rx_missed_errors');
    expect(readings.rows(xstatSlot).map(({ name }) => name)).toContain('rx_packets');
  });
});

describe('queues and extended counters', () => {
  const at = (second: number, q0: number, read: Partial<StatisticsRead> = {}) => ({
    second,
    statistics: guest(0, 0, {
      rx_q0_good_packets: q0,
      rx_q0_good_bytes: q0 * 64,
      tx_q0_good_packets: 3,
      tx_q0_good_bytes: 9,
    }),
    read,
  });

  it('are told of each ring, in the guest’s direction, at the pace of the refreshes', () => {
    const rows = follow(vhost, [at(0, 5), at(5, 8)]).rows(queueSlot);
    expect(
      rows.map(({ direction, queue, slots, state, packetsInc, bytesInc, drops }) => [
        direction,
        queue,
        slots,
        state,
        packetsInc,
        bytesInc,
        drops,
      ]),
    ).toEqual([
      ['fromGuest', 0, 5, 'bridged', 3n, 192n, null],
      ['toGuest', 0, 5, 'bridged', 0n, 0n, null],
    ]);
  });

  it('of rings that are others now are unknown; OVS’s own totals may begin anew without them', () => {
    const ended = (resetSeen: StatisticsRead['resetSeen']) =>
      follow(vhost, [at(0, 5), at(5, 50, { resetSeen })])
        .rows(queueSlot)
        .map(({ state }) => state);
    expect(ended({ why: 'replaced' })).toEqual(['unknown', 'unknown']);
    expect(ended({ why: 'reset', counter: 'packets', before: 9n, now: 1n })).toEqual(['unknown', 'unknown']);
    expect(ended({ why: 'reset', counter: 'dropsOutside', before: 9n, now: 1n })).toEqual(['bridged', 'bridged']);
  });

  it('are written when they moved, and all of them when it is time', () => {
    const told = [at(0, 5), at(5, 8), at(10, 8), at(15, 8, { all: true })];
    const names = (slot: number) =>
      follow(vhost, told)
        .rows(xstatSlot)
        .filter((row) => row.slot - startSecond === slot)
        .map(({ name }) => name);
    // Each is written once at first, so that a collector which starts again finds where it stood.
    expect(names(0)).toHaveLength(14);
    expect(names(5)).toEqual([]);
    expect(names(10)).toHaveLength(14);
    const moved = follow(vhost, [at(0, 5), at(5, 5), at(10, 6)]).rows(xstatSlot);
    expect(moved.filter((row) => row.slot - startSecond === 5).map(({ name, valueInc }) => [name, valueInc])).toEqual([
      ['rx_q0_good_packets', 1n],
      ['rx_q0_good_bytes', 64n],
    ]);
  });
});

describe('a NIC with a policer', () => {
  it('has what the policer dropped inside its packets, and what the NIC missed outside', () => {
    const nic = (packets: number, policed: number, missed: number) => ({
      rx_packets: packets,
      rx_bytes: packets * 64,
      rx_dropped: policed + missed,
      ovs_rx_qos_drops: policed,
      rx_missed_errors: missed,
      rx_errors: 0,
    });
    const told = [
      { second: 0, statistics: nic(0, 0, 0) },
      { second: 5, statistics: nic(100, 30, 4) },
    ];
    const row = { name: 'p', type: 'dpdk', ingressPolicingRate: 1000n };
    expect(follow('dpdk', told, row).rows(portSlot)).toMatchObject([
      { direction: 'rx', slots: 5, packetsInc: 100n, dropsInsideInc: 30n, dropsOutsideInc: 4n },
    ]);
    expect(follow('dpdk', told, { name: 'p', type: 'dpdk' }).rows(portSlot)).toEqual([]);
  });
});

describe('real statistics under traffic', () => {
  const refreshes = capture('3.1/dpdk-statistics.ndjson')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; type: string; statistics: Record<string, number> }[]);
  const told = refreshes.flatMap((ports, i) => {
    const port = ports.find(({ name }) => name === 'vhu4');
    return port === undefined ? [] : [{ second: i * 5, statistics: port.statistics }];
  });

  it('have as many drops by cause as the total says, none of them to a guest that was down', () => {
    const readings = follow(vhost, told, { name: 'vhu4', type: vhost });
    const known = readings.rows(dropSlot).filter(({ packetsInc }) => packetsInc !== null);
    const byCause = Map.groupBy(known, ({ cause }) => cause);
    const sum = (cause: string) => byCause.get(cause)?.reduce((all, { packetsInc }) => all + (packetsInc ?? 0n), 0n);
    expect(sum('vhost_ring_full')).toBe(920_126n);
    expect(sum('vhost_down') ?? 0n).toBe(0n);
  });

  it('have as many packets in the queues as the port sent', () => {
    const readings = follow(vhost, told, { name: 'vhu4', type: vhost });
    const queues = readings.rows(queueSlot).filter(({ direction }) => direction === 'toGuest');
    expect(new Set(queues.map(({ queue }) => queue)).size).toBeGreaterThan(1);
    // The first refresh, before the guest came, has no queues: the one after it is where they begin.
    const [first, last] = [told[1]?.statistics['tx_packets'], told.at(-1)?.statistics['tx_packets']];
    expect(queues.reduce((all, { packetsInc }) => all + (packetsInc ?? 0n), 0n)).toBe(
      BigInt((last ?? 0) - (first ?? 0)),
    );
  });
});
