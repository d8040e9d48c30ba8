import { isQemu, qemuGuestName } from '../../qemu-names.ts';
import { listFolder, readText, startTicksOf, targetOf } from './proc.ts';

/** A network backend of QEMU's command line that goes to a vhost-user socket. */
export interface Netdev {
  /** Label of the character device with the socket. */
  readonly chardev: string;
  readonly queues: number;
}

export interface QemuProcess {
  readonly pid: number;
  readonly startTicks: string;
  /** As the threads of this process are named. */
  readonly guest: string;
  /** By id. */
  readonly netdevs: ReadonlyMap<string, Netdev | 'other'>;
}

/** More files than a QEMU has open. */
const filesMax = 4096;
const processesMax = 1024;
/** __SO_ACCEPTCON: it listens. */
const listens = 0x1_0000;

/** Sockets that QEMU processes listen on, as the kernel has it: whatever a QEMU tells of itself is held against it. */
export class QemuSockets {
  readonly #procRoot: string;
  #pids: ReadonlyMap<string, number> = new Map();
  #boundary = Number.NaN;

  constructor(procRoot: string) {
    this.#procRoot = procRoot;
  }

  /** Who serves the socket of this path. Looked at once a tick. Undefined: no QEMU that we may look into. */
  servedBy(path: string, boundary: number): number | undefined {
    if (boundary !== this.#boundary) {
      this.#boundary = boundary;
      this.#pids = listeners(this.#procRoot);
    }
    return this.#pids.get(path);
  }
}

function listeners(procRoot: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  /** Paths of listening sockets by inode, for each network namespace. */
  const namespaces = new Map<string, ReadonlyMap<string, string>>();
  for (const pid of qemuPids(procRoot)) {
    const namespace = targetOf(`${procRoot}/${pid}/ns/net`) ?? `of ${pid}`;
    const paths = namespaces.get(namespace) ?? listeningPaths(readText(`${procRoot}/${pid}/net/unix`) ?? '');
    namespaces.set(namespace, paths);
    for (const fd of listFolder(`${procRoot}/${pid}/fd`).slice(0, filesMax)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(targetOf(`${procRoot}/${pid}/fd/${fd}`) ?? '') ?? [];
      const path = paths.get(inode ?? '');
      if (path !== undefined) found.set(path, pid);
    }
  }
  return found;
}

function qemuPids(procRoot: string): readonly number[] {
  const pids = listFolder(procRoot).filter((name) => /^\d+$/.test(name));
  const isOne = (pid: string) => isQemu((readText(`${procRoot}/${pid}/comm`) ?? '').trimEnd());
  return pids.filter(isOne).slice(0, processesMax).map(Number);
}

/** /proc/net/unix: Num RefCount Protocol Flags Type St Inode Path. */
function listeningPaths(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, flags, inode, path] = /^\S+ \S+ \S+ ([0-9A-F]{8}) \S+ \S+ +(\d+) (\/.*)$/.exec(line) ?? [];
    if (inode !== undefined && path !== undefined && (parseInt(flags ?? '', 16) & listens) !== 0)
      paths.set(inode, path);
  }
  return paths;
}

/** Undefined: it has just ended, or is hidden from us. */
export function qemuProcessOf(procRoot: string, pid: number): QemuProcess | undefined {
  const startTicks = startTicksOf(procRoot, pid);
  const name = readText(`${procRoot}/${pid}/comm`)?.trimEnd();
  const cmdline = readText(`${procRoot}/${pid}/cmdline`);
  if (startTicks === undefined || name === undefined || cmdline === undefined) return undefined;
  const args = cmdline.split('\0');
  return { pid, startTicks, guest: qemuGuestName(name, args, pid), netdevs: netdevsOf(args) };
}

/** `-netdev vhost-user,id=n0,chardev=c0,queues=2`, or the same as JSON, as libvirt writes it. */
export function netdevsOf(args: readonly string[]): ReadonlyMap<string, Netdev | 'other'> {
  const found = new Map<string, Netdev | 'other'>();
  for (const [i, arg] of args.entries()) {
    const options = arg === '-netdev' || arg === '--netdev' ? optionsOf(args[i + 1] ?? '') : undefined;
    const { type, id, chardev, queues = 1 } = options ?? {};
    if (typeof id !== 'string') continue;
    const isWhole = type === 'vhost-user' && typeof chardev === 'string' && /^\d{1,3}$/.test(String(queues));
    found.set(id, isWhole ? { chardev, queues: Math.max(1, Number(queues)) } : 'other');
  }
  return found;
}

function optionsOf(value: string): Readonly<Record<string, unknown>> {
  if (value.startsWith('{')) {
    try {
      const parsed: unknown = JSON.parse(value);
      return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
    } catch {
      return {};
    }
  }
  const [type = '', ...options] = value.split(',');
  const pairs = options.map((option) => {
    const at = option.indexOf('=');
    return [option.slice(0, at), option.slice(at + 1)] as const;
  });
  return { ...Object.fromEntries(pairs), type: type.replace(/^type=/, '') };
}
