import { notSampled } from '../../collector/sources/thread/stall-follower.ts';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { type datapathSlot, pmdSlot, type replicaSlot, rxqSlot } from '../../core/catalogue/datapath-kinds.ts';
import { type dropSlot, hostFact, tick, type xstatSlot } from '../../core/catalogue/kinds.ts';
import { threadSlot } from '../../core/catalogue/thread-kinds.ts';
import { type EncodedBlock, encodeMessage } from '../../core/wire/message.ts';
import { aDropSlot, aPortSlot, aSlot, blockOf, today } from './store-fixture.ts';

export const host = 'h1';
export const datapath = 'netdev@ovs-netdev';
/** Begin of the fixture: raw rows live seven days, and a window may reach a little before it. */
export const start = today - 7_200;
/** Beyond what a float holds. */
export const big = 2n ** 60n;

type DatapathRow = RowOf<typeof datapathSlot>;

export function aDatapathSlot(at: number, over: Partial<DatapathRow> = {}): DatapathRow {
  const { inPackets = 10n, outPackets = 10n, portDrops = 0n } = over;
  const known = inPackets !== null && outPackets !== null && portDrops !== null;
  return {
    host,
    datapath,
    ...aSlot,
    slot: start + at,
    readSpanNs: 0n,
    lateNs: 0n,
    ports: 3,
    unread: 0,
    flows: 7,
    inPackets,
    outPackets,
    portDrops,
    residual: known ? inPackets - outPackets - portDrops : null,
    hold: 64n,
    hits: 1n,
    hitsInc: 1n,
    missed: 0n,
    missedInc: 0n,
    lost: 0n,
    lostInc: 0n,
    ...over,
  };
}

/** Sums unknown, as where a port was made again. */
export const noSums = { inPackets: null, outPackets: null, portDrops: null, residual: null } as const;
/** A second in which nothing moved. */
export const stillness = { inPackets: 0n, outPackets: 0n, portDrops: 0n } as const;

export function aReplicaSlot(at: number, copies: bigint | null, over: Partial<RowOf<typeof replicaSlot>> = {}) {
  return {
    host,
    datapath,
    ...aSlot,
    slot: start + at,
    slots: 5,
    state: copies === null ? ('unknown' as const) : ('bridged' as const),
    intervalNs: 5_000_000_000n,
    readSpanNs: 0n,
    lateNs: 0n,
    flows: 1,
    uncertain: copies === null ? null : 0n,
    copies: 0n,
    copiesInc: copies,
    consumed: 0n,
    consumedInc: copies === null ? null : 0n,
    ...over,
  };
}

export function anInsideDrop(at: number, packets: bigint, over: Partial<RowOf<typeof dropSlot>> = {}) {
  return aDropSlot({
    port: datapath,
    cause: 'policy',
    place: 'beside',
    slot: start + at,
    slots: 5,
    state: 'bridged',
    intervalNs: 5_000_000_000n,
    readSpanNs: 0n,
    lateNs: 0n,
    packetsInc: packets,
    ...over,
  });
}

/** Causes of a guest port over five seconds. */
export function aCause(at: number, packets: bigint, over: Partial<RowOf<typeof dropSlot>> = {}) {
  return anInsideDrop(at, packets, {
    port: 'vhu1',
    direction: 'toGuest',
    cause: 'vhost_ring_full',
    place: 'outside',
    ...over,
  });
}

export function aGuestSlot(at: number, packets: bigint, drops: bigint) {
  return aPortSlot({
    direction: 'toGuest',
    slot: start + at,
    packetsInc: packets,
    bytesInc: packets * 64n,
    dropsOutsideInc: drops,
    dropsInsideInc: 0n,
  });
}

/** The statistics of the switch were told, up to the end of these five seconds. */
export function statisticsTold(at: number): RowOf<typeof xstatSlot> {
  return {
    host,
    port: datapath,
    name: 'ovsdb.statistics',
    ...aSlot,
    slot: start + at,
    slots: 5,
    state: 'bridged',
    value: 1n,
    valueInc: 1n,
  };
}

