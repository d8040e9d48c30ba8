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

/** At most one part in so many of the time that a ring was full may have met no stall. */
const restShareMin = 10;

/** A thread that ran for this share of each second was there to take packets; millionths. */
const ranPpm = 900_000n;

/**
 * Buffers that were free, and the packets of a second that used them up: a stall shorter than `free` / `rate` cannot have
 * filled the ring. Compared as integers.
 */
interface Reach {
  readonly free: bigint;
  /**
   * Most packets offered in a second of the interval, of those that are known. Where some are not, filling may have taken less:
   * a stall that is long enough is so all the more, and nobody is cleared.
   */
  readonly perSecond: bigint;
}

/** Whether a time is at least as long as the free buffers lasted: t / 1 s >= free / rate. */
function fills(timeNs: number, { free, perSecond }: Reach): boolean {
  return BigInt(timeNs) * perSecond >= free * BigInt(secondNs);
}

/**
 * The guest's receive ring had no free buffer. The provider's, if each time that it was full met a stall of the guest's
 * processor or of a polling thread that lasted as long as the free buffers did (guestStopped: of all its threads, by a signal);
 * the tenant's, if the guest's processors are known to have run through all of it, less what waits too short for that may have
 * cost; above the contracted rate the contract's; else unknown.
 */
export function ringFull(evidence: Evidence): Decision {
  const { rings, guest, packets } = evidence;
  const reach = reachOf(evidence);
  const missing = missingOf(evidence, reach);
  if (reach !== undefined && rings !== null) {
    const stalled = stalledBy(evidence, rings, reach, missing);
    if (stalled !== undefined) return stalled;
    const waitedNs = missing.length === 0 ? waitedBeside(evidence, reach) : undefined;
    const cost = waitedNs === undefined ? packets : costOf(waitedNs, evidence, reach);
    if (cost < packets) {
      const facts = { why: 'ranThrough', threads: guest?.threads.length ?? 0, waitedNs: waitedNs ?? 0 };
      return upTo('tenant', packets - cost, evidence, { facts: { ...facts, ...told(rings, reach) }, missing });
    }
  }
  const excess = excessOf(evidence);
  if (excess === null || excess === 0n)
    return unknown(evidence, missing, rings === null ? {} : { fullNs: rings.fullNs });
  return upTo('contract', excess, evidence, { facts: { why: 'overRate', ...factsOf(evidence, excess) }, missing });
}

/**
 * The provider's, where stalls explain it: all of it if they meet each time that the ring was full, else all but what was
 * offered in the rest of that time, which is at most a tenth. Undefined: they explain nothing.
 */
function stalledBy(
  evidence: Evidence,
  rings: RingReadings,
  reach: Reach,
  missing: readonly Missing[],
): Decision | undefined {
  const { guest, pmds, packets } = evidence;
  const { runs, longest } = stallOf(rings, [guest, pmds], reach);
  if (longest === undefined) return undefined;
  const why = guest !== null && isStopped(rings, guest) ? 'guestStopped' : 'stall';
  const facts = { why, ...longest, ...told(rings, reach) };
  if (runs.length === rings.runs.length) return all('provider', evidence, facts);
  const metNs = runs.reduce((sum, { fromNs, toNs }) => sum + toNs - fromNs, 0);
  const restNs = Math.max(0, rings.fullNs - metNs);
  const rest = costOf(restNs, evidence, reach);
  // Bursts do not keep to a rate: only little of the time may be without a stall. Where nobody looked there may be more.
  const isLittle = restNs * restShareMin <= rings.fullNs && rest < packets;
  if (!isLittle || missing.includes('ringSamples') || missing.includes('offered')) return undefined;
  const left = packets - rest;
  const isBeyond = left > offeredIn(metNs, reach);
  return upTo('provider', isBeyond ? offeredIn(metNs, reach) : left, evidence, {
    facts: { ...facts, runs: runs.length, fullNs: metNs, restNs },
    missing,
  });
}

/** Packets that can have come in a time, at the largest rate of a second. */
function offeredIn(timeNs: number, { perSecond }: Reach): bigint {
  return (BigInt(timeNs) * perSecond) / BigInt(secondNs);
}

/**
 * Packets that may have been lost in a time: what came in it at the largest rate of a second, or at the rate at which packets were
 * lost while the ring was full, whichever is more. A burst comes faster than its second.
 *
 * Example: 10,000 lost in 5 ms of a full ring, in a second that brought 20,000: of 1 ms, 2,000 and not 20.
 */
