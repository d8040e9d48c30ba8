import { readdirSync, readFileSync } from 'node:fs';
import { programPath, runProgram } from './programs.ts';

/** A polling thread of the switch, by its name. */
export const isPolling = (thread: string) => thread.startsWith('pmd-');

/** Threads of a process; none: it has ended meanwhile. */
export function threadsOf(pid: number): { readonly tid: number; readonly name: string }[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((tid) => {
      return { tid: Number(tid), name: readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trim() };
    });
  } catch {
    return [];
  }
}

/** This process and all that it started, and what those started. */
export function ourProcesses(): number[] {
  const parents = parentsOf();
  const isOurs = (pid: number | undefined): boolean =>
    pid !== undefined && pid !== 0 && (pid === process.pid || isOurs(parents.get(pid)));
  return [...parents.keys()].filter(isOurs);
}

/** Of all kernel threads this is the parent. */
const kthreadd = 2;

/** Kernel threads. Those that belong to one CPU cannot be pinned to another. */
export function kernelThreads(): number[] {
  return [...parentsOf()].filter(([, parent]) => parent === kthreadd).map(([pid]) => pid);
}

/** Of each process its parent. */
function parentsOf(): ReadonlyMap<number, number> {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = parentOf(Number(entry));
    if (parent !== undefined) parents.set(Number(entry), parent);
  }
  return parents;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

/** CPUs that a thread may run on, as the kernel lists them; undefined: it has ended meanwhile. */
export function cpusOf(pid: number, tid: number): string | undefined {
  try {
    return /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** All threads of a process but polling ones, which the switch places itself. */
export async function pin(pid: number, cpus: string): Promise<void> {
  const program = programPath('taskset', 'util-linux');
  for (const { tid, name } of threadsOf(pid)) {
    if (isPolling(name) || cpusOf(pid, tid) === cpus) continue;
    // A thread that has ended meanwhile is no mistake.
    await runProgram(program, ['-cp', cpus, String(tid)]).catch(() => undefined);
  }
}
