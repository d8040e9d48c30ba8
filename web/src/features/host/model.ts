import type { SoftnetSeries, ThreadSeries } from '../../../../server/api/schema/hosts.ts';
import type { Line } from '../../charts/columns.ts';
import { regionsOf } from '../../charts/gaps.ts';
import { type KnownSum, knownSum } from '../../charts/known-sum.ts';
import type { Frame } from '../../charts/source.ts';

type Thread = ThreadSeries['threads'][number];

export interface ThreadRow {
  readonly thread: Thread;
  readonly run: KnownSum;
  readonly delay: KnownSum;
  readonly pushed: KnownSum;
  readonly stopped: KnownSum;
  /** The longest single stall of the window: at least, and at most. Null: not sampled. */
  readonly worst: { readonly lowNs: bigint; readonly highNs: bigint } | null;
}

export function threadRows(series: ThreadSeries): ThreadRow[] {
  return series.threads.map((thread) => ({
    thread,
    run: knownSum(thread.runNs),
    delay: knownSum(thread.runDelayNs),
    pushed: knownSum(thread.involuntarySwitches),
    stopped: knownSum(thread.stoppedNs),
    worst: worstOf(thread),
  }));
}

function worstOf({ longestStallLowNs, longestStallHighNs }: Thread): ThreadRow['worst'] {
  const [lowNs, highNs] = [mostOf(longestStallLowNs), mostOf(longestStallHighNs)];
  return lowNs === null || highNs === null ? null : { lowNs, highNs };
}

function mostOf(values: readonly (string | null)[]): bigint | null {
  return values.reduce<bigint | null>((most, value) => {
    if (value === null) return most;
    const known = BigInt(value);
    return most === null || known > most ? known : most;
  }, null);
}

/** Steps of polling threads in which they were sampled, of all that they have: a list without stalls says no more than that. */
export function sampledPmds({ threads }: ThreadSeries): {
  readonly threads: number;
  readonly known: number;
  readonly steps: number;
} {
  const pmds = threads.filter(({ role }) => role === 'pmd');
  const known = pmds.reduce((sum, { stalls }) => sum + stalls.filter((value) => value !== null).length, 0);
  return { threads: pmds.length, known, steps: pmds.reduce((sum, { stalls }) => sum + stalls.length, 0) };
}

const stallNames: Record<string, string> = {
  involuntary: 'pushed off its CPU',
  wakeup: 'slow to wake up',
  mixed: 'pushed off or slow to wake',
  waiting: 'waits for a CPU',
  stopped: 'stopped or traced',
};

/** What kept a thread from running. */
export function stallName(stall: string): string {
  return stallNames[stall] ?? stall;
}

/** Lines that can still be told apart. */
const linesMax = 6;
const nsPerMs = 1e6;
const usPerMs = 1e3;

/** The threads that waited longest for a CPU, in ms per second. */
export function delayFrame(series: ThreadSeries): Frame {
  const rows = threadRows(series)
    .filter(({ delay }) => delay.known > 0)
    .sort((a, b) => (b.delay.sum > a.delay.sum ? 1 : b.delay.sum < a.delay.sum ? -1 : a.thread.tid - b.thread.tid))
    .slice(0, linesMax);
  return frameOf(
    series,
    rows.map(({ thread }) =>
      msLine(`${thread.owner} ${thread.name} ${thread.tid}`, thread.runDelayNs, series.stepSeconds, nsPerMs),
    ),
  );
}

/** Stall time of the host by resource, in ms per second. */
export function pressureFrame(series: SoftnetSeries): Frame {
  const shown = series.pressure
    .filter(({ share }) => share === 'some')
    .map(({ resource, totalUs }) => msLine(resource, totalUs, series.stepSeconds, usPerMs));
  return frameOf(series, shown.slice(0, linesMax));
}

export interface SoftnetRow {
  readonly cpu: number;
  readonly processed: KnownSum;
  readonly dropped: KnownSum;
  readonly timeSqueeze: KnownSum;
}

export function softnetRows(series: SoftnetSeries): SoftnetRow[] {
  return series.cpus.map(({ cpu, processed, dropped, timeSqueeze }) => ({
    cpu,
    processed: knownSum(processed),
    dropped: knownSum(dropped),
    timeSqueeze: knownSum(timeSqueeze),
  }));
}

const stateNames: Record<string, string> = {
  R: 'running',
  S: 'sleeping',
  D: 'waiting for a device',
  T: 'stopped',
  t: 'traced',
  Z: 'zombie',
  X: 'dead',
  I: 'idle',
};

export function threadStateName(letter: string): string {
  return stateNames[letter] ?? letter;
}

/** A thread that is stopped, traced or gone does not run a guest. */
export function isThreadBad(letter: string): boolean {
  return ['T', 't', 'Z', 'X'].includes(letter);
}

interface Stepped {
  readonly from: string;
  readonly to: string;
  readonly stepSeconds: number;
  readonly at: readonly number[];
}

function frameOf(series: Stepped, lines: readonly Line[]): Frame {
  const { at, stepSeconds } = series;
  return {
    fromSeconds: Date.parse(series.from) / 1_000,
    toSeconds: Date.parse(series.to) / 1_000,
    stepSeconds,
    at,
    lines,
    regions: regionsOf({ at, stepSeconds, known: (i) => lines.some(({ own }) => own[i] != null), bridges: [] }),
  };
}

function msLine(label: string, values: readonly (string | null)[], stepSeconds: number, perMs: number): Line {
  const own = values.map((value) => (value === null ? null : BigInt(value)));
  return { label, own, drawn: own.map((value) => (value === null ? null : Number(value) / perMs / stepSeconds)) };
}
