import { readdirSync, readFileSync } from 'node:fs';
import { systemCode } from '../../core/runtime/error.ts';

/** A process by pid and start time: a pid alone may belong to somebody else by now. */
export interface ProcessId {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: start time in ticks since boot. */
  readonly startTicks: string;
}

/** The start time of a process; undefined when it is gone or only a zombie. */
export function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold spaces and parentheses of its own.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** The scheduler's letter of each thread of a process (T: stopped). Threads that end meanwhile are left out. */
export function threadStatesOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
      return stat[stat.lastIndexOf(')') + 2] ?? [];
    });
  } catch {
    return [];
  }
}

export function isAlive({ pid, startTicks }: ProcessId): boolean {
  return startTicksOf(pid) === startTicks;
}

/** Sends a signal to exactly this process; false when it is gone. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    return process.kill(id.pid, signal);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
}
