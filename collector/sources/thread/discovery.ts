import { readdirSync, readFileSync } from 'node:fs';
import type { ThreadRole } from '../../../core/catalogue/thread-kinds.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import { fieldOfStat, isGone } from '../../process-files.ts';
import type { ProcessorThreads } from '../../processor-threads.ts';
import { ownerOf, type ProcessKind, processKind, threadRole } from './roles.ts';

export interface WatchedThread {
  readonly pid: number;
  readonly tid: number;
  readonly role: ThreadRole;
  readonly owner: string;
  readonly name: string;
}

interface Watched {
  readonly kind: ProcessKind;
  readonly owner: string;
  /** Field 22 of /proc/PID/stat: another start is another process under a reused pid. */
  readonly startTicks: string | undefined;
}

/** A program starts its threads some time after itself: a new process is looked at in so many scans. */
const looksAtNewProcess = 6;
/** What was judged not to be ours is judged again, a twelfth of it in each scan: a daemon may turn to DPDK later. */
const scansPerRound = 12;
/** A host has a few hundred such threads; beyond the bound the rest is left out and said so. */
const threadsMax = 8192;

/**
 * Finds the threads worth reading. Called every few seconds; only processes it has not judged yet cost more than their
 * line in the list of /proc.
 */
export class ThreadDiscovery {
  readonly #procRoot: string;
  readonly #processorThreads: ProcessorThreads;
  /** Looks left for processes that are none of ours so far; 0: judged. */
  readonly #looksLeft = new Map<number, number>();
  readonly #watched = new Map<number, Watched>();

  #scans = 0;

  constructor(procRoot: string, processorThreads: ProcessorThreads) {
    this.#procRoot = procRoot;
    this.#processorThreads = processorThreads;
  }

  /** All threads to read now, and how many were beyond the bound. */
  scan(): { readonly threads: readonly WatchedThread[]; readonly leftOut: number } {
    const pids = listNumbers(this.#procRoot) ?? fail(this.#procRoot);
    this.#forgetGone(new Set(pids));
    this.#scans++;
    const threads: WatchedThread[] = [];
    let leftOut = 0;
    for (const pid of pids) {
      const judged = !this.#watched.has(pid) && (this.#looksLeft.get(pid) ?? looksAtNewProcess) <= 0;
      if (judged && pid % scansPerRound !== this.#scans % scansPerRound) continue;
      for (const thread of this.#look(pid)) {
        if (threads.length < threadsMax) threads.push(thread);
        else leftOut++;
      }
    }
    return { threads, leftOut };
  }

  #forgetGone(present: ReadonlySet<number>): void {
    for (const pid of this.#watched.keys()) if (!present.has(pid)) this.#watched.delete(pid);
    for (const pid of this.#looksLeft.keys()) if (!present.has(pid)) this.#looksLeft.delete(pid);
  }

  #look(pid: number): WatchedThread[] {
    const processName = this.#read(`${pid}/comm`)?.trimEnd();
    const tids = listNumbers(`${this.#procRoot}/${pid}/task`);
    if (processName === undefined || tids === undefined) return [];
    const names = tids.map((tid) => [tid, this.#read(`${pid}/task/${tid}/comm`)?.trimEnd()] as const);
    if (this.#watched.has(pid) && this.#watched.get(pid)?.startTicks !== this.#startTicks(pid))
      this.#watched.delete(pid);
    const watched =
      this.#watched.get(pid) ??
      this.#judge(
        pid,
        processName,
        names.flatMap(([, name]) => name ?? []),
      );
    if (watched === undefined) return [];
    return names.flatMap(([tid, name]) => {
      if (name === undefined) return [];
      const isProcessor = this.#processorThreads.has(pid, watched.startTicks, tid);
      const role = isProcessor ? 'vcpu' : threadRole(watched.kind, name, tid === pid);
      return { pid, tid, name, owner: watched.owner, role };
    });
  }

  #judge(pid: number, processName: string, names: readonly string[]): Watched | undefined {
    const kind = processKind(processName, names);
    if (kind === undefined) {
      this.#looksLeft.set(pid, (this.#looksLeft.get(pid) ?? looksAtNewProcess) - 1);
      return undefined;
    }
    const owner = ownerOf(kind, processName, this.#read(`${pid}/cmdline`) ?? '', pid);
    const watched = { kind, owner, startTicks: this.#startTicks(pid) };
    this.#watched.set(pid, watched);
    this.#looksLeft.delete(pid);
    return watched;
  }

  #startTicks(pid: number): string | undefined {
    const stat = this.#read(`${pid}/stat`);
    return stat === undefined ? undefined : fieldOfStat(stat, 'startTicks');
  }

  /** Undefined when the process or thread has just ended, or is hidden from us. */
  #read(path: string): string | undefined {
    try {
      return readFileSync(`${this.#procRoot}/${path}`, 'utf8');
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }
}

function listNumbers(folder: string): number[] | undefined {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function fail(procRoot: string): never {
  throw new FourninesError('FN_SOURCE_FATAL', `${procRoot} cannot be listed`, { context: { path: procRoot } });
}
