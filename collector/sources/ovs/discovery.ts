import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FourninesError, systemCode } from '../../../core/runtime/error.ts';
import { isGone } from '../../process-files.ts';

/** A running ovs-vswitchd. Another pid or start is another identity: its counters began anew. */
export interface Vswitchd {
  readonly ctlPath: string;
  /** The database socket of the same folder; it is there only while ovsdb-server runs. */
  readonly dbPath: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTicks: bigint;
}

/** `ovs-vswitchd.PID.ctl`, or `ovs-vswitchd-dpdk.PID.ctl` where a distribution has a daemon of its own for DPDK. */
const ctlName = /^(ovs-vswitchd[\w-]*)\.(\d{1,9})\.ctl$/;
/** The kernel cuts names of processes to 15 characters. */
const daemonName = /^(lt-)?ovs-vswitchd/;
/** A folder with more stale sockets than this is not looked through to its end. */
const candidatesMax = 256;

/**
 * The daemons whose control sockets lie in `runDir`, the last started first. A daemon that was killed leaves its socket
 * and pid file behind, so only a socket whose process lives and has the daemon's name counts. A daemon in a pid namespace
 * of its own names its socket by a pid that is not the host's: it is not found.
 * An absent folder has none; one that cannot be read throws FN_SOURCE.
 */
export function findVswitchds(runDir: string, procRoot: string): Vswitchd[] {
  const found: (Vswitchd & { readonly isNamed: boolean })[] = [];
  for (const name of listFolder(runDir).slice(0, candidatesMax)) {
    const [, daemon = '', digits = ''] = ctlName.exec(name) ?? [];
    if (daemon === '') continue;
    const pid = Number(digits);
    const startTicks = startOfDaemon(procRoot, pid);
    if (startTicks === undefined) continue;
    const isNamed = readText(path.join(runDir, `${daemon}.pid`))?.trim() === digits;
    const ctlPath = path.join(runDir, name);
    found.push({ ctlPath, dbPath: path.join(runDir, 'db.sock'), pid, startTicks, isNamed });
  }
  // The daemon that the pid file names goes before one that is being stopped.
  found.sort((a, b) => Number(b.isNamed) - Number(a.isNamed) || Number(b.startTicks - a.startTicks));
  return found.map(({ isNamed: _, ...daemon }) => daemon);
}

/** When the process started, if it is alive and an ovs-vswitchd. */
function startOfDaemon(procRoot: string, pid: number): bigint | undefined {
  const stat = readText(path.join(procRoot, String(pid), 'stat'));
  if (stat === undefined) return undefined;
  // The name, in parentheses, may hold anything; the state is the first field after it, the start the 20th.
  const nameEnd = stat.lastIndexOf(')');
  const name = stat.slice(stat.indexOf('(') + 1, nameEnd);
  const fields = stat.slice(nameEnd + 2).split(' ');
  const [state = '', start = ''] = [fields[0], fields[19]];
  const isAlive = state !== 'Z' && state !== 'X';
  return isAlive && daemonName.test(name) && /^\d+$/.test(start) ? BigInt(start) : undefined;
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => ctlName.test(name))
      .sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw new FourninesError('FN_SOURCE', 'the run folder of Open vSwitch cannot be listed', {
      cause: error,
      context: { path: folder, errno: systemCode(error) ?? 'unknown' },
    });
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
