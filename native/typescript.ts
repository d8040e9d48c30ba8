import { readFileSync } from 'node:fs';
import { FourninesError, systemCode } from '../core/runtime/error.ts';
import {
  checkCpus,
  checkNic,
  checkNics,
  checkPeriod,
  checkStallOptions,
  checkTelemetryPath,
  checkThreads,
} from './arguments.ts';
import { type NativeFacade, threadStatus, threadStride } from './facade.ts';
import { closedError } from './native-error.ts';
import { readLinks } from './sysfs-links.ts';

/** The form without a compiler. What /proc and /sys do not tell is null or false, never a guess. */
export function openTypescript(): NativeFacade {
  let isClosed = false;
  const demandOpen = () => {
    if (isClosed) throw closedError();
  };
  const nothing = () => {
    demandOpen();
    return null;
  };
  return {
    form: 'typescript',
    clocks: () => {
      demandOpen();
      return [BigInt(Date.now()) * 1_000_000n, process.hrtime.bigint()];
    },
    readThreads: (threads, out) => {
      checkThreads(threads, out);
      demandOpen();
      for (let i = 0; i < threads.length; i += 2) {
        out.set(readThread(`/proc/${threads[i]}/task/${threads[i + 1]}`), (i / 2) * threadStride);
      }
    },
    openStalls: (options) => {
      checkStallOptions(options);
      return nothing();
    },
    links: () => {
      demandOpen();
      return called(readLinks);
    },
    qdiscs: nothing,
    queues: nothing,
    ethtoolNames: (nic) => {
      checkNic(nic);
      return nothing();
    },
    ethtoolDriver: (nic) => {
      checkNic(nic);
      return nothing();
    },
    ethtoolCounters: (nics, counts) => {
      checkNics(nics, counts);
      return nothing();
    },
    affinity: () => {
      demandOpen();
      return called(readAffinity);
    },
    setAffinity: (cpus) => {
      checkCpus(cpus);
      demandOpen();
      return false;
    },
    openRings: ({ periodUs }) => {
      checkPeriod(periodUs);
      return nothing();
    },
    openTelemetry: (path, options) => {
      checkTelemetryPath(path, options.deadlineMs);
      return nothing();
    },
    close: () => {
      isClosed = true;
    },
  };
}

/** Runs a reader; a system error becomes FN_NATIVE with its call and errno. */
function called<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error && 'errno' in error)) throw error;
    throw new FourninesError('FN_NATIVE', error.message, {
      cause: error,
      // libuv's errno is negative.
      context: { call: String(error.syscall), errno: Math.abs(Number(error.errno)) },
    });
  }
}

/** One row of `threadFields`; all zero beside the status when it was not read. */
function readThread(folder: string): bigint[] {
  const schedstat = readLine(`${folder}/schedstat`);
  if (schedstat === threadStatus.failed) return rowOf(threadStatus.failed);
  const stat = readLine(`${folder}/stat`);
  if (typeof stat === 'bigint') return rowOf(stat);
  // The thread lives but has no schedstat: a kernel without CONFIG_SCHED_INFO.
  if (typeof schedstat === 'bigint') return rowOf(threadStatus.failed);
  return parseThread(schedstat, stat) ?? rowOf(threadStatus.failed);
}

function rowOf(status: bigint): bigint[] {
  return [status, ...new Array<bigint>(threadStride - 1).fill(0n)];
}

/** The file's text, or why there is none. A file without its newline was cut off by the thread's end. */
function readLine(file: string): string | bigint {
  try {
    const text = readFileSync(file, 'utf8');
    return text.endsWith('\n') ? text : threadStatus.gone;
  } catch (error) {
    const code = systemCode(error);
    return code === 'ENOENT' || code === 'ESRCH' ? threadStatus.gone : threadStatus.failed;
  }
}

/**
 * schedstat "81219384 120394 18\n" and stat "4711 (a) (b) S 1 4711 ...\n". The name may hold spaces and parentheses, so
 * fields are counted from the last ')': field 3 of proc(5) is the first after it, 22 starttime, 39 processor.
 */
export function parseThread(schedstat: string, stat: string): bigint[] | null {
  const times = /^(\d+) (\d+) (\d+)\n/.exec(schedstat);
  const close = stat.lastIndexOf(')');
  const fields = stat
    .slice(close + 2)
    .trimEnd()
    .split(' ');
  const [state, startTicks, cpu] = [fields[0], fields[22 - 3], fields[39 - 3]];
  if (times === null || close < 0 || state?.length !== 1 || !isDigits(startTicks) || !isDigits(cpu)) return null;
  const [, runNs = '', runDelayNs = '', timeslices = ''] = times;
  const letter = BigInt(state.charCodeAt(0));
  return [
    threadStatus.ok,
    BigInt(runNs),
    BigInt(runDelayNs),
    BigInt(timeslices),
    BigInt(startTicks),
    letter,
    BigInt(cpu),
  ];
}

function isDigits(text: string | undefined): text is string {
  return text !== undefined && /^\d+$/.test(text);
}

function readAffinity(): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return parseCpuList(list);
}

/** "0-2,5" -> [0, 1, 2, 5]. */
export function parseCpuList(list: string): number[] {
  return list.split(',').flatMap((range) => {
    if (range === '') return [];
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    if (!Number.isInteger(first) || !Number.isInteger(last)) return [];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
