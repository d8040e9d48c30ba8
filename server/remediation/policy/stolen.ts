import { type CpuTaken, type DatapathReadings, type ThreadWait, waitSeconds } from './readings.ts';

/** What is taken from a polling thread, ppm of the time. */
export interface Stolen {
  /** At least so much, each: by what else runs there, by interrupts, and by the hypervisor. They may be the same time. */
  readonly othersPpm: number;
  /** 0: no more than is usual, as for the hypervisor; null: nobody tells. */
  readonly interruptsPpm: number | null;
  readonly hypervisorPpm: number;
  /** All of it together, at most. */
  readonly highPpm: number;
}

/** Of the time that is asked for, so much must be known. */
const knownPpmMin = 800_000n;
const whole = 1_000_000n;
/**
 * What interrupts, and what the hypervisor, take up to here stays use. A kernel's own tick is among interrupts, up to a thousand of some
 * microseconds a second; two ticks of a hypervisor in 10 s are no reason why a thread is full. Shares of queues are told
 * in whole percent: less than that nobody could see there.
 */
const usualPpm = 10_000n;

/**
 * What was taken from the thread of a core. Being woken late is no theft: a thread that may sleep waits a little each time, so
 * that only what came after it was pushed off its CPU counts. One that never sleeps is never woken, and all that it waits is
 * theft. Undefined: nobody knows. What is not told of interrupts and of the hypervisor shows as use.
 */
export function stolenFrom(
  core: number,
  { waits, cpus, settings }: Pick<DatapathReadings, 'waits' | 'cpus' | 'settings'>,
): Stolen | undefined {
  const [wait, ...others] = waits.filter((each) => each.core === core);
  if (wait === undefined || others.length > 0 || !isKnown(wait)) return undefined;
  const { low, high } = boundsOf(wait, maySleep(settings.sleepMax));
  const cpu = cpus.find((each) => each.core === core);
  const taken = cpu === undefined || !isKnown(cpu) ? undefined : takenFrom(cpu, ceiled(wait.runDelayNs, wait.knownNs));
  const highPpm = ceiled(high, wait.knownNs) + (taken?.highPpm ?? 0n);
  return {
    othersPpm: Number((low * whole) / wait.knownNs),
    interruptsPpm: taken === undefined || taken.interruptsPpm === null ? null : Number(taken.interruptsPpm),
    hypervisorPpm: Number(taken?.hypervisorPpm ?? 0n),
    highPpm: Number(highPpm > whole ? whole : highPpm),
  };
}

function isKnown({ knownNs }: Pick<ThreadWait, 'knownNs'>): boolean {
  return knownNs * whole >= BigInt(waitSeconds) * 1_000_000_000n * knownPpmMin;
}

function boundsOf(
  { runDelayNs, involuntaryLowNs, involuntaryHighNs }: ThreadWait,
  sleeps: boolean,
): { readonly low: bigint; readonly high: bigint } {
  if (!sleeps) return { low: runDelayNs, high: runDelayNs };
  return { low: involuntaryLowNs ?? 0n, high: involuntaryHighNs ?? runDelayNs };
}

/** `pmd-sleep-max` is microseconds, from 3.3 on also a list by core; what is neither is taken as sleeping. */
function maySleep(sleepMax: string | null): boolean {
  return sleepMax !== null && sleepMax !== '0';
}

interface Taken {
  readonly interruptsPpm: bigint | null;
  readonly hypervisorPpm: bigint;
  /** Of those two that are above nothing, together. */
  readonly highPpm: bigint;
}

/**
 * What interrupts and the hypervisor took. A time that is cut off to ticks at both ends is right to less than one: it counts
 * from there on where it surely is something, and else stays where it is seen, in use. Soft interrupts that ksoftirqd handles are
 * booked here and are a wait of the thread, too: as far as they can be that wait they are no more than it.
 */
function takenFrom({ knownNs, resolutionNs, irqNs, softirqNs, stealNs }: CpuTaken, delayPpm: bigint): Taken {
  const least = (ns: bigint) => (ns < resolutionNs ? 0n : ((ns - resolutionNs) * whole) / knownNs);
  const most = (ns: bigint) => ceiled(ns + resolutionNs, knownNs);
  const isRobbing = least(stealNs) > usualPpm;
  const [hypervisorPpm, hypervisorHigh] = isRobbing ? [least(stealNs), most(stealNs)] : [0n, 0n];
  if (irqNs === null || softirqNs === null) return { interruptsPpm: null, hypervisorPpm, highPpm: hypervisorHigh };
  const soft = least(softirqNs) - delayPpm;
  const low = least(irqNs) + (soft > 0n ? soft : 0n);
  if (low <= usualPpm) return { interruptsPpm: 0n, hypervisorPpm, highPpm: hypervisorHigh };
  return { interruptsPpm: low, hypervisorPpm, highPpm: most(irqNs) + most(softirqNs) + hypervisorHigh };
}

function ceiled(ns: bigint, ofNs: bigint): bigint {
  return (ns * whole + ofNs - 1n) / ofNs;
}
