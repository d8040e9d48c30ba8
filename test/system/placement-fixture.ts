import { notSampled } from '../../collector/sources/thread/stall-follower.ts';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { pmdSlot, rxqSlot } from '../../core/catalogue/datapath-kinds.ts';
import { hostFact, queueSlot, sourceSlot, tick } from '../../core/catalogue/kinds.ts';
import { threadSlot } from '../../core/catalogue/thread-kinds.ts';
import { aSlot, insertRows, type OpenStore } from './store-fixture.ts';

export const place = { host: 'cn1', datapath: 'netdev@ovs-netdev' } as const;
const cores = [2, 4];
const overheadPpm = 20_000;

/** Which core polls a queue of a port (`vhu1/0`), and how much of it the queue takes; null: NOT AVAIL. */
export type Placed = Readonly<Record<string, { readonly core: number; readonly usagePpm: number | null }>>;

/** Rows of a datapath as a collector tells them: shares each 5 s up to `to`, waits and ticks each second. */
export async function insertPlacement(
  store: OpenStore,
  { from, to, placed, delayNs = 0n }: { from: number; to: number; placed: Placed; delayNs?: bigint },
): Promise<void> {
  const windows = Array.from({ length: Math.floor((to - from) / 5) + 1 }, (_, i) => from + i * 5);
  const seconds = Array.from({ length: windows.length * 5 }, (_, i) => from - 4 + i);
  await insertRows(
    store,
    rxqSlot,
    windows.flatMap((slot) => Object.entries(placed).map(([id, queue]) => aQueue(id, slot, queue))),
  );
  const counted = windows.flatMap((slot) =>
    Object.entries(placed).flatMap(([id, queue]) => someCounts(id, slot, queue)),
  );
  await insertRows(store, queueSlot, counted);
  await insertRows(
    store,
    pmdSlot,
    windows.flatMap((slot) => cores.map((core) => aThread(core, slot, placed))),
  );
  await insertRows(
    store,
    threadSlot,
    seconds.flatMap((slot) => cores.map((core) => aWait(core, slot, core === cores[0] ? delayNs : 0n))),
  );
  await insertRows(store, tick, seconds.map(aTick));
}

/** What the collector tells of asking the switch in a second; without a code it was answered. */
export async function insertAnswers(store: OpenStore, answers: Readonly<Record<number, string>>): Promise<void> {
  const rows = Object.entries(answers).map(([slot, code]): RowOf<typeof sourceSlot> => {
    const state = code === '' ? 'ok' : 'failed';
    return { host: place.host, source: 'ovs', slot: Number(slot), state, durationNs: 1n, rows: 0, errors: 0n, code };
  });
  await insertRows(store, sourceSlot, rows);
}

export async function insertFacts(
  store: OpenStore,
  at: number,
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  const rows = Object.entries(facts).map(([name, value]) => ({ name, value, witness: 'test' }));
  await insertRows(
    store,
    hostFact,
    rows.map((row) => ({ host: place.host, at: BigInt(at) * 1_000n, ...row }) as RowOf<typeof hostFact>),
  );
}

export function settings(over: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const known = { 'ovs.pid': '7', 'ovs.version': '3.1.0', 'ovs.settings': 'read', 'ovs.pmd-rxq-isolate': 'false' };
  return { ...known, 'ovs.pmd-rxq-assign': 'group', 'ovs.remediation': 'on', ...over };
}

export function aPort(name: string, over: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const known = { datapath: place.datapath, type: 'dpdkvhostuserclient', numa: '0', admin: 'up', link: 'up', ...over };
  return Object.fromEntries(Object.entries(known).map(([fact, value]) => [`port.${name}.${fact}`, value]));
}

function aQueue(id: string, slot: number, { core, usagePpm }: Placed[string]): RowOf<typeof rxqSlot> {
  const [port = '', queue = ''] = id.split('/');
  const told = usagePpm === null ? null : BigInt(usagePpm);
  return { ...place, port, queue: Number(queue), slot, core, numa: 0, enabled: 1, usagePpm: told };
}

/** A packet a second for each 100 ppm that a queue takes; what goes to the guest is another number. */
function someCounts(id: string, slot: number, { usagePpm }: Placed[string]): RowOf<typeof queueSlot>[] {
  const [port = '', queue = ''] = id.split('/');
  const bridged = { slots: 5, state: 'bridged', intervalNs: 5_000_000_000n } as const;
  const directions = [['fromGuest', BigInt((usagePpm ?? 0) / 100) * 5n] as const, ['toGuest', 77n] as const];
  return directions.map(([direction, packetsInc]) => ({
    ...{ host: place.host, port, direction, queue: Number(queue), ...aSlot, ...bridged, slot: slot - 4 },
    ...{ packets: packetsInc, packetsInc, bytes: null, bytesInc: null, drops: null, dropsInc: null },
  }));
}

function aThread(core: number, slot: number, placed: Placed): RowOf<typeof pmdSlot> {
  const own = Object.values(placed).filter((queue) => queue.core === core);
  const sum = own.reduce((total, { usagePpm }) => total + (usagePpm ?? 0), overheadPpm);
  const busyPpm = own.some(({ usagePpm }) => usagePpm === null) ? null : BigInt(sum);
  const untold = Object.fromEntries(
    pmdSlot.counters.flatMap((name) => [name, `${name}Inc`]).map((name) => [name, null]),
  );
  const bridged = { slots: 5, state: 'bridged', intervalNs: 5_000_000_000n } as const;
  const row = { ...place, core, numa: 0, isolated: 0, busyPpm, ...aSlot, ...bridged, slot: slot - 3, ...untold };
  return row as RowOf<typeof pmdSlot>;
}

function aWait(core: number, slot: number, delayNs: bigint): RowOf<typeof threadSlot> {
  return {
    ...{ host: place.host, pid: 7, tid: 70 + core, startTicks: 9n, role: 'pmd', owner: 'ovs-vswitchd-dp' },
    ...{ name: `pmd-c0${core}/id:${core}`, threadState: 'R', cpu: core, ...aSlot, slot, intervalNs: 1_000_000_000n },
    ...{ runNs: 1n, runNsInc: 900_000_000n, runDelayNs: 1n, runDelayNsInc: delayNs, timeslices: 1n, timeslicesInc: 1n },
    ...notSampled,
  };
}

function aTick(slot: number): RowOf<typeof tick> {
  return {
    ...{ host: place.host, slot, bootId: 'boot', stream: 'stream', seq: BigInt(slot) },
    ...{
      wallNs: BigInt(slot + 1) * 1_000_000_000n,
      monoNs: BigInt(slot),
      gatherNs: 1n,
      skipped: 0,
      cpuNs: 1n,
      rssBytes: 1n,
    },
  };
}