function costOf(timeNs: number, { rings, packets }: Evidence, reach: Reach): bigint {
  const evenly = offeredIn(timeNs, reach);
  const fullNs = BigInt(rings?.fullNs ?? 0);
  const whileFull = fullNs === 0n ? packets : (BigInt(timeNs) * packets + fullNs - 1n) / fullNs;
  return whileFull > evenly ? whileFull : evenly;
}

function reachOf({ rings, offered }: Evidence): Reach | undefined {
  const free = rings?.freeMost ?? rings?.size ?? null;
  if (free === null || free <= 0) return undefined;
  let most = 0n;
  for (const packets of offered) if (packets !== null && packets > most) most = packets;
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
function isStopped({ runs }: RingReadings, { stopped }: GuestReadings): boolean {
  return runs.every((run) => stopped.some((stop) => meets(run, stop)));
}

/** The host took the processor away. A thread that was only slow to wake up had gone to sleep by itself before. */
const takenKinds: ReadonlySet<Stall['kind']> = new Set(['involuntary', 'waiting', 'stopped']);

interface Met {
  /** Times that the ring was full that met a stall which was long enough. */
  readonly runs: readonly RingRun[];
  /** The longest of those stalls; undefined: there is none. */
  readonly longest: Facts | undefined;
}

function stallOf({ runs }: RingReadings, read: readonly (ThreadsRead | null)[], reach: Reach): Met {
  const guest = new Set(read[0]?.stalls ?? []);
  const long = read.flatMap((threads) => threads?.stalls ?? []).filter(({ lowNs }) => fills(lowNs, reach));
  const convicts = (stall: Stall, run: RingRun) =>
    takenKinds.has(stall.kind) ? meets(run, stall) : guest.has(stall) && beganIn(run, stall);
  const met = runs
    .map((run) => ({ run, stalls: long.filter((stall) => convicts(stall, run)) }))
    .filter(({ stalls }) => stalls.length > 0);
  const stalls = met.flatMap((each) => each.stalls);
  const longest = stalls.reduce((most, stall) => (stall.lowNs > most.lowNs ? stall : most), stalls[0] as Stall);
  return { runs: met.map(({ run }) => run), longest: stalls.length === 0 ? undefined : factsOfStall(longest, guest) };
}

function factsOfStall(stall: Stall, guest: ReadonlySet<Stall>): Facts {
  const { tid, kind, lowNs } = stall;
  return { of: guest.has(stall) ? 'guest' : 'pmd', tid, kind, stallNs: lowNs };
}

/**
 * The run began while the thread surely waited, wherever in its bounds the stall lies. So the ring had room when the thread
 * would have run, had it been given a CPU: that it had slept by itself before did no harm.
 */
function beganIn({ fromNs }: RingRun, { fromNs: notBeforeNs, toNs, lowNs }: Stall): boolean {
  return fromNs >= toNs - lowNs && fromNs < notBeforeNs + lowNs;
}

/**
 * How long the host may have kept packets from a guest that ran, ns; undefined: it is not known to have run. Some thread of
 * the guest never left its CPU by itself and ran, and none of its own or of the host's can have stood still for as long as
 * filling takes. Whoever is stopped, or waits for memory, leaves his CPU: waits alone would not show it.
 *
 * A ring that the guest keeps nearly full runs over in a shorter wait, too. So what was offered in all waits of that thread and
 * of polling threads stays nobody's: 2 ms at 10,000 packets a second are 20 packets.
 */
function waitedBeside({ rings, guest, pmds, slots }: Evidence, reach: Reach): number | undefined {
  if (rings === null || guest === null || pmds === null || guest.stopped.length > 0) return undefined;
  const near = slotsNear(rings, slots);
  const stayed = ({ sleeps }: ThreadRead) => near.every((i) => sleeps[i] === 0);
  const ran = ({ ranNs }: ThreadRead) => ranNs.every((ns) => BigInt(ns ?? 0) * 1_000_000n >= ranPpm * BigInt(secondNs));
  const through = guest.threads.filter((thread) => stayed(thread) && ran(thread));
  const all = [...guest.threads, ...pmds.threads];
  if (through.length === 0 || !pmds.threads.every(stayed)) return undefined;
  if (all.some((thread) => near.some((i) => mayFill(thread, i, reach)))) return undefined;
  const waited = ({ waitedNs }: ThreadRead) => near.reduce((sum, i) => sum + (waitedNs[i] ?? 0), 0);
  return Math.min(...through.map(waited)) + pmds.threads.reduce((sum, thread) => sum + waited(thread), 0);
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
