import { all, type Decision, type Facts, unknown, upTo } from './decision.ts';
import {
  type Evidence,
  type GuestReadings,
  type Missing,
  type RingReadings,
  type RingRun,
  type Stall,
  secondNs,
  type ThreadRead,
  type ThreadsRead,
} from './evidence.ts';
import { excessOf, factsOf } from './excess.ts';

/** A thread that ran for this share of each second was there to take packets; millionths. */
const ranPpm = 900_000n;

/**
 * Buffers that were free, and the packets of a second that used them up: a stall shorter than `free` / `rate` cannot have
 * filled the ring. Compared as integers.
 */
interface Reach {
  readonly free: bigint;
  /** Most packets offered in a second of the interval: the least time that filling takes. */
  readonly perSecond: bigint;
}

/** Whether a time is at least as long as the free buffers lasted: t / 1 s >= free / rate. */
function fills(timeNs: number, { free, perSecond }: Reach): boolean {
  return BigInt(timeNs) * perSecond >= free * BigInt(secondNs);
}

/**
 * The guest's receive ring had no free buffer. The provider's, if each time that it was full met a stall of the guest's
 * processor or of a polling thread that lasted as long as the free buffers did, or a stop of the whole guest; the tenant's, if
 * the guest's processors are known to have run through all of it; above the contracted rate the contract's; else unknown.
 */
export function ringFull(evidence: Evidence): Decision {
  const { rings, guest, pmds } = evidence;
  const reach = reachOf(evidence);
  const stopped = rings === null || guest === null ? undefined : stopOf(rings, guest);
  if (stopped !== undefined) return all('provider', evidence, { why: 'guestStopped', ...stopped });
  const missing = missingOf(evidence, reach);
  if (reach !== undefined && rings !== null) {
    const stalled = stallOf(rings, [guest, pmds], reach);
    if (stalled !== undefined) return all('provider', evidence, { why: 'stall', ...stalled, ...told(rings, reach) });
    if (missing.length === 0 && guest !== null && pmds !== null && ranThrough(evidence, reach)) {
      return all('tenant', evidence, { why: 'ranThrough', threads: guest.threads.length, ...told(rings, reach) });
    }
  }
  const excess = excessOf(evidence);
  if (excess === null || excess === 0n)
    return unknown(evidence, missing, rings === null ? {} : { fullNs: rings.fullNs });
  return upTo(excess, evidence, { facts: { why: 'overRate', ...factsOf(evidence, excess) }, missing });
}

function reachOf({ rings, offered }: Evidence): Reach | undefined {
  const free = rings?.freeMost ?? rings?.size ?? null;
  if (free === null || free <= 0) return undefined;
  let most = 0n;
  for (const packets of offered) {
    if (packets === null) return undefined;
    if (packets > most) most = packets;
  }
  return most > 0n ? { free: BigInt(free), perSecond: most } : undefined;
}

/** What is needed to say that nobody but the guest can have been slow. */
function missingOf({ rings, guest, pmds, offered, slots }: Evidence, reach: Reach | undefined): Missing[] {
  const missing: Missing[] = [];
  if (rings === null || rings.sampled.length !== slots + 2 || rings.sampled.includes(false))
    missing.push('ringSamples');
  else if (rings.fullNs === 0) missing.push('ringRuns');
  if (offered.length !== slots || offered.includes(null)) missing.push('offered');
  if (rings !== null && reach === undefined && !missing.includes('offered')) missing.push('ringSize');
  if (guest === null) missing.push('guest');
  else if (!isWhole(guest, slots)) missing.push('guestThreads');
  if (pmds === null || !isWhole(pmds, slots)) missing.push('pmdThreads');
  return missing;
}

/** Every thread was observed in every second, and there is one. */
function isWhole({ threads }: ThreadsRead, slots: number): boolean {
  const isTold = (values: readonly (number | null)[]) => values.length === slots + 2 && !values.includes(null);
  return threads.length > 0 && threads.every(({ ranNs, waitedNs }) => isTold(ranNs) && isTold(waitedNs));
}

