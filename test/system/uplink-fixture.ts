import { hostFact } from '../../core/catalogue/kinds.ts';
import type { DayRows } from '../../server/seal/day-rows.ts';
import { insertRows, type OpenStore, today } from './store-fixture.ts';

/** Facts that put a guest's ports and an uplink `nic0` into one datapath, and a wired port into another. */
export async function insertUplinkFacts(store: OpenStore, host: string, guests: readonly string[]): Promise<void> {
  const at = BigInt(today - 30 * 86_400) * 1000n;
  const fact = (port: string, field: string, value: string) => {
    return { host, at, name: `port.${port}.${field}`, value, witness: 'dpctl/show' };
  };
  const inDatapath = (port: string, datapath: string, type: string) => [
    fact(port, 'datapath', datapath),
    fact(port, 'type', type),
    // A port that is gone keeps what was last said of it.
    { ...fact(port, 'datapath', ''), at: at + 1000n },
  ];
  await insertRows(store, hostFact, [
    ...guests.flatMap((port) => inDatapath(port, 'netdev@ovs-netdev', 'dpdkvhostuserclient')),
    ...inDatapath('nic0', 'netdev@ovs-netdev', 'dpdk'),
    ...inDatapath('nic1', 'netdev@other', 'dpdk'),
  ]);
}

/** The day as an uplink receives it: what was lost was lost before its count, in gaps too. */
export function received(day: DayRows): DayRows {
  const ports = day.ports.map((row) => ({ ...row, dropsOutside: row.dropsOutside + row.dropsInside, dropsInside: 0n }));
  return { ...day, direction: 'rx', ports, causes: [], entering: [] };
}
