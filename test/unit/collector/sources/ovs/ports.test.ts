import { describe, expect, it } from 'vitest';
import { portSlot } from '../../../../../core/catalogue/kinds.ts';
import { followShows, interfaceRow, startSecond } from './readings.ts';

interface Said {
  readonly label: string;
  readonly rx?: string;
  readonly tx?: string;
  readonly bytes?: string;
}

const datapath = (...ports: Said[]) =>
  `netdev@d:\n  lookups: hit:0 missed:0 lost:0\n  flows: 0\n${ports
    .map(
      (
        {
          label,
          rx = 'packets:0 errors:0 dropped:0',
          tx = 'packets:0 errors:0 dropped:0',
          bytes = 'RX bytes:0  TX bytes:0',
        },
        i,
      ) =>
        `  port ${i}: ${label}\n    RX ${rx} overruns:? frame:?\n    TX ${tx} aborted:? carrier:?\n    collisions:?\n    ${bytes}\n`,
    )
    .join('')}`;

/** What one second of a port gives, by direction: packets, losses outside and inside. */
function secondOf(port: Said, before: Said = { label: port.label }, rows: Parameters<typeof followShows>[1] = []) {
  const read = followShows([datapath(before), datapath(port)], rows).rows(portSlot);
  return Object.fromEntries(
    read.map((row) => [row.direction, [row.packetsInc, row.dropsOutsideInc, row.dropsInsideInc]]),
  );
}

describe('a port of the type', () => {
  const said = {
    rx: 'packets:7 errors:2 dropped:1',
    tx: 'packets:5 errors:3 dropped:4',
    bytes: 'RX bytes:700 (0.7 KiB)  TX bytes:500 (0.5 KiB)',
  };
  const vhost = { ...said, rx: 'packets:7 errors:? dropped:1', tx: 'packets:5 errors:? dropped:4' };

  it.each([
    ['dpdk', { label: 'p (dpdk: mtu=1500)', ...said }, { rx: [7n, 3n, 0n], tx: [5n, 7n, 0n] }],
    [
      'dpdkvhostuserclient',
      { label: 'p (dpdkvhostuserclient)', ...vhost },
      { fromGuest: [7n, 0n, 1n], toGuest: [5n, 4n, 0n] },
    ],
    ['dpdkvhostuser', { label: 'p (dpdkvhostuser)', ...vhost }, { fromGuest: [7n, 0n, 1n], toGuest: [5n, 4n, 0n] }],
    ['tap', { label: 'p (tap)', ...said }, { rx: [7n, 3n, 0n], tx: [5n, 7n, 0n] }],
    ['system', { label: 'p', ...said }, { rx: [7n, 2n, 1n], tx: [5n, 7n, 0n] }],
    ['dummy', { label: 'p (dummy)', ...said }, { rx: [7n, 0n, 0n], tx: [5n, 0n, 0n] }],
    ['dummy-pmd', { label: 'p (dummy-pmd)', ...said }, { rx: [7n, 0n, 0n], tx: [5n, 0n, 0n] }],
    [
      'vxlan',
      {
        label: 'p (vxlan: remote_ip=flow)',
        ...said,
        rx: 'packets:7 errors:? dropped:?',
        tx: 'packets:5 errors:? dropped:?',
      },
      { rx: [7n, 0n, 0n], tx: [5n, 0n, 0n] },
    ],
    ['one that nobody knows', { label: 'p (quantum)', ...said }, { rx: [7n, 0n, 0n], tx: [5n, 0n, 0n] }],
  ])('%s counts in its own directions, and its losses where they belong', (_type, port, sides) => {
    expect(secondOf(port)).toEqual(sides);
  });

  it.each([
    ['packets', { rx: 'packets:? errors:0 dropped:0' }, ['tx']],
    ['bytes', { bytes: 'RX bytes:?  TX bytes:0' }, ['tx']],
    ['drops that it does count', { tx: 'packets:0 errors:0 dropped:?' }, ['rx']],
    [
      'everything',
      { rx: 'packets:? errors:? dropped:?', tx: 'packets:? errors:? dropped:?', bytes: 'RX bytes:?  TX bytes:?' },
      [],
    ],
  ])('dpdk without %s has no row of that direction: unknown is not zero', (_what, missing, directions) => {
    const port = { label: 'p (dpdk)', ...missing };
    expect(Object.keys(secondOf(port, port))).toEqual(directions);
  });

  it('dpdk with a policer has its received packets from the database, which tells them apart from the NIC’s own losses', () => {
    const policed = (rate: Record<string, bigint>) => [interfaceRow({ name: 'p', type: 'dpdk', ...rate })];
    const port = { label: 'p (dpdk)', ...said };
    expect(Object.keys(secondOf(port, undefined, policed({ ingressPolicingRate: 1000n })))).toEqual(['tx']);
    expect(Object.keys(secondOf(port, undefined, policed({ ingressPolicingKpktsRate: 1n })))).toEqual(['tx']);
    expect(Object.keys(secondOf(port, undefined, policed({ ingressPolicingRate: 0n })))).toEqual(['rx', 'tx']);
  });
});

describe('a port', () => {
  it.each([
    ['received packets', { rx: 'packets:1 errors:0 dropped:0' }],
    ['sent packets', { tx: 'packets:1 errors:0 dropped:0' }],
    ['drops', { tx: 'packets:90 errors:0 dropped:1' }],
    ['bytes', { bytes: 'RX bytes:1  TX bytes:9' }],
  ])('whose %s fell was reset in both directions, and goes on from there', (_what, fell) => {
    const full = {
      rx: 'packets:9 errors:0 dropped:9',
      tx: 'packets:9 errors:0 dropped:9',
      bytes: 'RX bytes:9  TX bytes:9',
    };
    const after = { ...full, rx: 'packets:90 errors:0 dropped:9', tx: 'packets:90 errors:0 dropped:9', ...fell };
    const label = 'p (dpdk)';
    const rows = followShows([full, after, after].map((port) => datapath({ label, ...port }))).rows(portSlot);
    expect(
      rows.map(({ slot, direction, state, packetsInc }) => [slot - startSecond, direction, state, packetsInc]),
    ).toEqual([
      [0, 'rx', 'unknown', null],
      [0, 'tx', 'unknown', null],
      [1, 'rx', 'observed', 0n],
      [1, 'tx', 'observed', 0n],
    ]);
  });

  it.each([['a name with spaces'], ['par (en) ü "q"'], ['порт-é-口'], ['n'.repeat(200)]])(
    'keeps its name: %s',
    (name) => {
      const shows = [datapath({ label: `${name} (dummy)` }), datapath({ label: `${name} (dummy)` })];
      const rows = followShows(shows, [interfaceRow({ name })]).rows(portSlot);
      expect(new Set(rows.map(({ port }) => port))).toEqual(new Set([`ovs:${name}`]));
    },
  );

  it('counts above 2^53', () => {
    const label = 'p (dpdk)';
    const before = { label, rx: `packets:${2n ** 63n} errors:0 dropped:0` };
    expect(secondOf({ label, rx: `packets:${2n ** 63n + 3n} errors:0 dropped:0` }, before)['rx']).toEqual([3n, 0n, 0n]);
  });
});
