// How QEMU processes are known and named: what reads their threads and what reads their rings must agree on it.

const processNames = /^(qemu-system-|qemu-kvm|kvm$)/;

/** Whether a process of this name (15 characters, /proc/PID/comm) is a QEMU that runs a guest. */
export function isQemu(processName: string): boolean {
  return processNames.test(processName);
}

/**
 * The guest's name: `-name guest=vm1,debug-threads=on` or `-name vm1`. One without a name is its process, so that two of them
 * are never taken for one. `args`: of /proc/PID/cmdline.
 */
export function qemuGuestName(processName: string, args: readonly string[], pid: number): string {
  const value = args[args.indexOf('-name') + 1];
  const named = args.includes('-name') ? (/(?:^|,)guest=([^,]+)/.exec(value ?? '')?.[1] ?? value?.split(',')[0]) : '';
  return named === undefined || named === '' ? `${processName}:${pid}` : named;
}
