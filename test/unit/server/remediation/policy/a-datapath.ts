import type {
  CpuTaken,
  DatapathReadings,
  PortReading,
  QueueWindow,
  ThreadWait,
} from '../../../../../server/remediation/policy/readings.ts';

export const at = Date.parse('2026-11-01T00:00:00Z') / 1000;
/** Tellings begin a minute before, every 5 s; the last one is 2 s old. */
const firstSlot = at - 57;
const tellings = 12;

export interface AQueue {
  readonly id: string;
  readonly core: number;
  /** Of all windows, oldest first, or of each. */
  readonly usagePpm: number | null | readonly (number | null)[];
}

export interface ADatapath {
  readonly queues: readonly AQueue[];
  readonly cores?: readonly number[];
  readonly overheadPpm?: number;
  readonly waits?: Readonly<Record<number, Partial<ThreadWait>>>;
  readonly cpus?: Readonly<Record<number, Partial<CpuTaken>>>;
  readonly ports?: Readonly<Record<string, Partial<PortReading>>>;
  readonly over?: Partial<Omit<DatapathReadings, 'settings'>>;
  readonly settings?: Partial<DatapathReadings['settings']>;
}

/** A datapath of which all is known and nothing is wrong, but for what a test says. */
export function aDatapath(of: ADatapath): DatapathReadings {
  const { queues, cores = [2, 4], overheadPpm = 20_000 } = of;
  const slots = Array.from({ length: tellings }, (_, i) => firstSlot + i * 5);
  const rows = slots.flatMap((slot, i) => queues.map((queue) => windowOf(queue, slot, i)));
  const names = [...new Set(rows.map(({ port }) => port))];
  return {
    at,
    storedTo: at,
    queues: rows,
    threads: slots.flatMap((slot) => cores.map((core) => threadOf(core, slot, rows, overheadPpm))),
    waits: cores.map((core) => ({ ...notRobbed, core, ...of.waits?.[core] })),
    cpus: cores.map((core) => ({ ...notInterrupted, core, ...of.cpus?.[core] })),
    moves: [],
    packets: [],
    ports: names.map((port) => ({ ...aPort, port, ...of.ports?.[port] })),
    unanswered: [],
    migrating: null,
    maintenance: [],
    burning: [],
    fleet: { hosts: 10, burningHosts: 0 },
    ...of.over,
    settings: { ...wellSet, ...of.settings },
  };
}

const wellSet: DatapathReadings['settings'] = {
  ...{ isRead: true, version: '3.1.0', startedAt: null, isolate: 'false', assign: 'group', autoLb: null },
  ...{ sleepMax: null, remediation: 'on', changed: [] },
};
const notRobbed = { knownNs: 10_000_000_000n, runDelayNs: 0n, involuntaryLowNs: 0n, involuntaryHighNs: 0n };
const notInterrupted = {
  ...{ knownNs: 10_000_000_000n, resolutionNs: 10_000_000n },
  ...{ irqNs: 0n, softirqNs: 0n, stealNs: 0n },
};
const aPort = { type: 'dpdkvhostuserclient', numa: 0, vm: null, affinity: null, admin: 'up', link: 'up' };

function windowOf({ id, core, usagePpm }: AQueue, slot: number, i: number): QueueWindow {
  const [port = '', queue = ''] = id.split('/');
  const told = usagePpm === null || typeof usagePpm === 'number' ? usagePpm : (usagePpm[i] ?? null);
  return { slot, port, queue: Number(queue), core, numa: 0, enabled: true, usagePpm: told };
}

function threadOf(core: number, slot: number, rows: readonly QueueWindow[], overheadPpm: number) {
  const own = rows.filter((row) => row.core === core && row.slot === slot);
  const isTold = own.every(({ usagePpm }) => usagePpm !== null);
  const busyPpm = isTold ? own.reduce((sum, { usagePpm }) => sum + (usagePpm ?? 0), overheadPpm) : null;
  return { core, numa: 0, isolated: false, to: slot + 2, busyPpm, suspect: false };
}