function told({ fullNs, runs }: RingReadings, { free, perSecond }: Reach): Facts {
  return { fullNs, runs: runs.length, freeBuffers: Number(free), packetsPerSecond: String(perSecond) };
}

function meets(run: RingRun, { fromNs, toNs }: { readonly fromNs: number; readonly toNs: number }): boolean {
  return fromNs < run.toNs && run.fromNs < toNs;
}

/** Each time that the ring was full, all threads of the guest's process were stopped. Nobody inside a guest can do that. */
function stopOf({ runs }: RingReadings, { stopped }: GuestReadings): Facts | undefined {
  const met = runs.map((run) => stopped.find((stop) => meets(run, stop)));
  const [first] = met;
  if (first === undefined || met.includes(undefined)) return undefined;
  return { stoppedNs: first.toNs - first.fromNs, runs: runs.length };
}

/** The host took the processor away. A thread that was only slow to wake up had gone to sleep by itself before. */
const hostKinds: ReadonlySet<Stall['kind']> = new Set(['involuntary', 'waiting', 'stopped']);

/** Each time that the ring was full met a stall that was long enough: the longest of them. */
function stallOf({ runs }: RingReadings, read: readonly (ThreadsRead | null)[], reach: Reach): Facts | undefined {
  const guest = new Set(read[0]?.stalls ?? []);
  const long = read
    .flatMap((threads) => threads?.stalls ?? [])
    .filter(({ kind, lowNs }) => hostKinds.has(kind) && fills(lowNs, reach));
  const met = runs.map((run) => long.filter((stall) => meets(run, stall)));
  if (met.length === 0 || met.some((stalls) => stalls.length === 0)) return undefined;
  const longest = met.flat().reduce((most, stall) => (stall.lowNs > most.lowNs ? stall : most));
  const { tid, kind, lowNs } = longest;
  return { of: guest.has(longest) ? 'guest' : 'pmd', tid, kind, stallNs: lowNs };
}

/**
 * Some thread of the guest never left its CPU by itself and ran, and none of its own or of the host's can have stood still for as
 * long as filling takes. Whoever is stopped, or waits for memory, leaves his CPU: waits alone would not show it.
 */
function ranThrough({ rings, guest, pmds, slots }: Evidence, reach: Reach): boolean {
  if (rings === null || guest === null || pmds === null || guest.stopped.length > 0) return false;
  const near = slotsNear(rings, slots);
  const stayed = ({ sleeps }: ThreadRead) => near.every((i) => sleeps[i] === 0);
  const ran = ({ ranNs }: ThreadRead) => ranNs.every((ns) => BigInt(ns ?? 0) * 1_000_000n >= ranPpm * BigInt(secondNs));
  if (!guest.threads.some((thread) => stayed(thread) && ran(thread)) || !pmds.threads.every(stayed)) return false;
  return [...guest.threads, ...pmds.threads].every((thread) => near.every((i) => !mayFill(thread, i, reach)));
}

/**
 * Slots, counted from the one before the interval, in which a stall can have met a time that the ring was full: those of the
 * runs and their neighbours. All of them, where runs do not stand for all of that time.
 */
function slotsNear({ runs, fullNs, whole }: RingReadings, slots: number): number[] {
  const all = Array.from({ length: slots + 2 }, (_, i) => i);
  const inRuns = runs.reduce((sum, { fromNs, toNs }) => sum + toNs - fromNs, 0);
  if (!whole || runs.length === 0 || inRuns < fullNs) return all;
  return all.filter((i) => runs.some((run) => meets(run, { fromNs: (i - 2) * secondNs, toNs: (i + 1) * secondNs })));
}

/** No stall of a slot was longer than the longest that was sampled there, nor than all waits of two neighbouring slots. */
function mayFill({ waitedNs, longestNs }: ThreadRead, i: number, reach: Reach): boolean {
  const at = (slot: number) => waitedNs[slot] ?? 0;
  const waits = at(i) + Math.max(at(i - 1), at(i + 1));
  return fills(Math.min(waits, longestNs[i] ?? waits), reach);
}
