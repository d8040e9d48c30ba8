import { type PlanInput, type PlanLimits, planBounds } from '../planner/plan-input.ts';
import { isStopped } from './gates.ts';
import { loadOf, loadWindowsMin } from './queue-load.ts';
import {
  type DatapathReadings,
  type PortReading,
  packetSeconds,
  type QueuePackets,
  type QueueWindow,
} from './readings.ts';
import { stolenFrom } from './stolen.ts';
import { overheadsOf, rxqId, usagesOf, type ValidWindows } from './valid-windows.ts';

/** What a plan is made with where nobody says otherwise (docs/plans.md). */
export const usualLimits: PlanLimits = {
  maxMoves: 2,
  enterPpm: 900_000,
  acceptPpm: 850_000,
  settlePpm: 800_000,
  gainPpm: 100_000,
  vmSharePpm: 1_000_000,
  stolenMaxPpm: 1_000,
  queueHoldMs: 600_000,
};

/** Node that is not told, in rows. */
const numaUnknown = 65_535;
const whole = 1_000_000;

/** The input of a plan, or what it lacks: what is not known is no zero. */
export type MadeInput = { readonly input: PlanInput } | { readonly lacks: readonly string[] };

export function inputOf(readings: DatapathReadings, windows: ValidWindows, limits = usualLimits): MadeInput {
  const { tellings } = windows;
  const newest = tellings.at(-1);
  if (newest === undefined) return { lacks: ['shares of queues'] };
  const lacks: string[] = [];
  const nodes = nodesOf(readings);
  const pmds = [...nodes].flatMap(([core, numa]) => {
    const overheadPpm = loadOf(overheadsOf(tellings, core));
    const stolen = stolenFrom(core, readings);
    if (numa === undefined) lacks.push(`the node of core ${core}`);
    if (overheadPpm === undefined) lacks.push(`${loadWindowsMin} windows of core ${core} that count`);
    if (stolen === undefined) lacks.push(`what others take from core ${core}`);
    if (numa === undefined || overheadPpm === undefined || stolen === undefined) return [];
    if (overheadPpm + stolen.highPpm < whole) return [{ core, numa, overheadPpm, stolenPpm: stolen.highPpm }];
    lacks.push(`anything that is left of core ${core} for queues`);
    return [];
  });
  const usages = usagesOf(tellings);
  const rxqs = newest.queues.flatMap((queue) => {
    const usagePpm = loadOf(usages.get(rxqId(queue.port, queue.queue)) ?? []);
    const port = readings.ports.find((each) => each.port === queue.port);
    const numa = nodeOf(queue, port, nodes);
    if (!nodes.has(queue.core)) lacks.push(`the thread of core ${queue.core}`);
    if (usagePpm === undefined) lacks.push(`${loadWindowsMin} windows of ${rxqId(queue.port, queue.queue)} that count`);
    if (numa === undefined) lacks.push(`the node of ${queue.port}`);
    // Whether it is pinned stands there: a port that nothing is told of may be the operator's to move.
    if (port === undefined) lacks.push(`the settings of ${queue.port}`);
    if (usagePpm === undefined || numa === undefined || port === undefined) return [];
    return [rxqOf(queue, { port, numa, usagePpm }, readings)];
  });
  if (pmds.length > planBounds.pmds || rxqs.length > planBounds.rxqs) lacks.push('a datapath small enough to plan for');
  if (lacks.length > 0) return { lacks: [...new Set(lacks)] };
  const burning = readings.burning.map(({ port }) => port);
  const frozen = isStopped(readings.settings.remediation);
  return { input: { at: readings.at * 1000, pmds, rxqs, limits, burning, frozen } };
}

/** The node of each thread that is there now, by core, in order of the cores. */
function nodesOf({ threads }: DatapathReadings): ReadonlyMap<number, number | undefined> {
  const nodes = new Map<number, number | undefined>();
  const newest = threads.reduce((last, { to }) => Math.max(last, to), 0);
  for (const { core, numa, to } of [...threads].sort((a, b) => a.core - b.core))
    if (newest - to < threadsOldSeconds) nodes.set(core, numa === numaUnknown ? undefined : numa);
  return nodes;
}

/** Threads are told every 5 s: one that is not any more is gone. */
const threadsOldSeconds = 5;

/** Where nobody tells it of the port, it is known only if there is no choice. */
function nodeOf(
  { core }: QueueWindow,
  port: PortReading | undefined,
  nodes: ReadonlyMap<number, number | undefined>,
): number | undefined {
  if (port !== undefined && port.numa !== null) return port.numa;
  return new Set(nodes.values()).size === 1 ? nodes.get(core) : undefined;
}

function rxqOf(
  { port, queue, core }: QueueWindow,
  known: { readonly port: PortReading; readonly numa: number; readonly usagePpm: number },
  { moves, packets }: DatapathReadings,
): PlanInput['rxqs'][number] {
  const moved = moves.find((move) => move.port === port && move.queue === queue);
  return {
    ...{ id: rxqId(port, queue), port, queue, numa: known.numa, core, usagePpm: known.usagePpm },
    pps: ppsOf(packets.filter((each) => each.port === port && each.queue === queue)),
    // Nothing of ours writes pins: whatever stands there is the operator's.
    pin: isPinned(known.port.affinity, queue) ? 'operator' : null,
    vm: known.port.vm,
    movedAt: moved === undefined ? null : moved.lastElsewhere * 1000,
    // Which queues must not share a thread nobody says: no source tells it, and no configuration does.
    group: null,
  };
}

/** Packets a second in the mean of what is known of a minute, rounded down; null: less than half of it is. */
function ppsOf([counted, ...others]: readonly QueuePackets[]): number | null {
  if (counted === undefined || others.length > 0) return null;
  const { knownNs, packets } = counted;
  if (knownNs * 2n < BigInt(packetSeconds) * second) return null;
  return Number((packets * second) / knownNs);
}

const second = 1_000_000_000n;

/** `pmd-rxq-affinity` is `queue:core,...`; of what is not, every queue of the port is taken as pinned. */
function isPinned(affinity: string | null, queue: number): boolean {
  if (affinity === null) return false;
  const entries = affinity.split(',').map((entry) => /^\s*(\d+)\s*:\s*(\d+)\s*$/.exec(entry));
  if (entries.some((entry) => entry === null)) return true;
  return entries.some((entry) => Number(entry?.[1]) === queue);
}
