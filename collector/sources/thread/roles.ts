import type { ThreadRole } from '../../../core/catalogue/thread-kinds.ts';
import { isQemu, qemuGuestName } from '../../qemu-names.ts';

/**
 * What a thread does, by its name (15 characters, set by the program).
 *
 * QEMU: "CPU 0/KVM", "CPU 3/TCG" (-name debug-threads=on, as libvirt has it). OVS: "pmd-c02/id:8". DPDK: "rte-worker-3"
 * (22.11), "lcore-worker-3" (20.11), "dpdk-worker3" (23.03). Kernel vhost: "vhost-PID".
 */
const threadForms: readonly { readonly pattern: RegExp; readonly role: ThreadRole }[] = [
  { pattern: /^CPU \d+\/(KVM|TCG|HVF)$/, role: 'vcpu' },
  { pattern: /^pmd-?c?\d+/, role: 'pmd' },
  { pattern: /^(rte|lcore|dpdk)-(worker|slave)-?\d+$/, role: 'pmd' },
  { pattern: /^vhost[-_]/, role: 'vhost' },
];

/** Threads that every DPDK process has; 22.11 and before, 23.03 and after. */
const ealThread = /^(eal-intr-thread|rte_mp_handle|telemetry-v2|dpdk-intr|dpdk-mp-msg|dpdk-telemet.*)$/;

export type ProcessKind = 'qemu' | 'dpdk' | 'kernelVhost';

/** Which of the processes worth watching this is; undefined: none. */
export function processKind(processName: string, threadNames: readonly string[]): ProcessKind | undefined {
  if (isQemu(processName)) return 'qemu';
  if (threadNames.some((name) => ealThread.test(name) || /^pmd-c\d+/.test(name))) return 'dpdk';
  return /^vhost-\d+$/.test(processName) ? 'kernelVhost' : undefined;
}

export function threadRole(kind: ProcessKind, threadName: string, isMain: boolean): ThreadRole {
  const found = threadForms.find(({ pattern }) => pattern.test(threadName));
  if (found !== undefined) return found.role;
  // What QEMU does beside running vCPUs (main loop, I/O threads, workers) steals from its guest all the same.
  if (kind === 'qemu') return 'emulator';
  // The main thread of a DPDK program polls where its main lcore has a port; OVS's does not.
  return kind === 'dpdk' && isMain && !/^ovs-/.test(threadName) ? 'pmd' : 'other';
}

/**
 * Who the thread works for: the guest's name of a QEMU, the file prefix of a DPDK program, else the program's name.
 * `cmdline` is /proc/PID/cmdline: arguments with a NUL after each.
 */
export function ownerOf(kind: ProcessKind, processName: string, cmdline: string, pid: number): string {
  const args = cmdline.split('\0');
  if (kind === 'qemu') return qemuGuestName(processName, args, pid);
  if (kind === 'dpdk') return filePrefix(args) ?? processName;
  return processName;
}

/** `--file-prefix=NAME` or `--file-prefix NAME`. */
function filePrefix(args: readonly string[]): string | undefined {
  const inline = args.find((arg) => arg.startsWith('--file-prefix='))?.slice('--file-prefix='.length);
  if (inline !== undefined) return inline;
  return args.includes('--file-prefix') ? args[args.indexOf('--file-prefix') + 1] : undefined;
}
