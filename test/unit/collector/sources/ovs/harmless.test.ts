import { describe, expect, it } from 'vitest';
import { parseDpctlShow } from '../../../../../collector/sources/ovs/dpctl-show.ts';
import { mayAskForCounters, withStatistics } from '../../../../../collector/sources/ovs/harmless.ts';
import { capture } from './captures.ts';
import { interfaceRow, snapshotOfRows } from './readings.ts';

const guest = (name: string, status: string | undefined) =>
  interfaceRow({
    name,
    type: 'dpdkvhostuserclient',
    status: new Map(status === undefined ? [] : [['status', status]]),
  });
const nic = interfaceRow({ name: 'uplink0', type: 'dpdk' });

describe('the question for counters', () => {
  const there = snapshotOfRows([nic, guest('a', 'connected'), guest('b', 'connected')]);
  const away = snapshotOfRows([nic, guest('a', 'connected'), guest('b', 'disconnected')]);
  const untold = snapshotOfRows([nic, guest('a', undefined)]);
  const server = snapshotOfRows([interfaceRow({ name: 's', type: 'dpdkvhostuser' })]);

  it.each([
    ['3.1.0', 'all guests there', there, true],
    ['3.1.0', 'no guests at all', snapshotOfRows([nic]), true],
    ['3.1.0', 'a guest away', away, false],
    ['3.1.0', 'a guest of which nothing is told', untold, false],
    ['3.1.0', 'a port of the other kind of guest, not told', server, false],
    ['3.1.0', 'no database', undefined, false],
    ['3.3.1', 'a guest away', away, false],
    [undefined, 'a guest away', away, false],
    [undefined, 'all guests there', there, true],
    ['3.1.6', 'a guest away', away, true],
    ['2.17.9', 'no database', undefined, true],
    ['3.5.0', 'a guest of which nothing is told', untold, true],
  ])('of %s with %s', (version, _what, snapshot, may) => {
    expect(mayAskForCounters(version, snapshot)).toBe(may);
  });
});

describe('ports with the counters of the database', () => {
  const show = parseDpctlShow(capture('3.1/dpdk-show-traffic.txt'));
  const rows = ['uplink0', 'vhu1', 'vhu2'].map((name) => interfaceRow({ name }));
  const statistics = new Map([
    [
      'u-uplink0',
      new Map([
        ['rx_packets', 9n],
        ['rx_bytes', 90n],
        ['rx_dropped', 1n],
        ['rx_errors', -1n],
      ]),
    ],
    ['u-vhu1', new Map([['ovs_tx_failure_drops', 4n]])],
  ]);
  const [datapath] = withStatistics(show, snapshotOfRows(rows), statistics).datapaths;
  const port = (name: string) => datapath?.ports.find((one) => one.name === name);

  it('have those alone, and what is -1 there is not counted', () => {
    expect(port('uplink0')?.rx).toEqual({ packets: 9n, bytes: 90n, dropped: 1n, errors: undefined });
    expect(port('uplink0')?.failure).toBeUndefined();
  });

  it.each(['vhu1', 'vhu2', 'vhu3'])('are unread where it has none: %s', (name) => {
    expect(port(name)).toMatchObject({ failure: 'no statistics', tx: { packets: undefined } });
  });
});
