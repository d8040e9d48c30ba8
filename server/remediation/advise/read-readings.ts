import {
  cpusTaken,
  placementFacts,
  pmdWaits,
  portLosses,
  queueMoves,
  queuePackets,
  queueWindows,
  threadWindows,
} from '../../store/queries/placement-readings.ts';
import { unansweredSeconds } from '../../store/queries/unanswered-seconds.ts';
import { type QueryContext, type RowsOf, runQuery } from '../../store/run-query.ts';
import { usualLimits } from '../policy/input-of-readings.ts';
import {
  answerSeconds,
  type DatapathReadings,
  type Fleet,
  type Maintenance,
  type PortReading,
  packetSeconds,
  type Settings,
  waitSeconds,
} from '../policy/readings.ts';
import type { WhichDatapath } from './state.ts';

export interface ReadAt extends WhichDatapath {
  /** Nothing later is read, unix seconds. */
  readonly at: number;
  /** The newest second that the store has of the host; null: none lately. */
  readonly storedTo: number | null;
  /** Ports of the host whose service burns. */
  readonly burning: readonly string[];
  /** What is announced for the host; null: nobody can say. */
  readonly maintenance: readonly Maintenance[] | null;
  readonly fleet: Fleet;
}

type Facts = ReadonlyMap<string, RowsOf<typeof placementFacts>[number]>;

/** Twelve windows that count, and room for those that do not. */
const windowsSeconds = 130;
const lossSeconds = 60;
/** What somebody changed so long ago is settled. */
const changedSeconds = 600;
const holdSeconds = usualLimits.queueHoldMs / 1000;
const ownSettings = [
  'pmd-cpu-mask',
  'pmd-rxq-assign',
  'pmd-rxq-isolate',
  'pmd-auto-lb',
  'pmd-sleep-max',
  'pmd-maxsleep',
];

/** All that is stored of a datapath and decides what is to be done about it. Rejects when the store does not answer. */
export async function readReadings(store: QueryContext, which: ReadAt): Promise<DatapathReadings> {
  const { host, datapath, at, storedTo, burning, maintenance, fleet } = which;
  const own = { host, datapath };
  const queues = await runQuery(store, queueWindows, { ...own, from: at - windowsSeconds, to: at });
  const threads = await runQuery(store, threadWindows, { ...own, from: at - windowsSeconds, to: at });
  const moves = await runQuery(store, queueMoves, { ...own, from: at - holdSeconds, to: at });
  const rows = await runQuery(store, placementFacts, { host, since: at - changedSeconds });
  const facts: Facts = new Map(rows.map((row) => [row.name, row]));
  const end = storedTo ?? at;
  const pid = Number(toldOf(facts, 'ovs.pid') ?? 0);
  const waits = await runQuery(store, pmdWaits, { host, pid, from: end - waitSeconds - 1, to: end });
  const packets = await runQuery(store, queuePackets, { ...own, from: end - packetSeconds, to: end });
  const asked = { host, ports: JSON.stringify(burning), from: end - lossSeconds, to: end };
  const losses = burning.length === 0 ? [] : await runQuery(store, portLosses, asked);
  const unanswered = await runQuery(store, unansweredSeconds, { host, from: end - answerSeconds, to: end });
  const cpus = await runQuery(store, cpusTaken, { host, from: end - waitSeconds - 1, to: end });
  return {
    at,
    storedTo,
    queues: queues.map((row) => ({ ...row, enabled: row.enabled === 1, usagePpm: shareOf(row.usagePpm) })),
    threads: threads.map(({ busyPpm, isolated, suspect, ...row }) => {
      return { ...row, isolated: isolated === 1, suspect: suspect === 1, busyPpm: shareOf(busyPpm) };
    }),
    waits: waits.map((row) => ({
      core: row.core,
      knownNs: BigInt(row.knownNs),
      runDelayNs: BigInt(row.runDelayNs),
      involuntaryLowNs: bigOf(row.involuntaryLowNs),
      involuntaryHighNs: bigOf(row.involuntaryHighNs),
    })),
    moves,
    packets: packets.map((row) => ({ ...row, knownNs: BigInt(row.knownNs), packets: BigInt(row.packets) })),
    ports: portsOf(facts, datapath),
    settings: settingsOf(facts, at),
    unanswered: unanswered.map(({ slot }) => slot),
    burning: burning.map((port) => {
      const told = losses.find((row) => row.port === port);
      const isKnown = told !== undefined && BigInt(told.known) >= BigInt(lossSeconds);
      return { port, lostPackets: isKnown ? BigInt(told.lost) : null };
    }),
    migrating: migratingOf(facts),
    maintenance,
    fleet,
    cpus: cpus.map((row) => ({
      core: row.core,
      knownNs: BigInt(row.knownNs),
      resolutionNs: BigInt(row.resolutionNs),
      irqNs: bigOf(row.irqNs),
      softirqNs: bigOf(row.softirqNs),
      stealNs: BigInt(row.stealNs),
    })),
  };
}

