import { readdirSync, readFileSync } from 'node:fs';

/** CPU time of a process, ms since it started, its main thread and all others apart. */
export interface CpuMs {
  readonly main: number;
  readonly others: number;
}

/** The kernel's unit in /proc/PID/stat. */
const msOfClockTick = 10;

export function cpuMsOf(pid: number): CpuMs {
  const all = statMs(`/proc/${pid}/stat`);
  const main = statMs(`/proc/${pid}/task/${pid}/stat`);
  return { main, others: all - main };
}

/** Of a process and all that it started and that still runs or was waited for. */
export function treeCpuMs(pid: number): number {
  const own = statMs(`/proc/${pid}/stat`, true);
  return childrenOf(pid).reduce((sum, child) => sum + treeCpuMs(child), own);
}

export function sinceThen(now: CpuMs, then: CpuMs): CpuMs {
  return { main: now.main - then.main, others: now.others - then.others };
}

/** User and system time; with `withEnded` of children that were waited for, too. */
function statMs(file: string, withEnded = false): number {
  try {
    const fields = readFileSync(file, 'latin1').split(') ')[1]?.split(' ') ?? [];
    const ticks = fields.slice(11, withEnded ? 15 : 13).reduce((sum, field) => sum + Number(field), 0);
    return ticks * msOfClockTick;
  } catch {
    // It has just ended; its parent has its time now.
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((tid) =>
      readFileSync(`/proc/${pid}/task/${tid}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** The child whose command line has `word`; undefined while there is none. */
export function childNamed(pid: number, word: string): number | undefined {
  return childrenOf(pid).find((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'latin1').includes(word);
    } catch {
      return false;
    }
  });
}

/** Resident memory now, and the most there has been, MiB. */
export function memoryMiB(pid: number): { readonly now: number; readonly peak: number } {
  let text = '';
  try {
    text = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    // Gone: not a number.
  }
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN) / 1024;
  return { now: field('VmRSS'), peak: field('VmHWM') };
}
