import { describe, expect, it } from 'vitest';
import { type DatapathRow, type DropRow, HostLive, type TickRow } from '../../../../server/live/host-live.ts';
import { fleetFamilies } from '../../../../server/metrics/fleet-families.ts';

const start = 1_800_000_000;
const quality = {
  slots: 1,
  state: 'observed',
  suspect: 0,
  intervalNs: 0n,
  readSpanNs: 0n,
  lateNs: 0n,
  epoch: 1n,
} as const;

function aLedger(slot: number, over: Partial<DatapathRow> = {}): DatapathRow {
  return {
    host: 'cn1',
    datapath: 'netdev@ovs-netdev',
    ...quality,
    slot: start + slot,
    ports: 5,
    unread: 0,
    flows: 3,
    inPackets: 100n,
    outPackets: 90n,
    portDrops: 7n,
    residual: 3n,
    hold: 64n,
    hits: 0n,
    hitsInc: 0n,
    missed: 0n,
    missedInc: 0n,
    lost: 0n,
    lostInc: 0n,
    ...over,
  };
}

const insideDrop: DropRow = {
  host: 'cn1',
  port: 'netdev@ovs-netdev',
  direction: 'rx',
  cause: 'policy',
  place: 'beside',
  ...quality,
  slot: start,
  packets: 12n,
  packetsInc: 12n,
};

function tick(slot: number): TickRow {
  return { host: 'cn1', bootId: 'b', slot: start + slot, monoNs: BigInt(slot) } as unknown as TickRow;
}

function add(live: HostLive, slot: number, datapaths: readonly DatapathRow[], drops: readonly DropRow[] = []): void {
  live.add({ tick: [tick(slot)], ports: [], drops, threads: [], softnet: [], datapaths }, slot * 1000);
}

function samples(live: HostLive, name: string) {
  const family = fleetFamilies([live], 0, Number.POSITIVE_INFINITY).find((one) => one.name === name);
  return [...(family?.samples ?? [])].map(([{ what = '', cause = '' }, value]) => [what + cause, value]);
}

describe('datapaths in the live windows', () => {
  it('adds up known slots, counts unknown ones, and shows the last residual', () => {
    const live = new HostLive('cn1', 300);
    add(live, 1, [aLedger(1)]);
    add(live, 2, [aLedger(2, { inPackets: null, outPackets: null, portDrops: null, residual: null, slots: 2 })]);
    expect(samples(live, 'fournines_datapath_residual_packets')).toEqual([]);
    add(live, 4, [aLedger(4, { residual: -5n })]);
    expect(samples(live, 'fournines_datapath_packets_total')).toEqual([
      ['in', 200n],
      ['out', 180n],
      ['port_drops', 14n],
    ]);
    expect(samples(live, 'fournines_datapath_unknown_slots_total')).toEqual([['', 2n]]);
    expect(samples(live, 'fournines_datapath_residual_packets')).toEqual([['', -5n]]);
  });

  it('numbers that nothing uses are in no sum', () => {
    const live = new HostLive('cn1', 300);
    add(live, 1, [aLedger(1, { suspect: 1 })]);
    expect(samples(live, 'fournines_datapath_packets_total')[0]).toEqual(['in', 0n]);
  });

  it('drops between ports stand for as long as their datapath is told', () => {
    const live = new HostLive('cn1', 300);
    const minute = 60 - (start % 60);
    add(live, 1, [aLedger(1)], [insideDrop]);
    add(live, minute, [aLedger(minute)]);
    expect(samples(live, 'fournines_port_drops_total')).toEqual([['policy', 12n]]);
    add(live, minute + 180, []);
    expect(samples(live, 'fournines_port_drops_total')).toEqual([]);
  });
});