function shareOf(digits: string | null): number | null {
  return digits === null ? null : Number(digits);
}

function bigOf(digits: string | null): bigint | null {
  return digits === null ? null : BigInt(digits);
}

function toldOf(facts: Facts, name: string): string | null {
  return facts.get(name)?.value || null;
}

function portsOf(facts: Facts, datapath: string): readonly PortReading[] {
  const suffix = '.datapath';
  return [...facts.values()].flatMap(({ name, value }) => {
    if (!name.startsWith('port.') || !name.endsWith(suffix) || value !== datapath) return [];
    const port = name.slice('port.'.length, -suffix.length);
    const fact = (what: string) => toldOf(facts, `port.${port}.${what}`);
    const numa = fact('numa');
    return [
      {
        port,
        type: fact('type') ?? '',
        numa: numa !== null && /^\d{1,4}$/.test(numa) ? Number(numa) : null,
        vm: fact('vmId'),
        affinity: fact('affinity'),
        admin: fact('admin') ?? '',
        link: fact('link') ?? '',
      },
    ];
  });
}

function migratingOf(facts: Facts): string | null {
  const told = toldOf(facts, 'guests.migrating');
  return told === 'none' ? null : told;
}

function settingsOf(facts: Facts, at: number): Settings {
  const setting = (name: string) => toldOf(facts, `ovs.${name}`);
  const pid = facts.get('ovs.pid');
  // A collector writes on its start, too: what is as it was before has not begun anew.
  const isNew = pid !== undefined && pid.value !== pid.before;
  return {
    isRead: setting('settings') === 'read',
    version: setting('version'),
    startedAt: pid === undefined ? at : isNew ? pid.writtenAt : null,
    isolate: setting('pmd-rxq-isolate'),
    assign: setting('pmd-rxq-assign'),
    autoLb: setting('pmd-auto-lb'),
    sleepMax: setting('pmd-sleep-max') ?? setting('pmd-maxsleep'),
    remediation: facts.get('ovs.remediation')?.value ?? null,
    changed: changedOf(facts, at - changedSeconds),
  };
}

/** A setting or pin that is new, gone or another than what stood beside the same switch, or the same port. */
function changedOf(facts: Facts, since: number): readonly string[] {
  const names = [...facts.values()].filter(({ name, value, before, values, firstAt, writtenAt }) => {
    const beside = facts.get(besideOf(name) ?? '');
    if (beside === undefined || beside.value === '' || writtenAt < since) return false;
    const isNew = beside.firstAt < since ? value !== before : firstAt > beside.firstAt + writtenApartSeconds;
    return values > 1 || isNew;
  });
  return names.map(({ name }) => name);
}

/** Facts that are told first together may be so long apart, s. */
const writtenApartSeconds = 15;

/** What is there for as long as the setting or pin can be; undefined: it is neither. */
function besideOf(name: string): string | undefined {
  if (ownSettings.some((setting) => name === `ovs.${setting}`)) return 'ovs.pid';
  const suffix = '.affinity';
  return name.startsWith('port.') && name.endsWith(suffix) ? `${name.slice(0, -suffix.length)}.datapath` : undefined;
}
