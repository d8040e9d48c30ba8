import { notSampled } from '../../collector/sources/thread/stall-follower.ts';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { pmdSlot, type rxqSlot } from '../../core/catalogue/datapath-kinds.ts';
import type { hostFact } from '../../core/catalogue/kinds.ts';
import type { vringRun, vringSlot } from '../../core/catalogue/ring-kinds.ts';
import type { threadSlot, threadStall } from '../../core/catalogue/thread-kinds.ts';
import { type AttributionRow, attributionRow } from '../../server/attribution/attribution-table.ts';
import type { OwnedPackets } from '../../server/attribution/evidence.ts';
import { anEvidence } from '../unit/server/attribution/an-evidence.ts';
import { aSlot, today } from './store-fixture.ts';

/** Rows of a port with everything around it: rings, the guest's threads, polling threads, owners. Times are seconds from `start`. */
export const start = today - 43_200;
export const ms = 1_000_000n;
const vhost = { host: 'h1', port: 'vhu1' } as const;

type Ring = RowOf<typeof vringSlot>;

/** A ring of 256 with 1,000 samples, all of them empty but for `fills`: number of the eighth, and samples. */
export function aRing(
  at: number,
  over: Partial<Ring> & { readonly fills?: Readonly<Record<number, number>> } = {},
): Ring {
  const { fills = {}, ...rest } = over;
  const busy = Object.values(fills).reduce((sum, samples) => sum + samples, 0);
  const fill = (i: number) => fills[i] ?? (i === 0 ? 1_000 - busy : 0);
  return {
    ...({ ...vhost, direction: 'toGuest', queue: 0, slot: start + at, witness: 'memzone', layout: 'split' } as const),
    ...{ size: 256, samples: 1_000, late: 0, missed: 0, suspectSamples: 0, fillMax: 256, fillP99: 256 },
    ...{ fill0: fill(0), fill1: fill(1), fill2: fill(2), fill3: fill(3), fill4: fill(4), fill5: fill(5) },
    ...{ fill6: fill(6), fill7: fill(7), fill8: fill(8), fill9: fill(9) },
    ...{ fullNs: BigInt(fill(9)) * ms, fullRunNs: BigInt(fill(9)) * ms, fullRunAtNs: 0n, emptyNs: 0n, emptyRunNs: 0n },
    ...{ runsLeftOut: 0 },
    ...rest,
  };
}

/** A piece of a time in which a ring was full, in ms from the start of its second. */
export function aRun(at: number, fromMs: number, lengthMs: number, over: Partial<RowOf<typeof vringRun>> = {}) {
  const length = BigInt(lengthMs) * ms;
  return {
    ...({ ...vhost, direction: 'toGuest', queue: 0, slot: start + at } as const),
    ...{
      fromNs: BigInt(fromMs) * ms,
      lengthNs: length,
      lengthNsMin: length - ms,
      lengthNsMax: length + ms,
      continues: 0,
    },
    ...over,
  };
}

type Thread = RowOf<typeof threadSlot>;

/** A second of a thread; with `stallNs` its longest single stall, without it nobody sampled. */
export function aThread(at: number, tid: number, over: Partial<Thread> & { readonly stallNs?: bigint } = {}): Thread {
  const { stallNs, ...rest } = over;
  const sampled = {
    ...{ voluntarySwitches: 0n, involuntarySwitches: 1n, delayInvoluntaryLowNs: 0n, delayInvoluntaryHighNs: 0n },
    ...{ stoppedNs: 0n, stalls: 0n, stallSamples: 25n },
  };
  return {
    ...({ ...aSlot, host: 'h1', slot: start + at, pid: 70, tid, startTicks: BigInt(tid), role: 'vcpu' } as const),
    ...{ owner: 'vm1', name: `CPU ${tid}/KVM`, threadState: 'R', cpu: 1, runNs: 1n, runNsInc: 1n, runDelayNs: 1n },
    ...{ runDelayNsInc: 0n, timeslices: 1n, timeslicesInc: 1n },
    ...(stallNs === undefined
      ? notSampled
      : { ...sampled, longestStallLowNs: stallNs - ms, longestStallHighNs: stallNs }),
    ...rest,
  };
}

export function aStall(at: number, tid: number, over: Partial<RowOf<typeof threadStall>> = {}) {
  const from = BigInt(start + at) * 1_000_000_000n;
  return {
    ...({ host: 'h1', pid: 30, tid, startTicks: BigInt(tid), role: 'pmd', owner: 'ovs-vswitchd' } as const),
    ...({ name: 'pmd-c03/id:9', slot: start + at, fromNs: from, toNs: from + 40n * ms, lowNs: 5n * ms } as const),
    ...({ highNs: 6n * ms, waits: 1, stall: 'involuntary', goesOn: 0 } as const),
    ...over,
  };
}

/** A polling thread that was read over some seconds; everything it counts is left unknown. */
export function aPmd(at: number, core: number, over: Partial<RowOf<typeof pmdSlot>> = {}): RowOf<typeof pmdSlot> {
  const counted = pmdSlot.columns
    .filter(({ type }) => type.startsWith('Nullable'))
    .map(({ name }) => [name, null] as const);
  return {
    ...(Object.fromEntries(counted) as Record<string, never>),
    ...{ host: 'h1', datapath: 'netdev@ovs-netdev', core, numa: 0, isolated: 0, ...aSlot },
    ...{ slot: start + at, ...over },
  } as RowOf<typeof pmdSlot>;
}

export function aQueue(at: number, queue: number, core: number, over: Partial<RowOf<typeof rxqSlot>> = {}) {
  const place = { host: 'h1', datapath: 'netdev@ovs-netdev', port: 'vhu1' };
  return { ...place, queue, slot: start + at, core, numa: 0, enabled: 1, usagePpm: null, ...over };
}

export function aFact(name: string, value: string): RowOf<typeof hostFact> {
  return { host: 'h1', at: BigInt(start - 600) * 1_000n, name, value, witness: 'test' };
}

/** What the attributor wrote of a row of drops. */
export function anOwner(
  at: number,
  slots: number,
  packets: Partial<OwnedPackets>,
  over: Partial<AttributionRow> = {},
): AttributionRow {
  const owned = { provider: 0n, tenant: 0n, contract: 0n, unknown: 0n, ...packets };
  const all = Object.values(owned).reduce((sum, each) => sum + each, 0n);
  const evidence = { ...anEvidence({ slots }), host: 'h1', slot: start + at, packets: all };
  const told = { packets: owned, rule: 'ringFull', ruleVersion: 1, missing: [], facts: {} };
  return { ...attributionRow(evidence, told, 1), ...over };
}
