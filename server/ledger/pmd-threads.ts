/** What the kernel booked for a polling thread in a time that is `knownNs` long; all in ns. */
export interface ThreadTimes {
  readonly knownNs: bigint;
  readonly runNs: bigint;
  /** Runnable, but waiting for a CPU; waits after sleeping are in it too. */
  readonly runDelayNs: bigint;
}

export interface PollingThread extends ThreadTimes {
  /** Name of the process, or DPDK's file prefix. */
  readonly owner: string;
  readonly name: string;
}

/** "pmd-c02/id:8" of OVS; "rte-worker-3", "lcore-worker-3", "dpdk-worker3" of DPDK 22.11, 20.11 and 23.03. */
const coreInName = /^(?:pmd-c|(?:rte|lcore|dpdk)-worker-?)(\d{1,5})(?:$|\/)/;
const dpdkPrefix = 'dpdk:';

/**
 * The kernel's view of the polling threads of a datapath, by the core they are bound to. OVS's threads are told by their
 * name, those of a DPDK program by its file prefix too. A thread that was started anew adds up with the one before;
 * threads of two programs that both claim a core are told apart by nothing: that core has no entry.
 *
 * Example: "pmd-c02/id:8" and, after a restart, "pmd-c02/id:11" of ovs-vswitchd are core 2 of netdev@ovs-netdev.
 */
export function threadsByCore(datapath: string, threads: readonly PollingThread[]): Map<number, ThreadTimes> {
  const owners = new Map<number, string>();
  const sums = new Map<number, ThreadTimes>();
  const doubtful = new Set<number>();
  for (const { owner, name, knownNs, runNs, runDelayNs } of threads) {
    const core = coreOf(datapath, { owner, name });
    if (core === undefined) continue;
    if ((owners.get(core) ?? owner) !== owner) doubtful.add(core);
    owners.set(core, owner);
    const sum = sums.get(core) ?? { knownNs: 0n, runNs: 0n, runDelayNs: 0n };
    sums.set(core, {
      knownNs: sum.knownNs + knownNs,
      runNs: sum.runNs + runNs,
      runDelayNs: sum.runDelayNs + runDelayNs,
    });
  }
  for (const core of doubtful) sums.delete(core);
  return sums;
}

/** The core that a polling thread of a datapath is bound to; undefined: it is none of its. */
export function coreOf(datapath: string, { owner, name }: Pick<PollingThread, 'owner' | 'name'>): number | undefined {
  const program = datapath.startsWith(dpdkPrefix) ? datapath.slice(dpdkPrefix.length) : undefined;
  const isOurs = program === undefined ? name.startsWith('pmd-c') : owner === program && !name.startsWith('pmd-c');
  const digits = isOurs ? coreInName.exec(name)?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}
