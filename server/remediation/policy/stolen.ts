import { type DatapathReadings, type ThreadWait, waitSeconds } from './readings.ts';

/** What others take from a polling thread, ppm of the time: at least and at most. */
export interface Stolen {
  readonly lowPpm: number;
  readonly highPpm: number;
}

/** Of the time that is asked for, so much must be known. */
const knownPpmMin = 800_000n;
const whole = 1_000_000n;

/**
 * What the scheduler took from the thread of a core. Being woken late is no theft: a thread that may sleep waits a little each
 * time, so that only what came after it was pushed off its CPU counts. One that never sleeps is never woken, and all that it
 * waits is theft. Undefined: nobody knows. What interrupts take is in nobody's books: it shows as use.
 */
export function stolenFrom(
  core: number,
  { waits, settings }: Pick<DatapathReadings, 'waits' | 'settings'>,
): Stolen | undefined {
  const [wait, ...others] = waits.filter((each) => each.core === core);
  if (wait === undefined || others.length > 0) return undefined;
  if (wait.knownNs * whole < BigInt(waitSeconds) * 1_000_000_000n * knownPpmMin) return undefined;
  const { low, high } = boundsOf(wait, maySleep(settings.sleepMax));
  return {
    lowPpm: Number((low * whole) / wait.knownNs),
    highPpm: Number((high * whole + wait.knownNs - 1n) / wait.knownNs),
  };
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