/** What the kernel booked: of the polling thread, of its successor on the same core, and of threads that are none of its. */
function bookedThreads(): RowOf<typeof threadSlot>[] {
  const booked: RowOf<typeof threadSlot> = {
    host,
    pid: 7,
    tid: 8,
    startTicks: 9n,
    role: 'pmd',
    owner: 'ovs-vswitchd-dp',
    name: 'pmd-c01/id:8',
    threadState: 'R',
    cpu: 1,
    ...aSlot,
    slot: start + 10,
    intervalNs: 1_000_000_000n,
    runNs: 1n,
    runNsInc: 700_000_000n,
    runDelayNs: 1n,
    runDelayNsInc: 2_000_000n,
    timeslices: 1n,
    timeslicesInc: 1n,
    ...notSampled,
  };
  return [
    booked,
    {
      ...booked,
      tid: 9,
      name: 'pmd-c01/id:11',
      slot: start + 20,
      intervalNs: 900_000_000n,
      runNsInc: 800_000_000n,
      runDelayNsInc: 0n,
    },
    { ...booked, tid: 10, owner: 'fwd', name: 'rte-worker-1' },
    { ...booked, tid: 11, role: 'vcpu' as const, owner: 'vm1', name: 'CPU 1/KVM' },
    {
      ...booked,
      tid: 8,
      slot: start + 11,
      state: 'unknown' as const,
      runNsInc: null,
      runDelayNsInc: null,
      timeslicesInc: null,
    },
  ];
}

function portFacts(): RowOf<typeof hostFact>[] {
  const fact = (name: string, value: string, seconds = 0) => ({
    host,
    at: BigInt(start + seconds) * 1_000n,
    name,
    value,
    witness: 'test',
  });
  return [
    fact('ovs.version', '3.1.0'),
    ...['dpdk0', 'vhu1', 'vxlan.4'].flatMap((name) => [
      fact(`port.${name}.datapath`, datapath),
      fact(`port.${name}.type`, name === 'vhu1' ? 'dpdkvhostuserclient' : name === 'dpdk0' ? 'dpdk' : 'vxlan'),
      fact(`port.${name}.ledger`, name === 'vxlan.4' ? 'no' : 'yes'),
      fact(`port.${name}.driver`, name === 'dpdk0' ? 'net_ice' : ''),
    ]),
    // Gone since: what was said of it still holds for the time in which it was there.
    ...['datapath', 'type', 'ledger'].map((what) => fact(`port.vhu1.${what}`, '', 3_600)),
  ];
}

/** Everything but ports and the ledger itself: threads, queues, facts. */
export function surroundings(): EncodedBlock[] {
  const place = { host, datapath };
  const pmd: RowOf<typeof pmdSlot> = {
    ...place,
    core: 1,
    numa: 0,
    isolated: 1,
    busyPpm: 250_000n,
    ...aSlot,
    slot: start + 10,
    iterations: 1n,
    iterationsInc: 1n,
    idleIterations: null,
    idleIterationsInc: null,
    busyIterations: null,
    busyIterationsInc: null,
    sleepIterations: null,
    sleepIterationsInc: null,
    sleepUs: null,
    sleepUsInc: null,
    usedCycles: 7_000n,
    usedCyclesInc: 7_000n,
    busyCycles: null,
    busyCyclesInc: null,
    rxPackets: big,
    rxPacketsInc: big,
    passes: null,
    passesInc: null,
    emcHits: null,
    emcHitsInc: null,
    smcHits: null,
    smcHitsInc: null,
    megaflowHits: null,
    megaflowHitsInc: null,
    upcalls: null,
    upcallsInc: null,
    lostUpcalls: null,
    lostUpcallsInc: null,
    txPackets: null,
    txPacketsInc: null,
    txBatches: null,
    txBatchesInc: null,
  };
  const pmds = [pmd, { ...pmd, slot: start + 20, busyPpm: null, rxPacketsInc: 5n }];
  const queue = { ...place, port: 'dpdk0', queue: 0, core: 1, numa: 0, enabled: 1 };
  const queues = [
    { ...queue, slot: start + 10, usagePpm: 1n },
    { ...queue, slot: start + 15, usagePpm: null },
    { ...queue, slot: start + 15, queue: 1, enabled: 0, usagePpm: 9n },
  ];
  return [
    blockOf(threadSlot, bookedThreads()),
    blockOf(pmdSlot, pmds),
    blockOf(rxqSlot, queues),
    blockOf(hostFact, portFacts()),
  ];
}

/** One message with all rows of a host, whatever their slots. */
export function messageOf(name: string, seq: bigint, blocks: readonly EncodedBlock[]): Uint8Array {
  const slot = start + 199 + Number(seq);
  const row = {
    host: name,
    slot,
    bootId: 'boot',
    stream: 'stream',
    seq,
    wallNs: BigInt(slot + 1) * 1_000_000_000n,
    monoNs: seq,
    gatherNs: 1n,
    skipped: 0,
    cpuNs: 1n,
    rssBytes: 1n,
  };
  return encodeMessage({ host: name, bootId: 'boot', stream: 'stream', seq, slot }, [blockOf(tick, [row]), ...blocks]);
}
