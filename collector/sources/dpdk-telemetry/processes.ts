import { readdirSync, readFileSync } from 'node:fs';
import { FourninesError } from '../../../core/runtime/error.ts';
import { parseCpuList } from '../../placement.ts';
import { fieldOfStat, isGone, type StatField } from '../../process-files.ts';

/** What /proc says of a process that answers telemetry. */
export interface ProcessLook {
  readonly comm: string;
  /** Field 22 of /proc/PID/stat: another start is another process under a reused pid. */
  readonly startTicks: string;
  /** The thread that answers us. */
  readonly telemetryTid: number;
}

/**
 * Threads that answer telemetry: DPDK before 23.03 and after. The one of a connection has the name of the listener that
 * started it.
 */
const telemetryThread = /^(telemetry-v2|dpdk-telemet.*)$/;

/**
 * Looks at the process `pid` right after it accepted a connection: the telemetry thread started last is ours. Undefined
 * when there is no such process here, or none that answers telemetry: the pid is one of another pid namespace then.
 */
export function lookAtProcess(procRoot: string, pid: number): ProcessLook | undefined {
  const root = `${procRoot}/${pid}`;
  const comm = readOrNone(`${root}/comm`)?.trimEnd();
  const startTicks = fieldOf(`${root}/stat`, 'startTicks');
  if (comm === undefined || startTicks === undefined) return undefined;
  let newest: { readonly tid: number; readonly start: bigint } | undefined;
  for (const tid of listThreads(`${root}/task`)) {
    if (!telemetryThread.test(readOrNone(`${root}/task/${tid}/comm`)?.trimEnd() ?? '')) continue;
    const start = BigInt(fieldOf(`${root}/task/${tid}/stat`, 'startTicks') ?? 0);
    if (newest === undefined || start > newest.start || (start === newest.start && tid > newest.tid)) {
      newest = { tid, start };
    }
  }
  return newest === undefined ? undefined : { comm, startTicks, telemetryTid: newest.tid };
}

/**
 * Where the reading thread is to run: on the CPU the answering thread ran on last, which makes a reply six times cheaper
 * than from another one. Only within that thread's own mask and `allowed`, the CPUs of the collector: never on a CPU
 * that polls. `allowed` itself when there is no such CPU.
 */
export function readingCpus(
  procRoot: string,
  pid: number,
  tid: number,
  allowed: readonly number[],
): readonly number[] | undefined {
  const root = `${procRoot}/${pid}/task/${tid}`;
  const cpu = Number(fieldOf(`${root}/stat`, 'processor') ?? Number.NaN);
  const status = readOrNone(`${root}/status`);
  if (Number.isNaN(cpu) || status === undefined) return undefined;
  const mask = parseCpuList(/^Cpus_allowed_list:\s*(\S*)$/m.exec(status)?.[1] ?? '') ?? [];
  return mask.includes(cpu) && allowed.includes(cpu) ? [cpu] : allowed;
}

function fieldOf(path: string, field: StatField): string | undefined {
  const stat = readOrNone(path);
  return stat === undefined ? undefined : fieldOfStat(stat, field);
}

function listThreads(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch (error) {
    if (isGone(error)) return [];
    throw unreadable(folder, error);
  }
}

/** Undefined when the process or thread has just ended, or is hidden from us. */
function readOrNone(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): FourninesError {
  return new FourninesError('FN_SOURCE', `${path} cannot be read`, { cause, context: { path } });
}
